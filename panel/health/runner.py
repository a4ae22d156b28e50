"""Takes the looks side by side, each timed, none able to hold up or break another.

Belongs here: threads, time limits, and what a look that failed by itself reads as.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from panel.health.probes import Finding, Probe, ProbeResult

_log = logging.getLogger(__name__)

# A thread cannot be ended from outside. Looks that hang past their sweep keep one of these until their
# connection gives up; when all are taken, further looks read unknown in place of piling up.
_SLOTS = threading.BoundedSemaphore(64)

_Key = tuple[str, int]


def now() -> datetime:
    """The present moment, aware of its zone."""
    return datetime.now(UTC)


def run(
    probes: Sequence[Probe],
    *,
    time_limit_s: float,
    threads: int = 8,
    clock: Callable[[], datetime] = now,
    slots: threading.Semaphore = _SLOTS,
) -> tuple[ProbeResult, ...]:
    """Take every look and hand back one result each, in the order given. Never raises for a probe.

    Args:
        time_limit_s: seconds for all of them together; what is not done by then reads *unknown*.
        threads: how many looks are taken at a time.
        clock: tells ``checked_at``.
        slots: bounds the threads of all sweeps together; one that is not to be had is not waited for.
    """
    found = run_all(
        {"": probes},
        time_limit_s=time_limit_s,
        whole_limit_s=time_limit_s,
        threads=threads,
        clock=clock,
        slots=slots,
    )
    return found.get("") or tuple(_unfinished(probe, time_limit_s, clock()) for probe in probes)


def run_all(
    groups: Mapping[str, Sequence[Probe]],
    *,
    time_limit_s: float,
    whole_limit_s: float,
    threads: int,
    clock: Callable[[], datetime] = now,
    slots: threading.Semaphore = _SLOTS,
) -> dict[str, tuple[ProbeResult, ...]]:
    """Take the looks of many groups with the same threads, group after group. One that hangs holds up no other.

    A group that was not begun at all is not in the answer: nothing is known of it.

    Args:
        groups: looks by environment.
        time_limit_s: seconds for the looks of one group, from its first one on.
        whole_limit_s: seconds for all groups together.
        threads: how many looks are taken at a time. One that hangs past its group's time gets another beside it.
    """
    begun, found = _Round(groups, time_limit_s, time.monotonic() + whole_limit_s, clock).run(threads, slots)
    return {
        name: tuple(
            found.get((name, number)) or _unfinished(probe, time_limit_s, clock())
            for number, probe in enumerate(probes)
        )
        for name, probes in groups.items()
        if name in begun or not probes
    }


class _Round:
    """The looks of one sweep: what waits, what is at work until when, and what was found."""

    def __init__(
        self,
        groups: Mapping[str, Sequence[Probe]],
        limit_s: float,
        deadline: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._limit_s, self._deadline, self._clock = limit_s, deadline, clock
        self._changed = threading.Condition()
        self._waiting = deque(
            ((name, number), probe) for name, probes in groups.items() for number, probe in enumerate(probes)
        )
        self._open = {name: len(probes) for name, probes in groups.items() if probes}
        self._deadlines: dict[str, float] = {}
        self._begun: set[str] = set()
        self._at_work: Counter[str] = Counter()
        self._found: dict[_Key, ProbeResult] = {}

    def run(self, threads: int, slots: threading.Semaphore) -> tuple[set[str], dict[_Key, ProbeResult]]:
        started = self._start(min(threads, len(self._waiting)), slots)
        with self._changed:
            while started and self._open and time.monotonic() < self._deadline:
                nearest = min(self._deadlines.values(), default=self._deadline)
                self._changed.wait(max(0.0, min(nearest, self._deadline) - time.monotonic()))
                started += self._start(self._give_up(), slots)
            self._open.clear()
            return set(self._begun), dict(self._found)

    def _start(self, count: int, slots: threading.Semaphore) -> int:
        started = 0
        while started < count and slots.acquire(blocking=False):
            started += 1
            # Daemon threads: a look that hangs must not keep the panel from ending.
            threading.Thread(target=self._work, args=(slots,), name="health-probe", daemon=True).start()
        return started

    def _give_up(self) -> int:
        """Close the groups whose time is over; how many threads hang in them."""
        present = time.monotonic()
        over = [name for name, deadline in self._deadlines.items() if deadline <= present]
        hanging = sum(self._at_work.pop(name, 0) for name in over)
        for name in over:
            self._open.pop(name, None)
            del self._deadlines[name]
        return hanging

    def _work(self, slots: threading.Semaphore) -> None:
        try:
            while (item := self._next()) is not None:
                (name, _), probe = item
                result = take(probe, self._clock)
                if not self._note(item[0], name, result):
                    return  # another one took this thread's place when its group's time was over
        finally:
            slots.release()

    def _next(self) -> tuple[_Key, Probe] | None:
        with self._changed:
            while self._waiting and time.monotonic() < self._deadline:
                key, probe = self._waiting.popleft()
                if key[0] not in self._open:
                    continue
                if key[0] not in self._begun:
                    self._begun.add(key[0])
                    self._deadlines[key[0]] = time.monotonic() + self._limit_s
                    # Later ones end later: who collects need not hear of them before the first is over.
                    if len(self._deadlines) == 1:
                        self._changed.notify_all()
                self._at_work[key[0]] += 1
                return key, probe
            return None

    def _note(self, key: _Key, name: str, result: ProbeResult) -> bool:
        with self._changed:
            if name not in self._open:
                return False
            self._found[key] = result
            self._at_work[name] -= 1
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
                self._deadlines.pop(name, None)
                self._changed.notify_all()
            return True


def take(probe: Probe, clock: Callable[[], datetime] = now) -> ProbeResult:
    """Take one look, timed. A look that breaks reads *unknown*: a fault of the panel is no green light."""
    checked_at, started = clock(), time.monotonic()
    try:
        finding = probe.look()
    except Exception as error:
        # The one place that catches everything: what a probe did not foresee must not stop the others.
        _log.exception("the probe %s of %s broke", probe.name, probe.service or "the environment")
        finding = Finding("unknown", "The check itself failed.", f"{type(error).__name__}: {error}")
    return _result(probe, finding, checked_at, round((time.monotonic() - started) * 1000))


def _unfinished(probe: Probe, time_limit_s: float, checked_at: datetime) -> ProbeResult:
    finding = Finding(
        "unknown",
        f"The check was not done within {time_limit_s:g} s.",
        "no answer within the time limit",
        reached=False,
    )
    return _result(probe, finding, checked_at, round(time_limit_s * 1000))


def _result(probe: Probe, finding: Finding, checked_at: datetime, elapsed_ms: int) -> ProbeResult:
    return ProbeResult(
        name=probe.name,
        service=probe.service,
        verdict=finding.verdict,
        detail=finding.detail,
        evidence=finding.evidence,
        checked_at=checked_at,
        elapsed_ms=elapsed_ms,
        reading=finding.reading,
        reached=finding.reached,
        notice=finding.notice,
    )
