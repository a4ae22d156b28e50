"""The bill by day and service as AWS told it, and what AWS expects of the month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import delete, func, insert
from sqlmodel import col, select

from panel.store.cost_tables import BillDay, BillForecast
from panel.store.database import Database


class BillLine(NamedTuple):
    """A :class:`BillDay` without what nobody reads of many: fifty days of hundreds of environments are many."""

    environment: str
    day: str
    service: str
    usd: float
    estimated: bool


#: Stands for what belongs to the project and carries no environment's tag.
UNTAGGED = ""


class Bills:
    """Days of the bill, and forecasts. Days are ISO dates, months are written ``2026-11``; all in UTC, as AWS has them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def replace_days(self, days: Iterable[BillDay], *, begin: str, end: str) -> None:
        """Keep what was charged from ``begin`` until before ``end``, in place of all that was kept of that time.

        What is still estimated changes with every reading, and may vanish.
        """
        with self._db.write() as session:
            session.exec(delete(BillDay).where(col(BillDay.day) >= begin, col(BillDay.day) < end))
            if rows := [day.model_dump() for day in days]:
                # As plain rows: of hundreds of environments there are tens of thousands, and others want to write.
                session.connection().execute(insert(BillDay), rows)

    def days(self, environment: str, since: str) -> list[BillDay]:
        """What an environment was charged from the day ``since`` on, the oldest first."""
        query = select(BillDay).where(BillDay.environment == environment, col(BillDay.day) >= since)
        with self._db.read() as session:
            return [*session.exec(query.order_by(col(BillDay.day), col(BillDay.service)))]

    def all_days(self, since: str) -> list[BillLine]:
        """What every environment was charged from the day ``since`` on, by environment, the oldest first."""
        columns = (
            col(BillDay.environment), col(BillDay.day), col(BillDay.service), col(BillDay.usd), col(BillDay.estimated),
        )  # fmt: skip
        query = sqlalchemy.select(*columns).where(col(BillDay.day) >= since).order_by(*columns[:3])
        with self._db.read() as session:
            return [BillLine(*row) for row in session.connection().execute(query)]

    def month(self, environment: str, month: str) -> float | None:
        """What an environment was charged in a month so far, in dollars; None where the bill has nothing of it."""
        return self.months(month).get(environment)

    def months(self, month: str) -> dict[str, float]:
        """What every environment was charged in a month so far, in dollars; only those of whom the bill has something."""
        query = (
            select(BillDay.environment, func.sum(BillDay.usd))
            .where(col(BillDay.day).startswith(f"{month}-"))
            .group_by(col(BillDay.environment))
        )
        with self._db.read() as session:
            return {environment: float(usd) for environment, usd in session.exec(query)}

    def forget_before(self, day: str) -> None:
        """Forget the days before one, and the forecasts of the months before its month."""
        with self._db.write() as session:
            session.exec(delete(BillDay).where(col(BillDay.day) < day))
            session.exec(delete(BillForecast).where(col(BillForecast.month) < day[:7]))

    def keep_forecasts(self, month: str, usd: Mapping[str, float], *, at: datetime) -> None:
        """Keep what AWS expects whole months of environments to cost, in dollars, by environment."""
        with self._db.write() as session:
            for environment, amount in usd.items():
                session.merge(BillForecast(environment=environment, month=month, usd=amount, fetched_at=at))

    def drop_forecast(self, environment: str, month: str) -> None:
        """Forget a forecast: AWS has none any more."""
        with self._db.write() as session:
            found = session.get(BillForecast, (environment, month))
            if found is not None:
                session.delete(found)

    def forecast(self, environment: str, month: str) -> BillForecast | None:
        """What AWS expects a whole month of an environment to cost; None where it said nothing."""
        with self._db.read() as session:
            return session.get(BillForecast, (environment, month))

    def forecasts(self, month: str) -> dict[str, BillForecast]:
        """What AWS expects a whole month to cost, by environment."""
        query = select(BillForecast).where(BillForecast.month == month)
        with self._db.read() as session:
            return {found.environment: found for found in session.exec(query)}
