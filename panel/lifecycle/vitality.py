"""How alive a run is: its last sign of life, what it waits for, and how much of its stage's time limit is used.

Judged from rows alone, so that a page and a terminal say the same without asking a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from panel.lifecycle.pinning import host_of, is_bound
from panel.lifecycle.stages import TITLES
from panel.runs.lock_evidence import age
from panel.settings import Settings
from panel.store.stores import Stores
from panel.store.tables import Run, RunStage, now

WORKING, QUIET, STUCK, OVERDUE = "working", "quiet", "stuck", "overdue"

#: A worker gives a sign of life every second while it works: silent for this long, it is gone or hangs.
_STUCK = timedelta(seconds=60)
#: Terraform says every ten seconds what it still waits for: silent for this long, something holds it up.
_QUIET = timedelta(seconds=120)
#: What a worker takes to pick a run up.
_PICK_UP = timedelta(seconds=30)
#: Past its limit, a stage is first asked to end and then made to: that takes a moment.
_ENDING = timedelta(seconds=180)
_TERRAFORM = frozenset({"shared", "plan", "apply", "destroy"})
_FOR_A_PERSON = frozenset({"planned", "blocked"})


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds: of a plan, an apply, a roll-out, and of the wait for a decision."""

    plan_s: float
    apply_s: float
    rollout_s: float
    approval_s: float

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that are set."""
        return cls(
            settings.plan_timeout_s,
            settings.apply_timeout_s,
            settings.rollout_timeout_s,
            settings.approval_timeout_s,
        )

    def stage(self, name: str) -> float | None:
        """The limit of one stage; None for one that has none of its own."""
        return {
            "shared": self.plan_s + self.apply_s,
            "plan": self.plan_s,
            "review": self.approval_s,
            "apply": self.apply_s,
            "destroy": self.apply_s,
            "compare": self.plan_s,
            "image": self.rollout_s,
            "rollout": self.rollout_s,
            "site": self.rollout_s,
            "checks": self.rollout_s,
        }.get(name)


@dataclass(frozen=True)
class Vitality:
    """How alive a run is.

    Attributes:
        state: ``working``; ``quiet``: Terraform has not said anything for minutes; ``stuck``: no worker gives a sign
            of life; ``overdue``: past its stage's time limit.
        text: that in a sentence.
        last_sign: when it was last heard of.
        limit_s: the time limit of what it is at; None where there is none.
    """

    state: str
    text: str
    last_sign: datetime | None
    limit_s: float | None = None

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to look after."""
        return self.state == WORKING


def vitality(
    run: Run, stages: Sequence[RunStage], limits: Limits, *, last_line_at: datetime | None, at: datetime
) -> Vitality | None:
    """How alive a run is; None when it has ended.

    Args:
        run: the run.
        stages: its stages.
        limits: the time limits that are set.
        last_line_at: when the last line of its log was written.
        at: the present time.
    """
    if not run.active:
        return None
    signs = [
        _utc(moment) for moment in (run.heartbeat_at, last_line_at, run.started_at) if moment is not None
    ]
    last = max(signs, default=None)
    stage = next((one for one in stages if one.state in {"active", "waiting"}), None)
    limit = limits.stage(stage.name) if stage else None
    if run.state == "queued":
        return _queued(run, at)
    if run.state in _FOR_A_PERSON:
        return _waiting(stage, limits.approval_s, last, at)
    heard = _utc(run.heartbeat_at or run.started_at or run.created_at)
    if at - heard > _STUCK and is_bound(run, stages):
        return Vitality(
            STUCK,
            f"No worker has given a sign of life for {age(at - heard)}. Only one on {host_of(run)} can go on with it: what "
            "it is to read lies there.",
            last,
            limit,
        )
    if at - heard > _STUCK:
        return Vitality(
            STUCK,
            f"No worker has given a sign of life for {age(at - heard)}. It goes on when a worker takes it "
            "over; Terraform, if it is at work, goes on by itself.",
            last,
            limit,
        )
    return _at_work(run, stage, limit, _utc(last_line_at or run.created_at), at=at, last=last)


def _queued(run: Run, at: datetime) -> Vitality:
    waited = at - _utc(run.created_at)
    if waited > _PICK_UP and run.pinned_instance:
        text = f"The worker on {host_of(run)} has not taken it up for {age(waited)}, and no other one may: what it is to read lies there."
        return Vitality(QUIET, text, None)
    if waited > _PICK_UP:
        return Vitality(QUIET, f"No worker has taken it up for {age(waited)}.", None)
    return Vitality(WORKING, "Waits for a worker.", None)


def _waiting(stage: RunStage | None, limit: float, last: datetime | None, at: datetime) -> Vitality:
    if stage is None or stage.started_at is None:
        return Vitality(WORKING, "Waits for a person.", last, limit)
    left = _utc(stage.started_at) + timedelta(seconds=limit) - at
    if left < -_ENDING:
        return Vitality(
            OVERDUE, f"Nobody decided in time, {age(-left)} ago: it is being discarded.", last, limit
        )
    return Vitality(WORKING, f"Waits for a person, for {age(left)} at the most.", last, limit)


def _at_work(
    run: Run,
    stage: RunStage | None,
    limit: float | None,
    spoke: datetime,
    *,
    at: datetime,
    last: datetime | None,
) -> Vitality:
    if stage is None or stage.started_at is None:
        return Vitality(WORKING, "At work.", last, limit)
    title, taken = TITLES.get(stage.name, stage.name), at - _utc(stage.started_at)
    if limit is not None and taken > timedelta(seconds=limit) + _ENDING:
        text = f"{title} has taken {age(taken)}; its limit is {age(timedelta(seconds=limit))}: it is being ended."
        return Vitality(OVERDUE, text, last, limit)
    silence = at - max(spoke, _utc(stage.started_at))
    if stage.name in _TERRAFORM and silence > _QUIET:
        waits = f" It waits for {run.waiting_for}." if run.waiting_for else ""
        left = (
            f" Its limit is {age(timedelta(seconds=limit))}, of which {age(taken)} are over." if limit else ""
        )
        return Vitality(QUIET, f"Terraform has said nothing for {age(silence)}.{waits}{left}", last, limit)
    return Vitality(WORKING, f"{title} for {age(taken)}.", last, limit)


def vitality_of(run: Run, stores: Stores, settings: Settings) -> Vitality | None:
    """How alive a run is by what the store has of it now; None when it has ended."""
    if not run.active or run.id is None:
        return None
    lines = stores.runs.lines(run.id, newest=True, limit=1)
    return vitality(
        run,
        stores.runs.stages(run.id),
        Limits.of(settings),
        last_line_at=lines[-1].at if lines else None,
        at=now(),
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
