"""How numbers, times and digests are written. Pure functions; nothing here knows of pages or HTML."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DIGEST_CHARACTERS, _VERSION_CHARACTERS = 12, 24
_COMMIT = re.compile(r"[0-9a-f]{40}")


def utc(at: datetime) -> datetime:
    """The instant in UTC; a store that keeps no zone means UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def exact(at: datetime) -> str:
    """The instant to the second: ``2026-03-01 14:05:09 UTC``."""
    return utc(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: float) -> str:
    """A length of time in its two largest units: ``52 s``, ``1 min 52 s``, ``3 h 4 min``, ``2 d 3 h``."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1, "s")
    if whole < _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "min")
    return _two(whole, _DAY, "d", _HOUR, "h")


def _two(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = whole % large // small
    return f"{whole // large} {large_name}" + (f" {rest} {small_name}" if rest else "")


def between(start: datetime, end: datetime) -> str:
    """The length of time from ``start`` to ``end``."""
    return duration((utc(end) - utc(start)).total_seconds())


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in one unit: ``just now``, ``12 min ago``, ``2 h ago``; or ``in 3 h``."""
    seconds = (utc(now) - utc(at)).total_seconds()
    if abs(seconds) < 10:
        return "just now"
    amount = _one(abs(seconds))
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def _one(seconds: float) -> str:
    for size, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name}"
    return f"{int(seconds)} s"


def instant(text: str) -> datetime | None:
    """The instant an ISO 8601 text names; None where it names none."""
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def money(usd: float) -> str:
    """An amount in dollars: ``$ 1 071.40``; amounts under a cent that are not nothing keep four places."""
    if 0 < abs(usd) < 0.01:
        return f"{'−' if usd < 0 else ''}$ {abs(usd):.4f}"
    text = f"{abs(usd):,.2f}".replace(",", " ")
    return f"{'−' if usd < 0 else ''}$ {text}"


def monthly(usd: float) -> str:
    """An amount per month: ``$ 71.40 / month``."""
    return f"{money(usd)} / month"


def delta(usd: float) -> str:
    """A change of an amount, with its sign: ``+$ 3.10``, ``−$ 2.00``, ``±$ 0.00``."""
    if round(usd, 2) == 0:
        return "±$ 0.00"
    return f"{'+' if usd > 0 else ''}{money(usd)}"


def digest(value: str | None) -> str:
    """The first 12 characters of a digest, without the name of its algorithm."""
    return (value or "").removeprefix("sha256:")[:_DIGEST_CHARACTERS]


def brief(version: str) -> str:
    """A version or revision short enough for a line: of a whole commit 12 characters, of a long name its beginning."""
    if _COMMIT.fullmatch(version):
        return version[:_DIGEST_CHARACTERS]
    return version if len(version) <= _VERSION_CHARACTERS else f"{version[: _VERSION_CHARACTERS - 1]}…"


def counts(add: int | None, change: int | None, destroy: int | None) -> str:
    """Counts of a plan: ``+42 ~3 −0``; empty where no plan was made."""
    if add is None and change is None and destroy is None:
        return ""
    return f"+{add or 0} ~{change or 0} −{destroy or 0}"


def plural(count: int, one: str, many: str) -> str:
    """``1 worker``, ``2 workers``."""
    return f"{count} {one if count == 1 else many}"


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning and how long it is when it is longer than ``limit`` characters."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
