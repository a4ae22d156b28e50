"""What was measured over time, at the distances that a chart shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from panel.lifecycle.health_report import numbers
from panel.store.health_tables import HealthPoint


@dataclass(frozen=True)
class Measured:
    """What was measured in ``step`` seconds from ``at`` on (0: by a single look), over so many looks."""

    at: datetime
    step: int
    looks: int = 1
    latency_max_ms: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)


def measured(points: Iterable[HealthPoint], shown: int) -> list[Measured]:
    """The points of one service as one value for each stretch of ``shown`` seconds, the oldest first.

    Values are means over looks, and the largest of the maxima. 0 leaves every point as it is.
    """
    if not shown:
        return [_of(point.at, point.step, [point]) for point in points]
    stretches: dict[float, list[HealthPoint]] = {}
    for point in points:
        stretches.setdefault(point.at.timestamp() // shown * shown, []).append(point)
    return [_of(datetime.fromtimestamp(start, UTC), shown, stretches[start]) for start in sorted(stretches)]


def _of(at: datetime, step: int, members: Sequence[HealthPoint]) -> Measured:
    maxima = [point.latency_max_ms for point in members if point.latency_max_ms is not None]
    weighed = [(numbers(point.measures), max(point.looks, 1)) for point in members]
    names = dict.fromkeys(name for values, _ in weighed for name in values)
    return Measured(
        at,
        step,
        looks=sum(point.looks for point in members),
        latency_max_ms=max(maxima, default=None),
        measures={name: _mean(name, weighed) for name in names},
    )


def _mean(name: str, weighed: Sequence[tuple[Mapping[str, float], int]]) -> float:
    """Over the looks that measured it."""
    having = [(values[name], looks) for values, looks in weighed if name in values]
    return sum(value * looks for value, looks in having) / sum(looks for _, looks in having)
