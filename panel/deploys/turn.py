"""Whose turn it is: a roll-out does not begin in the middle of somebody else's deployment of the same service."""

from __future__ import annotations

from panel.aws.ecs import Deployment, Service, get_service
from panel.aws.session import Aws
from panel.aws.task_definitions import TaskDefinition, describe_task_definition
from panel.deploys.clock import Clock
from panel.deploys.patience import patiently
from panel.deploys.service import Eyes, RolloutFailedError, ServiceTarget
from panel.deploys.wanted_revision import released
from panel.errors import BusyError

_WAIT_S = 60.0
_LOOK_S = 2.0


def await_turn(aws: Aws, target: ServiceTarget, made: TaskDefinition, eyes: Eyes) -> None:
    """Wait for up to a minute until no other deployment of the service is under way.

    What does not come to its end in that time is replaced where the panel itself began it, or where its tasks
    fail: otherwise a service that hangs could never be corrected.

    Args:
        made: the revision that is about to be rolled out: a deployment of it is a cut roll-out that is repeated.

    Raises:
        BusyError: somebody else's deployment is under way; nothing was changed.
        RolloutFailedError: somebody asked for the roll-out to stop; nothing was changed.
    """
    clock: Clock = eyes.clock
    end, told = clock.now() + _WAIT_S, False
    while (other := _under_way(_service(aws, target, eyes), made)) is not None:
        if eyes.stopped():
            raise RolloutFailedError(
                f"The roll-out of {target.service} was stopped on request before it began: nothing was changed.",
                outcome="stopped",
            )
        label = other.task_definition.rpartition("/")[2]
        if not told:
            told = True
            eyes.report(f"Waiting: another deployment of {target.service} is under way ({label})")
        if clock.now() >= end:
            _replace_or_refuse(aws, target, other, eyes)
            return
        clock.wait(_LOOK_S)


def _service(aws: Aws, target: ServiceTarget, eyes: Eyes) -> Service:
    return patiently(
        lambda: get_service(aws, target.cluster, target.service), report=eyes.report, clock=eyes.clock
    )


def _under_way(service: Service, made: TaskDefinition) -> Deployment | None:
    primary = service.primary
    if primary is None or primary.task_definition == made.arn or primary.rollout_state != "IN_PROGRESS":
        return None
    return primary


def _replace_or_refuse(aws: Aws, target: ServiceTarget, other: Deployment, eyes: Eyes) -> None:
    label = other.task_definition.rpartition("/")[2]
    definition = describe_task_definition(aws, other.task_definition)
    if other.failed or released(definition, target) is not None:
        eyes.report(f"The deployment of {label} has not come to its end: this roll-out replaces it")
        return
    raise BusyError(
        f"Somebody else's deployment of {target.service} is under way in {target.cluster}: {label}, with "
        f"{other.running} of {other.desired} tasks so far. Nothing was changed.",
        hint="Wait until it has ended, or find out who began it (in CloudTrail: UpdateService), then deploy again.",
    )
