"""Put an image into service: revision, update, watching until people get it, and the way back if they do not.

Source of the order of things: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

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
from panel.deploys import Report
from panel.deploys.settling import Clock, Settling, Unsettled, watch
from panel.errors import DeployError, PanelError

# Longest wait for the earlier release to serve again.
_WAY_BACK_S = 300.0


@dataclass(frozen=True)
class ServiceTarget:
    """Where a service runs.

    Attributes:
        cluster, service: the ECS service.
        family: its task definitions' family; the newest active revision carries Terraform's settings.
        container: the container whose image is exchanged.
        port: where it listens.
        target_group_arn: where its tasks must be registered; empty for a service without load balancer.
        desired: how many tasks are wanted.
    """

    cluster: str
    service: str
    family: str
    container: str
    port: int
    target_group_arn: str
    desired: int

    def settling(self, task_definition_arn: str, desired: int) -> Settling:
        """What it looks like when this revision, and nothing else, serves with so many tasks."""
        return Settling(
            cluster=self.cluster,
            service=self.service,
            task_definition_arn=task_definition_arn,
            target_group_arn=self.target_group_arn,
            desired=desired,
        )

    def kept_within(self, least: int, most: int, before: Baseline) -> ServiceTarget:
        """The same with the tasks that AWS's autoscaling has come to: a roll-out must not undo that.

        A service that served nothing before begins with what is wanted.
        """
        return replace(self, desired=min(max(before.desired, least), most)) if before.desired else self


@dataclass(frozen=True)
class Baseline:
    """What a service ran before: where a failed roll-out goes back to. ``version`` is empty if never deployed."""

    task_definition_arn: str
    desired: int
    version: str


@dataclass(frozen=True)
class Rollout:
    """A roll-out that succeeded; times with time zone."""

    task_definition_arn: str
    previous_task_definition_arn: str | None
    digest: str
    version: str
    started_at: datetime
    ended_at: datetime
    running: int
    desired: int


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
    image_ref: str,
    digest: str,
    version: str,
    *,
    report: Report,
    deadline_s: float,
    verify: Callable[[], VersionSeen | None],
    environment: Mapping[str, str] = MappingProxyType({}),
    baseline: Baseline | None = None,
    diagnose: Callable[[], str] = lambda: "",
    broken: Callable[[str], str | None] = lambda task_definition_arn: None,
    clock: Clock | None = None,
) -> Rollout:
    """Replace what a service runs by ``image_ref`` and wait until people get it; go back by itself if not.

    Rolling back to an earlier release is the same call with that release's values: its task definition
    is found and used again.

    Args:
        image_ref: the image by digest, as :func:`panel.deploys.push.push_image` names it.
        digest: of the image; the task learns it as ``IMAGE_DIGEST``.
        version: what the service shall answer with; the task learns it as ``APP_VERSION``.
        deadline_s: seconds until an unfinished roll-out counts as failed.
        verify: asks the address people use which version answers (``None``: none yet).
        environment: further variables for the task.
        baseline: what to go back to; read from the service where it is not given.
        diagnose: the last log lines of what failed, for the error's detail.
        broken: what the task runtime knows to be wrong with this revision, to fail before
            the deadline if it stays so.
        clock: only for tests.

    Raises:
        DeployError: it did not succeed; the message says why and what serves now.
        NotFoundError: there is no such service or container.
        AwsError: AWS refused before anything was changed.
    """
    clock, started_at = clock or Clock(), datetime.now(UTC)
    service = get_service(aws, target.cluster, target.service)
    wanted = register_revision(
        aws,
        _template(aws, target, service),
        target.container,
        image=image_ref,
        environment={**environment, "APP_VERSION": version, "IMAGE_DIGEST": digest},
    )
    before = baseline or _find_baseline(aws, target, service, wanted)
    report(f"Rolling out {target.service} {version} as {wanted.family}:{wanted.revision}")
    try:
        running = watch(
            aws,
            target.settling(wanted.arn, target.desired),
            report=report,
            deadline_s=deadline_s,
            proven=lambda: _mismatch(verify(), version, digest),
            broken=lambda: broken(wanted.arn),
            start=lambda: _update(aws, target, wanted.arn, target.desired),
            clock=clock,
        )
    except Unsettled as failure:
        text = _diagnosis(diagnose)
        outcome = _go_back(aws, target, wanted, before, report=report, verify=verify, clock=clock)
        raise DeployError(
            f"The roll-out of {target.service} {version} did not succeed: {failure.why}. {outcome}",
            hint="Look at the last lines of the service's log, correct the cause and deploy again.",
            detail="\n".join([*failure.evidence, *([text] if text else [])]),
        ) from failure
    report(f"{target.service} {version} serves: {running} of {target.desired} tasks")
    previous = before.task_definition_arn if before and before.task_definition_arn != wanted.arn else None
    return Rollout(
        wanted.arn, previous, digest, version, started_at, datetime.now(UTC), running, target.desired
    )


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


def _go_back(
    aws: Aws,
    target: ServiceTarget,
    wanted: TaskDefinition,
    before: Baseline | None,
    *,
    report: Report,
    verify: Callable[[], VersionSeen | None],
    clock: Clock,
) -> str:
    """Put the earlier release back into service and say, in a sentence, what serves now."""
    if before is None or before.task_definition_arn == wanted.arn:
        return "It is the release that was in service before, so there is nothing to go back to."
    try:
        if before.desired == 0:
            _stop(aws, target, wanted, before)
            return "There is no earlier release to go back to, so the service is stopped."
        name = f"version {before.version}" if before.version else "what was there before"
        report(f"Going back to {name}")
        watch(
            aws,
            target.settling(before.task_definition_arn, before.desired),
            report=report,
            deadline_s=_WAY_BACK_S,
            proven=lambda: _mismatch(verify(), before.version, None) if before.version else None,
            broken=lambda: None,
            start=lambda: _update(aws, target, before.task_definition_arn, before.desired),
            clock=clock,
        )
    except Unsettled as failure:
        return f"Going back to {name} has not worked so far either: {failure.why}."
    except PanelError as error:
        return f"Going back failed as well: {error.message}"
    return f"The panel went back to {name}, which serves again."


def _stop(aws: Aws, target: ServiceTarget, wanted: TaskDefinition, before: Baseline) -> None:
    # ECS accepts no revision that was deregistered (Terraform does so when it makes a newer one).
    usable = describe_task_definition(aws, before.task_definition_arn).active
    _update(aws, target, before.task_definition_arn if usable else wanted.arn, 0)


def _diagnosis(diagnose: Callable[[], str]) -> str:
    try:
        return diagnose()
    except PanelError as error:
        return f"The log could not be read: {error.message}"
