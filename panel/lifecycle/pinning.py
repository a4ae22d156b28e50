"""Runs that are bound to one data directory, since what is to be planned or built lies beside it."""

from __future__ import annotations

from collections.abc import Iterable

from panel.store.tables import Run, RunStage

# Stages that read the checkout, and states in which they still have to. What they make is kept where all workers find it.
_READ_THE_SOURCE = frozenset({"shared", "plan", "image"})
_TO_DO = frozenset({"pending", "active"})


def may_take(run: Run, instance: str) -> bool:
    """Whether workers of this data directory may take a run that nobody has."""
    return run.pinned_instance in {"", instance}


def is_bound(run: Run, stages: Iterable[RunStage]) -> bool:
    """Whether only a worker of the run's own data directory can go on with it."""
    unread = any(stage.name in _READ_THE_SOURCE and stage.state in _TO_DO for stage in stages)
    return bool(run.pinned_instance) and unread


def host_of(run: Run) -> str:
    """The machine that a run is bound to."""
    return run.pinned_instance.partition("/")[0]
