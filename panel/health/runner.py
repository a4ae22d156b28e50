"""Takes the looks side by side, each timed, none able to hold up or break another.

Belongs here: threads, time limits, and what a look that failed by itself reads as.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from panel.health.probes import Finding, Probe, ProbeResult

_log = logging.getLogger(__name__)

# A thread cannot be ended from outside. Looks that hang past their sweep keep one of these until their
# connection gives up; when all are taken, further looks read unknown in place of piling up.
_SLOTS = threading.BoundedSemaphore(64)

_Reports = queue.SimpleQueue[tuple[int, ProbeResult]]


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
    waiting: queue.SimpleQueue[tuple[int, Probe]] = queue.SimpleQueue()
    for item in enumerate(probes):
        waiting.put(item)
    reports: _Reports = queue.SimpleQueue()
    deadline = time.monotonic() + time_limit_s
    started = 0
    while started < min(threads, len(probes)) and slots.acquire(blocking=False):
        started += 1
        # Daemon threads: a look that hangs must not keep the panel from ending.
        threading.Thread(
            target=_work, args=(waiting, reports, deadline, clock, slots), name="health-probe", daemon=True
        ).start()
    done = _collect(reports, len(probes), deadline) if started else {}
    return tuple(
        done.get(number) or _unfinished(probe, time_limit_s, clock()) for number, probe in enumerate(probes)
    )


def _work(
    waiting: queue.SimpleQueue[tuple[int, Probe]],
    reports: _Reports,
    deadline: float,
    clock: Callable[[], datetime],
    slots: threading.Semaphore,
) -> None:
    try:
        while time.monotonic() < deadline:
            try:
                number, probe = waiting.get_nowait()
            except queue.Empty:
                return
            reports.put((number, take(probe, clock)))
    finally:
        slots.release()


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


def _collect(reports: _Reports, expected: int, deadline: float) -> dict[int, ProbeResult]:
    done: dict[int, ProbeResult] = {}
    while len(done) < expected:
        try:
            number, result = reports.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        done[number] = result
    return done


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
