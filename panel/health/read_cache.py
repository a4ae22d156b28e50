"""Reads of AWS that are made once: in one sweep by whoever comes first, and for some minutes where little changes.

Belongs here: who reads, who waits, and how long an answer counts. What is read is in :mod:`panel.health.reads`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from panel.aws.session import UNREADABLE, refusal_code
from panel.errors import PanelError, UnavailableError

_Seen = TypeVar("_Seen")

FOREVER_S = float("inf")
# An answer whose turn does not come counts for so many times as long as it should.
_STALE_TIMES = 4
_UNUSED_S = 3600.0


class NotItsTurnError(UnavailableError):
    """Something that is looked at now and then was not looked at yet."""


class Once(Generic[_Seen]):
    """One read that several probes of a sweep need: made once, by whoever comes first; a failure is the others' too."""

    def __init__(self, read: Callable[[], _Seen]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._seen: list[_Seen] = []
        self._error: Exception | None = None

    def __call__(self) -> _Seen:
        """What was read.

        Raises:
            PanelError: what the read raised.
        """
        with self._lock:
            if self._error is not None:
                raise self._error
            if not self._seen:
                try:
                    self._seen.append(self._read())
                except Exception as error:  # whatever it is, the next one would meet it too
                    self._error = error
                    raise
            return self._seen[0]


class Batched(Generic[_Seen]):
    """A read of many things in few calls. What nobody asks for is not read, but for what shares a call with it.

    Args:
        keys: everything that may be asked for.
        size: how many are read together.
        read: reads some; what does not exist is not in its answer.
    """

    def __init__(
        self, keys: Sequence[str], size: int, read: Callable[[Sequence[str]], Mapping[str, _Seen]]
    ) -> None:
        self._read = read
        # In the same order in each sweep: what is kept of an earlier one was kept by whom it was asked with.
        wanted = sorted(set(keys))
        chunks = [wanted[start : start + size] for start in range(0, len(wanted), size)]
        self._together = {key: once for chunk in chunks for once in [self._once(chunk)] for key in chunk}
        self._alone = {key: self._once([key]) for key in wanted}

    def _once(self, keys: Sequence[str]) -> Once[Mapping[str, _Seen]]:
        return Once(lambda: self._read(keys))

    def get(self, key: str) -> _Seen | None:
        """One thing; None where AWS knows no such thing.

        Raises:
            PanelError: it could not be read.
        """
        try:
            return self._together[key]().get(key)
        except PanelError as error:
            if refusal_code(error) not in UNREADABLE:
                raise
        # AWS refuses all for one that it cannot read: the others shall not suffer from that one.
        return self._alone[key]().get(key)


@dataclass
class _Kept:
    value: Any
    read_at: float
    used_at: float


class ReadCache:
    """Answers that count for longer than one sweep. Lives as long as the worker; shared between threads.

    Reads that are *in turns* are not worth making for all environments in each sweep: so many calls of them are made
    in a sweep, and where the turn did not come the earlier answer counts on for a while.

    Args:
        clock: seconds, going up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept] = {}
        self._turns: dict[str, float] = {}

    def begin(self, turns: Mapping[str, float] | None = None) -> None:
        """A sweep begins.

        Args:
            turns: how many calls may be spent on reads in turns, by their lane; without a limit where none is said.
        """
        with self._lock:
            present = self._clock()
            self._turns = dict(turns or {})
            self._kept = {key: kept for key, kept in self._kept.items() if present - kept.used_at < _UNUSED_S}

    def peek(self, key: Hashable) -> Any:
        """What was read before, however long ago; None where nothing was."""
        with self._lock:
            kept = self._kept.get(key)
            return None if kept is None else kept.value

    def get(
        self, key: Hashable, read: Callable[[], _Seen], *, lasts_s: float, calls: int = 0, lane: str = ""
    ) -> _Seen:
        """What was read not longer than ``lasts_s`` ago, or is read now.

        Args:
            calls: how many turns it takes; 0 for what is read in any case.
            lane: whose turns they are.

        Raises:
            NotItsTurnError: it was not read before, or too long ago, and all turns of this sweep are taken.
            PanelError: what the read raised; it is not kept.
        """
        with self._lock:
            present, kept = self._clock(), self._kept.get(key)
            if kept is not None:
                kept.used_at = present
                if lasts_s and present - kept.read_at <= lasts_s:
                    found: _Seen = kept.value
                    return found
            if calls > self._turns.get(lane, FOREVER_S):
                if kept is not None and present - kept.read_at <= lasts_s * _STALE_TIMES:
                    stale: _Seen = kept.value
                    return stale
                raise NotItsTurnError(
                    "This was not looked at yet: the panel looks at it every few minutes only.",
                    detail="one of the reads in turns; the turns of this sweep were taken",
                )
            if lane in self._turns:
                self._turns[lane] -= calls
        value = read()
        with self._lock:
            self._kept[key] = _Kept(value, self._clock(), self._clock())
        return value
