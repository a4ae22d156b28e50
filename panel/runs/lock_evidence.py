"""Judging a state lock by what is known of the execution that took it. Pure: no store, no AWS, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from panel.engine.state import LockInfo

ALIVE, ORPHANED, UNKNOWN = "alive", "orphaned", "unknown"

#: A worker says that it lives every few seconds: after this long it counts as silent.
_SILENT = timedelta(seconds=30)
_OPERATIONS = {"OperationTypePlan": "a plan", "OperationTypeApply": "an apply"}


@dataclass(frozen=True)
class Witness:
    """What is known of the execution that took a lock.

    Attributes:
        run_id, action, host: which run's ``plan`` or ``apply``, on which machine.
        process: whether its process is alive; None where that cannot be seen from here.
        run_active: whether its run is still under way.
        ended_at: when it ended, as far as anybody has seen.
        last_sign: when its worker last gave a sign of life; None where nothing is known of it any more.
        over_at: when its own time limit has ended it at the latest, whether anybody sees it or not.
    """

    run_id: int
    action: str
    host: str
    process: bool | None
    run_active: bool
    ended_at: datetime | None
    last_sign: datetime | None
    over_at: datetime


@dataclass(frozen=True)
class Judgement:
    """Whether the holder of a lock is ``alive``, ``orphaned`` or ``unknown``, and how that is known."""

    holder: str
    evidence: str
    run_id: int | None = None


def judge(lock: LockInfo, witness: Witness | None, *, at: datetime) -> Judgement:
    """Judge a lock.

    Args:
        lock: the lock.
        witness: the execution that took it; None when no execution of the panel fits.
        at: the present time.
    """
    if witness is None:
        return Judgement(
            UNKNOWN,
            f"No run of the panel took it: {lock.who or 'somebody'} works on it with another Terraform, "
            "perhaps from a terminal. Ask them before it is removed.",
        )
    holder, evidence = _judge(witness, at)
    return Judgement(holder, evidence, witness.run_id)


def _judge(witness: Witness, at: datetime) -> tuple[str, str]:
    what = f"The {witness.action} of run {witness.run_id} on {witness.host}"
    if witness.process:
        return ALIVE, f"{what} holds it, and its process is alive."
    if witness.process is False:
        return ORPHANED, f"{what} took it, and its process is gone."
    if witness.ended_at is not None:
        return ORPHANED, f"{what} took it and ended at {clock(witness.ended_at)} without giving it back."
    # Without a sign: silent for days, or taken off the list of workers, perhaps a moment ago.
    heard = f"last heard of {age(at - witness.last_sign)} ago" if witness.last_sign else "given up as gone"
    if witness.last_sign is not None and at - witness.last_sign < _SILENT and witness.run_active:
        return ALIVE, f"{what} holds it; its worker was {heard}."
    if at > witness.over_at:
        return ORPHANED, (
            f"{what} took it; its worker was {heard}, and its time limit would have ended it by "
            f"{clock(witness.over_at)}."
        )
    return UNKNOWN, (
        f"{what} took it; its worker was {heard}. Without its worker, Terraform may still be at work there, "
        f"until {clock(witness.over_at)} at the latest: look at that machine before it is removed."
    )


def held_by(lock: LockInfo, at: datetime) -> str:
    """Who holds a lock, for what, since when: ``ana@box, for a plan, since 10:20 UTC (5 min)``."""
    parts = [lock.who or "somebody"]
    if lock.operation:
        parts.append(f"for {_OPERATIONS.get(lock.operation, lock.operation)}")
    if lock.created is not None:
        parts.append(f"since {clock(lock.created)} ({age(at - _utc(lock.created))})")
    return ", ".join(parts)


def clock(moment: datetime) -> str:
    """A moment for people, in UTC; with its day."""
    return f"{_utc(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def age(span: timedelta) -> str:
    """A span for people: ``12 s``, ``5 min``, ``3 h``, ``2 days``."""
    seconds = max(int(span.total_seconds()), 0)
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit != "days"):
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
