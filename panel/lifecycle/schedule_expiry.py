"""When an environment's life ends, when its owner is warned, and when a failed destruction is tried again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from panel.store.tables import EnvironmentRecord, Run

#: The furthest an end may be set by one extension, from now.
LONGEST_EXTENSION = timedelta(days=30)
#: Ahead of the end, unless the whole life is short.
_WARNING = timedelta(hours=24)
#: Between a warning that came late, since no worker was alive, and the end.
_GRACE = timedelta(hours=1)
_FIRST_RETRY = timedelta(minutes=15)
_LONGEST_RETRY = timedelta(hours=12)
#: States in which a scheduled run did not do what it was ordered to.
_FAILED = frozenset({"errored", "interrupted", "blocked", "stale", "canceled", "discarded"})


def warning_time(ttl_hours: int) -> timedelta:
    """How long before the end the owner is warned: a day, or a quarter of a life that is shorter than four."""
    return min(_WARNING, timedelta(hours=ttl_hours) / 4)


def end_of(record: EnvironmentRecord, ttl_hours: int | None, moment: datetime) -> datetime | None:
    """The end that should be stored for an environment that exists.

    A life is counted from its creation. A longer ``ttl_hours`` moves the end away at once; a shorter one moves it
    nearer, but always leaves the time of a warning; what somebody extended to, holds. None: it does not end.
    """
    if ttl_hours is None or record.created_at is None:
        return None
    wanted = record.created_at + timedelta(hours=ttl_hours)
    if record.extended_until is not None and record.extended_until > record.created_at:
        wanted = max(wanted, record.extended_until)
    stored = record.expires_at
    if stored is not None and (stored <= record.created_at or wanted >= stored):
        return wanted
    nearest = max(wanted, moment + warning_time(ttl_hours))
    return nearest if stored is None else min(nearest, stored)


def is_warning_due(record: EnvironmentRecord, ttl_hours: int, moment: datetime) -> bool:
    """Whether the owner has to be told now that the end is near, and was not told of this end."""
    if record.expires_at is None:
        return False
    from_then = record.expires_at - warning_time(ttl_hours)
    return moment >= from_then and (record.expiry_warned_at is None or record.expiry_warned_at < from_then)


def destroy_at(record: EnvironmentRecord, ttl_hours: int) -> datetime | None:
    """When an environment is destroyed: at its end, or a moment after a warning that came late. None: not yet known."""
    if record.expires_at is None or record.expiry_warned_at is None:
        return None
    return last_moment(record.expires_at, record.expiry_warned_at, ttl_hours)


def last_moment(end: datetime, warned_at: datetime, ttl_hours: int) -> datetime:
    """When the destruction begins: at the end, and never sooner than a while after the warning."""
    return max(end, warned_at + min(_GRACE, warning_time(ttl_hours)))


def retry_at(tries: Sequence[Run]) -> datetime | None:
    """When a scheduled run that failed may be tried again: after 15 minutes, then twice as long each time, half a day at most.

    Args:
        tries: runs of one kind, newest first.

    None where the last one did not fail, or there was none.
    """
    failures = 0
    while failures < len(tries) and tries[failures].state in _FAILED:
        failures += 1
    if not failures:
        return None
    ended = tries[0].ended_at or tries[0].created_at
    return ended + min(_FIRST_RETRY * 2.0 ** min(failures - 1, 20), _LONGEST_RETRY)
