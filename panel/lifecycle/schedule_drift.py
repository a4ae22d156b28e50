"""When an environment is compared with what is real: spread over the interval, with some chance in it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

#: Time between two checks, by the catalogue's word.
INTERVALS: Mapping[str, timedelta] = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
}
# Of an interval: checks of environments whose names fall on one place do not start together either.
_CHANCE = 0.05
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def next_check(name: str, interval: timedelta, after: datetime, chance: Callable[[], float]) -> datetime:
    """When an environment is due next.

    Each name has a place of its own in the interval, so that many environments are spread over it however they
    began. A check that was missed moves nothing: the next one is the name's place again, half an interval away at
    the least.

    Args:
        name: the environment.
        interval: time between two checks.
        after: the check that was just ordered, or now.
        chance: a number from 0 to 1, drawn once.
    """
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    place = interval * (digest / 2**64)
    earliest = after + interval / 2
    turns = (earliest - _EPOCH - place) // interval + 1
    return _EPOCH + place + turns * interval + interval * _CHANCE * chance()


def due_at(
    name: str, word: str, due: datetime | None, moment: datetime, chance: Callable[[], float]
) -> datetime | None:
    """The due time that should be stored: the same where nothing changed, another where the catalogue's word did.

    Args:
        name: the environment.
        word: ``off``, ``hourly``, ``daily`` or ``weekly``.
        due: the due time stored now.
        moment: now.
        chance: a number from 0 to 1.
    """
    interval = INTERVALS.get(word)
    if interval is None:
        return None
    # Further away than this interval ever sets it: it was set for a longer one.
    if due is None or due > moment + interval * (1.5 + _CHANCE):
        return next_check(name, interval, moment, chance)
    return due
