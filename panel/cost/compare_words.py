"""What a comparison says besides its numbers: its assumptions, and what money does not show of each option."""

from __future__ import annotations

from collections.abc import Mapping

from panel.cost.compare_load import (
    EKS_RESERVED_MB,
    LAMBDA_LEAST_MB,
    LAMBDA_WHOLE_MB,
    LCU_CONNECTIONS,
    Load,
    Traffic,
    function_ms,
)
from panel.cost.compare_machines import Fleet, Tasks
from panel.cost.compare_options import EC2, EKS, FARGATE, LAMBDA

#: Two sentences on each option that no price shows.
NOTES: Mapping[str, tuple[str, str]] = {
    EC2: (
        "Small services share what is left of a machine, and somebody replaces the machines when their system is old.",
        "The machines cost the same at night; another one takes minutes to come.",
    ),
    FARGATE: (
        "No machines to look after; a task comes in about a minute, and nothing below it can be seen or tuned.",
        "Each task is paid for whole, so many small services cost more than they would on machines that they share.",
    ),
    EKS: (
        "Kubernetes has the largest choice of tools and runs elsewhere too; it has to be known by those on call.",
        "A new version is due about three times a year, and staying behind costs a surcharge for each hour.",
    ),
    LAMBDA: (
        (
            "Nothing runs when nobody comes; the first request after a pause waits for a start, from a fraction of a "
            "second to some seconds."
        ),
        (
            "The program must fit the mould (15 minutes, 10 GB, nothing kept between requests), and a flood of requests is "
            "a flood of costs."
        ),
    ),
}

# How many functions may run at once in an account that never asked for more.
_USUAL_CONCURRENCY = 1000


def common(traffic: Traffic, load: Load, *, nat_usd: float | None) -> tuple[str, ...]:
    """What is assumed of all options alike."""
    computing = traffic.ms_per_request * traffic.computing_percent / 100
    nat = f" One would add {_money(nat_usd)} a month for each zone." if nat_usd is not None else ""
    return (
        (
            f"{_count(traffic.requests_per_month)} requests a month are {load.per_second:,.3g} a second on average, evenly over "
            "the month. All of them reach the program: CloudFront keeps no answers."
        ),
        (
            f"A request lasts {traffic.ms_per_request:g} ms. It occupies a processor for {computing:g} ms of that and waits "
            "for others the rest."
        ),
        (
            f"A whole processor is kept {traffic.busy_percent:g} % busy on average: the rest is head room for peaks. A burstable "
            "one carries its baseline, as it may all day. The number of machines and tasks follows the traffic."
        ),
        (
            f"One copy of the program needs {traffic.memory_mb:g} MB and serves many requests while they wait. There is one "
            f"for each processor with its head room, and one in each of {traffic.zones} zones at least."
        ),
        (
            f"Every request is answered with {traffic.response_kb:,.4g} KB, and CloudFront sends {traffic.site_kb:,.4g} KB of the "
            f"site's own files with it. Beyond the usage of environments.yaml each logs {traffic.log_kb:g} KB more and comes "
            f"over a connection of its own, {LCU_CONNECTIONS} a second for each unit of a load balancer."
        ),
        f"There is no NAT gateway: machines and tasks have public addresses.{nat}",
        (
            "Left out: taxes, discounts for commitment, spot prices, free tiers, traffic between zones, what environments "
            "share (registry, DNS zone, network), databases, and the time of those who look after it."
        ),
    )


def of_fleet(name: str, fleet: Fleet, own: Fleet | None) -> tuple[str, ...]:
    """What is assumed of a fleet of machines."""
    words = [f"{fleet.count} × {fleet.type} carry it."]
    if name == EKS:
        words.append(f"A node keeps {EKS_RESERVED_MB} MB for its system and Kubernetes' own pods.")
    elif own is not None and fleet == own:
        words[0] = f"{fleet.count} × {fleet.type}, as the environment has them, carry it."
    elif own is not None:
        words.append(f"The environment's {own.count} × {own.type} do not.")
    return tuple(words)


def of_tasks(tasks: Tasks, services: int) -> tuple[str, ...]:
    """What is assumed of Fargate tasks."""
    size = f"{tasks.units / 1024:g} processors and {tasks.memory_mb / 1024:g} GB"
    each = " for each service" if services > 1 else ""
    return (f"{tasks.count} tasks of {size}{each}, on x86.",)


def of_function(traffic: Traffic, load: Load) -> tuple[str, ...]:
    """What is assumed of functions."""
    memory = max(traffic.memory_mb, LAMBDA_LEAST_MB)
    billed = function_ms(traffic)
    words = ["CloudFront calls the function by its own address: no load balancer, no API gateway."]
    if billed > traffic.ms_per_request:
        words.append(
            f"With {memory:g} MB a function has {memory / LAMBDA_WHOLE_MB:.2f} of a processor, so that a request takes "
            f"{billed:,.0f} ms instead of {traffic.ms_per_request:g}."
        )
    at_once = load.per_second * billed / 1000
    if at_once > _USUAL_CONCURRENCY:
        words.append(
            f"{at_once:,.0f} run at once on average: an account begins with {_USUAL_CONCURRENCY:,} and has to ask."
        )
    return tuple(words)


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _money(usd: float) -> str:
    return f"$ {usd:,.2f}"
