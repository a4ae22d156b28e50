"""Load balancers: their state, and what they listen on. Their targets are read in ``observe``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from panel.aws.observe import reading
from panel.aws.session import Aws, error_code, translated

_BALANCERS_PER_CALL = 20
_GONE = "LoadBalancerNotFound"


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer. ``state`` is AWS' word: ``active``, ``provisioning``, ``active_impaired`` or ``failed``."""

    arn: str
    name: str
    dns_name: str
    state: str
    reason: str
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Listener:
    """A port that a load balancer listens on."""

    port: int
    protocol: str


def load_balancers(aws: Aws, arns: Iterable[str]) -> dict[str, LoadBalancer]:
    """Load balancers by ARN, twenty per call. One that AWS does not know is not in the answer.

    Raises:
        EndpointError, AwsError: AWS did not answer, or refused.
    """
    wanted = sorted(set(arns))
    found: dict[str, LoadBalancer] = {}
    for start in range(0, len(wanted), _BALANCERS_PER_CALL):
        found |= _described(aws, wanted[start : start + _BALANCERS_PER_CALL])
    return found


def listeners(aws: Aws, load_balancer_arn: str) -> tuple[Listener, ...]:
    """What a load balancer listens on, by port.

    Raises:
        NotFoundError: there is no such load balancer.
        EndpointError, AwsError: AWS did not answer, or refused.
    """
    with reading(f"the listeners of the load balancer {load_balancer_arn}", _GONE):
        answer = aws.client("elbv2").describe_listeners(LoadBalancerArn=load_balancer_arn)
    seen = [Listener(int(raw.get("Port", 0)), raw.get("Protocol", "")) for raw in answer["Listeners"]]
    return tuple(sorted(seen, key=lambda listener: listener.port))


def _described(aws: Aws, arns: list[str]) -> dict[str, LoadBalancer]:
    with translated("read the load balancers"):
        try:
            answer = aws.client("elbv2").describe_load_balancers(LoadBalancerArns=arns)
        except ClientError as error:
            if error_code(error) != _GONE:
                raise
            answer = None
    if answer is not None:
        return {raw["LoadBalancerArn"]: _balancer(raw) for raw in answer["LoadBalancers"]}
    # AWS refuses all for one that it does not know, without saying which: halve until it is alone.
    if len(arns) == 1:
        return {}
    middle = len(arns) // 2
    return _described(aws, arns[:middle]) | _described(aws, arns[middle:])


def _balancer(raw: dict[str, Any]) -> LoadBalancer:
    state = raw.get("State", {})
    zones = sorted({zone.get("ZoneName", "") for zone in raw.get("AvailabilityZones") or []})
    return LoadBalancer(
        arn=raw["LoadBalancerArn"],
        name=raw.get("LoadBalancerName", ""),
        dns_name=raw.get("DNSName", ""),
        state=state.get("Code", ""),
        reason=state.get("Reason", ""),
        zones=tuple(zones),
    )
