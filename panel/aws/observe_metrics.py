"""CloudWatch's metrics of what an environment is made of: asked for many at once, read as typed figures.

Belongs here: which metrics AWS measures of what, the calls, and their sums. Whether a figure is trouble is decided in
:mod:`panel.health`. Each metric that is asked for costs (a cent for a thousand), whatever the number of its points:
ask every few minutes, not at every sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panel.aws.session import Aws, translated
from panel.errors import AwsError

#: Where CloudFront's metrics and certificates live.
EDGE_REGION = "us-east-1"
#: Seconds back that health looks. CloudFront's figures arrive some minutes late.
EDGE_WINDOW_S = 600
WINDOW_S = 300

_QUERIES_PER_CALL = 500
_POINTS_PER_CALL = 100_800


@dataclass(frozen=True)
class MetricQuery:
    """One metric to read: ``statistic`` (``Sum``, ``Average``, ...) for every ``period_s`` seconds."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_s: int = 60


@dataclass(frozen=True)
class MetricPoint:
    """A figure of the ``period_s`` seconds that begin at ``at``."""

    at: datetime
    value: float


#: Points of each query, oldest first. No points: CloudWatch knows of none.
Metrics = Mapping[MetricQuery, tuple[MetricPoint, ...]]


@dataclass(frozen=True)
class EdgeTraffic:
    """What CloudFront answered in the window; ``None``: not measured."""

    requests: float | None = None
    error_percent: float | None = None


@dataclass(frozen=True)
class BalancerTraffic:
    """What a load balancer answered in the window; ``None``: not measured.

    ``own_errors`` are answers 5xx of the load balancer itself (no task answered), ``target_errors`` those of the tasks.
    """

    requests: float | None = None
    own_errors: float | None = None
    target_errors: float | None = None
    latency_ms: float | None = None


@dataclass(frozen=True)
class Utilisation:
    """Use of what a service's tasks have set aside, in percent, over the window; ``None``: not measured."""

    cpu_percent: float | None = None
    memory_percent: float | None = None


def metrics(
    aws: Aws, queries: Iterable[MetricQuery], *, begin: datetime, end: datetime, region: str | None = None
) -> dict[MetricQuery, tuple[MetricPoint, ...]]:
    """Read metrics, 500 per call, each asked for once. Every query is in the answer.

    Args:
        region: where they are measured (CloudFront's: :data:`EDGE_REGION`); ``None`` for the account's own.

    Raises:
        EndpointError, AwsError: CloudWatch did not answer, or refused (one of them).
    """
    wanted = list(dict.fromkeys(queries))
    found: dict[MetricQuery, tuple[MetricPoint, ...]] = {}
    for start in range(0, len(wanted), _QUERIES_PER_CALL):
        found |= _batch(aws, wanted[start : start + _QUERIES_PER_CALL], begin, end, region)
    return found


def edge_queries(distribution_id: str) -> tuple[MetricQuery, MetricQuery]:
    """Requests and share of answers 5xx of a CloudFront distribution; measured in :data:`EDGE_REGION`."""
    of = (("DistributionId", distribution_id), ("Region", "Global"))
    return (
        MetricQuery("AWS/CloudFront", "Requests", of, "Sum"),
        MetricQuery("AWS/CloudFront", "5xxErrorRate", of, "Average"),
    )


def edge_traffic(seen: Metrics, distribution_id: str) -> EdgeTraffic:
    """The figures of one distribution: each minute's share of errors counts by its requests."""
    requests, rates = (seen.get(query, ()) for query in edge_queries(distribution_id))
    counted = sum(point.value for point in requests)
    if not counted:
        return EdgeTraffic()
    share = {point.at: point.value for point in rates}
    known = [point for point in requests if point.at in share]
    weight = sum(point.value for point in known)
    percent = sum(share[point.at] * point.value for point in known) / weight if weight else None
    return EdgeTraffic(counted, percent)


def balancer_queries(load_balancer_arn: str) -> tuple[MetricQuery, ...]:
    """Requests, answers 5xx and latency of an application load balancer."""
    of = (("LoadBalancer", _balancer_label(load_balancer_arn)),)
    space = "AWS/ApplicationELB"
    return (
        MetricQuery(space, "RequestCount", of, "Sum"),
        MetricQuery(space, "HTTPCode_ELB_5XX_Count", of, "Sum"),
        MetricQuery(space, "HTTPCode_Target_5XX_Count", of, "Sum"),
        MetricQuery(space, "TargetResponseTime", of, "Average"),
    )


def balancer_traffic(seen: Metrics, load_balancer_arn: str) -> BalancerTraffic:
    """The figures of one load balancer. It writes no zeros: without an error there is no figure of errors."""
    requests, own, target, latency = (seen.get(query, ()) for query in balancer_queries(load_balancer_arn))
    if not requests and not own:
        return BalancerTraffic()
    return BalancerTraffic(
        requests=sum(point.value for point in requests),
        own_errors=sum(point.value for point in own),
        target_errors=sum(point.value for point in target),
        latency_ms=_weighted(latency, requests, 1000),
    )


def service_queries(cluster: str, service: str) -> tuple[MetricQuery, MetricQuery]:
    """CPU and memory of an ECS service, by the names of its cluster and its own."""
    of = (("ClusterName", cluster), ("ServiceName", service))
    return (
        MetricQuery("AWS/ECS", "CPUUtilization", of, "Average"),
        MetricQuery("AWS/ECS", "MemoryUtilization", of, "Average"),
    )


def utilisation(seen: Metrics, cluster: str, service: str) -> Utilisation:
    """The figures of one ECS service."""
    cpu, memory = (seen.get(query, ()) for query in service_queries(cluster, service))
    return Utilisation(_mean(cpu), _mean(memory))


def _batch(
    aws: Aws, queries: Sequence[MetricQuery], begin: datetime, end: datetime, region: str | None
) -> dict[MetricQuery, tuple[MetricPoint, ...]]:
    points: dict[MetricQuery, list[MetricPoint]] = {query: [] for query in queries}
    with translated("read the metrics of CloudWatch"):
        pages = aws.client("cloudwatch", region=region).get_paginator("get_metric_data")
        for page in pages.paginate(
            MetricDataQueries=[_asked(number, query) for number, query in enumerate(queries)],
            StartTime=begin,
            EndTime=end,
            ScanBy="TimestampAscending",
            MaxDatapoints=_POINTS_PER_CALL,
        ):
            for raw in page["MetricDataResults"]:
                query = queries[int(raw["Id"][1:])]
                _require_allowed(query, raw)
                points[query] += map(MetricPoint, raw["Timestamps"], raw["Values"])
    return {query: tuple(sorted(seen, key=lambda point: point.at)) for query, seen in points.items()}


def _asked(number: int, query: MetricQuery) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions]
    metric = {"Namespace": query.namespace, "MetricName": query.name, "Dimensions": dimensions}
    return {
        "Id": f"q{number}",
        "MetricStat": {"Metric": metric, "Period": query.period_s, "Stat": query.statistic},
        "ReturnData": True,
    }


def _require_allowed(query: MetricQuery, raw: Mapping[str, Any]) -> None:
    # A failed query has no points, and must not read as "nothing happened".
    if raw.get("StatusCode") in ("Forbidden", "InternalError"):
        raise AwsError(
            f"The panel could not read the metric {query.namespace} {query.name}: CloudWatch says {raw['StatusCode']}.",
            hint="Check the permissions of the panel's AWS identity.",
        )


def _balancer_label(arn: str) -> str:
    """How CloudWatch names a load balancer: ``app/<name>/<id>``, the end of its ARN."""
    return arn.partition(":loadbalancer/")[2]


def _weighted(figures: Sequence[MetricPoint], counts: Sequence[MetricPoint], factor: float) -> float | None:
    """Mean of figures, each counted by how many things were measured at that time."""
    weights = {point.at: point.value for point in counts}
    weight = sum(weights.get(point.at, 0) for point in figures)
    if not weight:
        return None
    return factor * sum(point.value * weights.get(point.at, 0) for point in figures) / weight


def _mean(points: Sequence[MetricPoint]) -> float | None:
    return sum(point.value for point in points) / len(points) if points else None
