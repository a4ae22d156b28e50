"""How much machine a workload asks for: from requests to processors, from processors to instances and tasks.

Belongs here: what a request is taken to be, and how much the machines of a size carry. What that costs is asked of the
same rules and prices as every estimate, in :mod:`panel.cost.compare`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from panel.catalogue.usage import Usage
from panel.errors import ConfigurationError

#: A function with this much memory has one whole processor; with less it has its share of one.
LAMBDA_WHOLE_MB = 1769
#: The least and the most memory a function can have.
LAMBDA_LEAST_MB, LAMBDA_MOST_MB = 128, 10_240

#: What the system and the agent keep for themselves on an ECS instance, and with Kubernetes' own pods on a node.
ECS_RESERVED_MB, EKS_RESERVED_MB = 256, 1024

#: New connections a second, and gigabytes an hour, that one capacity unit of a load balancer covers.
LCU_CONNECTIONS, LCU_GB = 25, 1

_HOUR_S = 3600
_KB_PER_GB = 1024 * 1024
# Of what CloudFront sends for a request, so much is taken for the program's answer and the rest for the site's files.
_RESPONSE_KB = 10

_LIMITS: Mapping[str, tuple[float, float, str]] = {
    "requests_per_month": (0, 1e12, "requests a month"),
    "ms_per_request": (1, 900_000, "milliseconds a request"),
    "memory_mb": (16, 30_720, "megabytes of memory"),
    "response_kb": (0, 1e6, "kilobytes a response"),
    "site_kb": (0, 1e6, "kilobytes of the site a request"),
    "computing_percent": (1, 100, "percent of computing"),
    "busy_percent": (5, 95, "percent that machines are busy"),
    "zones": (2, 6, "zones"),
    "log_kb": (0, 1e4, "kilobytes of log a request"),
}


@dataclass(frozen=True)
class Traffic:
    """The workload that is compared.

    A request lasts ``ms_per_request`` and occupies a processor for ``computing_percent`` of that; the rest it waits for
    others. ``memory_mb`` is what one copy of the program needs. With each request the program answers ``response_kb`` and
    logs ``log_kb``, and CloudFront sends ``site_kb`` of the site's own files. ``zones`` are the zones that must be able to
    serve, ``busy_percent`` how busy whole processors are on average: what is left is head room for peaks.

    Raises:
        ConfigurationError: a figure is out of its range; the message says which.
    """

    requests_per_month: float = 100_000
    ms_per_request: float = 100
    memory_mb: float = 128
    response_kb: float = 10
    site_kb: float = 90
    computing_percent: float = 50
    busy_percent: float = 50
    zones: int = 2
    log_kb: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least, most, what = _LIMITS[field.name]
            if not least <= value <= most:
                raise ConfigurationError(
                    f"{value:g} {what} cannot be compared.",
                    hint=f"Give a number from {least:g} to {most:g}.",
                )

    def to_dict(self) -> dict[str, float]:
        """Name and figure of everything that is compared."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def traffic_of(usage: Usage, *, memory_mb: float = LAMBDA_LEAST_MB) -> Traffic:
    """The workload that a catalogue's ``usage`` means."""
    requests = usage.cloudfront_https_requests
    each_kb = usage.cloudfront_out_gb * _KB_PER_GB / requests if requests else 0
    response_kb = min(each_kb, _RESPONSE_KB)
    return Traffic(
        requests_per_month=min(requests, _LIMITS["requests_per_month"][1]),
        ms_per_request=min(max(usage.lambda_ms, 1), _LIMITS["ms_per_request"][1]),
        memory_mb=min(max(memory_mb, _LIMITS["memory_mb"][0]), _LIMITS["memory_mb"][1]),
        response_kb=response_kb,
        site_kb=min(each_kb - response_kb, _LIMITS["site_kb"][1]),
        zones=max(2, usage.load_balancer_zones),
    )


@dataclass(frozen=True)
class Load:
    """What traffic asks for in an average second: requests, ``processors`` that compute, and requests ``at_once``."""

    per_second: float
    processors: float
    at_once: float


def load_of(traffic: Traffic, usage: Usage) -> Load:
    """The load of a month of traffic, spread over the hours that everything runs."""
    seconds = (usage.hours_per_month or 730) * _HOUR_S
    per_second = traffic.requests_per_month / seconds
    at_once = per_second * traffic.ms_per_request / 1000
    return Load(per_second, at_once * traffic.computing_percent / 100, at_once)


def copies(traffic: Traffic, load: Load, least: int) -> int:
    """Copies of the program: ``least`` of them, and one for each processor that is needed with its head room."""
    return max(least, math.ceil(load.processors / (traffic.busy_percent / 100)))


def function_ms(traffic: Traffic) -> float:
    """How long a function takes for one request: with part of a processor, computing takes longer."""
    computing = traffic.ms_per_request * traffic.computing_percent / 100
    slower = max(1.0, LAMBDA_WHOLE_MB / max(traffic.memory_mb, LAMBDA_LEAST_MB))
    return traffic.ms_per_request - computing + computing * slower


def used(usage: Usage, traffic: Traffic, *, services: int) -> Usage:
    """The usage that follows from the traffic. What ``usage`` says of logs and capacity holds at its own traffic; each
    request beyond that adds to it.

    Args:
        services: how many services share the traffic evenly; each has its own log and its own function.
    """
    requests = traffic.requests_per_month
    more = max(0.0, requests - usage.cloudfront_https_requests)
    out_gb = requests * (traffic.response_kb + traffic.site_kb) / _KB_PER_GB
    log_gb = round(more * traffic.log_kb / _KB_PER_GB / services, 9)
    hours = usage.hours_per_month or 730
    # The worst case: every request comes over a connection of its own.
    connections = more / (hours * _HOUR_S) / LCU_CONNECTIONS
    lcu = max(connections, more * traffic.response_kb / _KB_PER_GB / hours / LCU_GB)
    figures = {
        "cloudfront_https_requests": requests,
        "cloudfront_out_gb": round(out_gb, 9),
        "load_balancer_lcu": usage.load_balancer_lcu + round(lcu, 9),
        "load_balancer_zones": traffic.zones,
        "log_ingested_gb": usage.log_ingested_gb + log_gb,
        "log_stored_gb": usage.log_stored_gb + log_gb,
        "lambda_requests": requests / services,
        "lambda_ms": round(function_ms(traffic), 6),
    }
    return usage.model_copy(update=figures)
