"""Target groups of the load balancers: who is in them and how they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from panel.aws.session import Aws, translated

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

# States in which a target does not take requests (any more).
_OUT_OF_SERVICE = frozenset({"draining", "unhealthy", "unhealthy.draining", "unused", "unavailable"})


@dataclass(frozen=True)
class Target:
    """One target. ``state`` as the load balancer says it: initial, healthy, unhealthy, draining, …"""

    id: str
    port: int
    state: str
    reason: str

    @property
    def in_service(self) -> bool:
        """Whether requests may be sent to it."""
        return self.state not in _OUT_OF_SERVICE

    @property
    def proven(self) -> bool:
        """Whether it takes requests and its health checks say that it answers them.

        A new target is ``initial`` until enough of them succeeded.
        """
        return self.in_service and self.state != "initial"


def _client(aws: Aws) -> ElasticLoadBalancingv2Client:
    client: ElasticLoadBalancingv2Client = aws.client("elbv2")
    return client


def target_health(aws: Aws, target_group_arn: str) -> tuple[Target, ...]:
    """The registered targets of a group, by address.

    Raises:
        AwsError: no such target group, or it may not be read.
    """
    with translated("read the targets of the load balancer"):
        found = _client(aws).describe_target_health(TargetGroupArn=target_group_arn)
    targets = [
        Target(
            id=item["Target"]["Id"],
            port=item["Target"].get("Port", 0),
            state=item.get("TargetHealth", {}).get("State", "unknown"),
            reason=item.get("TargetHealth", {}).get("Description", ""),
        )
        for item in found["TargetHealthDescriptions"]
    ]
    return tuple(sorted(targets, key=lambda target: (target.id, target.port)))
