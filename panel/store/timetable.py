"""When something is due for an environment. Each change names what it was made from: of many workers one succeeds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from panel.store.database import Database
from panel.store.tables import EnvironmentRecord


class Timetable:
    """Changes of an environment's times."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def move(self, name: str, column: str, seen: datetime | None, to: datetime | None) -> bool:
        """Set ``drift_due_at``, ``expires_at`` or ``expiry_warned_at`` from what was seen to something else.

        False where somebody was quicker, and the column holds something else by now.
        """
        field: Any = getattr(EnvironmentRecord, column)
        same = field.is_(None) if seen is None else field == seen
        statement = update(EnvironmentRecord).where(col(EnvironmentRecord.name) == name, same)
        with self._db.write() as session:
            return bool(session.exec(statement.values({column: to})).rowcount)

    def forget(self, name: str) -> None:
        """Drop what belonged to an environment that is gone, so that its successor does not inherit it."""
        statement = update(EnvironmentRecord).where(
            col(EnvironmentRecord.name) == name, col(EnvironmentRecord.exists).is_(False)
        )
        with self._db.write() as session:
            session.exec(
                statement.values(
                    expires_at=None,
                    extended_until=None,
                    expiry_warned_at=None,
                    drift_due_at=None,
                    drift_checked_at=None,
                    drift=[],
                    asleep=False,
                )
            )
