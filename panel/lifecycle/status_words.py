"""The words of the status page, for readers who know nothing of how an application is made.

Belongs here: every sentence of the page, its messages and its exports, and the list of words that may not be in them.
Another language is another module with the same names; braces are filled by ``format``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo

TITLE = "Status"
#: The word of a state, as its card says it.
STATES: Mapping[str, str] = {
    "broken": "Not working",
    "trouble": "Works with trouble",
    "unknown": "Nobody can tell",
    "changing": "Being updated",
    "works": "Works",
    "resting": "Switched off for now",
    "unused": "Not in use yet",
}
#: The same within a sentence.
SAID: Mapping[str, str] = {
    "broken": "is not working",
    "trouble": "works with trouble",
    "unknown": "may be working or not: nobody can tell",
    "changing": "is being updated",
    "works": "works",
    "resting": "is switched off for now",
    "unused": "is not in use yet",
}
#: What people notice, where nobody has written it down for the application.
NOTICED: Mapping[str, str] = {
    "broken": "People cannot use it.",
    "trouble": "It may be slow or fail now and then.",
    "unknown": "It may be working or not: it gives no sign.",
    "changing": "It is being updated and may be interrupted for a moment.",
    "works": "",
    "resting": "It is switched off outside the hours in which it is needed.",
    "unused": "",
}
#: Where the trouble is not the application's own.
AROUND = "It works. Something it relies on needs a look before people notice."
BEING_MENDED = "Somebody is working on it right now."
BEING_SET_UP = "It is being set up."
LAST_SEEN: Mapping[str, str] = {
    "broken": "It was not working when it was last looked at.",
    "trouble": "It had some trouble when it was last looked at.",
    "works": "It worked when it was last looked at.",
}

# The line above all cards
ALL_WORKS = "Everything works"
NOTHING = "No application is in use yet"
NOTHING_SHOWN = "There is no application to show"
SOME_BROKEN = ("1 application is not working", "{count} applications are not working")
SOME_TROUBLE = ("1 works with trouble", "{count} work with trouble")
SOME_UNKNOWN = ("of 1 nobody can tell", "of {count} nobody can tell")
ONLY_TROUBLE = ("1 application works with trouble", "{count} applications work with trouble")
ONLY_UNKNOWN = (
    "Nobody can tell whether 1 application works",
    "Nobody can tell whether {count} applications work",
)
ALL_BUT_CHANGING = "Everything works; something is being updated"
OTHERS = "Elsewhere, not in everyday use"

# Whether the page can be believed
OLD_TITLE = "This page may be out of date"
OLD_NOBODY = "Nothing checks the applications right now."
OLD_LOOK = "The applications were last checked {when}."
OLD_NEVER = "The applications have not been checked yet."
#: On an exported page that nobody writes any more.
OLD_FILE = "It was last refreshed {span} ago. Tell whoever looks after this page."
REFRESHED = "Page refreshed at {time}"
CHECKED = "applications checked {when}"

# A card
SINCE = "since {when}"
SINCE_LASTING = "since {when}, for {span}"
CALL = "Call"
IF_ASKED = "Questions"
COPY = "Copy a message for the {team}"
COPY_PLAIN = "Copy a message"
COPIED = "Copied: paste it wherever you write to them"
COPY_FAILED = "Mark this text and copy it:"
OPEN = "Open it"

# The message that a button copies
MESSAGE_TITLE = "{application} ({place}) {said}."
MESSAGE_TITLE_ONE = "{application} {said}."
MESSAGE_SINCE = "Since: {when}"
MESSAGE_NOTICED = "What people notice: {notices}"
MESSAGE_WHERE = "Where: {address}"
MESSAGE_PAGE = "Status page: {address}"

#: Words that only those understand who make applications: none may be on the page, in its messages or its exports.
JARGON = frozenset({
    "alarm", "alb", "api gateway", "apply", "autoscaling", "aws", "backend", "bucket", "catalogue", "certificate",
    "cloudfront", "cloudwatch", "cluster", "container", "cpu", "deploy", "deployed", "deployment", "digest", "distribution",
    "dns", "docker", "ec2", "ecr", "ecs", "emulator", "endpoint", "environment", "fargate", "frontend", "health",
    "healthy", "http", "iam", "instance", "instances", "lambda", "latency", "load balancer", "log", "memory", "origin", "probe",
    "probes", "release", "roll-out", "rollback", "rollout", "route 53", "run", "runs", "s3", "service", "services",
    "stack", "stale", "sweep", "target", "targets", "task", "tasks", "terraform", "tls", "verdict", "vpc", "worker",
    "workers", "yaml",
})  # fmt: skip
_JARGON = re.compile(
    rf"\b({'|'.join(sorted(map(re.escape, JARGON), key=len, reverse=True))})\b", re.IGNORECASE
)
_SPANS = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def jargon_in(text: str) -> list[str]:
    """The words of a text that only technicians understand, in lower case."""
    return [found.lower() for found in _JARGON.findall(text)]


def span(seconds: float) -> str:
    """A length of time as people say it: ``14 minutes``, ``2 days``; less than a minute is ``a moment``."""
    for unit, name in _SPANS:
        number = int(seconds // unit)
        if number:
            return f"{number} {name}{'s' if number != 1 else ''}"
    return "a moment"


def ago(at: datetime, now: datetime) -> str:
    """How long ago: ``just now``, ``20 seconds ago``, ``14 minutes ago``."""
    seconds = max(0.0, (now - at).total_seconds())
    if seconds < 10:
        return "just now"
    return f"{int(seconds)} seconds ago" if seconds < 60 else f"{span(seconds)} ago"


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment as the reader's clock and calendar have it: ``14:05``, ``yesterday, 14:05``, ``Monday, 14:05``,
    ``12 November``, ``12 November 2025``."""
    here, today = at.astimezone(zone), now.astimezone(zone)
    days = (today.date() - here.date()).days
    clock = f"{here:%H:%M}"
    if days == 0:
        return clock
    if days == 1:
        return f"yesterday, {clock}"
    if 1 < days < 7:
        return f"{here:%A}, {clock}"
    day = f"{here.day} {here:%B}"
    return day if here.year == today.year else f"{day} {here.year}"


def exact(at: datetime, zone: tzinfo) -> str:
    """A moment that is understood everywhere: ``14:05 on 12 November 2026 (UTC-03:00)``."""
    here = at.astimezone(zone)
    offset = f"{here:%z}"
    name = "UTC" if offset in {"", "+0000"} else f"UTC{offset[:3]}:{offset[3:]}"
    return f"{here:%H:%M} on {here.day} {here:%B} {here.year} ({name})"
