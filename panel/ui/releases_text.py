"""Texts of releases: the grid, the timelines, and the dialogs that deploy, roll back and promote."""

from __future__ import annotations

from collections.abc import Mapping

RELEASES = "Releases"
DEPLOYMENTS = "Deployments"

#: Tone and word of a release's state.
STATES: Mapping[str, tuple[str, str]] = {
    "started": ("busy", "Under way"),
    "reverting": ("warn", "Going back"),
    "live": ("ok", "Live"),
    "superseded": ("none", "Replaced"),
    "failed": ("bad", "Failed"),
    "rolled_back": ("bad", "Rolled back"),
    "stopped": ("none", "Stopped"),
    "gone": ("none", "Gone"),
}
#: What became of a release, where its state's word alone leaves a question.
MEANINGS: Mapping[str, str] = {
    "rolled_back": "It failed, and the release before it serves again.",
    "stopped": "Somebody stopped it midway.",
    "gone": "It went with its environment.",
}

# Grid
GRID_INTRO = "What runs where, and what is behind."
SERVICE = "Service"
ENVIRONMENT = "Environment"
#: Tone and word of a cell without a release that serves, or of what happens in one.
CELLS: Mapping[str, tuple[str, str]] = {
    "live": ("ok", "Live"),
    "not_created": ("none", "Not created"),
    "never_deployed": ("none", "Never deployed"),
    "deploying": ("busy", "Deploying"),
    "asleep": ("none", "Asleep"),
}
PROMOTE_LINK = "Promote"
PROMOTE_LINK_NAME = "Promote {service} from {source} to {target}"
NO_GRID_TITLE = "Nothing runs yet"
NO_GRID = (
    "No service was deployed anywhere. Create an environment: its first run deploys every service, and what runs "
    "where is shown here."
)

# Timeline
NO_RELEASES = (
    "{service} was not deployed to {name} yet. Each release will be listed here, with what it was made of."
)
NO_RELEASES_NEXT = "Deploy to {name} makes the first one."
NO_ENVIRONMENT_NEXT = "Creating {name} deploys it."
SOURCES: Mapping[str, str] = {
    "build": "built from the source",
    "tag": "picked by its tag {tag}",
    "digest": "picked by its digest",
    "rollback": "rolled back to {origin}",
    "promote": "promoted from {origin}",
}
BUILT_FROM = "built from revision {revision}"
EARLIER = "an earlier release"
ANOTHER = "another environment"
BY = "by {name}"
TOOK = "took {duration}"
DURATIONS: Mapping[str, str] = {
    "build": "build",
    "push": "push",
    "roll_out": "roll out",
    "publish": "publish",
    "verify": "verify",
}
RUN = "Run {id}"
OLDER = "Older releases of {service}"
NEWEST = "Newest releases of {service}"
ROLL_BACK_TO = "Roll back to {release}"
NO_WAY_BACK = "One cannot go back to {release}: {why}."

# Acts
ROLE = "Deploying takes the role {roles}."
ASLEEP = "{name} is asleep: nothing could answer with another version. Wake it first."
RETIRED = "{name} is retired in environments.yaml: nothing is released to it any more."
NO_ENVIRONMENT = "{name} does not exist. Create it first."
WAIT_FOR_RUN = "Run {id} of {name} is under way: a deployment has to wait until it has ended."
CLOSE = "Close"
KEEP = "Change nothing"
KEEP_RELEASE = "Keep {release}"
FORGOTTEN = "This release is not known any more."

# Deploy
DEPLOY_OPEN = "Deploy to {name}…"
DEPLOY_TITLE = "Deploy to {name}"
DEPLOY = "Deploy {services} to {name}"
DEPLOY_NONE = "Choose a service"
DEPLOY_NO_IMAGE = "Choose an image of {service}"
RUNS_NOW = "runs now: {release}"
RUNS_NOTHING = "nothing runs yet"
HOW = "What to deploy of {service}"
BUILD = "Build from the source"
PICK = "Pick an image from the registry"
LAST_BUILT = "Last built: revision {revision}, {release} of {name}"
IMAGE_BUILT = "The folder {source} is built as it is when a worker takes the run."
SITE_BUILT = (
    "The folder {source} is built as it is when a worker takes the run. Only files that changed are uploaded."
)
IMAGE = "Image of {service}"
FIND_IMAGE = "Find by tag or digest"
FOUND_NONE = "No image of {service} has “{words}” in a tag or its digest."
SHOWN = "The newest {shown} of {count}. Search for others."
UNTAGGED = "no tag"
RUNS_IN = "runs in {environments}"
IMAGES_SEEN = "The registry as a worker saw it"
#: What the read model says of an image in which a scan found nothing.
SCAN_CLEAN = "nothing found"
NO_IMAGES = "No image of {service} is known in the registry."
NO_IMAGES_NEXT = (
    "Build from the source: that pushes the first one. A worker looks into the registry about every 30 s."
)
NO_IMAGES_WORKER = "No worker is alive to look into the registry. Start one on the page Operations."
SAME_IMAGE = "This image runs in {name} already: its tasks start anew."
KEEP_IMAGE = "Keep the built image on the machine that builds it"
KEEP_IMAGE_HELP = "It is removed once the registry has it, unless you keep it."
REVIEW_OTHERS = "{name} asks for other people's approval: this run waits for it before anything is changed."
GOES_ON = "It begins at once. What fails is rolled back by itself to what runs now."

# Roll back
ROLL_BACK_NAMED = "Roll back {service} to {release}"
ROLL_BACK_TITLE = "Roll back {service} in {name}?"
FROM = "From"
TO = "To"
NOTHING_LIVE = "nothing that serves"
ROLL_BACK_IMAGE = "The image of {release} starts again with the settings that it had. Nothing is built, and no review follows."
ROLL_BACK_SITE = "The files of {release} are put back as they were. Nothing is built, and no review follows."
CANNOT_TITLE = "It cannot be rolled back to {release}"

# Promote
PROMOTE_OPEN = "Promote from {name}…"
PROMOTE_TITLE = "Promote from {name}"
PROMOTE = "Promote {services} from {source} to {target}"
PROMOTE_NO_TARGET = "Choose an environment"
TARGET = "To"
TARGET_BUSY = "run {id} is under way"
TARGET_ASLEEP = "asleep"
FIRST_THERE = "nothing runs there yet"
INSTEAD_OF = "in the place of {release}"
PROMOTE_WHAT = (
    "Exactly what runs in {source} is put into {target}: the same image, the same files, nothing is built."
)
PROMOTE_REVIEW = "The run first shows what changes and waits for your approval."
PROMOTE_OTHERS = "{name} asks for other people's approval: the run shows what changes and waits for it."
NOTHING_TO_PROMOTE = "Nothing is live in {name}, so nothing can be promoted from it."
NOWHERE = "No other environment exists that {name} could be promoted to."
NOWHERE_NEXT = "Create one on the page Environments."
SAME_RELEASE = "{target} runs this already"
SICK = "does not look healthy in {source}"
