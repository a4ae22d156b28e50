"""State locks as a worker last saw them: pages read them here and never ask AWS."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import StateLock


class StateLocks:
    """Records of state locks by the environment (or ``shared``) whose state they lock."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[StateLock]:
        """Every lock that was seen, by subject."""
        with self._db.read() as session:
            return [*session.exec(select(StateLock).order_by(col(StateLock.subject)))]

    def get(self, subject: str) -> StateLock | None:
        """The lock of one state; None when it was not locked when last looked at."""
        with self._db.read() as session:
            return session.get(StateLock, subject)

    def save(self, lock: StateLock) -> None:
        """Keep what was seen of one lock."""
        try:
            self._merge(lock)
        except IntegrityError:
            # Every worker looks at locks: another one has told of it in this very moment, and ours is newer.
            self._merge(lock)

    def _merge(self, lock: StateLock) -> None:
        with self._db.write() as session:
            session.merge(lock)

    def keep_only(self, subjects: Iterable[str]) -> None:
        """Forget the locks of all other states: they are gone."""
        with self._db.write() as session:
            session.exec(delete(StateLock).where(col(StateLock.subject).not_in([*subjects])))

    def forget(self, subject: str) -> None:
        """Forget the lock of one state: it was released."""
        with self._db.write() as session:
            session.exec(delete(StateLock).where(col(StateLock.subject) == subject))
