"""What may cost without serving anybody: gateways, addresses, disks and logs of the project, as AWS has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from panel.aws.observe_metrics import EDGE_REGION, MetricPoint, MetricQuery, edge_queries, metrics
from panel.aws.session import Aws, translated

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_logs import CloudWatchLogsClient

#: So many days back it is asked whether somebody used a thing.
WINDOW = timedelta(days=7)
_DAY_S = 86_400


@dataclass(frozen=True)
class NatGateway:
    """A NAT gateway at work. ``addresses``: how many public addresses it holds; ``allocations`` name them."""

    id: str
    environment: str
    created_at: datetime | None
    allocations: tuple[str, ...]


@dataclass(frozen=True)
class PublicAddress:
    """An address that the account holds. ``used``: something has it."""

    allocation_id: str
    ip: str
    environment: str
    used: bool


@dataclass(frozen=True)
class IdleVolume:
    """A disk that no instance has. ``size_gb`` and the others as EC2 says them."""

    id: str
    environment: str
    kind: str
    size_gb: int
    iops: int | None
    throughput: int | None
    created_at: datetime | None


@dataclass(frozen=True)
class LogGroup:
    """A log group. ``kept_days`` is None where its lines are kept for ever."""

    name: str
    stored_bytes: int
    kept_days: int | None
    created_at: datetime | None


def nat_gateways(aws: Aws, project: str) -> tuple[NatGateway, ...]:
    """The NAT gateways of a project, by id.

    Raises:
        AwsError, EndpointError: AWS refuses or does not answer; so do the other reads here.
    """
    with translated("list the NAT gateways"):
        pages = _ec2(aws).get_paginator("describe_nat_gateways")
        asked = pages.paginate(Filters=[_of(project), {"Name": "state", "Values": ["available"]}])
        found = [one for page in asked for one in page["NatGateways"]]
    gateways = (
        NatGateway(
            id=one["NatGatewayId"],
            environment=_environment(one.get("Tags")),
            created_at=one.get("CreateTime"),
            allocations=tuple(
                address["AllocationId"]
                for address in one.get("NatGatewayAddresses", [])
                if "AllocationId" in address
            ),
        )
        for one in found
        # Not every emulator filters by tag.
        if _tag(one.get("Tags"), "Project") == project
    )
    return tuple(sorted(gateways, key=lambda gateway: gateway.id))


def public_addresses(aws: Aws, project: str) -> tuple[PublicAddress, ...]:
    """The addresses of a project, by id, those in use as well."""
    with translated("list the addresses"):
        found = _ec2(aws).describe_addresses(Filters=[_of(project)])["Addresses"]
    addresses = (
        PublicAddress(
            allocation_id=one.get("AllocationId", ""),
            ip=one.get("PublicIp", ""),
            environment=_environment(one.get("Tags")),
            used=bool(one.get("AssociationId") or one.get("InstanceId") or one.get("NetworkInterfaceId")),
        )
        for one in found
        # Not every emulator filters by tag.
        if _tag(one.get("Tags"), "Project") == project
    )
    return tuple(sorted(addresses, key=lambda address: address.allocation_id))


def idle_volumes(aws: Aws, project: str) -> tuple[IdleVolume, ...]:
    """The disks of a project that no instance has, by id."""
    with translated("list the disks"):
        pages = _ec2(aws).get_paginator("describe_volumes")
        asked = pages.paginate(Filters=[_of(project), {"Name": "status", "Values": ["available"]}])
        found = [one for page in asked for one in page["Volumes"]]
    volumes = (
        IdleVolume(
            id=one["VolumeId"],
            environment=_environment(one.get("Tags")),
            kind=str(one.get("VolumeType", "gp2")),
            size_gb=one.get("Size", 0),
            iops=one.get("Iops"),
            throughput=one.get("Throughput"),
            created_at=one.get("CreateTime"),
        )
        for one in found
    )
    return tuple(sorted(volumes, key=lambda volume: volume.id))


def log_groups(aws: Aws, prefix: str) -> tuple[LogGroup, ...]:
    """The log groups whose names begin like this, by name."""
    client: CloudWatchLogsClient = aws.client("logs")
    with translated(f"list the logs below {prefix}"):
        pages = client.get_paginator("describe_log_groups")
        found = [one for page in pages.paginate(logGroupNamePrefix=prefix) for one in page["logGroups"]]
    groups = (
        LogGroup(
            name=one.get("logGroupName", ""),
            stored_bytes=one.get("storedBytes", 0),
            kept_days=one.get("retentionInDays"),
            created_at=datetime.fromtimestamp(one["creationTime"] / 1000, UTC)
            if "creationTime" in one
            else None,
        )
        for one in found
    )
    return tuple(sorted(groups, key=lambda group: group.name))


def bytes_out(aws: Aws, gateways: Iterable[NatGateway], moment: datetime) -> dict[str, float | None]:
    """Bytes that gateways sent to the internet within :data:`WINDOW`, by id; None where that is not measured."""
    asked = {
        gateway.id: MetricQuery(
            "AWS/NATGateway", "BytesOutToDestination", (("NatGatewayId", gateway.id),), "Sum", _DAY_S
        )
        for gateway in gateways
    }
    seen = metrics(aws, asked.values(), begin=moment - WINDOW, end=moment) if asked else {}
    return {name: _sum(seen[query]) for name, query in asked.items()}


def edge_requests(aws: Aws, distributions: Iterable[str], moment: datetime) -> dict[str, float | None]:
    """Requests that CloudFront distributions answered within :data:`WINDOW`, by id; None where that is not measured."""
    asked = {
        name: MetricQuery(query.namespace, query.name, query.dimensions, query.statistic, _DAY_S)
        for name in distributions
        for query in edge_queries(name)[:1]
    }
    if not asked:
        return {}
    seen = metrics(aws, asked.values(), begin=moment - WINDOW, end=moment, region=EDGE_REGION)
    return {name: _sum(seen[query]) for name, query in asked.items()}


def _ec2(aws: Aws) -> EC2Client:
    client: EC2Client = aws.client("ec2")
    return client


def _of(project: str) -> Any:  # a filter of EC2, whose stubs have a type of its own for each call
    return {"Name": "tag:Project", "Values": [project]}


def _sum(points: Iterable[MetricPoint]) -> float | None:
    values = [point.value for point in points]
    return sum(values) if values else None


def _environment(tags: Iterable[Mapping[str, Any]] | None) -> str:
    return _tag(tags, "Environment")


def _tag(tags: Iterable[Mapping[str, Any]] | None, key: str) -> str:
    return next((str(tag.get("Value", "")) for tag in tags or () if tag.get("Key") == key), "")
