"""Bringing the bill into the store: seldom, since every question costs a cent, and never sooner for being refused."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from panel.aws.cost_explorer import ENVIRONMENT_TAG, PROJECT_TAG, Charge, CostExplorer
from panel.aws.refusals import passes_by_itself
from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue
from panel.cost.actuals import month_before, month_of, next_month
from panel.errors import PanelError, RefusedError
from panel.lifecycle.cost_overview import BILL, NO_BILL
from panel.store.bills import UNTAGGED
from panel.store.cost_tables import BillDay
from panel.store.health_tables import Reading
from panel.store.stores import Stores
from panel.store.tables import now

#: After no answer, or too many questions, AWS is asked again this soon; after a refusal not before the usual time.
RETRY = timedelta(hours=1)
# A forecast moves slowly, and there is one for each environment.
_FORECAST_AGE = timedelta(hours=20)
_MOST_FORECASTS = 50
# What was charged in the last days goes on; what was not is over, and its bill is known.
_STILL_CHARGED = timedelta(days=3)
# A month is settled some days after it ended.
_SETTLED_BY = 10
_KEPT = timedelta(days=400)
_LONGEST = timedelta(days=180)
# Less than this is no cost that somebody would miss.
_CENT = 0.01

_log = logging.getLogger(__name__)


class BillReading:
    """Reads the bill when it is time.

    Args:
        catalogue: reads environments.yaml.
        stores: the store.
        aws: the account.
        interval_h: hours between two readings; 0: never.
        clock: the present time.
    """

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        stores: Stores,
        aws: Callable[[], Aws],
        *,
        interval_h: float,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._aws = aws
        self._interval = timedelta(hours=interval_h)
        self._clock = clock

    def look(self) -> None:
        """Read the bill if it is time; what goes wrong is kept for pages to say, and logged."""
        if not self._interval or self._catalogue().target == "local" or not self._due():
            return
        try:
            self.read()
        except PanelError as error:
            _log.warning("Reading the bill failed: %s", error)

    def read(self, *, forecasts: bool = False) -> Reading:
        """Read the bill now, whatever the time; returns how that went.

        Args:
            forecasts: whether forecasts are asked for that are not a day old yet.

        Raises:
            RefusedError: the embedded AWS has no bill.
            AwsError, EndpointError: AWS refuses or does not answer; that is kept too.
        """
        catalogue = self._catalogue()
        if catalogue.target == "local":
            raise RefusedError(NO_BILL, hint="'panel cost estimate' says what it would cost on AWS.")
        before = self._stores.readings.get(BILL)
        facts: dict[str, Any] = dict(before.facts) if before is not None else {}
        # Noted before anything is asked: a worker that dies over it, again and again, must not ask each time.
        self._note(before.ok if before else True, before.detail if before else "", facts)
        explorer = CostExplorer(self._aws(), catalogue.project)
        try:
            detail = self._read(explorer, catalogue, facts, forecasts=forecasts)
        except PanelError as error:
            facts = self._counted(facts, explorer.calls) | {"passes": passes_by_itself(error)}
            self._note(False, str(error), facts)
            raise
        facts = self._counted(facts, explorer.calls) | {"read_at": self._clock().isoformat(), "passes": False}
        self._note(True, detail, facts)
        return Reading(name=BILL, ok=True, detail=detail, facts=facts)

    def _due(self) -> bool:
        last = self._stores.readings.get(BILL)
        if last is None:
            return True
        wait = min(RETRY, self._interval) if not last.ok and last.facts.get("passes") else self._interval
        return self._clock() - last.at >= wait

    def _note(self, ok: bool, detail: str, facts: Mapping[str, Any]) -> None:
        self._stores.readings.note(BILL, ok=ok, detail=detail, facts=facts, at=self._clock())

    def _counted(self, facts: Mapping[str, Any], calls: int) -> dict[str, Any]:
        """The facts with so many more questions of this month."""
        month = month_of(self._clock().date())
        so_far = dict(facts.get("calls") or {})
        return {**facts, "calls": {month: int(so_far.get(month, 0)) + calls}}

    def _read(
        self, explorer: CostExplorer, catalogue: Catalogue, facts: Mapping[str, Any], *, forecasts: bool
    ) -> str:
        """Read and keep; returns what people should know of it."""
        moment = self._clock()
        today = moment.date()
        begin, end = first_day(today, facts.get("read_at")), today + timedelta(days=1)
        charges = explorer.charges(begin, end)
        if not charges:
            # What was read before stays: an empty answer may only mean that a tag is not counted by any more.
            return _nothing(explorer, catalogue.project, begin, end)
        bills = self._stores.bills
        bills.replace_days(_rows(charges, moment), begin=begin.isoformat(), end=end.isoformat())
        bills.forget_before((today - _KEPT).isoformat())
        trouble = self._forecasts(explorer, charges, today, anew=forecasts)
        return " ".join(part for part in (_untagged(charges), trouble) if part)

    def _forecasts(
        self, explorer: CostExplorer, charges: Iterable[Charge], today: date, *, anew: bool
    ) -> str:
        """Ask what AWS expects of the environments that are still charged; returns what went wrong."""
        bills, month, moment = self._stores.bills, month_of(today), self._clock()
        wanted = _still_charged(charges, today)
        known = bills.forecasts(month)
        for gone in set(known) - set(wanted):
            bills.drop_forecast(gone, month)
        old = [
            name for name in wanted
            if anew or name not in known or moment - known[name].fetched_at >= _FORECAST_AGE
        ]  # fmt: skip
        try:
            for name in old[:_MOST_FORECASTS]:
                rest = explorer.forecast(name, today, next_month(today))
                if rest is None:
                    bills.drop_forecast(name, month)
                    continue
                over = sum(
                    one.usd for one in charges
                    if one.environment == name and one.day < today and month_of(one.day) == month
                )  # fmt: skip
                bills.keep_forecasts(month, {name: round(over + rest, 6)}, at=moment)
        except PanelError as error:
            # The bill is worth having without what is expected of it, which needs a permission of its own.
            _log.warning("Reading forecasts of the bill failed: %s", error)
            return f"Its forecasts could not be read. {error}"
        return ""


def first_day(today: date, read_at: object) -> date:
    """From which day on the bill is read again: what is settled and was read does not change any more.

    Args:
        today: the present day, UTC.
        read_at: when the bill was last read with success, as ISO 8601; None where it never was.
    """
    if not read_at:
        return month_before(today)
    last = datetime.fromisoformat(str(read_at)).date()
    unsettled = month_before(last) if last.day <= _SETTLED_BY else last.replace(day=1)
    return max(unsettled, (today - _LONGEST).replace(day=1))


def _rows(charges: Iterable[Charge], moment: datetime) -> list[BillDay]:
    return [
        BillDay(
            environment=one.environment, day=one.day.isoformat(), service=one.service, usd=one.usd,
            estimated=one.estimated, fetched_at=moment,
        )
        for one in charges
    ]  # fmt: skip


def _still_charged(charges: Iterable[Charge], today: date) -> list[str]:
    """The environments that were charged in the last days, the dearest first."""
    sums: dict[str, float] = defaultdict(float)
    for one in charges:
        if one.environment != UNTAGGED and one.day >= today - _STILL_CHARGED:
            sums[one.environment] += one.usd
    return sorted((name for name, usd in sums.items() if usd >= _CENT), key=lambda name: (-sums[name], name))


def _nothing(explorer: CostExplorer, project: str, begin: date, end: date) -> str:
    """Nothing carries the project's tag: because nothing was charged, or because nobody counts by tags."""
    usd = explorer.account_usd(begin, end)
    if usd < _CENT:
        return ""
    return (
        f"The account was charged $ {usd:.2f} since {begin}, and none of it carries the tag "
        f"{PROJECT_TAG} = {project}. {_ACTIVATE}"
    )


def _untagged(charges: Iterable[Charge]) -> str:
    """Where nothing at all carries an environment's tag, why that is."""
    if any(one.environment != UNTAGGED for one in charges):
        return ""
    usd = sum(one.usd for one in charges)
    return (
        f"The project was charged $ {usd:.2f}, and none of it carries the tag {ENVIRONMENT_TAG}. {_ACTIVATE}"
    )


_ACTIVATE = (
    f"Activate the cost allocation tags {PROJECT_TAG} and {ENVIRONMENT_TAG} (Billing and Cost Management, Cost allocation "
    "tags; in an organization by its management account). It takes up to a day, and counts from then on."
)
