"""What the single tasks of a service tell: where they run, which ended by themselves and why, as health shows them.

Belongs here: facts out of ECS' answers for the looks in :mod:`panel.health.probes_services`, no verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from panel.aws.observe import Target
from panel.aws.observe_tasks import Task
from panel.health.finding import TaskSeen
from panel.masking import Masker

#: Stopped tasks that are shown, and for how long.
STOPPED_SHOWN = 5
_SHOWN_FOR = timedelta(hours=1)
_CRASH_WINDOW = timedelta(minutes=10)
_REASON_SHOWN = 300
_MASKER = Masker()

# What ECS writes when a task ended although nobody wanted it to; a roll-out or a person has other codes.
_BY_ITSELF = frozenset({"EssentialContainerExited", "TaskFailedToStart"})


def stopped(task: Task) -> bool:
    """Whether a task runs no more."""
    return task.state == "STOPPED" or task.stopped_at is not None


def ended_by_themselves(tasks: Sequence[Task], now: datetime) -> list[Task]:
    """Tasks that crashed, or could not start, in the last ten minutes; the newest first."""
    ended = [
        (task.stopped_at, task)
        for task in tasks
        if task.stop_code in _BY_ITSELF and task.stopped_at and now - task.stopped_at <= _CRASH_WINDOW
    ]
    return [task for _, task in sorted(ended, key=lambda pair: pair[0], reverse=True)]


def serving_zones(tasks: Sequence[Task]) -> dict[str, int]:
    """Running tasks by availability zone; a task whose zone nobody tells is not counted."""
    return dict(sorted(Counter(t.zone for t in tasks if t.state == "RUNNING" and t.zone).items()))


def target_zones(targets: Sequence[Target], tasks: Sequence[Task]) -> dict[str, int]:
    """Healthy targets by zone: the load balancer's word, or that of the task with the target's address."""
    zone_of = {task.address: task.zone for task in tasks if task.address}
    zones = (t.zone or zone_of.get(t.address, "") for t in targets if t.state == "healthy")
    return dict(sorted(Counter(zone for zone in zones if zone).items()))


def shown_tasks(
    tasks: Sequence[Task],
    targets: Sequence[Target],
    versions: Mapping[str, str],
    now: datetime,
    *,
    emulated: bool,
) -> tuple[TaskSeen, ...]:
    """The tasks as health shows them: those that run, then the latest that stopped within the hour.

    Args:
        targets: of the service, with the load balancer's word on each.
        versions: by ARN of the task definition.
        emulated: the embedded AWS calls every target healthy, which tells nothing.
    """
    health = {target.address: _health(target.state, emulated) for target in targets}
    alive = sorted((t for t in tasks if not stopped(t)), key=lambda t: (t.state != "RUNNING", t.zone, t.id))
    gone = [t for t in tasks if t.stopped_at is not None and now - t.stopped_at <= _SHOWN_FOR]
    gone.sort(key=lambda task: task.stopped_at or now, reverse=True)
    return tuple(
        TaskSeen(
            id=task.id,
            zone=task.zone,
            state=task.state,
            health="" if stopped(task) else health.get(task.address, ""),
            started_at=task.started_at,
            stopped_at=task.stopped_at,
            reason=_MASKER.text(task.reason)[:_REASON_SHOWN],
            exit_code=task.exit_code,
            version=versions.get(task.task_definition, ""),
        )
        for task in [*alive, *gone[:STOPPED_SHOWN]]
    )


def _health(state: str, emulated: bool) -> str:
    if emulated or state not in ("healthy", "unhealthy"):
        return "unknown"
    return state
