"""How much of a time something was up, counted from the spans of its verdicts.

*Degraded* counts as up: people get what they came for. What nobody could tell, and a time without looks, is not
measured, and so neither up nor down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from panel.store.health_tables import HealthSpan

_MEASURED = frozenset({"healthy", "degraded", "down"})


@dataclass(frozen=True)
class Uptime:
    """``percent`` of the ``measured_s`` seconds that it was up; None where nothing was measured."""

    percent: float | None = None
    down_s: float = 0.0
    degraded_s: float = 0.0
    unknown_s: float = 0.0
    measured_s: float = 0.0


def uptime(spans: Iterable[HealthSpan], begin: datetime, end: datetime) -> Uptime:
    """What the spans of one environment, or of one of its services, come to between two instants.

    Args:
        spans: in any order; what lies outside is cut off, and one that lasts goes on to ``end``.
    """
    seconds: dict[str, float] = {}
    for span in spans:
        lasted = (min(span.ended_at or end, end) - max(span.began_at, begin)).total_seconds()
        if lasted > 0:
            seconds[span.verdict] = seconds.get(span.verdict, 0.0) + lasted
    measured = sum(lasted for verdict, lasted in seconds.items() if verdict in _MEASURED)
    down = seconds.get("down", 0.0)
    return Uptime(
        percent=100 * (measured - down) / measured if measured else None,
        down_s=down,
        degraded_s=seconds.get("degraded", 0.0),
        unknown_s=seconds.get("unknown", 0.0),
        measured_s=measured,
    )
