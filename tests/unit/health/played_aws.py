"""An AWS of this process: two services in each of many environments, every call counted, none of it leaves the test."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from panel.aws.session import Account

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def arn(kind: str, name: str) -> str:
    return f"arn:aws:{kind}:us-east-2:1:{name}"


def outputs_of(name: str, services: tuple[str, ...] = ("backend",)) -> dict[str, Any]:
    """What Terraform would say of an environment; it has no domain, so that nobody opens a connection to one."""
    return {
        "cluster_name": f"todo-{name}",
        "cloudfront_distribution_id": f"D-{name}",
        "load_balancer_arn": arn("elasticloadbalancing", f"loadbalancer/app/{name}/1"),
        "autoscaling_group_name": f"todo-{name}",
        "state_bucket": f"todo-{name}-state",
        "certificate_arns": {"edge": arn("acm", f"edge-{name}"), "regional": arn("acm", f"regional-{name}")},
        "services": {
            service: {
                "service_name": f"todo-{name}-{service}", "container_name": service,
                "target_group_arn": arn("elasticloadbalancing", f"targetgroup/{name}-{service}/1"),
                "log_group": f"/todo/{name}/{service}",
            }
            for service in services
        },
    }  # fmt: skip


def refusal(code: str, operation: str = "Describe") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@dataclass
class PlayedAws:
    """Stands in for :class:`panel.aws.session.Aws`.

    Attributes:
        names: environments that exist.
        running: tasks that run, by environment; two where nothing is said.
        before: called with service and operation before each answer; it may raise, or take its time.
    """

    names: list[str]
    running: dict[str, int] = field(default_factory=dict)
    before: Callable[[str, str, dict[str, Any]], None] = lambda service, operation, asked: None
    account: Account = field(default_factory=lambda: Account("us-east-2", None, "testing", "testing"))
    calls: Counter[str] = field(default_factory=Counter)
    _lock: Any = field(default_factory=threading.Lock)

    def client(self, service: str, *, region: str | None = None) -> Any:
        return _Client(self, service)

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.before(service, operation, asked)
        with self._lock:
            self.calls[operation] += 1
        found: dict[str, Any] = getattr(self, f"_{operation}")(**asked)
        return found

    def _describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        running = self.running.get(cluster.removeprefix("todo-"), 2)
        return {
            "services": [
                {
                    "serviceName": name, "status": "ACTIVE", "desiredCount": 2, "runningCount": running,
                    "taskDefinition": arn("ecs", f"{name}:7"),
                    "deployments": [{"id": "d1", "status": "PRIMARY", "runningCount": running,
                                     "taskDefinition": arn("ecs", f"{name}:7")}],
                }
                for name in services
            ]
        }  # fmt: skip

    def _describe_task_definition(self, taskDefinition: str) -> dict[str, Any]:
        container = {"name": "backend", "image": "x", "environment": [{"name": "APP_VERSION", "value": "v7"}]}
        return {"taskDefinition": {"taskDefinitionArn": taskDefinition, "containerDefinitions": [container]}}

    def _describe_target_health(self, TargetGroupArn: str) -> dict[str, Any]:
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": f"10.0.0.{number}", "Port": 80, "AvailabilityZone": f"us-east-2{'ab'[number]}"},
                 "TargetHealth": {"State": "healthy"}}
                for number in range(2)
            ]
        }  # fmt: skip

    def _list_tasks(self, cluster: str, desiredStatus: str, **_: Any) -> dict[str, Any]:
        return {"taskArns": [arn("ecs", f"task/{cluster}/1")] if desiredStatus == "RUNNING" else []}

    def _describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        group = f"service:{cluster}-backend"
        return {
            "tasks": [
                {
                    "taskArn": one,
                    "group": group,
                    "taskDefinitionArn": arn("ecs", f"{cluster}-backend:7"),
                    "lastStatus": "RUNNING",
                    "startedAt": STARTED,
                }
                for one in tasks
            ]
        }

    def _list_distributions(self, **_: Any) -> dict[str, Any]:
        items = [{"Id": f"D-{name}", "Status": "Deployed", "Enabled": True} for name in self.names]
        return {"DistributionList": {"Items": items}}

    def _get_distribution(self, Id: str) -> dict[str, Any]:
        return {"Distribution": {"Id": Id, "Status": "Deployed", "DistributionConfig": {"Enabled": True}}}

    def _describe_load_balancers(self, LoadBalancerArns: list[str]) -> dict[str, Any]:
        return {
            "LoadBalancers": [
                {"LoadBalancerArn": one, "State": {"Code": "active"}} for one in LoadBalancerArns
            ]
        }

    def _describe_listeners(self, **_: Any) -> dict[str, Any]:
        return {"Listeners": [{"Port": 443, "Protocol": "HTTPS"}]}

    def _describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str], **_: Any) -> dict[str, Any]:
        groups = [{"AutoScalingGroupName": one, "DesiredCapacity": 0} for one in AutoScalingGroupNames]
        return {"AutoScalingGroups": groups}

    def _get_metric_data(self, MetricDataQueries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        return {
            "MetricDataResults": [
                {"Id": query["Id"], "Timestamps": [STARTED], "Values": [1.0]} for query in MetricDataQueries
            ]
        }

    def _describe_alarms(self, **_: Any) -> dict[str, Any]:
        return {"MetricAlarms": []}

    def _describe_certificate(self, CertificateArn: str) -> dict[str, Any]:
        return {"Certificate": {"Status": "ISSUED", "DomainName": CertificateArn}}

    def _head_bucket(self, **_: Any) -> dict[str, Any]:
        return {}

    def _get_bucket_versioning(self, **_: Any) -> dict[str, Any]:
        return {"Status": "Enabled"}

    def _filter_log_events(self, **_: Any) -> dict[str, Any]:
        return {"events": []}


@dataclass
class _Client:
    aws: PlayedAws
    service: str

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        return lambda **asked: self.aws.answer(self.service, operation, asked)

    def get_paginator(self, operation: str) -> Any:
        return _Paginator(self, operation)


@dataclass
class _Paginator:
    client: _Client
    operation: str

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        asked.pop("PaginationConfig", None)
        yield self.client.aws.answer(self.client.service, self.operation, asked)
