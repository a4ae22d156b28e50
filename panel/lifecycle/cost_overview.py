"""What pages and terminals show of bills, budgets and waste: from the store and the catalogue alone, AWS is not asked."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from panel.catalogue.schema import SHARED, Catalogue
from panel.cost.actuals import (
    CALL_USD,
    Alert,
    Day,
    alerts_of,
    by_service,
    month_before,
    month_of,
    to_date,
    together,
)
from panel.cost.waste_words import REMEDIES, TITLES
from panel.errors import NotFoundError
from panel.store.bills import UNTAGGED, BillLine
from panel.store.cost_tables import BillDay, BillForecast
from panel.store.health_tables import Reading
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, now

#: How the store's readings are named.
BILL, WASTE = "bill", "waste"
_PRICES_S = 600.0
NO_BILL = "The embedded AWS has no bill."
NEVER_READ = "The bill is never read: PANEL_BILL_INTERVAL_H is 0."
NOT_YET = "The bill was not read yet."


@dataclass(frozen=True)
class CostView:
    """What one environment costs in one month.

    Attributes:
        environment: its name; the shared network's; empty for what carries no environment's tag.
        estimate_usd: a month by its last plan where it exists, else by the catalogue; None where nothing can be told.
        budget_usd: a month; None where it has no budget.
        to_date_usd: charged this month; None where there is no bill, or it has nothing of it.
        forecast_usd: the whole month, as AWS expects it; None where AWS expects nothing.
        month: as ``2026-11``.
        by_service: dollars of this month by service of AWS, the dearest first.
        days: this month and the one before, by day and service, the oldest first.
        fetched_at: when the bill was last read with success.
        note: why there is no bill, or what is wrong with it, and what to do; empty where all is well.
        alerts: which of the environment's budget alerts are reached.
        exists: whether the environment exists.
    """

    environment: str
    estimate_usd: float | None
    budget_usd: float | None
    to_date_usd: float | None
    forecast_usd: float | None
    month: str
    by_service: Mapping[str, float]
    days: tuple[Day, ...]
    fetched_at: datetime | None
    note: str
    alerts: tuple[Alert, ...]
    exists: bool = False


@dataclass(frozen=True)
class CostTotal:
    """The whole project in one month: sums over environments that exist or were charged.

    ``untagged_usd`` is charged to the project and to no environment; it is part of ``to_date_usd``. ``forecast_usd``
    counts what was charged where AWS expects nothing; None where it expects nothing at all. ``days`` are those of all
    environments together, by day and service. ``saving_usd``: what could
    be saved, as far as it is known. ``calls`` and ``calls_usd``: what asking for the bill took and cost this month.
    """

    month: str
    estimate_usd: float
    budget_usd: float
    to_date_usd: float | None
    forecast_usd: float | None
    untagged_usd: float
    saving_usd: float
    by_service: Mapping[str, float]
    days: tuple[Day, ...]
    fetched_at: datetime | None
    note: str
    calls: int
    calls_usd: float


@dataclass(frozen=True)
class WasteView:
    """Something that costs and seems to serve nobody.

    ``monthly_usd`` is what its removal saves, None where that is not known; ``since`` is when it was first seen;
    ``remedy`` says how to remove it.
    """

    kind: str
    title: str
    resource: str
    environment: str
    detail: str
    monthly_usd: float | None
    since: datetime
    remedy: str = ""


class CostOverview:
    """Read models of cost.

    Args:
        catalogue: reads environments.yaml.
        stores: the store.
        estimate: a month of an environment, or of the shared network, in dollars by the catalogue; None where it cannot
            be told.
        bill_interval_h: hours between two readings of the bill; 0: it is never read.
        clock: the present time.
    """

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        stores: Stores,
        estimate: Callable[[Catalogue, str], float | None],
        *,
        bill_interval_h: float = 12,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._estimate = estimate
        self._bill_interval_h = bill_interval_h
        self._clock = clock
        self._counted: tuple[Catalogue | None, float, dict[str, float | None]] = (None, 0.0, {})
        self._kept: tuple[tuple[str, datetime], _Bill] | None = None

    def environment(self, name: str) -> CostView:
        """One environment, or the shared network.

        Raises:
            NotFoundError: the catalogue has no such environment, nor has the bill.
        """
        page = self._page()
        days = _days(self._stores.bills.days(name, page.since))
        if name not in page.catalogue.environments and name != SHARED and not days:
            raise NotFoundError(
                f"There is no environment {name}.", hint="'panel env list' shows those there are."
            )
        # What another target was charged is no bill of this one.
        days = () if page.emulated else days
        return self._view(page, name, days, by_service(days, page.month))

    def all(self) -> list[CostView]:
        """Every environment of the catalogue in its order, the shared network, then what else was charged."""
        page = self._page()
        return self._views(page, self._all_days(page))

    def waste(self) -> list[WasteView]:
        """What could be saved, the most first."""
        return [
            WasteView(
                kind=found.kind, title=TITLES.get(found.kind, found.kind), resource=found.resource,
                environment=found.environment, detail=found.detail, monthly_usd=found.monthly_usd,
                since=found.first_seen_at,
                remedy=REMEDIES.get(found.kind, "").format(
                    resource=found.resource, environment=found.environment
                ),
            )
            for found in self._stores.waste.all()
        ]  # fmt: skip

    def total(self) -> CostTotal:
        """The whole project."""
        page = self._page()
        bill = self._all_days(page)
        views = self._views(page, bill)
        counted = [view for view in views if view.exists or view.to_date_usd]
        charged = [view for view in counted if view.to_date_usd is not None]
        untagged = sum(bill.services.get(UNTAGGED, {}).values())
        calls = dict(page.reading.facts.get("calls") or {}) if page.reading else {}
        asked = int(calls.get(page.month, 0))
        return CostTotal(
            month=page.month,
            estimate_usd=sum(view.estimate_usd or 0 for view in counted),
            budget_usd=sum(view.budget_usd or 0 for view in counted),
            to_date_usd=to_date(bill.together, page.month),
            forecast_usd=sum(view.forecast_usd or view.to_date_usd or 0 for view in charged) + untagged
            if any(view.forecast_usd is not None for view in charged)
            else None,
            untagged_usd=untagged,
            saving_usd=sum(found.monthly_usd or 0 for found in self._stores.waste.all()),
            by_service=by_service(bill.together, page.month),
            days=bill.together,
            fetched_at=page.fetched_at,
            note=page.note,
            calls=asked,
            calls_usd=asked * CALL_USD,
        )

    def _all_days(self, page: _Page) -> _Bill:
        """The whole bill, read again only after AWS told another: of hundreds of environments it is long."""
        if page.emulated:
            return _Bill({}, {}, ())
        mark = (page.since, page.reading.at) if page.reading is not None else None
        kept = self._kept
        if kept is not None and kept[0] == mark:
            return kept[1]
        by_name: dict[str, list[BillLine]] = defaultdict(list)
        for line in self._stores.bills.all_days(page.since):
            by_name[line.environment].append(line)
        days = {name: _days(lines) for name, lines in by_name.items()}
        bill = _Bill(
            days,
            {name: by_service(own, page.month) for name, own in days.items()},
            together(day for own in days.values() for day in own),
        )
        self._kept = (mark, bill) if mark is not None else None
        return bill

    def _page(self) -> _Page:
        catalogue, moment = self._catalogue(), self._clock()
        reading = self._stores.readings.get(BILL)
        month = month_of(moment.date())
        return _Page(
            catalogue=catalogue, month=month, since=month_before(moment.date()).isoformat(), reading=reading,
            note=self._note(catalogue, reading), records=self._stores.environments.all(),
            forecasts=self._stores.bills.forecasts(month),
        )  # fmt: skip

    def _note(self, catalogue: Catalogue, reading: Reading | None) -> str:
        if catalogue.target == "local":
            return NO_BILL
        if self._bill_interval_h <= 0 and reading is None:
            return NEVER_READ
        return reading.detail if reading is not None else NOT_YET

    def _views(self, page: _Page, bill: _Bill) -> list[CostView]:
        return [
            self._view(page, name, bill.days.get(name, ()), bill.services.get(name, {}))
            for name in page.names(bill.days)
        ]

    def _view(self, page: _Page, name: str, days: tuple[Day, ...], services: Mapping[str, float]) -> CostView:
        entry, record = page.catalogue.environments.get(name), page.records.get(name)
        budget = entry.monthly_budget_usd if entry is not None else None
        charged, forecast = sum(services.values()) if services else None, page.forecasts.get(name)
        expected = forecast.usd if forecast is not None and not page.emulated else None
        exists = record is not None and record.exists
        planned = record.monthly_usd if record is not None and record.exists else None
        known = name in page.catalogue.environments or name == SHARED
        estimate = planned if planned is not None else self._priced(page.catalogue, name) if known else None
        return CostView(
            environment=name, estimate_usd=estimate, budget_usd=budget, to_date_usd=charged,
            forecast_usd=expected, month=page.month, by_service=services, days=days,
            fetched_at=page.fetched_at, note=page.note, exists=exists,
            alerts=alerts_of(
                entry.budget_alerts, budget, actual=charged, forecast=expected,
                estimate=estimate if exists else None,
            )
            if entry is not None and budget is not None
            else (),
        )  # fmt: skip

    def _priced(self, catalogue: Catalogue, name: str) -> float | None:
        """The catalogue's estimate, counted once for each reading of it, and now and then for new prices."""
        of, counted_at, prices = self._counted
        if of is not catalogue or time.monotonic() - counted_at > _PRICES_S:
            prices = {}
            self._counted = (catalogue, time.monotonic(), prices)
        if name not in prices:
            prices[name] = self._estimate(catalogue, name)
        return prices[name]


@dataclass(frozen=True)
class _Bill:
    """The bill: days and dollars of the month by service, by environment; and the days of all together."""

    days: Mapping[str, tuple[Day, ...]]
    services: Mapping[str, Mapping[str, float]]
    together: tuple[Day, ...]


@dataclass(frozen=True)
class _Page:
    """What all views of one look have in common."""

    catalogue: Catalogue
    month: str
    since: str
    reading: Reading | None
    note: str
    records: Mapping[str, EnvironmentRecord]
    forecasts: Mapping[str, BillForecast]

    @property
    def emulated(self) -> bool:
        return self.catalogue.target == "local"

    @property
    def fetched_at(self) -> datetime | None:
        at = self.reading.facts.get("read_at") if self.reading is not None and not self.emulated else None
        return datetime.fromisoformat(str(at)) if at else None

    def names(self, charged: Iterable[str]) -> list[str]:
        """Whatever has a view: the catalogue's environments, the shared network, what else was charged."""
        names = [*self.catalogue.environments, SHARED]
        return names + sorted(name for name in charged if name not in names and name != UNTAGGED)


def _days(days: Iterable[BillDay | BillLine]) -> tuple[Day, ...]:
    return tuple(Day(day.day, day.service, day.usd, day.estimated) for day in days)
