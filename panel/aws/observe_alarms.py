"""CloudWatch's alarms: which there are, and which ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from panel.aws.session import Aws, translated


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Attributes:
        state: ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``.
        reason: CloudWatch's own words for its state.
        since: when it got into that state.
        dimensions: what its metric is of, by name; empty for one that is made of other alarms.
        description: its author's words.
    """

    name: str
    state: str
    reason: str
    since: datetime | None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


def alarms(aws: Aws, *, region: str | None = None) -> tuple[Alarm, ...]:
    """All alarms of the account in one region, a hundred per call, by name.

    Args:
        region: ``None`` for the account's own; alarms on CloudFront's metrics are in us-east-1.

    Raises:
        EndpointError, AwsError: CloudWatch did not answer, or refused.
    """
    found: list[Alarm] = []
    with translated("read the alarms of CloudWatch"):
        pages = aws.client("cloudwatch", region=region).get_paginator("describe_alarms")
        for page in pages.paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"], PaginationConfig={"PageSize": 100}
        ):
            found += [
                _alarm(raw) for raw in [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]
            ]
    return tuple(sorted(found, key=lambda alarm: alarm.name))


def _alarm(raw: dict[str, Any]) -> Alarm:
    # An alarm on an expression names its metrics one level further down.
    dimensions = [*(raw.get("Dimensions") or [])]
    for query in raw.get("Metrics") or []:
        dimensions += query.get("MetricStat", {}).get("Metric", {}).get("Dimensions") or []
    return Alarm(
        name=raw["AlarmName"],
        state=raw.get("StateValue", ""),
        reason=raw.get("StateReason", ""),
        since=raw.get("StateTransitionedTimestamp") or raw.get("StateUpdatedTimestamp"),
        dimensions={item["Name"]: item["Value"] for item in dimensions},
        description=raw.get("AlarmDescription", ""),
    )
