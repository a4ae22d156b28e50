"""What was measured over time, at the distances that a chart shows: finer looks fill up what is not summed up yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from panel.lifecycle.health_report import numbers
from panel.store.health_tables import HealthPoint

#: Distances at which the store keeps points, in seconds, the coarsest first.
STEPS = (3600, 300, 0)

#: Points of one distance, from a time on.
Points = Callable[[int, datetime], Sequence[HealthPoint]]


@dataclass(frozen=True)
class Measured:
    """What was measured of a service (empty: the whole) in ``step`` seconds from ``at`` on; 0 is a single look."""

    at: datetime
    service: str
    step: int
    looks: int = 1
    latency_max_ms: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)


def measured(points: Points, *, begin: datetime, step: int, shown: int) -> list[Measured]:
    """What was measured from ``begin`` on, the oldest first.

    Args:
        points: asks the store.
        step: the distance the store is asked for; the finer ones only for what came after the last of these.
        shown: the distance wanted, in seconds; 0 leaves every look as it is.
    """
    found: list[HealthPoint] = []
    reached: dict[str, datetime] = {}
    for finer in STEPS:
        if finer > step:
            continue
        since = min(reached.values(), default=begin) if found else begin
        rows = points(finer, since)
        found += [row for row in rows if row.at >= reached.get(row.service, begin)]
        for row in rows:
            end = row.at + timedelta(seconds=finer)
            reached[row.service] = max(reached.get(row.service, begin), end)
    return _summed(found, shown) if shown else [_of(row) for row in sorted(found, key=lambda row: row.at)]


def _of(row: HealthPoint) -> Measured:
    return Measured(row.at, row.service, row.step, row.looks, row.latency_max_ms, numbers(row.measures))


def _summed(rows: Iterable[HealthPoint], shown: int) -> list[Measured]:
    """One value for each stretch of so many seconds: means over looks, and the largest of the maxima."""
    stretches: dict[tuple[float, str], list[Measured]] = {}
    for row in rows:
        start = row.at.timestamp() // shown * shown
        stretches.setdefault((start, row.service), []).append(_of(row))
    return [
        _one(datetime.fromtimestamp(start, UTC), service, shown, members)
        for (start, service), members in sorted(stretches.items(), key=lambda pair: pair[0])
    ]


def _one(at: datetime, service: str, step: int, members: Sequence[Measured]) -> Measured:
    if len(members) == 1:
        only = members[0]
        return Measured(at, service, step, only.looks, only.latency_max_ms, only.measures)
    maxima = [member.latency_max_ms for member in members if member.latency_max_ms is not None]
    names = dict.fromkeys(name for member in members for name in member.measures)
    return Measured(
        at, service, step,
        looks=sum(member.looks for member in members),
        latency_max_ms=max(maxima, default=None),
        measures={name: _mean(name, members) for name in names},
    )  # fmt: skip


def _mean(name: str, members: Sequence[Measured]) -> float:
    """Over the looks that measured it."""
    weighed = [(member.measures[name], max(member.looks, 1)) for member in members if name in member.measures]
    return sum(value * looks for value, looks in weighed) / sum(looks for _, looks in weighed)
