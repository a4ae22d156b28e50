"""What AWS says about a running environment: typed reads, nothing changed, nothing judged.

Belongs here: describe calls for health. Each raises the panel's errors, and :class:`NotFoundError` where AWS
knows no such thing, so that "gone" and "could not be read" stay apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated
from panel.errors import NotFoundError

_SERVICES_PER_CALL = 10
_GROUPS_PER_CALL = 50
_EVENTS_KEPT = 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

# boto3's answers are typed as plain dictionaries here: clients are made at run time by name.
_Raw = dict[str, Any]


@dataclass(frozen=True)
class Deployment:
    """One deployment of an ECS service: ``status`` is ``PRIMARY`` for the newest; counts are tasks.

    ``rollout`` is ECS' word (``IN_PROGRESS``, ``COMPLETED``, ``FAILED``), empty where it gives none.
    """

    id: str
    status: str
    rollout: str
    rollout_reason: str
    task_definition: str
    desired: int
    running: int
    pending: int
    failed: int
    updated_at: datetime | None
    created_at: datetime | None = None


@dataclass(frozen=True)
class Event:
    """One line of an ECS service's own event log, newest first."""

    at: datetime | None
    message: str


@dataclass(frozen=True)
class ServiceSeen:
    """An ECS service as ECS describes it; counts are tasks, ``status`` is ``ACTIVE`` while it exists."""

    name: str
    status: str
    desired: int
    running: int
    pending: int
    task_definition: str
    deployments: tuple[Deployment, ...]
    events: tuple[Event, ...]

    @property
    def serving_task_definition(self) -> str:
        """The task definition most running tasks have; the newest one's while none runs."""
        ranked = sorted(self.deployments, key=lambda d: (d.running, d.status == "PRIMARY"))
        return ranked[-1].task_definition if ranked else self.task_definition


@dataclass(frozen=True)
class TaskDefinition:
    """What a task definition's container runs: version and digest, ``None`` where it does not say."""

    arn: str
    image: str
    version: str | None
    digest: str | None


@dataclass(frozen=True)
class Target:
    """One registered target. ``state`` is the load balancer's word (``healthy``, ``unhealthy``, ...)."""

    address: str
    port: int
    zone: str
    state: str
    reason: str


@dataclass(frozen=True)
class Distribution:
    """A CloudFront distribution.

    ``status`` is ``Deployed`` or ``InProgress``. ``pending_invalidations`` is ``None`` where nobody tells: the list
    of all distributions does not.
    """

    id: str
    domain_name: str
    status: str
    enabled: bool
    pending_invalidations: int | None


@dataclass(frozen=True)
class Machine:
    """One EC2 instance of an autoscaling group, in the group's own words."""

    id: str
    zone: str
    lifecycle: str
    health: str

    @property
    def in_service(self) -> bool:
        """Whether the group counts on this instance."""
        return self.lifecycle == "InService" and self.health.lower() == "healthy"


@dataclass(frozen=True)
class MachineGroup:
    """An autoscaling group: how many instances it wants, and those it has."""

    name: str
    desired: int
    machines: tuple[Machine, ...]


def ecs_services(aws: Aws, cluster: str, names: Sequence[str]) -> dict[str, ServiceSeen]:
    """Describe ECS services by name, ten per call. A service that ECS does not know is not in the answer.

    Raises:
        NotFoundError: there is no such cluster.
        EndpointError, AwsError: ECS did not answer, or refused.
    """
    found: dict[str, ServiceSeen] = {}
    for start in range(0, len(names), _SERVICES_PER_CALL):
        batch = list(names[start : start + _SERVICES_PER_CALL])
        with reading(f"the services of the ECS cluster {cluster}", "ClusterNotFoundException"):
            answer = aws.client("ecs").describe_services(cluster=cluster, services=batch)
        found |= {raw["serviceName"]: _service(raw) for raw in answer["services"]}
    return found


def task_definition(aws: Aws, arn: str, container: str) -> TaskDefinition:
    """What ``container`` of a task definition runs: ``APP_VERSION`` and ``IMAGE_DIGEST`` of its environment,
    or else the digest in its image's name.

    Raises:
        NotFoundError: the task definition has no such container.
        EndpointError, AwsError: ECS did not answer, or refused (it refuses an unknown task definition too).
    """
    with translated(f"read the task definition {arn}"):
        raw = aws.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    for item in raw.get("containerDefinitions", []):
        if item.get("name") == container:
            image = str(item.get("image", ""))
            variables = {pair["name"]: pair.get("value", "") for pair in item.get("environment", [])}
            named = _DIGEST.search(image)
            return TaskDefinition(
                arn=str(raw.get("taskDefinitionArn", arn)),
                image=image,
                version=variables.get("APP_VERSION") or None,
                digest=variables.get("IMAGE_DIGEST") or (named.group() if named else None),
            )
    raise NotFoundError(
        f"The task definition {arn} has no container named {container!r}.",
        hint="Update the environment so that its task definition matches environments.yaml.",
    )


def targets(aws: Aws, target_group_arn: str) -> tuple[Target, ...]:
    """The registered targets of a target group with the load balancer's word on each, by address.

    The embedded AWS calls every target healthy, even a dead one.

    Raises:
        NotFoundError: there is no such target group.
        EndpointError, AwsError: the load balancer did not answer, or refused.
    """
    with reading(f"the target group {target_group_arn}", "TargetGroupNotFound"):
        answer = aws.client("elbv2").describe_target_health(TargetGroupArn=target_group_arn)
    seen = [_target(raw) for raw in answer["TargetHealthDescriptions"]]
    return tuple(sorted(seen, key=lambda target: (target.address, target.port)))


def distribution(aws: Aws, distribution_id: str) -> Distribution:
    """State of a CloudFront distribution.

    Raises:
        NotFoundError: there is no such distribution.
        EndpointError, AwsError: CloudFront did not answer, or refused.
    """
    with reading(f"the CloudFront distribution {distribution_id}", "NoSuchDistribution"):
        raw = aws.client("cloudfront").get_distribution(Id=distribution_id)["Distribution"]
    return Distribution(
        id=raw["Id"],
        domain_name=raw.get("DomainName", ""),
        status=raw.get("Status", ""),
        enabled=bool(raw.get("DistributionConfig", {}).get("Enabled", False)),
        pending_invalidations=int(raw.get("InProgressInvalidationBatches", 0)),
    )


def distributions(aws: Aws) -> dict[str, Distribution]:
    """All CloudFront distributions of the account by id, a hundred per call, without their invalidations.

    Raises:
        EndpointError, AwsError: CloudFront did not answer, or refused.
    """
    found: dict[str, Distribution] = {}
    with translated("list the CloudFront distributions"):
        for page in aws.client("cloudfront").get_paginator("list_distributions").paginate():
            for raw in page.get("DistributionList", {}).get("Items") or []:
                found[raw["Id"]] = Distribution(
                    id=raw["Id"],
                    domain_name=raw.get("DomainName", ""),
                    status=raw.get("Status", ""),
                    enabled=bool(raw.get("Enabled", False)),
                    pending_invalidations=None,
                )
    return found


def machine_group(aws: Aws, name: str) -> MachineGroup:
    """An autoscaling group and its instances.

    Raises:
        NotFoundError: there is no such group.
        EndpointError, AwsError: autoscaling did not answer, or refused.
    """
    found = machine_groups(aws, [name])
    if name not in found:
        raise gone(f"the autoscaling group {name}")
    return found[name]


def machine_groups(aws: Aws, names: Iterable[str]) -> dict[str, MachineGroup]:
    """Autoscaling groups by name, fifty per call. One that AWS does not know is not in the answer.

    Raises:
        EndpointError, AwsError: autoscaling did not answer, or refused.
    """
    wanted, found = sorted(set(names)), dict[str, MachineGroup]()
    for start in range(0, len(wanted), _GROUPS_PER_CALL):
        batch = wanted[start : start + _GROUPS_PER_CALL]
        subject = f"the autoscaling group {batch[0]}" if len(batch) == 1 else "the autoscaling groups"
        with translated(f"read {subject}"):
            answer = aws.client("autoscaling").describe_auto_scaling_groups(
                AutoScalingGroupNames=batch, MaxRecords=_GROUPS_PER_CALL
            )
        for raw in answer["AutoScalingGroups"]:
            name = str(raw["AutoScalingGroupName"])
            machines = tuple(_machine(item) for item in raw.get("Instances", []))
            found[name] = MachineGroup(name, int(raw["DesiredCapacity"]), machines)
    return found


@contextmanager
def reading(what: str, *missing: str) -> Iterator[None]:
    """Translate errors; one of the ``missing`` codes means that the thing does not exist.

    Args:
        what: is read, as the end of "could not read ...".

    Raises:
        NotFoundError: AWS knows no such thing.
        EndpointError, AwsError: AWS did not answer, or refused.
    """
    with translated(f"read {what}"):
        try:
            yield
        except ClientError as error:
            if error_code(error) in missing:
                raise gone(what) from error
            raise


def gone(what: str) -> NotFoundError:
    """The error for something that AWS does not know."""
    return NotFoundError(f"AWS knows nothing of {what}.", hint="Update the environment to create it again.")


def _service(raw: _Raw) -> ServiceSeen:
    return ServiceSeen(
        name=raw["serviceName"],
        status=raw.get("status", ""),
        desired=int(raw.get("desiredCount", 0)),
        running=int(raw.get("runningCount", 0)),
        pending=int(raw.get("pendingCount", 0)),
        task_definition=raw.get("taskDefinition", ""),
        deployments=tuple(_deployment(item) for item in raw.get("deployments", [])),
        events=tuple(
            Event(item.get("createdAt"), str(item.get("message", "")))
            for item in raw.get("events", [])[:_EVENTS_KEPT]
        ),
    )


def _deployment(raw: _Raw) -> Deployment:
    return Deployment(
        id=raw.get("id", ""),
        status=raw.get("status", ""),
        rollout=raw.get("rolloutState", ""),
        rollout_reason=raw.get("rolloutStateReason", ""),
        task_definition=raw.get("taskDefinition", ""),
        desired=int(raw.get("desiredCount", 0)),
        running=int(raw.get("runningCount", 0)),
        pending=int(raw.get("pendingCount", 0)),
        failed=int(raw.get("failedTasks", 0)),
        updated_at=raw.get("updatedAt"),
        created_at=raw.get("createdAt"),
    )


def _target(raw: _Raw) -> Target:
    health = raw.get("TargetHealth", {})
    return Target(
        address=raw["Target"]["Id"],
        port=int(raw["Target"].get("Port", 0)),
        zone=raw["Target"].get("AvailabilityZone", ""),
        state=health.get("State", ""),
        reason=health.get("Description") or health.get("Reason") or "",
    )


def _machine(raw: _Raw) -> Machine:
    return Machine(
        id=raw["InstanceId"],
        zone=raw.get("AvailabilityZone", ""),
        lifecycle=raw.get("LifecycleState", ""),
        health=raw.get("HealthStatus", ""),
    )
