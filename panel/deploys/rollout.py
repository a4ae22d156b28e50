"""Put an image into service: revision, update, watching until people get it, and the way back if they do not.

Source of the order of things: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from panel.aws.ecs import (
    Service,
    TaskDefinition,
    describe_task_definition,
    get_service,
    register_revision,
    update_service,
)
from panel.aws.front_door import VersionSeen
from panel.aws.session import Aws
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
from panel.deploys.settling import Settling, Unsettled, watch
from panel.errors import PanelError

# Longest wait for the earlier release to serve again.
_WAY_BACK_S = 300.0


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

    Args:
        deadline_s: seconds until an unfinished roll-out counts as failed.
        baseline: what to go back to; read from the service where it is not given.
        reverting: called with the reason right before the way back begins.

    Raises:
        RolloutFailedError: it did not succeed; the message says why and what serves now.
        NotFoundError: there is no such service or container.
        AwsError: AWS refused before anything was changed.
    """
    started_at = datetime.now(UTC)
    service = get_service(aws, target.cluster, target.service)
    made = register_revision(
        aws,
        _template(aws, target, service),
        target.container,
        image=wanted.image_ref,
        environment=wanted.variables,
    )
    before = baseline or _find_baseline(aws, target, service, made)
    eyes.report(f"Rolling out {target.service} {wanted.version} as {made.family}:{made.revision}")
    try:
        running = watch(
            aws,
            _settling(target, made.arn, target.desired),
            report=eyes.report,
            deadline_s=deadline_s,
            proven=lambda: _mismatch(eyes.verify(), wanted.version, wanted.digest),
            broken=lambda: eyes.broken(made.arn),
            start=lambda: _update(aws, target, made.arn, target.desired),
            clock=eyes.clock,
        )
    except Unsettled as failure:
        text = _diagnosis(eyes.diagnose)
        reverting(failure.why)
        outcome = go_back(
            aws, target, before or Baseline(made.arn, 0, ""), eyes, why=failure.why, wanted=wanted
        )
        detail = "\n".join([*failure.evidence, *([text] if text else [])])
        raise RolloutFailedError(
            outcome.message, hint=outcome.hint, detail=detail, outcome=outcome.outcome
        ) from failure
    eyes.report(f"{target.service} {wanted.version} serves: {running} of {target.desired} tasks")
    previous = before.task_definition_arn if before and before.task_definition_arn != made.arn else None
    return Rollout(
        made.arn,
        previous,
        wanted.digest,
        wanted.version,
        started_at,
        datetime.now(UTC),
        running,
        target.desired,
    )


def go_back(
    aws: Aws, target: ServiceTarget, baseline: Baseline, eyes: Eyes, *, why: str, wanted: Wanted | None = None
) -> RolloutFailedError:
    """Put the earlier release back into service; also what a step does that was cut while it went back.

    Args:
        baseline: what is put back.
        why: the reason that ``reverting`` was called with.
        wanted: what did not succeed, to tell it from what somebody else put in its place meanwhile.

    Returns:
        The error to raise: it says why, and what serves now.
    """
    text, outcome = _go_back(aws, target, baseline, eyes)
    version = f" {wanted.version}" if wanted else ""
    return RolloutFailedError(
        f"The roll-out of {target.service}{version} did not succeed: {why}. {text}",
        hint="Look at the last lines of the service's log, correct the cause and deploy again.",
        outcome="stopped" if why == ASKED_TO_STOP and outcome != "failed" else outcome,
    )


def _settling(target: ServiceTarget, task_definition_arn: str, desired: int) -> Settling:
    return Settling(target.cluster, target.service, task_definition_arn, target.target_group_arn, desired)


def _template(aws: Aws, target: ServiceTarget, service: Service) -> TaskDefinition:
    """The newest revision of the family: Terraform's, where its settings changed since the last release."""
    newest = describe_task_definition(aws, target.family)
    return newest if newest.active else describe_task_definition(aws, service.task_definition)


def _update(aws: Aws, target: ServiceTarget, task_definition_arn: str, desired: int) -> None:
    update_service(aws, target.cluster, target.service, task_definition=task_definition_arn, desired=desired)


def _mismatch(seen: VersionSeen | None, version: str, digest: str | None) -> str | None:
    """``None`` when what answers is what shall answer; otherwise what answers, in words."""
    if seen is None:
        return "the public address does not answer with a version yet"
    if seen.version != version or (digest and seen.image and seen.image != digest):
        return f"the public address still answers with version {seen.version}"
    return None


def _baseline(aws: Aws, target: ServiceTarget, task_definition_arn: str, desired: int) -> Baseline:
    found = describe_task_definition(aws, task_definition_arn)
    environment = found.environment(target.container)
    deployed = "IMAGE_DIGEST" in environment
    return Baseline(found.arn, desired, environment.get("APP_VERSION", "") if deployed else "")


def _find_baseline(
    aws: Aws, target: ServiceTarget, service: Service, wanted: TaskDefinition
) -> Baseline | None:
    if service.task_definition != wanted.arn:
        return _baseline(aws, target, service.task_definition, service.desired)
    # A roll-out that was cut and is repeated: the one before is on its way out, if it is still there.
    for deployment in service.deployments:
        if deployment.task_definition != wanted.arn:
            return _baseline(aws, target, deployment.task_definition, target.desired)
    return None


def _go_back(aws: Aws, target: ServiceTarget, before: Baseline, eyes: Eyes) -> tuple[str, Outcome]:
    name = f"version {before.version}" if before.version else "what was there before"
    try:
        service = get_service(aws, target.cluster, target.service)
        if service.task_definition == before.task_definition_arn and before.desired:
            return (
                "It is the release that was in service before, so there is nothing to go back to.",
                "failed",
            )
        if before.desired == 0:
            _stop(aws, target, service.task_definition, before)
            return "There is no earlier release to go back to, so the service is stopped.", "failed"
        eyes.report(f"Going back to {name}")
        watch(
            aws,
            _settling(target, before.task_definition_arn, before.desired),
            report=eyes.report,
            deadline_s=_WAY_BACK_S,
            proven=lambda: _mismatch(eyes.verify(), before.version, None) if before.version else None,
            broken=lambda: None,
            start=lambda: _update(aws, target, before.task_definition_arn, before.desired),
            clock=eyes.clock,
        )
    except Unsettled as failure:
        return f"Going back to {name} has not worked so far either: {failure.why}.", "failed"
    except PanelError as error:
        return f"Going back failed as well: {error.message}", "failed"
    return f"The panel went back to {name}, which serves again.", "rolled_back"


def _stop(aws: Aws, target: ServiceTarget, present: str, before: Baseline) -> None:
    # ECS accepts no revision that was deregistered (Terraform does so when it makes a newer one).
    usable = describe_task_definition(aws, before.task_definition_arn).active
    _update(aws, target, before.task_definition_arn if usable else present, 0)


def _diagnosis(diagnose: Callable[[], str]) -> str:
    try:
        return diagnose()
    except PanelError as error:
        return f"The log could not be read: {error.message}"
