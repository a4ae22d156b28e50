"""ECS: services, task definitions and tasks as values, and the two calls a roll-out is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from panel.aws.session import Aws, translated
from panel.errors import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

_DESCRIBE_BATCH = 100  # the most that DescribeTasks takes
# How many earlier revisions are compared before a new one is registered.
_LOOK_BACK = 10


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
class TaskDefinition:
    """One revision. ``request`` holds what registers an identical one."""

    arn: str
    family: str
    revision: int
    active: bool
    request: Mapping[str, Any] = field(repr=False)

    def container(self, name: str) -> Mapping[str, Any]:
        """The definition of one container.

        Raises:
            NotFoundError: there is none of that name.
        """
        for definition in self.request["containerDefinitions"]:
            if definition["name"] == name:
                found: Mapping[str, Any] = definition
                return found
        raise NotFoundError(
            f"The task definition {self.family}:{self.revision} has no container {name}.",
            hint="The service's name in environments.yaml and the container's name must be the same.",
        )

    def image(self, container: str) -> str:
        """The image reference of one container."""
        return str(self.container(container)["image"])

    def environment(self, container: str) -> dict[str, str]:
        """The environment variables of one container."""
        return {item["name"]: item["value"] for item in self.container(container).get("environment", ())}


@dataclass(frozen=True)
class Task:
    """One task. ``reasons``: why it stopped, in ECS's words, with exit codes."""

    arn: str
    task_definition: str
    last_status: str
    desired_status: str
    created_at: datetime | None
    stopped_at: datetime | None
    stop_code: str
    reasons: tuple[str, ...]


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
        NotFoundError: there is none.
    """
    found = find_service(aws, cluster, service)
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


def describe_task_definition(aws: Aws, reference: str) -> TaskDefinition:
    """A revision by ARN, ``family:revision``, or the newest active one by ``family``.

    Raises:
        AwsError: there is none.
    """
    client = _client(aws)
    with translated(f"read the task definition {reference}"):
        answer = client.describe_task_definition(taskDefinition=reference, include=["TAGS"])
    raw: dict[str, Any] = {**answer["taskDefinition"]}
    if answer.get("tags"):
        raw["tags"] = answer["tags"]
    # What may be registered is what the service's own model names; the rest (revision, status, who and
    # when) is of this revision alone. Empty values are how some endpoints say "not set".
    shape = client.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    accepted = shape.members if shape is not None else {}
    return TaskDefinition(
        arn=raw["taskDefinitionArn"],
        family=raw["family"],
        revision=raw["revision"],
        active=raw["status"] == "ACTIVE",
        request={key: value for key, value in raw.items() if key in accepted and value not in (None, "", [])},
    )


def register_revision(
    aws: Aws, current: TaskDefinition, container: str, *, image: str, environment: Mapping[str, str]
) -> TaskDefinition:
    """A revision like ``current`` in all but one container's image and the named environment variables.

    A recent active revision that is just so is used again, so that repeating makes nothing new.

    Raises:
        NotFoundError: ``current`` has no such container.
        AwsError: AWS refused.
    """
    wanted = _changed(current, container, image, environment)
    if current.active and _same(current.request, wanted):
        return current
    client = _client(aws)
    for arn in _recent_revisions(aws, current.family):
        candidate = describe_task_definition(aws, arn)
        if candidate.family == current.family and _same(candidate.request, wanted):
            return candidate
    with translated(f"register a revision of the task definition {current.family}"):
        made = client.register_task_definition(**wanted)["taskDefinition"]
    return describe_task_definition(aws, made["taskDefinitionArn"])


def _changed(
    current: TaskDefinition, container: str, image: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    chosen = current.container(container)
    merged = {**current.environment(container), **environment}
    changed = {
        **chosen,
        "image": image,
        "environment": [{"name": name, "value": value} for name, value in merged.items()],
    }
    others = current.request["containerDefinitions"]
    return {
        **current.request,
        "containerDefinitions": [changed if item["name"] == container else item for item in others],
    }


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Equal but for the order of environment variables, which AWS does not promise to keep."""

    def ordered(request: Mapping[str, Any]) -> dict[str, Any]:
        containers = [
            {**item, "environment": sorted(item.get("environment", ()), key=lambda pair: pair["name"])}
            for item in request["containerDefinitions"]
        ]
        return {**request, "containerDefinitions": containers}

    return ordered(one) == ordered(other)


def _recent_revisions(aws: Aws, family: str) -> Iterator[str]:
    with translated(f"list the revisions of the task definition {family}"):
        arns = _client(aws).list_task_definitions(
            familyPrefix=family, status="ACTIVE", sort="DESC", maxResults=_LOOK_BACK
        )["taskDefinitionArns"]
    # The prefix also finds longer names; the caller compares the family.
    return iter(arns)


def update_service(aws: Aws, cluster: str, service: str, *, task_definition: str, desired: int) -> Service:
    """Ask for ``desired`` tasks of a task definition. The same again starts nothing new.

    Raises:
        AwsError: no such service, or AWS refused.
    """
    with translated(f"update the ECS service {service}"):
        answer = _client(aws).update_service(
            cluster=cluster, service=service, taskDefinition=task_definition, desiredCount=desired
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
        reasons=tuple(reason for reason in reasons if reason),
    )
