"""One look at an ECS service while it changes: what runs, what takes requests, what is still missing."""

from __future__ import annotations

from dataclasses import dataclass

from panel.aws.ecs import Service, Task, get_service, list_tasks
from panel.aws.elb import Target, target_health
from panel.aws.session import Aws
from panel.deploys import Part
from panel.errors import PanelError

_STOPS_SHOWN = 5
_LEAVING = frozenset({"DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"})
_TARGET_STATES = {"healthy": "done", "unhealthy": "failed", "unavailable": "failed"}


@dataclass(frozen=True)
class Settling:
    """What is waited for: so many tasks of this revision, registered in this target group (if any)."""

    cluster: str
    service: str
    task_definition_arn: str
    target_group_arn: str
    desired: int


@dataclass(frozen=True)
class Look:
    """What was seen at one moment.

    Attributes:
        wanted: what is waited for.
        tasks: those that ECS wants to run, of whatever revision. ECS calls a task that it takes out of service
            stopped as soon as it begins to do so: such a one takes no new requests and is not among them.
        stopped: tasks of the wanted revision that have stopped since the change began.
        targets: what is registered with the load balancer.
    """

    wanted: Settling
    service: Service
    tasks: tuple[Task, ...]
    stopped: tuple[Task, ...]
    targets: tuple[Target, ...]

    @property
    def needed(self) -> int:
        """How many tasks are needed now: AWS's autoscaling may have changed its mind since the change began."""
        asked = self.service.task_definition == self.wanted.task_definition_arn and self.service.desired
        return asked or self.wanted.desired

    @property
    def current(self) -> tuple[Task, ...]:
        """Running tasks of the wanted revision."""
        return tuple(
            task
            for task in self.tasks
            if task.task_definition == self.wanted.task_definition_arn and task.last_status == "RUNNING"
        )

    @property
    def others(self) -> tuple[Task, ...]:
        """Tasks of other revisions that ECS wants to run on, so that they still take requests."""
        return tuple(
            task
            for task in self.tasks
            if task.task_definition != self.wanted.task_definition_arn and task.last_status not in _LEAVING
        )

    @property
    def serving(self) -> int:
        """Targets that answer their health checks; of the wanted tasks alone, where tasks have addresses."""
        addresses = {address for task in self.current for address in task.addresses}
        return sum(target.proven and (not addresses or target.id in addresses) for target in self.targets)

    @property
    def under_way(self) -> bool:
        """Whether ECS itself calls the deployment unfinished: it would not go back to one that never finished."""
        primary = self.service.primary
        return primary is not None and primary.rollout_state == "IN_PROGRESS"

    @property
    def in_service(self) -> int:
        """Targets that may get requests."""
        return sum(target.in_service for target in self.targets)

    def missing(self) -> str | None:
        """What is still missing, in words; ``None`` when what is wanted runs, and nothing else.

        A wanted task runs the wanted image: its revision names the image by its digest.
        """
        running, needed = len(self.current), self.needed
        if running < needed:
            return f"{running} of {needed} tasks run"
        if self.others:
            return f"{_counted(len(self.others), 'task')} of another revision still run"
        if not self.wanted.target_group_arn:
            return None
        if self.serving < needed:
            return f"{self.serving} of {needed} tasks are behind the load balancer"
        # Tasks that are plain processes are known by their targets alone.
        known = any(task.addresses for task in self.current)
        if not known and self.in_service > needed:
            return f"{_counted(self.in_service - needed, 'earlier task')} still behind the load balancer"
        return None

    def parts(self) -> tuple[Part, ...]:
        """Tasks and targets as the parts of a stage."""
        tasks = [*self.tasks, *self.stopped[-_STOPS_SHOWN:]]
        return (
            *(self._task_part(task) for task in tasks),
            *(_target_part(target) for target in self.targets),
        )

    def _task_part(self, task: Task) -> Part:
        other = task.task_definition != self.wanted.task_definition_arn
        if (task.last_status in _LEAVING and not other) or task.health == "UNHEALTHY":
            state = "failed"
        elif task.last_status == "RUNNING":
            state = "kept" if other else "done"
        else:
            state = "working"
        revision = task.task_definition.rpartition("/")[2] if other else ""
        said = (revision, task.last_status, task.zone, task.health.lower(), *task.reasons)
        return Part(task.short_id, state, kind="task", detail=", ".join(filter(None, said)))


def look(aws: Aws, wanted: Settling, *, past_stops: frozenset[str] = frozenset()) -> Look:
    """Look once.

    Args:
        past_stops: ARNs of tasks that had stopped before, and say nothing about this change.

    Raises:
        NotFoundError: the service is gone.
        AwsError, EndpointError: AWS refused, or did not answer.
    """
    service = get_service(aws, wanted.cluster, wanted.service)
    tasks = list_tasks(aws, wanted.cluster, wanted.service)
    targets = target_health(aws, wanted.target_group_arn) if wanted.target_group_arn else ()
    stopped = _new_stops(aws, wanted, past_stops)
    # A task may stop between the two questions.
    gone = {task.arn for task in stopped}
    return Look(wanted, service, tuple(task for task in tasks if task.arn not in gone), stopped, targets)


def stopped_tasks(aws: Aws, wanted: Settling) -> list[Task]:
    """Tasks of the wanted revision that stopped lately.

    Raises:
        AwsError, EndpointError: AWS refused, or did not answer.
    """
    found = list_tasks(aws, wanted.cluster, wanted.service, stopped=True)
    return [task for task in found if task.task_definition == wanted.task_definition_arn]


def _new_stops(aws: Aws, wanted: Settling, past: frozenset[str]) -> tuple[Task, ...]:
    try:
        return tuple(task for task in stopped_tasks(aws, wanted) if task.arn not in past)
    except PanelError:
        # Only a further explanation of a failure: without it the failure itself is still told.
        return ()


def _target_part(target: Target) -> Part:
    state = _TARGET_STATES.get(target.state, "working")
    return Part(
        f"{target.id}:{target.port}",
        state,
        kind="target",
        detail=", ".join(filter(None, (target.state, target.reason))),
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
