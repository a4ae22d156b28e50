"""List prices as AWS told them last, by region: they take the place of those that the package carries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from panel.store.cost_tables import LivePrice
from panel.store.database import Database


class LivePrices:
    """Prices that were read live."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, prices: Sequence[LivePrice]) -> None:
        """Keep these, each in the place of what was told before. What was not told this time stays, with its date."""
        with self._db.write() as session:
            for price in prices:
                session.merge(price)

    def all(self) -> list[LivePrice]:
        """Every price that AWS told, by type, component and region."""
        query = select(LivePrice).order_by(
            col(LivePrice.resource_type), col(LivePrice.component), col(LivePrice.region)
        )
        with self._db.read() as session:
            return [*session.exec(query)]

    def fetched_at(self) -> datetime | None:
        """When prices were last read; None when they never were."""
        with self._db.read() as session:
            return session.exec(select(func.max(LivePrice.fetched_at))).first()
