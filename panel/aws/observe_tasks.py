"""The tasks of an ECS cluster: which run where, which stopped and why. Read for health, nothing changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from panel.aws.observe import reading
from panel.aws.session import Aws, translated

_TASKS_PER_CALL = 100
#: Stopped tasks that are read of a cluster: ECS keeps them for about an hour, in no order.
MOST_STOPPED = 300

_Raw = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One ECS task in ECS' own words.

    Attributes:
        id: the last part of its ARN.
        service: name of the ECS service that it belongs to, empty for a task of its own.
        task_definition: ARN of the revision that it runs.
        zone: availability zone.
        subnet: id of its network interface's subnet, empty where ECS tells none.
        address: its private address, empty where ECS tells none.
        state: ``PENDING``, ``RUNNING``, ``STOPPED``, ...
        stop_code: kind of the reason it stopped for (``EssentialContainerExited``, ``ServiceSchedulerInitiated``, ...).
        reason: why it stopped, in ECS' or its container's words.
        exit_code: of the container that ended first, ``None`` where none is told.
    """

    id: str
    service: str
    task_definition: str
    zone: str
    subnet: str
    address: str
    state: str
    started_at: datetime | None
    stopped_at: datetime | None
    stop_code: str
    reason: str
    exit_code: int | None


def tasks(aws: Aws, cluster: str) -> tuple[Task, ...]:
    """All tasks of a cluster, those of every service: running ones, and those that stopped in the last hour or so.

    At most :data:`MOST_STOPPED` stopped ones. The embedded AWS says the same zone of every task; there the zone of
    the task's subnet is read in its place.

    Raises:
        NotFoundError: there is no such cluster.
        EndpointError, AwsError: ECS did not answer, or refused.
    """
    arns = [*_listed(aws, cluster, "RUNNING", None), *_listed(aws, cluster, "STOPPED", MOST_STOPPED)]
    arns = list(dict.fromkeys(arns))  # one that stopped between the two calls is in both
    found: list[Task] = []
    for start in range(0, len(arns), _TASKS_PER_CALL):
        with reading(f"the tasks of the ECS cluster {cluster}", "ClusterNotFoundException"):
            answer = aws.client("ecs").describe_tasks(
                cluster=cluster, tasks=arns[start : start + _TASKS_PER_CALL]
            )
        found += [_task(raw) for raw in answer["tasks"]]
    return _by_subnet(aws, found) if aws.account.emulated else tuple(found)


def subnet_zones(aws: Aws, subnets: Iterable[str]) -> dict[str, str]:
    """The availability zone of each subnet, by its id.

    Raises:
        EndpointError, AwsError: EC2 did not answer, or refused.
    """
    wanted = sorted(set(subnets))
    if not wanted:
        return {}
    with translated("read the zones of the subnets"):
        answer = aws.client("ec2").describe_subnets(SubnetIds=wanted)
    return {raw["SubnetId"]: raw.get("AvailabilityZone", "") for raw in answer["Subnets"]}


def _listed(aws: Aws, cluster: str, desired: str, most: int | None) -> list[str]:
    with reading(f"the tasks of the ECS cluster {cluster}", "ClusterNotFoundException"):
        pages = aws.client("ecs").get_paginator("list_tasks")
        limit = {} if most is None else {"MaxItems": most}
        answer = pages.paginate(cluster=cluster, desiredStatus=desired, PaginationConfig=limit)
        return [arn for page in answer for arn in page["taskArns"]]


def _by_subnet(aws: Aws, found: Sequence[Task]) -> tuple[Task, ...]:
    zones = subnet_zones(aws, (task.subnet for task in found if task.subnet))
    return tuple(replace(task, zone=zones.get(task.subnet, task.zone)) for task in found)


def _task(raw: _Raw) -> Task:
    kind, _, service = str(raw.get("group", "")).partition(":")
    details = {
        item.get("name", ""): item.get("value", "")
        for attachment in raw.get("attachments") or []
        for item in attachment.get("details") or []
    }
    exit_code, said = _ended(raw.get("containers") or [])
    return Task(
        id=str(raw["taskArn"]).rpartition("/")[2],
        service=service if kind == "service" else "",
        task_definition=raw.get("taskDefinitionArn", ""),
        zone=raw.get("availabilityZone", ""),
        subnet=details.get("subnetId", ""),
        address=details.get("privateIPv4Address", ""),
        state=raw.get("lastStatus", ""),
        started_at=raw.get("startedAt"),
        stopped_at=raw.get("stoppedAt"),
        stop_code=raw.get("stopCode", ""),
        reason=": ".join(part for part in (raw.get("stoppedReason", ""), said) if part),
        exit_code=exit_code,
    )


def _ended(containers: Sequence[_Raw]) -> tuple[int | None, str]:
    """Exit code and reason of the container that a stopped task ended with: one that failed before one that did not."""
    telling = sorted(containers, key=lambda raw: (not raw.get("exitCode"), not raw.get("reason")))
    for raw in telling:
        if "exitCode" in raw or raw.get("reason"):
            return raw.get("exitCode"), str(raw.get("reason", ""))
    return None, ""
