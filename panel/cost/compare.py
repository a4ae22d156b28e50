"""The same workload as ECS on EC2, ECS on Fargate, EKS, or Lambda behind CloudFront: what each costs, and where the
cheapest changes.

Every option is drawn as resources (:mod:`panel.cost.compare_options`) and priced by the rules and the price list of
every other estimate. Numbers, not advice: what money does not show is told in words beside them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from panel.catalogue.schema import SHARED, Catalogue
from panel.catalogue.usage import Usage
from panel.cost import compare_words as words
from panel.cost.assumptions import DEFAULT, usage_of
from panel.cost.compare_bench import PARTS, Bench, Option, Point, part_of
from panel.cost.compare_load import Traffic, load_of, traffic_of
from panel.cost.compare_options import TITLES, Shape, memory_of, plain_shape, shape_of
from panel.cost.estimate import to_dict as estimate_to_dict
from panel.cost.prices import PriceList, packaged_prices

__all__ = [
    "PARTS",
    "BreakEven",
    "Comparison",
    "Option",
    "Point",
    "Traffic",
    "Workload",
    "break_evens",
    "compare",
    "part_of",
    "to_dict",
    "workload_of",
]

#: The traffic that is shown at least, in requests a month, and points for each power of ten.
LEAST_REQUESTS, MOST_REQUESTS, POINTS = 10_000, 1_000_000_000, 12


@dataclass(frozen=True)
class BreakEven:
    """At ``requests_per_month`` one option costs least, at one request more another.

    ``usd`` is what they cost there, ``same_usd`` the part of it that all options cost alike.
    """

    requests_per_month: int
    before: str
    after: str
    usd: float
    same_usd: float


@dataclass(frozen=True)
class Comparison:
    """The options side by side.

    ``cheapest`` is the name of the one that costs least at this traffic, among those that could be priced whole; None
    where there is none. ``partial`` are the names of those that lack a price and are therefore not compared.
    """

    traffic: Traffic
    region: str
    options: tuple[Option, ...]
    series: tuple[Point, ...]
    break_evens: tuple[BreakEven, ...]
    cheapest: str | None
    partial: tuple[str, ...]
    assumptions: tuple[str, ...]

    def option(self, name: str) -> Option:
        """One option by name."""
        return next(one for one in self.options if one.name == name)


@dataclass(frozen=True)
class Workload:
    """What is compared: the traffic, what does not follow from it, and what stands around it."""

    traffic: Traffic
    usage: Usage
    shape: Shape


def workload_of(catalogue: Catalogue, environment: str | None) -> Workload:
    """An environment's workload by environments.yaml; without one, a plain service with the project's usage.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    shape = plain_shape() if environment is None else shape_of(catalogue, environment)
    usage = usage_of(catalogue, environment or SHARED)
    traffic = traffic_of(usage, memory_mb=memory_of(catalogue))
    return Workload(traffic, usage, replace(shape, public=usage.addresses_per_instance > 0))


def compare(
    traffic: Traffic,
    *,
    region: str,
    usage: Usage = DEFAULT,
    shape: Shape | None = None,
    prices: PriceList | None = None,
) -> Comparison:
    """The workload as each of the options.

    Args:
        traffic: the workload.
        region: region of everything.
        usage: what does not follow from the traffic (what is stored, hours, the least of logs).
        shape: the environment whose workload it is; one plain service by default.
        prices: the prices to count with; those of the package by default.
    """
    bench = Bench(region, usage, shape or plain_shape(), prices or packaged_prices())
    options = tuple(bench.option(name, traffic) for name in TITLES)
    grid = _grid(traffic.requests_per_month)
    return Comparison(
        traffic=traffic,
        region=region,
        options=options,
        series=tuple(bench.point(replace(traffic, requests_per_month=requests)) for requests in grid),
        break_evens=break_evens(bench, traffic, grid),
        cheapest=bench.cheapest(traffic),
        partial=tuple(option.name for option in options if not option.known),
        assumptions=words.common(traffic, load_of(traffic, usage), nat_usd=bench.gateway()),
    )


def break_evens(bench: Bench, traffic: Traffic, grid: Sequence[float]) -> tuple[BreakEven, ...]:
    """Where the cheapest changes, found on the very functions that the series is drawn with.

    Machines come in whole numbers, so that the costs have steps and the cheapest may change several times.
    """

    def cheapest(requests: int) -> str | None:
        return bench.cheapest(replace(traffic, requests_per_month=requests))

    found: list[BreakEven] = []
    marks = sorted({int(requests) for requests in grid})
    for low, high in pairwise(marks):
        begin, best = low, cheapest(low)
        last = cheapest(high)
        while best is not None and last is not None and best != last:
            lower, upper = begin, high
            while upper - lower > 1:
                middle = (lower + upper) // 2
                lower, upper = (middle, upper) if cheapest(middle) == best else (lower, middle)
            after = cheapest(upper)
            if after is None:
                break
            point = bench.point(replace(traffic, requests_per_month=lower))
            found.append(BreakEven(lower, best, after, point.usd[best] or 0.0, point.same_usd))
            begin, best = upper, after
    return tuple(found)


def _grid(requests: float) -> list[float]:
    """Traffics evenly on a logarithmic scale, and the one asked about."""
    least, most = math.log10(LEAST_REQUESTS), math.log10(MOST_REQUESTS)
    if requests > 0:
        least = min(least, math.floor(math.log10(max(requests, 1))))
        most = max(most, math.ceil(math.log10(max(requests, 1))))
    steps = round((most - least) * POINTS)
    grid = {float(round(10 ** (least + step / POINTS))) for step in range(steps + 1)}
    return sorted(grid | {requests} if requests >= 1 else grid)


def to_dict(found: Comparison) -> dict[str, object]:
    """The comparison as plain JSON values, with the field names that others rely on."""
    return {
        "region": found.region,
        "traffic": found.traffic.to_dict(),
        "cheapest": found.cheapest,
        "not_compared": list(found.partial),
        "options": [_option(option) for option in found.options],
        "break_evens": [
            {
                "requests_per_month": one.requests_per_month,
                "before": one.before,
                "after": one.after,
                "monthly_usd": round(one.usd, 2),
            }
            for one in found.break_evens
        ],
        "series": [
            {
                "requests_per_month": point.requests_per_month,
                "monthly_usd": {
                    name: None if usd is None else round(usd, 2) for name, usd in point.usd.items()
                },
                "same_usd": round(point.same_usd, 2),
                "carried_by": dict(point.carried_by),
            }
            for point in found.series
        ],
        "assumptions": list(found.assumptions),
    }


def _option(option: Option) -> dict[str, object]:
    return {
        "name": option.name,
        "title": option.title,
        "monthly_usd": float(option.estimate.monthly_usd),
        "known": option.known,
        "carried_by": option.carried_by,
        "parts": {part: float(usd) for part, usd in option.parts.items()},
        "estimate": estimate_to_dict(option.estimate),
        "assumptions": list(option.assumptions),
        "notes": list(option.notes),
    }


def series_rows(found: Comparison) -> list[dict[str, object]]:
    """The series as rows of a table: requests, then dollars a month by option; empty where that is not known."""
    return [
        {
            "requests_per_month": point.requests_per_month,
            **{name: "" if usd is None else round(usd, 2) for name, usd in point.usd.items()},
        }
        for point in found.series
    ]
