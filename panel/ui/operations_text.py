"""Texts of what keeps the panel going: workers, queue, locks, notifications, and an environment's banners."""

from __future__ import annotations

from collections.abc import Mapping

OPERATIONS = "Operations"

# Workers
WORKERS = "Workers"
WORKER = "Worker"
#: Tone and word of a worker's state.
WORKER_STATES: Mapping[str, tuple[str, str]] = {
    "working": ("ok", "Working"),
    "draining": ("warn", "Finishing, takes nothing new"),
    "silent": ("bad", "Not heard of"),
}
IDLE = "Ready, nothing to do"
UNDER_WAY = "Under way"
PLACES = "Places"
MEMORY = "Memory, MB"
VERSION = "Version"
HOST = "Host"
HEARD = "Heard of"
NO_WORKERS = "No worker is alive: whatever is asked for waits."
NO_WORKERS_HINT = "Start one here, or on another machine that reaches the same database: panel worker"
START = "Start what is missing"

# Queue
QUEUE = "Queue"
QUEUE_EMPTY = "Nothing waits. What is asked for begins at once while a worker has room."
WAITING = "Waiting for"
PRIORITY = "Priority"
PRIORITIES: Mapping[int, str] = {30: "changes", 20: "plans", 10: "drift checks"}
QUEUE_ORDER = "What changes something goes first, then plans, then drift checks."

# Locks
LOCKS = "State locks"
NO_LOCKS = (
    "No state is locked. While Terraform works on an environment, its lock is listed here, with its holder."
)
SUBJECT = "Environment"
HOLDER = "Held by"
OPERATION = "For"
SINCE = "Since"
VERDICT = "Holder"
VERDICTS: Mapping[str, str] = {"alive": "Alive", "orphaned": "Gone", "unknown": "Not known"}
EVIDENCE = "Evidence"
LOOKED = "Looked"
LOCK_ID = "Lock"
UNLOCK = "Unlock…"
UNLOCK_NAMED = "Unlock {name}…"
UNLOCK_TITLE = "Unlock the state of {name}?"
UNLOCK_NOW = "Unlock {name}"
UNLOCK_KEEP = "Leave it locked"
UNLOCK_SURE = "A worker looks once more before it takes the lock away, and leaves it where its holder lives."
UNLOCK_UNSURE = "Whether its holder lives could not be found out. Ask them before you go on."
UNLOCK_ROLE = "Unlocking takes the role {roles}."
LOCKED_BY = "The state of {name} is locked by {who}, who seems to be gone."
LOCK_WAITS = "Nothing can be planned or applied before it is unlocked."

# Notifications
NOTIFICATIONS = "Notifications"
NO_NOTIFICATIONS = (
    "Nobody was told anything yet. Reviews that wait, failures, drift and expiries are sent from here."
)
NO_CHANNEL = "No way to tell people is set: PANEL_WEBHOOK_URL for a chat, PANEL_SMTP_URL with PANEL_MAIL_FROM for e-mail."
MESSAGE = "Message"
CHANNEL = "By"
NOTIFICATION_STATES: Mapping[str, str] = {"waiting": "Waiting", "sent": "Sent", "failed": "Failed"}
TRIES = ("try", "tries")
NEXT_TRY = "next {when}"
WHEN = "When"

# Environment: banners
DRIFTED = "{count} of {name} drifted"
FOUND = "found"
DRIFT_CHECK = "Check for drift"
DRIFT_HELP = "Compares what is real with the state. Nothing is changed."
EXPIRES = "{name} expires"
EXPIRED = "{name} has expired"
EXPIRES_THEN = "Then it is destroyed, with everything people saved in it."
EXPIRES_NOW = "It is destroyed as soon as a worker comes to it, unless its life is extended."
WARNED = "{team} was told {when}."
EXTEND = "Extend"
EXTEND_BY = "Extend by"
EXTENSIONS: Mapping[int, str] = {4: "4 hours", 24: "1 day", 72: "3 days", 168: "1 week"}
ASLEEP = "{name} is asleep"
ASLEEP_HERE = "Its tasks are scaled down to none."

# Environment: facts
APPROVALS = "Approvals"
APPROVALS_ONE = "one person"
APPROVALS_MANY = "{count} people"
APPROVALS_OTHER = "not the run's author"
DRIFT = "Drift check"
DRIFT_EVERY: Mapping[str, str] = {
    "off": "only when asked",
    "hourly": "hourly",
    "daily": "daily",
    "weekly": "weekly",
}
EXPIRY = "Expires"
HOURS = "Working hours"
HOURS_LINE = "{days} {start} to {end} ({timezone})"
DAYS: Mapping[str, str] = {
    "mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun",
}  # fmt: skip

# Home
NEEDS_APPROVALS = "{got} of {needed} approvals"
NEEDS_OVERRIDE = "A guardrail blocks the plan of {name}"
NEEDS_DRIFT = "{name} drifted"
NEEDS_EXPIRY = "{name} expires"
NEEDS_UNLOCK = "The state of {name} is locked by somebody who is gone"
NEEDS_STUCK = "Run {id} of {name} is stuck"
SEE = "Open {name}"
