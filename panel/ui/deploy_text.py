"""Texts of a run that ships: what it changes, what its stages are made of, what it released."""

from __future__ import annotations

from collections.abc import Mapping

# What changes
CHANGES = "What changes"
NOT_COMPARED = "What changes is shown here once it was compared with what runs."
NOTHING_RUNS = "nothing runs yet"
FROM_ENVIRONMENT = "{release} of {name}"
NOT_BUILT = "its digest is known once it is built"
DIRECTIONS: Mapping[str, tuple[str, str]] = {
    "forward": ("ok", "Newer"),
    "back": ("warn", "Older"),
    "same": ("none", "The same"),
    "unknown": ("unknown", "Not known which is newer"),
}
COMMITS_COME = ("{count} commit comes", "{count} commits come")
COMMITS_GO = ("{count} commit goes away", "{count} commits go away")
COMMITS_UNKNOWN = "Git cannot tell which commits lie between them."
COMMITS_NONE = "No commit lies between them."
COMMITS_MORE = "and {count} more"
SETTINGS = "Settings"
SETTING = "Setting"
NOW = "Now"
THEN = "Then"
NOT_SET = "not set"

# Review
APPROVE: Mapping[str, str] = {"promote": "Approve and promote", "deploy": "Approve and deploy"}
DISCARDED = "It was discarded. Nothing was changed."

# Parts of a stage
PARTS: Mapping[str, str] = {
    "layer": "Layers of the image",
    "task": "Tasks",
    "target": "Behind the load balancer",
    "files": "Files",
    "invalidation": "CloudFront",
}
PART_STATES: Mapping[str, tuple[str, str]] = {
    "waiting": ("none", "waits"),
    "working": ("busy", "under way"),
    "done": ("ok", "done"),
    "kept": ("ok", "there already"),
    "failed": ("bad", "failed"),
}
OF = "{done} of {total}"

# Releases of the run
RELEASED = "Releases of this run"
RELEASE = "Release"
TOOK = "Took"
SERVES_NOW = "serves now: {release}"
NOTHING_SERVES = "nothing serves now"

# Stopping
STOP = "Stop the roll-out"
STOPPING_WHAT = (
    "What is under way stops. A service that is being rolled out goes back to the release that served before; one that "
    "is done keeps its new release."
)
FORCE_WARNING = "The panel looks away where it stands, without going back:"
FORCE_LOST: tuple[str, ...] = (
    "What ECS has begun in {name} goes on: it may end with the new release, with the old one, or with neither.",
    "Nobody verifies that the application answers. Deploy or roll back afterwards.",
)
FORCING_WHAT = "The run ends as soon as its worker has heard of it. What ECS has begun goes on."

#: What the end of a run means, where it is another than for plans.
ENDS: Mapping[str, str] = {
    "applied": "It is in service, and the application answers.",
    "canceled": "It was stopped. Services that were done keep their new release.",
    "discarded": DISCARDED,
    "blocked": "It was not allowed to go on. Nothing was changed.",
}
