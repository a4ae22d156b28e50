"""Every text of the pages. Another language is another module with the same names; braces are filled by ``format``."""

from __future__ import annotations

from collections.abc import Mapping

ICON = (
    '<svg viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0f6466"/>'
    '<path d="M3 5h10M3 8h7M3 11h4" stroke="#fff" stroke-width="1.6" fill="none"/></svg>'
)

# Pages
HOME = "Environments"
ENVIRONMENT = "Environment"
RUN = "Run"
RUNS = "Runs"
STATUS = "Status"
SETTINGS = "Settings"

#: Words of an environment's state on its card.
STATES: Mapping[str, str] = {
    "ready": "Ready",
    "working": "Working",
    "needs_you": "Needs you",
    "degraded": "Degraded",
    "down": "Down",
    "failed": "Failed",
    "lost": "Lost",
    "asleep": "Asleep",
    "not_created": "Not created",
    "unknown": "Unknown",
}
#: Words of a run's state.
RUN_STATES: Mapping[str, str] = {
    "queued": "Waiting for a worker",
    "preparing": "Preparing",
    "planning": "Planning",
    "planned": "Needs you",
    "no_changes": "No changes",
    "approved": "Approved",
    "applying": "Applying",
    "deploying": "Deploying",
    "applied": "Done",
    "errored": "Failed",
    "canceled": "Canceled",
    "discarded": "Discarded",
    "stale": "Out of date",
    "interrupted": "Interrupted",
    "blocked": "Blocked",
}
#: The word of a drift check that found something.
DRIFTED = "Drifted"
#: What an ended run means, in a sentence.
RUN_ENDS: Mapping[str, str] = {
    "applied": "Everything was done.",
    "planned": "The plan was made; nothing was applied.",
    "no_changes": "Nothing had to change.",
    "canceled": "It was canceled. What Terraform had finished stays as it is.",
    "discarded": "The plan was discarded. Nothing was applied.",
    "stale": "The world changed after the review, so nothing was applied.",
    "blocked": "It was not allowed to go on. Nothing was applied.",
}
#: Words of a health verdict.
VERDICTS: Mapping[str, str] = {
    "healthy": "Healthy",
    "degraded": "Works with trouble",
    "down": "Does not work",
    "unknown": "Not known",
    "not_created": "Not created",
}
#: Words of a stage's state, for those who do not see its shape.
STAGE_STATES: Mapping[str, str] = {
    "pending": "not begun",
    "active": "under way",
    "waiting": "waits for you",
    "done": "done",
    "skipped": "skipped",
    "failed": "failed",
}
#: Words of a guardrail's outcome.
SEVERITIES: Mapping[str, str] = {"pass": "passed", "warn": "warning", "block": "blocked"}
#: Severity words when counted: one, many.
SEVERITY_COUNTS: Mapping[str, tuple[str, str]] = {
    "block": ("blocks", "block"),
    "warn": ("warning", "warnings"),
    "pass": ("passed", "passed"),
}

# Acts
CREATE = "Create {name} environment"
UPDATE = "Update {name}"
DESTROY_OPEN = "Destroy {name}…"
DESTROY = "Destroy {name}"
DESTROY_TITLE = "Destroy {name}?"
DESTROY_CONFIRM = "Type {name} to confirm"
DESTROY_WHAT = "A plan is made first and waits for your review. Applied, it destroys for good:"
DESTROY_DATA = "everything people saved in it"
DESTROY_PARTS = "whatever of {name} was created"
#: Outputs of an environment's stack that people know by name, and what to call them.
PARTS: Mapping[str, str] = {
    "url": "the address",
    "cloudfront_distribution_id": "the CloudFront distribution",
    "load_balancer_dns_name": "the load balancer",
    "cluster_name": "the ECS cluster with its services and tasks",
    "autoscaling_group_name": "the instances of the group",
    "site_bucket": "the bucket of the site",
    "state_bucket": "the bucket the services keep their state in, with everything people saved",
}
DESTROY_MISMATCH = "This is not the name: type {name} exactly."
REVIEW = "Review the plan of {name}"
WATCH = "Watch run {id}"
SEE_FAILURE = "See what happened in run {id}"
OPEN_APP = "Open app ↗"
OPEN_RUN = "Open run {id}"
OPEN_ENVIRONMENT = "{name}"
TRY_AGAIN = "Try again"
DISMISS = "Close this message"
START = "Start what is missing"
BUSY_TITLE = "Somebody was faster"
REFUSED_TITLE = "Not done"
PROTECTED = "{name} is protected: it cannot be destroyed."
PROTECTED_HINT = "Set 'protected: false' for {name} in environments.yaml, update it, then destroy it."
WAIT_FOR_RUN = "Run {id} of {name} is under way: this has to wait until it has ended."

# Home
NOTHING_NEEDED = "Nothing needs you"
NEEDS_REVIEW = "The plan of {name} waits for review"
NEEDS_LOST = "{name} was lost with the embedded AWS: create it again"
NEEDS_WORKER = "No worker is alive, so nothing that is asked for begins."
NO_WORKER_FOR_RUN = "▲ No worker is alive, so this run does not begin. Start one on the page Environments."
STARTING_FOR_RUN = "The embedded AWS and a worker are starting; then this run begins."
NEEDS_START_FAILED = "The embedded AWS or the worker did not start."
STARTING = (
    "Starting the embedded AWS and a worker… {elapsed}. You can look around and ask for things meanwhile."
)
WORKERS_LINE = "{workers} · {queue}"
WORKER = ("worker", "workers")
QUEUED = ("run waiting", "runs waiting")
QUEUE_EMPTY = "nothing waits"
RUNNING = ("run under way", "runs under way")
EMPTY_TITLE = "No environments yet"
EMPTY = "environments.yaml names none. Add one there and it shows up here."
CATALOGUE_TITLE = "environments.yaml needs correcting"
CATALOGUE_PROBLEMS = "What is wrong, line by line"
WOULD_COST = "would cost {monthly}"
COSTS = "{monthly} · budget {budget}"
NOT_PRICED = "not priced yet"
OVER_BUDGET = "over budget"
OWNER = "Owner"
COST = "Cost"
HEALTH = "Health"
SIZE = "Size"
LAST_RUN = "Last run"
ADDRESS = "Address"
PROTECTED_WORD = "protected"
RETIRED_WORD = "retired"
NO_RELEASE = "not deployed"
NEVER_RUN = "none yet"
RELEASE = "release {number}"
CHECKED = "checked"
NOT_CHECKED = "not checked yet"
BY = "by {name}"

# Environment
OVERVIEW_TAB = "Overview"
RUNS_TAB = "Runs"
DEPLOYMENTS_TAB = "Deployments"
HEALTH_TAB = "Health"
COST_TAB = "Cost"
ACTIVITY_TAB = "Activity"
NO_ENVIRONMENT = "No environment was named"
NO_ENVIRONMENT_HINT = "Choose one from Environments."
ACCESS = "Access"
SESSION_MANAGER = "Session Manager"
SSH_KEY = "SSH key in {place}"
TOPOLOGY = "How requests reach {name}"
SERVICES = "Services"
SERVICE = "Service"
VERSION = "Version"
DIGEST = "Digest"
TASKS = "Tasks"
STATE = "State"
NOT_THERE = "Nothing is created yet. This is what a run of Create brings up."
NO_RUNS = "No runs yet. Every creation, update, deployment and destruction will be listed here."
RUNS_SHOWN = "The newest {count} runs. Older ones are on the page Runs."
NO_ACTIVITY = "Nobody has done anything here yet. Every act will be listed, with who and when."
DETAIL = "Detail"
WHEN = "When"
WHO = "Who"
WHAT = "What"
SINCE = "for"
ESTIMATE_OF_PLAN = "Estimate from the last plan that was applied."
ESTIMATE_OF_CATALOGUE = "Estimate from environments.yaml: what it would cost if it were created now."
ESTIMATE_NOTE = "List prices, without taxes, discounts and data transfer. Actual spending can differ."
BUDGET_LINE = "{monthly} of {budget} ({percent} %)"
COST_ITEMS = "What it is made of"
COST_UNKNOWN = "Not priced"
COST_UNKNOWN_LINE = "These are not in the sum:"
PRICE_SOURCES = "Where the prices come from ({count})"
DRAWING = "Drawing the chart and the table…"
COMPONENT = "Component"
RESOURCE = "Resource"
QUANTITY = "Quantity"
UNIT = "Unit"
UNIT_PRICE = "Unit price, $"
PER_MONTH = "$ / month"
AS_OF = "As of"
CHART_TITLE = "$ / month by component"
NO_COST = "There is no estimate: {reason}"

# Run
NO_RUN = "No run was named."
NO_RUN_HINT = "Choose one from Runs."
RUN_TITLE = "Run {id} · {kind} {name}"
FROM_TO = "{source} to {target}"
TAB_DONE = "✓ {title}"
TAB_FAILED = "■ {title}"
TAB_NEEDS = "▲ {title}"
TAB_WORKING = "◐ {title}"
PROGRESS = "{done} / {total}"
WAITING_FOR = "waiting for {what}"
ABSENT = "—"
NO_LOG = "No lines yet. What Terraform and the stages say will appear here."
ERROR_TITLE = "{stage} did not succeed"
DETAILS = "Technical detail"
WHAT_NEXT = "What to do next"
ENVIRONMENT_LINK = "Environment {name}"
AUTO_APPROVED = "The plan is applied without a review: {name} asked for that."
STILL_IN_STAGE = "{stage} for {elapsed}"
SHARED_TITLE = "shared network"

# Runs
KIND = "Kind"
PLANNED_CHANGES = "Changes"
DURATION = "Duration"
AUTHOR = "By"

# Settings
VERSIONS = "Versions"
PLACES = "Where things are"
PROCESSES = "Processes"
AUDIT = "Audit record"
AUDIT_WHOLE = "Whole: every entry follows from the one before it."
AUDIT_BROKEN = "Broken at entry {id}: it was changed, or one before it was taken out. Compare with a backup."
DATA_DIR = "Data directory"
DATABASE = "Database"
CATALOGUE_FILE = "Catalogue"
YOU = "You are"
EMBEDDED = "Embedded AWS"
EMBEDDED_NONE = "Not used: the catalogue's target is a real AWS account."
EMBEDDED_STATES: Mapping[str, str] = {
    "running": "Running",
    "stopped": "Stopped",
    "lost": "Lost",
    "asleep": "Asleep",
    "foreign": "Port in use by something else",
}
EMBEDDED_LINE = "{endpoint} · process {pid} · {runtime}"
#: How the embedded AWS runs tasks.
RUNTIMES: Mapping[str, str] = {"process": "tasks run as processes", "docker": "tasks run as containers"}
WORKERS = "Workers"
NO_WORKERS = "None is alive. Runs wait until one is."
WORKER_LINE = "{id} · process {pid} on {host} · {memory} MB"
HEARD = "heard of"
