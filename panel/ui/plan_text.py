"""Every text of a plan's review. Another language is another module with the same names (see :mod:`panel.ui.text`)."""

from __future__ import annotations

from collections.abc import Mapping

PLAN = "Plan"
PLAN_FOLDED = "Plan {counts}"
DRIFTED_COUNT = ("drifted", "drifted")
#: Which stack's plan it is.
STACKS: Mapping[str, str] = {"environment": "Environment", "shared": "Shared network"}
#: The parts of a plan, with how much there is of each.
RESOURCES = "Resources {count}"
OUTPUTS = "Outputs {count}"
DRIFT = "Drift {count}"
TEXT = "Text"
VIEWS = "Part of the plan"
#: Titles of groups of resources, by action.
ACTIONS: Mapping[str, str] = {
    "delete": "Destroy",
    "replace": "Replace",
    "update": "Update",
    "create": "Create",
    "forget": "Forget",
    "import": "Import",
    "move": "Move",
    "read": "Read",
}
#: Titles of groups of what happened outside, by action.
DRIFTED: Mapping[str, str] = {"update": "Changed", "delete": "Deleted", "create": "Appeared"}
FILTER = "Search resources"
FILTER_HINT = "address, type or attribute"
FILTER_ACTIONS = "Actions"
FILTER_MODULE = "Module"
ALL_MODULES = "All modules"
ROOT_MODULE = "root module"
DOWNLOAD_JSON = "JSON"
DOWNLOAD_JSON_HELP = "Download the whole plan as JSON"
DOWNLOAD_TEXT = "Whole text"
DOWNLOAD_TEXT_HELP = "Download the whole plan as text"
FILE = "run-{run}-{stack}-plan.{suffix}"
NO_MATCH = "No resource matches. Search for less, or take a filter away."
NO_CHANGES = "No resource changes."
NO_ATTRIBUTES = "None of its attributes change."
SHOWN = "{first} to {last} of {total} resources"
BEFORE = "Before"
AFTER = "After"
ATTRIBUTE = "Attribute"
OUTPUT = "Output"
AFTER_APPLY = "known after apply"
SENSITIVE = "(sensitive, not shown)"
ABSENT = "—"
FORCES_REPLACE = "forces replacement"
FORCED_BY = "forced by {paths}"
AND_MORE = "and {count} more"
ATTRIBUTES = ("attribute", "attributes")
MORE_ATTRIBUTES = "and {count} more attributes: they are in the text."
MORE_OUTPUTS = "and {count} more outputs: they are in the text."
MOVED_FROM = "moved from {address}"
IMPORTED_AS = "imported as {id}"
DEPOSED = "deposed object {key}"
BECAUSE = "Because {reason}."
DRIFTED_NOTE = "{count} changed outside Terraform since the last apply: see Drift."
DRIFT_RESOURCES = ("resource was", "resources were")
TEXT_CUT = "This page is cut here: the whole text can be downloaded."
#: Counts of guardrails.
GUARDRAILS = "guardrails: {counts}"
NO_GUARDRAILS = "no guardrails"
