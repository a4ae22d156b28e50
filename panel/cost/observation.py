"""Pricing rules of what watches: logs, alarms, the scaling that alarms drive, dashboards, parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from panel.cost.charges import Charge, Finding, Rule, Scene, Unpriced, number
from panel.cost.resources import Resource

_ONE = Decimal(1)
# Metrics read more often than once a minute.
_HIGH_RESOLUTION_S = 60


def _log_group(resource: Resource, scene: Scene) -> Iterator[Finding]:
    rare = resource.text("log_group_class") == "INFREQUENT_ACCESS"
    price = f"logs ingestion, {'Infrequent Access' if rare else 'Standard'} class"
    yield Charge("log intake", resource.type, price, scene.amount("log_ingested_gb"))
    stored = scene.amount("log_stored_gb")
    yield Charge("log storage", resource.type, "logs storage (archived)", stored)


def _alarm(resource: Resource, scene: Scene) -> Iterator[Finding]:
    queries = resource.blocks("metric_query")
    if any("ANOMALY_DETECTION_BAND" in str(query.get("expression")) for query in queries):
        yield Unpriced("an alarm on anomalies is charged for more metrics than it names")
        return
    # An alarm on an expression is charged for each metric in it.
    watched = [_metric(query) for query in queries if query.get("metric")] or [resource.values]
    periods = [number(metric.get("period")) for metric in watched]
    fast = any(period is not None and period < _HIGH_RESOLUTION_S for period in periods)
    price = f"{'high' if fast else 'standard'} resolution alarm metric"
    yield Charge("alarms", resource.type, price, Decimal(len(watched)))


def _metric(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metric of a part of an expression."""
    found = query["metric"]
    return found[0] if isinstance(found, list) and found and isinstance(found[0], Mapping) else {}


def _scaling_policy(resource: Resource, scene: Scene) -> Iterator[Finding]:
    """Scaling itself costs nothing; to follow a target AWS makes two alarms, one for more and one for less."""
    if resource.text("policy_type") == "TargetTrackingScaling":
        price = "standard resolution alarm metric"
        yield Charge("alarms of autoscaling", "aws_cloudwatch_metric_alarm", price, Decimal(2))


def _flow_log(resource: Resource, scene: Scene) -> Iterator[Finding]:
    """What goes to CloudWatch is priced with its log group."""
    if resource.text("log_destination_type") not in {"", "cloud-watch-logs"}:
        yield Unpriced("flow logs that go elsewhere than to CloudWatch are not in the price list")


def _composite_alarm(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("alarms", resource.type, "composite alarm", _ONE)


def _dashboard(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("dashboards", resource.type, "dashboard", _ONE)


def _metric_filter(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("metrics from logs", resource.type, "custom metric, first 10,000", _ONE)


def _parameter(resource: Resource, scene: Scene) -> Iterator[Finding]:
    if resource.text("tier") == "Advanced":
        yield Charge("parameters", resource.type, "advanced tier parameter", _ONE)


RULES: Mapping[str, Rule] = {
    "aws_cloudwatch_log_group": _log_group,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_cloudwatch_composite_alarm": _composite_alarm,
    "aws_cloudwatch_dashboard": _dashboard,
    "aws_cloudwatch_log_metric_filter": _metric_filter,
    "aws_ssm_parameter": _parameter,
    "aws_appautoscaling_policy": _scaling_policy,
    "aws_autoscaling_policy": _scaling_policy,
    "aws_flow_log": _flow_log,
}
