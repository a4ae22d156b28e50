"""Watching an ECS service until it runs what was asked for, or until it is clear that it will not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from panel.aws.ecs import Service, Task, get_service, list_tasks
from panel.aws.elb import target_health
from panel.aws.session import Aws
from panel.deploys import Report
from panel.deploys.clock import Clock
from panel.errors import EndpointError, PanelError

_LOOK_S = 2.0
# The embedded AWS is on this machine and starts tasks within a second.
_LOOK_NEARBY_S = 0.5
_LOOK_WHILE_PROVING_S = 0.4
# Answers in a row that prove a version; more where more targets take turns, so that an old one would show.
_PROOFS = 3
# Tasks of one roll-out that may stop before it counts as failed, per wanted task and at least.
_STOPS_PER_TASK = 2
_STOPS_AT_LEAST = 3
_EVIDENCE_LINES = 12
# How long the runtime has to go on saying that the change is broken: it may just be trying again.
_BROKEN_S = 15.0
# Refusals of AWS in a row after which looking on is of no use.
_REFUSALS = 5

__all__ = ["Clock", "Settling", "Unsettled", "watch"]


@dataclass(frozen=True)
class Settling:
    """What is waited for: so many tasks of this revision, registered in this target group (if any)."""

    cluster: str
    service: str
    task_definition_arn: str
    target_group_arn: str
    desired: int


class Unsettled(Exception):  # noqa: N818  an outcome within this room; people get the DeployError made of it
    """The service did not come to run what was asked for: ``why``, and what ECS said on the way."""

    def __init__(self, why: str, evidence: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.evidence = evidence


@dataclass(frozen=True)
class _Look:
    """One look at the service."""

    service: Service
    running: int
    in_service: int
    stopped: tuple[Task, ...]

    def waiting_for(self, wanted: Settling) -> str | None:
        """What is still missing, in words; ``None`` when everything runs."""
        if self.running < wanted.desired:
            return f"{self.running} of {wanted.desired} tasks run"
        if wanted.target_group_arn and self.in_service < wanted.desired:
            return f"{self.in_service} of {wanted.desired} tasks are behind the load balancer"
        return None


def watch(
    aws: Aws,
    wanted: Settling,
    *,
    report: Report,
    deadline_s: float,
    proven: Callable[[], str | None],
    broken: Callable[[], str | None],
    start: Callable[[], None],
    clock: Clock,
) -> int:
    """Start a change of a service and watch until it is done; returns the number of running tasks.

    Args:
        proven: ``None`` when the address people use shows the change, otherwise what it shows.
        broken: what is known to be wrong with the change, to give up if it stays so.
        start: makes the change; called once, after noting what was there before.

    Raises:
        Unsettled: it failed or ``deadline_s`` seconds passed.
        AwsError: AWS refused the change.
    """
    watcher = _Watcher(aws, wanted, report, proven, broken, clock=clock)
    watcher.note_past()
    start()
    end = clock.now() + deadline_s
    look_s = _LOOK_NEARBY_S if aws.account.emulated else _LOOK_S
    while True:
        if watcher.step():
            return watcher.running
        if clock.now() >= end:
            raise watcher.unsettled(f"it was not done within {deadline_s:.0f} s: {watcher.missing}")
        clock.wait(_LOOK_WHILE_PROVING_S if watcher.proofs else look_s)


class _Watcher:
    """What has been seen so far of one change."""

    def __init__(
        self,
        aws: Aws,
        wanted: Settling,
        report: Report,
        proven: Callable[[], str | None],
        broken: Callable[[], str | None],
        *,
        clock: Clock,
    ) -> None:
        self._aws, self._wanted, self._report, self._clock = aws, wanted, report, clock
        self._proven, self._broken = proven, broken
        self._past_events: set[str] = set()
        self._past_stops: set[str] = set()
        self._evidence: list[str] = []
        self.missing = "nothing was seen of it yet"
        self.proofs = 0
        self.running = 0
        self._refusals = 0
        self._broken_since: float | None = None

    def note_past(self) -> None:
        """Remember what happened before, so that it is not taken for a consequence of the change."""
        service = get_service(self._aws, self._wanted.cluster, self._wanted.service)
        self._past_events = {event.id for event in service.events}
        self._past_stops = {task.arn for task in self._stopped()}

    def step(self) -> bool:
        """Look once; whether all is done."""
        look = self._look_or_tell()
        if look is None:
            return False
        self._tell_events(look.service)
        self._give_up_if_hopeless(look)
        self.running = look.running
        missing = look.waiting_for(self._wanted) or self._unproven()
        if missing is not None:
            self.proofs = 0
            self._say(missing)
            return False
        self.proofs += 1
        self.missing = "the new version does not answer steadily"
        return self.proofs >= max(_PROOFS, look.in_service + 1)

    def unsettled(self, why: str) -> Unsettled:
        """The failure, with what ECS said on the way."""
        reasons = dict.fromkeys(reason for task in self._new_stops() for reason in task.reasons)
        text = why + (f" (tasks stopped: {'; '.join(reasons)})" if reasons else "")
        return Unsettled(text, tuple(self._evidence[-_EVIDENCE_LINES:]))

    def _look_or_tell(self) -> _Look | None:
        """One look; ``None`` while AWS is out of reach or, for a few times, refuses (for example by throttling)."""
        try:
            look = self._look()
        except EndpointError as error:
            trouble = error.message
        except PanelError as error:
            trouble = error.message
            self._refusals += 1
            if self._refusals >= _REFUSALS:
                raise Unsettled(trouble.rstrip("."), tuple(self._evidence)) from error
        else:
            self._refusals = 0
            return look
        self.proofs = 0
        self._say(f"a look at AWS that works ({trouble.rstrip('.')})")
        return None

    def _look(self) -> _Look:
        wanted = self._wanted
        service = get_service(self._aws, wanted.cluster, wanted.service)
        tasks = list_tasks(self._aws, wanted.cluster, wanted.service)
        running = sum(
            task.task_definition == wanted.task_definition_arn and task.last_status == "RUNNING"
            for task in tasks
        )
        in_service = 0
        if wanted.target_group_arn:
            in_service = sum(t.in_service for t in target_health(self._aws, wanted.target_group_arn))
        return _Look(service, running, in_service, self._new_stops())

    def _stopped(self) -> list[Task]:
        tasks = list_tasks(self._aws, self._wanted.cluster, self._wanted.service, stopped=True)
        return [task for task in tasks if task.task_definition == self._wanted.task_definition_arn]

    def _new_stops(self) -> tuple[Task, ...]:
        try:
            return tuple(task for task in self._stopped() if task.arn not in self._past_stops)
        except PanelError:
            # Only a further explanation of a failure: without it the failure itself is still told.
            return ()

    def _give_up_if_hopeless(self, look: _Look) -> None:
        primary = look.service.primary
        if look.service.task_definition != self._wanted.task_definition_arn:
            why = next((d.reason for d in look.service.deployments if d.rollout_state == "FAILED"), "")
            raise self.unsettled(f"the service was changed back meanwhile{': ' + why if why else ''}")
        if primary is not None and primary.rollout_state == "FAILED":
            raise self.unsettled(f"ECS gave it up: {primary.reason or 'its tasks do not stay up'}")
        if len(look.stopped) >= max(_STOPS_AT_LEAST, _STOPS_PER_TASK * self._wanted.desired):
            raise self.unsettled(f"{len(look.stopped)} of its tasks stopped again")
        reason = self._broken()
        if not reason:
            self._broken_since = None
            return
        if self._broken_since is None:
            self._broken_since = self._clock.now()
        if self._clock.now() - self._broken_since >= _BROKEN_S:
            raise self.unsettled(reason.rstrip("."))

    def _unproven(self) -> str | None:
        try:
            return self._proven()
        except PanelError as error:
            return f"the public address does not answer: {error.message.rstrip('.')}"

    def _tell_events(self, service: Service) -> None:
        for event in reversed(service.events):
            if event.id not in self._past_events:
                self._past_events.add(event.id)
                self._evidence.append(event.message)
                self._report(event.message)

    def _say(self, missing: str) -> None:
        if missing != self.missing:
            self.missing = missing
            self._report(f"Waiting: {missing}")
