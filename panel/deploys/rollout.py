"""Put an image into service: revision, update, watching until people get it, and the way back if they do not.

Source of the order of things: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from panel.aws.ecs import Service, get_service, update_service
from panel.aws.session import Aws
from panel.aws.task_definitions import TaskDefinition, describe_task_definition
from panel.deploys.going_back import go_back
from panel.deploys.proof import mismatch
from panel.deploys.service import (
    ASKED_TO_STOP,
    Baseline,
    Eyes,
    Outcome,
    Rollout,
    RolloutFailedError,
    ServiceTarget,
    Wanted,
)
from panel.deploys.settling import Change, Unsettled, watch
from panel.deploys.task_logs import last_words
from panel.deploys.turn import await_turn
from panel.deploys.wanted_revision import make_revision, released
from panel.errors import PanelError

__all__ = [
    "ASKED_TO_STOP",
    "Baseline",
    "Eyes",
    "Outcome",
    "Rollout",
    "RolloutFailedError",
    "ServiceTarget",
    "Wanted",
    "go_back",
    "read_baseline",
    "roll_out",
]


def read_baseline(aws: Aws, target: ServiceTarget) -> Baseline:
    """What the service runs now.

    Take it in a step of its own before the roll-out, and hand it over: a roll-out that is repeated
    after a cut finds the new revision in place already.

    Raises:
        NotFoundError: there is no such service.
        AwsError: it may not be read.
    """
    service = get_service(aws, target.cluster, target.service)
    return _baseline(aws, target, service.task_definition, service.desired)


def roll_out(
    aws: Aws,
    target: ServiceTarget,
    wanted: Wanted,
    eyes: Eyes,
    *,
    deadline_s: float,
    baseline: Baseline | None = None,
    reverting: Callable[[str], None] = lambda why: None,
) -> Rollout:
    """Replace what a service runs by ``wanted`` and wait until people get it; go back by itself if not.

    Going back to an earlier release on request is the same with that release's values, and with its task
    definition as :attr:`Wanted.like`.

    Args:
        deadline_s: seconds until an unfinished roll-out counts as failed.
        baseline: what to go back to; read from the service where it is not given.
        reverting: called with the reason right before the way back begins. Who hears it and is cut then goes on
            with :func:`go_back`, never with this function.

    Raises:
        RolloutFailedError: it did not succeed, or was stopped; the message says why and what serves now.
        BusyError: a deployment that the panel did not begin is under way; nothing was changed.
        NotFoundError: there is no such service or container.
        AwsError: AWS refused before anything was changed.
    """
    started_at = datetime.now(UTC)
    service = get_service(aws, target.cluster, target.service)
    made = make_revision(aws, target, service, wanted, eyes.report)
    before = baseline or _find_baseline(aws, target, service, made)
    _refuse_what_cannot_begin(target, service, made, before, eyes)
    await_turn(aws, target, made, eyes)
    eyes.report(f"Rolling out {target.service} {wanted.version} as {made.label}")
    attempt = _Attempt(aws, target, wanted, made, eyes)
    try:
        running = watch(aws, target.settling(made.arn, target.desired), attempt.change(deadline_s), eyes)
    except Unsettled as failure:
        raise attempt.undone(before, failure, reverting) from failure
    return attempt.done(before, started_at, running)


def _refuse_what_cannot_begin(
    target: ServiceTarget, service: Service, made: TaskDefinition, before: Baseline | None, eyes: Eyes
) -> None:
    """Raise where nothing was changed yet and nothing must be.

    Raises:
        RolloutFailedError: somebody asked for it to stop, or changed the service since it was looked at.
    """
    begun = service.task_definition == made.arn
    if eyes.stopped() and (not begun or before is None or before.task_definition_arn == made.arn):
        raise RolloutFailedError(
            f"The roll-out of {target.service} was stopped on request before it began: nothing was changed.",
            outcome="stopped",
        )
    if before is not None and not begun and service.task_definition != before.task_definition_arn:
        then, now = (arn.rpartition("/")[2] for arn in (before.task_definition_arn, service.task_definition))
        raise RolloutFailedError(
            f"Somebody else changed the service {target.service} from {then} to {now} while this roll-out was "
            "prepared: nothing was changed.",
            hint="Find out who did (in CloudTrail: UpdateService), then deploy again.",
        )


@dataclass(frozen=True)
class _Attempt:
    """One roll-out of one revision."""

    aws: Aws
    target: ServiceTarget
    wanted: Wanted
    made: TaskDefinition
    eyes: Eyes

    def change(self, deadline_s: float) -> Change:
        """What is started, and what proves that it is done."""
        return Change(
            start=self._start,
            proven=lambda: mismatch(self.eyes.verify(), self.wanted.version, self.wanted.digest),
            broken=lambda: self.eyes.broken(self.made.arn),
            deadline_s=deadline_s,
        )

    def done(self, before: Baseline | None, started_at: datetime, running: int) -> Rollout:
        """Say that it serves."""
        target, wanted, made = self.target, self.wanted, self.made
        self.eyes.report(f"{target.service} {wanted.version} serves: {running} of {running} tasks")
        previous = before.task_definition_arn if before and before.task_definition_arn != made.arn else None
        ended_at = datetime.now(UTC)
        return Rollout(
            made.arn, previous, wanted.digest, wanted.version, started_at, ended_at, running, target.desired
        )

    def undone(
        self, before: Baseline | None, failure: Unsettled, reverting: Callable[[str], None]
    ) -> RolloutFailedError:
        """Go back, and say why and what serves now, with the last lines of what failed."""
        asked = failure.why == ASKED_TO_STOP
        reverting(failure.why)
        # Before the way back: the task runtime forgets a failure when something else serves.
        words = () if asked else self._explained(failure)
        # A cut roll-out of which nothing is left to go back to is its own way back.
        baseline = before or Baseline(self.made.arn, self.target.desired, self.wanted.version)
        end = go_back(self.aws, self.target, baseline, self.eyes, why=failure.why, wanted=self.wanted)
        if not words and not asked:
            # Lines take some seconds to reach CloudWatch.
            words = last_words(self.aws, self.made, failure.tasks)
        detail = "\n".join([*failure.evidence, *words])
        return RolloutFailedError(
            end.message, hint=failure.hint or end.hint, detail=detail, outcome=end.outcome
        )

    def _start(self) -> None:
        place = self.target
        service = get_service(self.aws, place.cluster, place.service)
        given_up = service.primary is not None and service.primary.rollout_state == "FAILED"
        update_service(
            self.aws,
            place.cluster,
            place.service,
            task_definition=self.made.arn,
            desired=place.desired,
            # ECS starts nothing for a revision that it has given up, unless it is told to begin anew.
            anew=given_up and service.task_definition == self.made.arn,
        )

    def _explained(self, failure: Unsettled) -> tuple[str, ...]:
        """What the task runtime and the tasks' logs say of the failure, told at once."""
        try:
            known = self.eyes.diagnose()
        except PanelError as error:
            known = f"The log could not be read: {error.message}"
        words = (*known.splitlines(), *last_words(self.aws, self.made, failure.tasks))
        for line in words:
            self.eyes.report(line)
        return words


def _baseline(aws: Aws, target: ServiceTarget, task_definition_arn: str, desired: int) -> Baseline:
    found = describe_task_definition(aws, task_definition_arn)
    return Baseline(found.arn, desired, released(found, target) or "")


def _find_baseline(
    aws: Aws, target: ServiceTarget, service: Service, made: TaskDefinition
) -> Baseline | None:
    if service.task_definition != made.arn:
        return _baseline(aws, target, service.task_definition, service.desired)
    # A roll-out that was cut and is repeated: the one before is on its way out, if it is still there.
    for deployment in service.deployments:
        if deployment.task_definition != made.arn:
            return _baseline(aws, target, deployment.task_definition, target.desired)
    return None
