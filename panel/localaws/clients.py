"""What the task agent needs of AWS: a few public calls, handed to it from outside.

The wiring passes boto3 clients; this room may not make them itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Ecs(Protocol):
    """Reading services."""

    def list_clusters(self, **request: Any) -> Any:
        """One page of cluster ARNs."""

    def list_services(self, **request: Any) -> Any:
        """One page of service ARNs of a cluster."""

    def describe_services(self, **request: Any) -> Any:
        """Up to ten services."""

    def describe_task_definition(self, **request: Any) -> Any:
        """One revision of a task definition."""


class LoadBalancing(Protocol):
    """Registering what runs with the load balancer (elbv2)."""

    def describe_target_groups(self, **request: Any) -> Any:
        """Target groups with their health check."""

    def describe_target_health(self, **request: Any) -> Any:
        """Registered targets of one group."""

    def register_targets(self, **request: Any) -> Any:
        """Add targets to a group."""

    def deregister_targets(self, **request: Any) -> Any:
        """Take targets out of a group."""


class Ecr(Protocol):
    """Reading images."""

    def batch_get_image(self, **request: Any) -> Any:
        """Manifests of images."""

    def get_download_url_for_layer(self, **request: Any) -> Any:
        """Where a blob can be fetched."""


class Logs(Protocol):
    """Writing log lines (CloudWatch Logs)."""

    def create_log_stream(self, **request: Any) -> Any:
        """Make a stream in a group."""

    def put_log_events(self, **request: Any) -> Any:
        """Append lines to a stream."""


@dataclass(frozen=True)
class AgentClients:
    """The clients of one account and region. Without ``logs`` task output stays in files."""

    ecs: Ecs
    elbv2: LoadBalancing
    ecr: Ecr
    logs: Logs | None = None
