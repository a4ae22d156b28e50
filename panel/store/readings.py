"""How the last readings of things went that are read now and then: sweeps, bills, prices, waste."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import select

from panel.store.database import Database
from panel.store.health_tables import Reading
from panel.store.tables import now


class Readings:
    """The last reading of each kind."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def note(
        self, name: str, *, ok: bool, detail: str = "", facts: Mapping[str, Any] | None = None, at: datetime | None = None
    ) -> None:  # fmt: skip
        """Keep how a reading went, in place of the one before.

        Args:
            detail: why it failed, or what there is to say of it.
            facts: its figures.
            at: when; now, where it is not said.
        """
        with self._db.write() as session:
            session.merge(Reading(name=name, ok=ok, detail=detail, facts=dict(facts or {}), at=at or now()))

    def all(self) -> dict[str, Reading]:
        """The last reading of each kind, by name."""
        with self._db.read() as session:
            return {reading.name: reading for reading in session.exec(select(Reading))}

    def get(self, name: str) -> Reading | None:
        """The last reading of a kind; None where there was none."""
        with self._db.read() as session:
            return session.get(Reading, name)
