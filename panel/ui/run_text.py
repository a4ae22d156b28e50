"""Texts of a run's page and of the list of runs: how it went, what may be done, its log."""

from __future__ import annotations

from collections.abc import Mapping

#: A state as a step of how a run went.
STEPS: Mapping[str, str] = {
    "queued": "Asked for",
    "preparing": "Preparing",
    "planning": "Planning",
    "planned": "Review",
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
#: The last step of a run whose plan was all there was to do.
PLAN_STEP = "Planned"
DRIFT_STEP = "Drifted"
HOW_IT_WENT = "How it went"
IN_UTC = "times in UTC"
SO_FAR = "{elapsed} so far"
POSSIBLE = "possible next"
OR_ENDS = "or it ends: {states}"
BY = "by {name}"
OVERRIDDEN = "{name} overrode the guardrail"
APPROVED_BY = "{name} approved"
ASKED_TO_CANCEL = "{name} asked to cancel"
ASKED_TO_FORCE = "{name} forced the end"
RETRY_OF = "Another try of {way}"
RETRIED_AS = "Tried again as {ways}"

# Review
COMMENT = "Comment for the record"
OPTIONAL = "optional"
APPROVE = "Approve and apply"
APPROVE_ONE = "Approve"
DISCARD = "Discard"
APPROVALS = "{got} of {needed} approvals"
WHO_MAY = "Still may approve: anybody with the role {roles}{but}."
BUT_NOT = " other than {names}"
HAS_APPROVED = "{name} (approved)"
IS_AUTHOR = "{name} (asked for it)"
YOU_APPROVED = "You have approved this plan. It takes {more} more."
YOU_ASKED = "You asked for this run, and {name} wants the yes of somebody else."
NOT_YOUR_ROLE = "You may not {what} {name}: that takes the role {roles}."

# Guardrails
BLOCKED_TITLE = "A guardrail stopped this plan"
OVERRIDE = "Override"
REASON = "Reason for the record"
REASON_HINT = "why this is right although the guardrail objects, in a few words"
REASON_MISSING = "A guardrail is overridden for a reason: write it down."
OVERRIDE_THEN = "The plan then waits for review as any other."

# Stopping
CANCEL = "Cancel run"
CANCELING = "Canceling"
CANCELING_BY = "Canceling, as {name} asked"
CANCELING_WHAT = "It stops at the next safe point. What Terraform has finished stays."
FORCE = "Force…"
FORCING = "Forcing the end"
FORCING_WHAT = "Terraform is being killed. The run ends as soon as its worker has seen to that."
FORCE_TITLE = "Force run {id} to end?"
FORCE_NOW = "Force run {id} to end"
FORCE_KEEP = "Let it stop by itself"
FORCE_WARNING = "Terraform is killed where it stands, without writing down what it has begun:"
FORCE_LOST: tuple[str, ...] = (
    "What it is making right now may exist in AWS without the state knowing of it: nobody will update or destroy it.",
    "The state stays locked until somebody unlocks it.",
    "{name} is neither what it was nor what was planned: plan it again before anything else.",
)
FORCE_DONE = "{done} of {total} resources are done; these are kept."
FORCE_WAITS = "It is busy with {what}."
FORCE_GENTLE = "Canceling without force has been under way for {elapsed}."

# After the end
RETRY = "Retry"
REPLAN = "Re-plan"
REPLAN_HELP = "Discards this plan and makes one of what is there now."
WAIT = "Run {id} of {name} is under way: this has to wait until it has ended."
STALE_TITLE = "What changed since the review"
STALE_NEXT = "Re-plan makes a plan of what is there now, for another review."
INTERRUPTED_TITLE = "Nobody saw how this run ended"
INTERRUPTED_DONE = "Terraform had finished {done} of {total} resources when it was last heard of."
EXECUTION = "{action} of {stack} on {host}"
EXECUTION_OPEN = "no end is recorded"
EXECUTION_ENDED = "ended: {status}"
UNDER_WAY = "Was under way: {count}"
FINISHED = "Had been finished: {count}"
LOCK_TITLE = "The state is locked"
INTERRUPTED_NEXT = "Re-plan asks what is real now, and says what is left to do."
STACK_NAMES: Mapping[str, str] = {"environment": "the environment", "shared": "the shared network"}

# Signs of life
STUCK_TITLE = "This run is stuck"
OVERDUE_TITLE = "This run is past its time limit"
LAST_SIGN = "Last sign of life"
NO_SIGN = "none yet"
WAITS_FOR = "Waits for"
LIMIT = "Time limit"
STUCK_SHORT = "stuck"
OVERDUE_SHORT = "overdue"
QUIET_SHORT = "quiet"
STUCK_NEXT = "See Operations for workers that are alive. Cancel the run where that does not help."

# Drift
DRIFT_TITLE = "What drifted"
DRIFT_FOUND = "{count} changed outside the panel."
DRIFT_NONE = "Nothing drifted: what is real is what the state says."
BRING_BACK = "Bring it back"
BRING_BACK_HELP = "Plans an update: what drifted becomes again what the catalogue says."
ACCEPT = "Accept as is"
ACCEPT_HELP = "Plans a refresh: the state learns what is real; nothing in AWS is changed."
DRIFT_MORE = "and {count} more"
RESOURCE = ("resource", "resources")
GONE = "gone"
CHANGED = "changed: {attributes}"

# Log
LOG = "Log"
FILTER_LOG = "Find in the log"
LEVEL = "Lines"
LEVELS: Mapping[str, str] = {"all": "All", "trouble": "Warnings and errors", "errors": "Errors"}
START = "Start"
EARLIER = "Earlier"
LATER = "Later"
END = "End"
FOLLOWING = "follows the run"
LINES_FROM_TO = "{count} from {first} to {last} UTC"
LINE = ("line", "lines")
LOOKED_AT = "looked through {count} lines; go on with Earlier or Later"
NO_MATCH_HERE = "No line matches here."
LOG_BEGINS = "This is where the log begins."
LOG_ENDS = "This is where the log ends."

# List of runs
ANY = "All"
ENVIRONMENT = "Environment"
KIND = "Kind"
STATE = "State"
AUTHOR = "By"
NEWEST = "Newest runs"
NEWER = "Newer runs"
OLDER = "Older runs"
COUNTED_MANY = "more than {count} runs"
RUN = ("run", "runs")
DRIFTED = ("drifted", "drifted")
RETRY_SHORT = "again, after run {id}"
NONE_MATCH = "No run is like that. Widen the filter."
SHOW_ALL = "Show all runs"
FILTER_STATES: Mapping[str, str] = {
    "under_way": "Under way",
    "needs_you": "Needs you",
    "done": "Done",
    "no_changes": "No changes",
    "errored": "Failed",
    "interrupted": "Interrupted",
    "blocked": "Blocked",
    "stale": "Out of date",
    "discarded": "Discarded",
    "canceled": "Canceled",
}
