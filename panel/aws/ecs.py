"""ECS: services and tasks as values, and the call that changes what a service runs.

What they run, task definitions, is in :mod:`panel.aws.task_definitions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated
from panel.errors import AwsError, NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

_DESCRIBE_BATCH = 100  # the most that DescribeTasks takes
_NO_CLUSTER = "ClusterNotFoundException"


@dataclass(frozen=True)
class Deployment:
    """One deployment of a service: the primary one is wanted, others are on their way out."""

    id: str
    primary: bool
    task_definition: str
    desired: int
    running: int
    pending: int
    failed: int
    rollout_state: str
    reason: str


@dataclass(frozen=True)
class Event:
    """One line of a service's event list."""

    id: str
    at: datetime | None
    message: str


@dataclass(frozen=True)
class Service:
    """One service; ``deployments`` and ``events`` newest first."""

    name: str
    arn: str
    cluster_arn: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    deployments: tuple[Deployment, ...]
    events: tuple[Event, ...]
    target_group_arns: tuple[str, ...]

    @property
    def primary(self) -> Deployment | None:
        """The deployment that is wanted."""
        return next((deployment for deployment in self.deployments if deployment.primary), None)


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        reasons: why it stopped, in ECS's words, with exit codes.
        zone: availability zone, empty where it is not known.
        health: ``HEALTHY``, ``UNHEALTHY``, or empty without a health check of its own.
        addresses: private IPv4 addresses; none where its network mode gives it none of its own.
        containers: their run-time ids by name; an id is empty before the container was made.
    """

    arn: str
    task_definition: str
    last_status: str
    desired_status: str
    created_at: datetime | None
    stopped_at: datetime | None
    stop_code: str
    reasons: tuple[str, ...]
    zone: str = ""
    health: str = ""
    addresses: tuple[str, ...] = ()
    containers: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The last part of its ARN: what its log streams are named after."""
        return self.arn.rpartition("/")[2]

    @property
    def short_id(self) -> str:
        """The beginning of its id, enough to tell tasks apart."""
        return self.id[:8]


def _client(aws: Aws) -> ECSClient:
    client: ECSClient = aws.client("ecs")
    return client


def find_service(aws: Aws, cluster: str, service: str) -> Service | None:
    """The service of that name, or ``None`` when it does not exist or was deleted.

    Raises:
        AwsError: no such cluster, or it may not be read.
    """
    with translated(f"read the ECS service {service} in the cluster {cluster}"):
        found = _client(aws).describe_services(cluster=cluster, services=[service])["services"]
    if not found or found[0].get("status") == "INACTIVE":
        return None
    return _service(found[0])


def get_service(aws: Aws, cluster: str, service: str) -> Service:
    """The service of that name.

    Raises:
        NotFoundError: there is none, or no such cluster.
        AwsError: it may not be read.
    """
    try:
        found = find_service(aws, cluster, service)
    except AwsError as error:
        if not isinstance(error.__cause__, ClientError) or error_code(error.__cause__) != _NO_CLUSTER:
            raise
        raise NotFoundError(
            f"There is no cluster {cluster}, so no service {service} either.",
            hint="Create or update the environment first: its Terraform stack makes the cluster.",
        ) from error
    if found is None:
        raise NotFoundError(
            f"The cluster {cluster} has no service {service}.",
            hint="Create or update the environment first: its Terraform stack makes the service.",
        )
    return found


def _service(raw: ServiceTypeDef) -> Service:
    return Service(
        name=raw["serviceName"],
        arn=raw["serviceArn"],
        cluster_arn=raw["clusterArn"],
        status=raw["status"],
        task_definition=raw.get("taskDefinition", ""),
        desired=raw["desiredCount"],
        running=raw.get("runningCount", 0),
        pending=raw.get("pendingCount", 0),
        deployments=tuple(
            Deployment(
                id=item["id"],
                primary=item["status"] == "PRIMARY",
                task_definition=item["taskDefinition"],
                desired=item.get("desiredCount", 0),
                running=item.get("runningCount", 0),
                pending=item.get("pendingCount", 0),
                failed=item.get("failedTasks", 0),
                rollout_state=item.get("rolloutState", ""),
                reason=item.get("rolloutStateReason", ""),
            )
            for item in raw.get("deployments", ())
        ),
        events=tuple(
            Event(item["id"], item.get("createdAt"), item.get("message", ""))
            for item in raw.get("events", ())
        ),
        target_group_arns=tuple(
            item["targetGroupArn"] for item in raw.get("loadBalancers", ()) if item.get("targetGroupArn")
        ),
    )


def update_service(
    aws: Aws, cluster: str, service: str, *, task_definition: str, desired: int, anew: bool = False
) -> Service:
    """Ask for ``desired`` tasks of a task definition. The same again starts nothing new, unless ``anew``.

    Args:
        anew: start a deployment also where the service has this task definition already.

    Raises:
        AwsError: no such service, or AWS refused.
    """
    with translated(f"update the ECS service {service}"):
        answer = _client(aws).update_service(
            cluster=cluster,
            service=service,
            taskDefinition=task_definition,
            desiredCount=desired,
            forceNewDeployment=anew,
        )
    return _service(answer["service"])


def list_tasks(aws: Aws, cluster: str, service: str, *, stopped: bool = False) -> tuple[Task, ...]:
    """The tasks of a service that should run, or those that stopped lately (ECS keeps them for an hour).

    Raises:
        AwsError: no such cluster, or it may not be read.
    """
    client = _client(aws)
    with translated(f"list the tasks of the ECS service {service}"):
        pages = client.get_paginator("list_tasks").paginate(
            cluster=cluster, serviceName=service, desiredStatus="STOPPED" if stopped else "RUNNING"
        )
        arns = [arn for page in pages for arn in page["taskArns"]]
        found = [
            task
            for start in range(0, len(arns), _DESCRIBE_BATCH)
            for task in client.describe_tasks(cluster=cluster, tasks=arns[start : start + _DESCRIBE_BATCH])[
                "tasks"
            ]
        ]
    return tuple(_task(task) for task in found)


def _task(raw: TaskTypeDef) -> Task:
    reasons = [raw.get("stoppedReason", "")]
    for container in raw.get("containers", ()):
        exit_code, reason = container.get("exitCode"), container.get("reason", "")
        if exit_code:
            reasons.append(f"container {container.get('name', '')} ended with exit code {exit_code}")
        if reason:
            reasons.append(reason)
    return Task(
        arn=raw["taskArn"],
        task_definition=raw.get("taskDefinitionArn", ""),
        last_status=raw.get("lastStatus", ""),
        desired_status=raw.get("desiredStatus", ""),
        created_at=raw.get("createdAt"),
        stopped_at=raw.get("stoppedAt"),
        stop_code=raw.get("stopCode", ""),
        reasons=tuple(dict.fromkeys(reason for reason in reasons if reason)),
        zone=raw.get("availabilityZone", ""),
        health=health if (health := raw.get("healthStatus", "")) != "UNKNOWN" else "",
        addresses=tuple(_addresses(raw)),
        containers={item.get("name", ""): item.get("runtimeId", "") for item in raw.get("containers", ())},
    )


def _addresses(raw: TaskTypeDef) -> Iterator[str]:
    for attachment in raw.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == "privateIPv4Address" and detail.get("value"):
                yield detail["value"]
