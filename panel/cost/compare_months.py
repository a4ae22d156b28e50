"""One month of a bill against the one before, day for day: half a month is no match for a whole one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from panel.cost.actuals import Day, month_before, month_of


@dataclass(frozen=True)
class MonthChange:
    """What the first ``days`` days of a month cost, and the same days of the month before."""

    days: int
    usd: float
    before_usd: float

    @property
    def change_usd(self) -> float:
        """Dollars more than in the month before; less, where negative."""
        return self.usd - self.before_usd


def month_change(days: Iterable[Day], month: str) -> MonthChange | None:
    """A month against the one before, as far as both have days; None where one of them has none.

    The last day of the bill is left out: it is not over.

    Args:
        days: days of both months.
        month: as ``2026-11``.
    """
    before = month_of(month_before(date.fromisoformat(f"{month}-01")))
    told = [*days]
    last = max((int(day.day[8:]) for day in told if day.day.startswith(f"{month}-")), default=0) - 1
    earlier = [day for day in told if day.day.startswith(f"{before}-")]
    if last < 1 or not earlier:
        return None
    return MonthChange(last, _until(told, month, last), _until(earlier, before, last))


def _until(days: Iterable[Day], month: str, last: int) -> float:
    return sum(day.usd for day in days if day.day.startswith(f"{month}-") and int(day.day[8:]) <= last)
