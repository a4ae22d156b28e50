"""Texts of an environment's health. Another language is another module with the same names."""

from __future__ import annotations

from collections.abc import Mapping

# Summary
CHECKED = "Checked {ago}."
SINCE = "for"
NOW_UNKNOWN = "Not known now"
LAST_SEEN = "Seen last: {verdict}."
STALE = "The last look is older than five minutes, so this is how it was, not how it is."
STALE_NO_WORKER = "No worker is alive, so nobody looks. This is how it was. Start one with: panel up"
NO_LOOK = "Nobody has looked yet. The first look comes within {seconds} s."
NO_LOOK_NO_WORKER = "Nobody has looked yet, and no worker is alive to look. Start one with: panel up"
NOT_CREATED = "{name} does not exist, so nothing of it can be broken. Looks begin once it is created."
WORKING = "It is being changed right now, so it is not looked at until that is done."
ASLEEP = "It is {words}. It does not answer now, as it should not."
LOST = "It was lost with the embedded AWS that it stood on. Create it again to have it back."
ALL_WELL = "No check found anything wrong."
WHAT_IS_WRONG = "What is wrong"
GOOD_TO_KNOW = "Good to know"
CALL = "Call {team} · {contact}"
TELL = "{team} · {contact}"
EVIDENCE = "Evidence"
RULE = "Rule {rule} of docs/health.md"
MESSAGE_FOR = "Message for {team}"
MESSAGE_HINT = "Copy it with the button at its corner."
#: What to send to a team; the last line only where the panel has an address for others.
MESSAGE = "{environment}: {text}\nSince {since}. Checked {checked}."
MESSAGE_EVIDENCE = "Evidence: {evidence}"
UPTIME = "Up"
UPTIME_OF = "of {measured} measured"
UPTIME_NONE = "not measured"
UPTIME_DOWN = "{down} down"
WINDOWS: Mapping[str, str] = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days", "90d": "90 days"}

# Picture
PICTURE = "How requests reach {name}"
CLOUDFRONT = "CloudFront"
SITE_BUCKET = "Site bucket"
LOAD_BALANCER = "Load balancer"
STATE_BUCKET = "State bucket"
STATE_BUCKET_NOTE = "what people saved"
ZONE = "Zone {letter}"
NO_ZONE = "Zone not known"
MISSING_GROUP = "Missing"
NO_RELEASE = "no release yet"
TASK_STATES: Mapping[str, tuple[str, str]] = {
    "running": ("ok", "Running"),
    "unhealthy": ("bad", "Does not answer"),
    "starting": ("busy", "Starting"),
    "ended": ("none", "Stopped"),
    "missing": ("bad", "Missing"),
    "asleep": ("none", "Asleep"),
    "not_created": ("none", "Not created"),
    "unknown": ("unknown", "Not known"),
}
MISSING = "{missing} of {desired}"
STOPPED = "Stopped lately"
STOPPED_LINE = "{service} {task}"
MORE_STOPPED = "and {count} more, below under what happened"
NO_REASON = "no reason was told"
EXIT_CODE = "exit code {code}"
AS_OF = "The picture is as it was {ago}."

# Services
SERVICES = "Services"
SERVICE = "Service"
STATE = "State"
VERSION = "Version"
TASKS = "Tasks"
LATENCY = "Latency, ms"
ERRORS = "Errors 5xx"
CPU = "CPU, %"
MEMORY = "Memory, %"
OWNER = "Whom to call"
CHECKS = "Every check ({count})"
CHECK = "Check"
RESULT = "Result"
DETAIL = "What it found"
TOOK = "Took, ms"

# History
HISTORY = "How it was"
WINDOW = "Window"
OF = "Of"
WHOLE = "Whole environment"
NO_HISTORY = "No look lies in this window. A bar appears here with the first look at {name}."
STRIP = "Verdict over time"
SPAN_FROM = "From"
SPAN_TO = "To"
SPAN_LASTS = "still so"
CAUSE = "Cause"
BY = "By"
WHEN = "When (UTC)"
CHANGE = "What changed"
UTC_NOTE = "Times are UTC. Thin upright lines are changes: runs and releases."
UP_OF = "{percent} of {measured}"
CHANGES = "What changed"
CHANGES_NONE = "Nothing was changed in this window: no run, no release."
CHANGES_MORE = "{count} more are under what happened."
RUN = "Run {id}"
NUMBERS = "Numbers"
DOWNLOAD = "Download as CSV"
AT = "At (UTC)"
LATENCY_TITLE = "Latency"
LATENCY_MEAN = "mean"
LATENCY_MAX = "slowest"
LATENCY_UNIT = "ms"
LATENCY_EMPTY = (
    "No latency was measured in this window. It appears with the first answer at the public address."
)
TASKS_TITLE = "Tasks"
TASKS_RUNNING = "running"
TASKS_WANTED = "wanted"
TASKS_EMPTY = "Tasks were not counted in this window. They appear with the next look at ECS."
TASKS_STATIC = "{name} is a static site: it has files and no tasks."
TRAFFIC_TITLE = "Requests and errors"
TRAFFIC_REQUESTS = "requests"
TRAFFIC_ERRORS = "errors (5xx)"
TRAFFIC_EMPTY = "Requests were not counted: CloudWatch counts them on AWS, the embedded AWS counts none."
LOAD_TITLE = "CPU and memory"
LOAD_CPU = "CPU"
LOAD_MEMORY = "memory"
LOAD_UNIT = "%"
LOAD_EMPTY = (
    "CPU and memory were not measured: CloudWatch measures them on AWS, the embedded AWS measures nothing."
)
LOAD_WHOLE = "CPU and memory are measured by service: choose one above."

# Events
EVENTS = "What happened"
EVENT_KINDS: Mapping[str, str] = {
    "verdict": "Verdicts",
    "task": "Stopped tasks",
    "ecs": "ECS",
    "run": "Runs",
    "release": "Releases",
}
ONLY = "Only"
EVENTS_NONE = "Nothing happened in this window. Verdicts, tasks that stop, what ECS says, runs and releases are listed here."
EVENTS_NONE_OF = "Nothing of that kind happened in this window."
EVENTS_MORE = "Show older"
EVENTS_SHOWN = "The newest {shown} of {count}."
EVENT_WHEN = "When"
EVENT_WHAT = "What"
EVENT_DETAIL = "Detail"
TASK_STOPPED = "Task stopped"
ECS_SAID = "ECS"

# Log
LOG = "Log"
