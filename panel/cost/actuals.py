"""What was really charged: sums over days of the bill, and which parts of a budget they pass. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

#: What an amount is that passes a part of a budget: charged already, what AWS expects of the month, or our own estimate.
Basis = Literal["actual", "forecast", "estimate"]
#: What AWS charges for one question to Cost Explorer, in dollars.
CALL_USD = 0.01
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Day:
    """What one service of AWS cost on one day (ISO date, UTC); ``estimated`` until AWS has settled it."""

    day: str
    service: str
    usd: float
    estimated: bool


@dataclass(frozen=True)
class Alert:
    """``usd`` by this basis has reached ``percent`` of the budget."""

    percent: int
    basis: Basis
    usd: float


def month_of(day: date) -> str:
    """The month of a day, as the store writes it: ``2026-11``."""
    return f"{day:%Y-%m}"


def next_month(day: date) -> date:
    """The first day of the month after a day's own."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_before(day: date) -> date:
    """The first day of the month before a day's own."""
    return date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)


def by_service(days: Iterable[Day], month: str) -> Mapping[str, float]:
    """Dollars of a month by service, the dearest first."""
    sums: dict[str, float] = defaultdict(float)
    for day in days:
        if day.day.startswith(f"{month}-"):
            sums[day.service] += day.usd
    return dict(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def together(days: Iterable[Day]) -> tuple[Day, ...]:
    """Days of several environments as one: by day and service, the oldest first; estimated where a part of it is."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    unsettled = set()
    for day in days:
        sums[day.day, day.service] += day.usd
        if day.estimated:
            unsettled.add((day.day, day.service))
    return tuple(Day(*of, usd, of in unsettled) for of, usd in sorted(sums.items()))


def to_date(days: Iterable[Day], month: str) -> float | None:
    """Dollars of a month so far; None where the bill has nothing of it."""
    sums = by_service(days, month)
    return sum(sums.values()) if sums else None


def alerts_of(
    percents: Iterable[int], budget_usd: float, *,
    actual: float | None = None, forecast: float | None = None, estimate: float | None = None,
) -> tuple[Alert, ...]:  # fmt: skip
    """What of a budget is reached: for each basis the largest of the percents that its amount has reached.

    A forecast that reaches no more than what was charged already says nothing new. The estimate counts only where
    there is no bill (``actual`` and ``forecast`` are None).

    Args:
        percents: parts of the budget that people want to hear of.
        budget_usd: dollars a month.
        actual, forecast, estimate: dollars; None where nothing is known.
    """
    charged = _reached(percents, budget_usd, actual)
    expected = _reached(percents, budget_usd, forecast)
    alerts = []
    if actual is not None and charged:
        alerts.append(Alert(charged, "actual", actual))
    if forecast is not None and expected > charged:
        alerts.append(Alert(expected, "forecast", forecast))
    if estimate is not None and actual is None and forecast is None:
        supposed = _reached(percents, budget_usd, estimate)
        alerts += [Alert(supposed, "estimate", estimate)] if supposed else []
    return tuple(alerts)


def _reached(percents: Iterable[int], budget_usd: float, usd: float | None) -> int:
    """The largest percent that an amount has reached; 0 where it has reached none."""
    if usd is None:
        return 0
    return max((percent for percent in percents if usd * _WHOLE >= percent * budget_usd), default=0)
