"""Pricing rules of what carries requests: load balancers, addresses, gateways, CloudFront, Route 53."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from panel.cost.charges import Charge, Finding, Rule, Scene, Unpriced, tiered
from panel.cost.resources import Resource

_ONE = Decimal(1)
# Seconds between two checks that are charged as frequent ones.
_FAST_CHECK_S = 10
_EDGES = "US/Mexico/Canada edges"


def public_addresses(count: Decimal, scene: Scene) -> Iterator[Charge]:
    """Public IPv4 addresses in use, all month."""
    yield Charge("public IPv4 addresses", "aws_eip", "public IPv4 address, in use", count * scene.hours)


def _load_balancer(resource: Resource, scene: Scene) -> Iterator[Finding]:
    kind = resource.text("load_balancer_type") or "application"
    if kind not in {"application", "network"}:
        yield Unpriced(f"load balancers of type {kind} are not in the price list")
        return
    name, unit = ("Application", "LCU") if kind == "application" else ("Network", "NLCU")
    capacity = scene.amount("load_balancer_lcu") * scene.hours
    yield Charge("load balancer", resource.type, f"{name} Load Balancer", scene.hours)
    yield Charge("load balancer capacity", resource.type, f"{name} Load Balancer {unit}", capacity)
    if resource.values.get("internal") is not True:
        yield from public_addresses(_zones(resource, scene), scene)


def _zones(resource: Resource, scene: Scene) -> Decimal:
    """A load balancer that faces the internet holds an address in each of its subnets."""
    subnets = resource.values.get("subnets")
    if isinstance(subnets, list) and subnets:
        return Decimal(len(subnets))
    mappings = resource.blocks("subnet_mapping")
    return Decimal(len(mappings)) if mappings else scene.amount("load_balancer_zones")


def _classic_load_balancer(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("load balancer", resource.type, "Classic Load Balancer", scene.hours)
    yield Unpriced("the data that a classic load balancer carries is charged as well")


def _address(resource: Resource, scene: Scene) -> Iterator[Finding]:
    # In use or idle, the price is the same.
    yield from public_addresses(_ONE, scene)


def _nat_gateway(resource: Resource, scene: Scene) -> Iterator[Finding]:
    carried = scene.amount("nat_processed_gb")
    yield Charge("NAT gateway", resource.type, "NAT gateway", scene.hours)
    yield Charge("NAT gateway data", resource.type, "data processed", carried)


def _endpoint(resource: Resource, scene: Scene) -> Iterator[Finding]:
    kind = resource.text("vpc_endpoint_type") or "Gateway"
    if kind == "Gateway":
        return
    subnets = resource.values.get("subnet_ids")
    if kind != "Interface" or not isinstance(subnets, list) or not subnets:
        yield Unpriced("the zones of this endpoint are not known before it exists")
        return
    hours = scene.hours * len(subnets)
    yield Charge("private endpoints", resource.type, "interface endpoint (per AZ)", hours)
    carried = scene.amount("endpoint_processed_gb")
    price = "interface endpoint data processed, first 1 PB"
    yield Charge("private endpoint data", resource.type, price, carried)


def _distribution(resource: Resource, scene: Scene) -> Iterator[Finding]:
    """Everybody is taken to be near North American edges, the cheapest ones."""
    out = f"data transfer out to internet, {_EDGES}"
    steps = [("first 10 TB", 10), ("next 40 TB", 40), ("next 100 TB", 100), ("next 350 TB", 350)]
    steps += [("next 524 TB", 524), ("next 4 PB", 4096)]
    tiers: list[tuple[str, int | None]] = [(f"{out}, {name}", size * 1024) for name, size in steps]
    carried = scene.amount("cloudfront_out_gb")
    yield from tiered("CloudFront data", resource.type, carried, [*tiers, (f"{out}, over 5 PB", None)])
    requests = scene.amount("cloudfront_https_requests")
    yield Charge("CloudFront requests", resource.type, f"HTTPS requests, {_EDGES}", requests)
    if resource.block("viewer_certificate").get("ssl_support_method") == "vip":
        price = "dedicated IP custom SSL certificate"
        yield Charge("CloudFront dedicated address", resource.type, price, _ONE)


def _function(resource: Resource, scene: Scene) -> Iterator[Finding]:
    """It runs for requests to the site alone; every request is counted, since nobody knows the share."""
    requests = scene.amount("cloudfront_https_requests")
    yield Charge("CloudFront functions", resource.type, "invocations", requests)


def _zone(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("DNS zone", resource.type, "hosted zone, first 25", _ONE)
    queries = scene.amount("dns_queries_per_zone")
    steps = (("standard queries, first 1B/month", 10**9), ("standard queries, over 1B/month", None))
    yield from tiered("DNS queries", "aws_route53_record", queries, steps)


def _health_check(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("DNS health checks", resource.type, "basic health check, non-AWS endpoint", _ONE)
    values, kind = resource.values, resource.text("type")
    asked = (
        kind.startswith("HTTPS"),
        kind.endswith("STR_MATCH"),
        values.get("measure_latency") is True,
        values.get("request_interval") == _FAST_CHECK_S,
    )
    if any(asked):
        yield Unpriced(
            f"{sum(asked)} of its options (HTTPS, matching, latency, a short interval) are charged as well"
        )


RULES: Mapping[str, Rule] = {
    "aws_lb": _load_balancer,
    "aws_alb": _load_balancer,
    "aws_elb": _classic_load_balancer,
    "aws_eip": _address,
    "aws_nat_gateway": _nat_gateway,
    "aws_vpc_endpoint": _endpoint,
    "aws_cloudfront_distribution": _distribution,
    "aws_cloudfront_function": _function,
    "aws_route53_zone": _zone,
    "aws_route53_health_check": _health_check,
}
