"""The way back of a roll-out that did not succeed. It can be gone again from its start, by another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from panel.aws.ecs import Service, get_service, update_service
from panel.aws.refusals import sign_in_expired
from panel.aws.session import Aws
from panel.aws.task_definitions import TaskDefinition, active_revision, describe_task_definition
from panel.deploys.patience import SIGN_IN_HINT, patiently
from panel.deploys.proof import mismatch
from panel.deploys.service import (
    ASKED_TO_STOP,
    Baseline,
    Eyes,
    Outcome,
    RolloutFailedError,
    ServiceTarget,
    Wanted,
)
from panel.deploys.settling import TAKEN_BACK, Change, Unsettled, watch
from panel.deploys.wanted_revision import released, runs
from panel.errors import PanelError, SupersededError

# Longest wait for the earlier release to serve again.
_WAY_BACK_S = 300.0
_LOG_HINT = "Look at the last lines of the service's log, correct the cause and deploy again."
_STOPPED_HINT = "Deploy again whenever it is time."
_WHO_HINT = "Find out who changed the service (in CloudTrail: UpdateService), then deploy again."


def go_back(
    aws: Aws, target: ServiceTarget, baseline: Baseline, eyes: Eyes, *, why: str, wanted: Wanted | None = None
) -> RolloutFailedError:
    """Put the earlier release back into service; also what a step does that was cut while it went back.

    What ECS has already taken back is waited for; what somebody else put in place meanwhile is left alone.

    Args:
        baseline: what is put back.
        eyes: how it is followed; a wish to stop does not count any more.
        why: the reason that ``reverting`` was called with.
        wanted: what did not succeed, to tell it from what somebody else put in its place.

    Returns:
        The error to raise: it says why, and what serves now.

    Raises:
        SupersededError: the run is another worker's by now (from the clock that was handed over).
    """
    try:
        arrival = _Way(aws, target, baseline, eyes, why, wanted).go()
    except SupersededError:
        raise  # another worker goes this way by now
    except Unsettled as failure:
        text = f"Going back to {_named(baseline)} has not worked so far either: {failure.why}."
        arrival = _Arrival(text, hint=failure.hint or _LOG_HINT)
    except PanelError as error:
        text = f"Going back failed as well: {error.message}"
        arrival = _Arrival(text, hint=SIGN_IN_HINT if sign_in_expired(error) else error.hint)
    name = f"{target.service} {wanted.version}" if wanted else target.service
    asked = why == ASKED_TO_STOP
    ended = "was stopped on request" if asked else f"did not succeed: {why}"
    outcome: Outcome = "rolled_back" if arrival.earlier else "failed"
    as_asked = asked and arrival.restored
    return RolloutFailedError(
        f"The roll-out of {name} {ended}. {arrival.text}",
        hint=_STOPPED_HINT if as_asked else arrival.hint,
        outcome="stopped" if as_asked else outcome,
    )


@dataclass(frozen=True)
class _Arrival:
    """What the way back came to, in words.

    Attributes:
        restored: the service is as it was before the roll-out.
        earlier: an earlier release serves.
    """

    text: str
    restored: bool = False
    earlier: bool = False
    hint: str = _LOG_HINT


@dataclass(frozen=True)
class _Way:
    """One way back."""

    aws: Aws
    target: ServiceTarget
    baseline: Baseline
    eyes: Eyes
    why: str
    wanted: Wanted | None

    def go(self) -> _Arrival:
        """Find out where the service stands, and bring it back where that is for the panel to do.

        Raises:
            Unsettled: the earlier release does not come to serve.
            AwsError, EndpointError: AWS refused, or did not answer.
        """
        service = patiently(self._service, report=self.eyes.report, clock=self.eyes.clock)
        present = describe_task_definition(self.aws, service.task_definition)
        before = describe_task_definition(self.aws, self.baseline.task_definition_arn)
        by_ecs = self.why.startswith(TAKEN_BACK)
        if self.baseline.desired == 0:
            return (
                self._foreign(present) if self._is_foreign(present, before) else self._stop(present, before)
            )
        # ECS runs no revision that was deregistered (Terraform does so when it makes a newer one).
        back = active_revision(self.aws, before, self.target.container)
        if present.arn == back.arn and not by_ecs and self.wanted and runs(back, self.target, self.wanted):
            text = "It is the release that was in service before, so there is nothing to go back to."
            return _Arrival(text, restored=True)
        if present.arn == back.arn or by_ecs:
            self._await(present, lambda: None)
            who = "ECS itself went back to" if by_ecs else "The service is back at"
            return _Arrival(f"{who} {self._name(present)}, which serves again.", restored=True, earlier=True)
        if self._is_foreign(present, before) or service.desired == 0:
            return self._foreign(present)
        self.eyes.report(f"Going back to {_named(self.baseline)}: {self.why}")
        self._await(back, lambda: self._update(back.arn, self.baseline.desired))
        text = f"The panel went back to {_named(self.baseline)}, which serves again."
        return _Arrival(text, restored=True, earlier=True)

    def _service(self) -> Service:
        return get_service(self.aws, self.target.cluster, self.target.service)

    def _update(self, task_definition_arn: str, desired: int) -> None:
        place = self.target
        update_service(
            self.aws, place.cluster, place.service, task_definition=task_definition_arn, desired=desired
        )

    def _await(self, back: TaskDefinition, start: Callable[[], None]) -> None:
        """Wait until this revision serves.

        Raises:
            Unsettled: it does not come to.
        """
        version = released(back, self.target)
        digest = back.environment(self.target.container).get("IMAGE_DIGEST", "")
        settling = self.target.settling(back.arn, self.baseline.desired)
        change = Change(
            start=start,
            proven=lambda: mismatch(self.eyes.verify(), version, digest) if version else None,
            deadline_s=_WAY_BACK_S,
            stoppable=False,
        )
        watch(self.aws, settling, change, self.eyes)

    def _is_foreign(self, present: TaskDefinition, before: TaskDefinition) -> bool:
        """Whether the service runs neither what was there before nor what the panel put there."""
        if present.arn == before.arn:
            return False
        if self.wanted is not None:
            return not runs(present, self.target, self.wanted)
        return released(present, self.target) is None

    def _foreign(self, present: TaskDefinition) -> _Arrival:
        text = f"The service is at {present.label} now, and the panel leaves that as it is."
        return _Arrival(text, hint=_WHO_HINT)

    def _stop(self, present: TaskDefinition, before: TaskDefinition) -> _Arrival:
        self.eyes.report("Going back: no task ran before, so the service is stopped")
        arn = before.arn if before.active else present.arn
        patiently(lambda: self._update(arn, 0), report=self.eyes.report, clock=self.eyes.clock)
        if self.baseline.version:
            text = f"The service is back at {_named(self.baseline)}, of which no task ran before."
            return _Arrival(text, restored=True, earlier=True)
        text = "There is no earlier release to go back to, so the service is stopped."
        return _Arrival(text, restored=True)

    def _name(self, present: TaskDefinition) -> str:
        version = released(present, self.target)
        return f"version {version}" if version else present.label


def _named(baseline: Baseline) -> str:
    return f"version {baseline.version}" if baseline.version else "what was there before"
