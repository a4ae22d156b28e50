"""What the store knows of environments that exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from panel.store.database import Database
from panel.store.tables import EnvironmentRecord, now


class Environments:
    """Records of environments by name."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str) -> EnvironmentRecord:
        """The record of an environment; an empty one where nothing was ever created."""
        with self._db.read() as session:
            return session.get(EnvironmentRecord, name) or EnvironmentRecord(name=name)

    def all(self) -> dict[str, EnvironmentRecord]:
        """All records by name."""
        with self._db.read() as session:
            return {record.name: record for record in session.exec(select(EnvironmentRecord))}

    def save(self, name: str, **fields: Any) -> EnvironmentRecord:
        """Set columns of a record, making it when there is none."""
        try:
            return self._set(name, fields)
        except IntegrityError:
            # Another process made it in this very moment: the second look finds it.
            return self._set(name, fields)

    def _set(self, name: str, fields: Mapping[str, Any]) -> EnvironmentRecord:
        with self._db.write() as session:
            record = session.get(EnvironmentRecord, name) or EnvironmentRecord(name=name)
            for key, value in fields.items():
                setattr(record, key, value)
            record.updated_at = now()
            session.add(record)
            return record
