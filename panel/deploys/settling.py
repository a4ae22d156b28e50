"""Watching an ECS service until it runs what was asked for, or until it is clear that it will not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from panel.aws.ecs import Deployment, Service, Task, get_service
from panel.aws.session import Aws
from panel.deploys import Part
from panel.deploys.clock import Clock
from panel.deploys.looking import Look, Settling, look, stopped_tasks
from panel.deploys.patience import OutOfPatienceError, Patience, patiently
from panel.deploys.service import ASKED_TO_STOP, Eyes
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
_LONGEST_EVIDENCE = 500
# An engine's own words may go over a page; those of all tasks are in the evidence.
_REASONS_IN_MESSAGE = 3
_REASON_IN_MESSAGE = 160
# How long the runtime has to go on saying that the change is broken: it may just be trying again.
_BROKEN_S = 15.0
# ECS promises no more than that a change shows soon.
_SHOWS_WITHIN_S = 10.0
# What people get is right by then; what is waited for is only that ECS goes back to this release from the next.
_COMPLETES_WITHIN_S = 60.0
# What ECS's own way back says of itself among the service's events.
_TAKEN_BACK_EVENTS = ("circuit breaker", "rolled back", "rolling back")

#: How the reason begins where ECS itself took a change back.
TAKEN_BACK = "ECS took it back"
#: How it begins where somebody else changed the service.
CHANGED_ELSEWHERE = "somebody else changed the service meanwhile"

__all__ = ["CHANGED_ELSEWHERE", "TAKEN_BACK", "Change", "Clock", "Settling", "Unsettled", "watch"]


class Unsettled(Exception):  # noqa: N818  an outcome within this room; people get the DeployError made of it
    """The service did not come to run what was asked for.

    Attributes:
        why: the reason, as the end of a sentence.
        evidence: what ECS said on the way.
        hint: what to do about it, where that is known.
        tasks: whose last lines may explain it.
    """

    def __init__(
        self, why: str, evidence: tuple[str, ...] = (), *, hint: str = "", tasks: tuple[Task, ...] = ()
    ) -> None:
        super().__init__(why)
        self.why = why
        self.evidence = evidence
        self.hint = hint
        self.tasks = tasks


@dataclass(frozen=True)
class Change:
    """One change of a service.

    Attributes:
        start: makes it; safe to repeat.
        proven: ``None`` when the address people use shows the change, otherwise what it shows.
        broken: what is known to be wrong with the change, to give up if it stays so.
        deadline_s: seconds until an unfinished change counts as failed.
        stoppable: whether somebody may ask for it to stop.
    """

    start: Callable[[], object]
    proven: Callable[[], str | None]
    deadline_s: float
    broken: Callable[[], str | None] = lambda: None
    stoppable: bool = True


def watch(aws: Aws, wanted: Settling, change: Change, eyes: Eyes) -> int:
    """Start a change of a service and watch until it is done; returns the number of running tasks.

    Raises:
        Unsettled: it failed, its time passed, or somebody asked for it to stop.
        AwsError: AWS refused the change: nothing was changed.
    """
    watcher = _Watcher(aws, wanted, change, eyes)
    watcher.begin()
    clock, end = eyes.clock, eyes.clock.now() + change.deadline_s
    look_s = _LOOK_NEARBY_S if aws.account.emulated else _LOOK_S
    while True:
        if watcher.step():
            return watcher.running
        if clock.now() >= end and not watcher.serves:
            raise watcher.unsettled(f"it was not done within {change.deadline_s:.0f} s: {watcher.missing}")
        proving = watcher.proofs and not watcher.serves
        clock.wait(_LOOK_WHILE_PROVING_S if proving else look_s)


class _Watcher:
    """What has been seen so far of one change."""

    def __init__(self, aws: Aws, wanted: Settling, change: Change, eyes: Eyes) -> None:
        self._aws, self._wanted, self._change, self._eyes = aws, wanted, change, eyes
        self._past_events: set[str] = set()
        self._past_stops: frozenset[str] = frozenset()
        self._past_failures: set[str] = set()
        self._evidence: list[str] = []
        self._parts: tuple[Part, ...] | None = None
        self._last: Look | None = None
        self._patience = Patience(eyes.clock)
        self._begun = 0.0
        self._shown = False
        self._broken_since: float | None = None
        self._serves_since: float | None = None
        self._ecs_took_it_back = ""
        self.missing = "nothing was seen of it yet"
        self.proofs = 0
        self.running = 0

    @property
    def serves(self) -> bool:
        """Whether all is done but for ECS's own word on it."""
        return self._serves_since is not None and self.proofs > 0

    def begin(self) -> None:
        """Remember what happened before, so that it is not taken for a consequence, and make the change."""
        self._stop_if_asked()
        patiently(self._note_past, report=self._eyes.report, clock=self._eyes.clock)
        try:
            patiently(self._change.start, report=self._eyes.report, clock=self._eyes.clock)
        except EndpointError as error:
            # The call may have come through all the same.
            raise Unsettled(
                f"{error.message.rstrip('.')}, and whether the change was made is not known", hint=error.hint
            ) from error
        self._begun = self._eyes.clock.now()

    def _note_past(self) -> None:
        service = get_service(self._aws, self._wanted.cluster, self._wanted.service)
        self._past_events = {event.id for event in service.events}
        self._past_failures = {one.id for one in service.deployments if one.rollout_state == "FAILED"}
        self._past_stops = frozenset(task.arn for task in stopped_tasks(self._aws, self._wanted))

    def step(self) -> bool:
        """Look once; whether all is done."""
        self._stop_if_asked()
        seen = self._look_or_tell()
        if seen is None:
            return False
        self._last = seen
        self._tell(seen)
        if not self._shows(seen.service):
            return False
        self._give_up_if_hopeless(seen)
        self.running = len(seen.current)
        missing = seen.missing() or self._unproven()
        if missing is not None:
            self.proofs = 0
            self._say(missing)
            return False
        self.proofs += 1
        self.missing = "the new version does not answer steadily"
        return self.proofs >= max(_PROOFS, seen.in_service + 1) and self._completed(seen)

    def _completed(self, seen: Look) -> bool:
        """Whether ECS calls the deployment complete as well, or has been waited for long enough."""
        if not seen.under_way:
            return True
        now = self._eyes.clock.now()
        if self._serves_since is None:
            self._serves_since = now
            self._eyes.report("Waiting: it serves, and ECS has yet to call the deployment complete")
        return now - self._serves_since >= _COMPLETES_WITHIN_S

    def unsettled(self, why: str, *, hint: str = "") -> Unsettled:
        """The failure, with what ECS said on the way."""
        stops = self._last.stopped if self._last else ()
        reasons = list(dict.fromkeys(reason.strip() for task in stops for reason in task.reasons))
        shown = "; ".join(_shortened(reason, _REASON_IN_MESSAGE) for reason in reasons[:_REASONS_IN_MESSAGE])
        text = why + (f" (tasks stopped: {shown})" if shown else "")
        tasks = stops or (self._last.current if self._last else ())
        evidence = [*self._evidence, *(_shortened(reason, _LONGEST_EVIDENCE) for reason in reasons)]
        return Unsettled(text, tuple(evidence[-_EVIDENCE_LINES:]), hint=hint, tasks=tasks)

    def _stop_if_asked(self) -> None:
        if self._change.stoppable and self._eyes.stopped():
            raise Unsettled(ASKED_TO_STOP)

    def _look_or_tell(self) -> Look | None:
        """One look; ``None`` while AWS does not answer or, for a while, refuses."""
        try:
            seen = look(self._aws, self._wanted, past_stops=self._past_stops)
        except PanelError as error:
            self.proofs = 0
            try:
                self._say(f"a look at AWS that works ({self._patience.failed(error)})")
            except OutOfPatienceError as end:
                raise self.unsettled(end.why, hint=end.hint) from error
            return None
        self._patience.worked()
        return seen

    def _shows(self, service: Service) -> bool:
        """Whether the service has the wanted revision. ``False`` only shortly after the change.

        Raises:
            Unsettled: it has another one, by ECS or by somebody else.
        """
        if service.task_definition == self._wanted.task_definition_arn:
            self._shown = True
            if service.desired == 0 and self._wanted.desired:
                raise self.unsettled(f"{CHANGED_ELSEWHERE}: it wants no task any more")
            return True
        if reason := self._failure(service) or self._ecs_took_it_back:
            raise self.unsettled(f"{TAKEN_BACK}: {reason}")
        if not self._shown and self._eyes.clock.now() - self._begun < _SHOWS_WITHIN_S:
            self._say("the change to show")
            return False
        name = service.task_definition.rpartition("/")[2]
        raise self.unsettled(f"{CHANGED_ELSEWHERE}: it runs {name} now")

    def _failure(self, service: Service) -> str:
        """Why ECS gave the change up; empty where it did not."""

        def counts(deployment: Deployment) -> bool:
            mine = deployment.task_definition == self._wanted.task_definition_arn
            return mine and deployment.rollout_state == "FAILED" and deployment.id not in self._past_failures

        failed = next((one for one in service.deployments if counts(one)), None)
        return (failed.reason or "its tasks do not stay up").rstrip(".") if failed else ""

    def _give_up_if_hopeless(self, seen: Look) -> None:
        if failed := self._failure(seen.service):
            raise self.unsettled(f"ECS gave it up: {failed}")
        if len(seen.stopped) >= max(_STOPS_AT_LEAST, _STOPS_PER_TASK * self._wanted.desired):
            raise self.unsettled(f"{len(seen.stopped)} of its tasks stopped again")
        reason = self._change.broken()
        if not reason:
            self._broken_since = None
            return
        if self._broken_since is None:
            self._broken_since = self._eyes.clock.now()
        if self._eyes.clock.now() - self._broken_since >= _BROKEN_S:
            raise self.unsettled(reason.rstrip("."))

    def _unproven(self) -> str | None:
        try:
            return self._change.proven()
        except PanelError as error:
            return f"the public address does not answer: {error.message.rstrip('.')}"

    def _tell(self, seen: Look) -> None:
        for event in reversed(seen.service.events):
            if event.id not in self._past_events:
                self._past_events.add(event.id)
                self._evidence.append(event.message)
                self._eyes.report(event.message)
                if any(words in event.message for words in _TAKEN_BACK_EVENTS):
                    self._ecs_took_it_back = event.message.rstrip(".")
        parts = seen.parts()
        if parts != self._parts:
            self._parts = parts
            self._eyes.parts(parts)

    def _say(self, missing: str) -> None:
        if missing != self.missing:
            self.missing = missing
            self._eyes.report(f"Waiting: {missing}")


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
