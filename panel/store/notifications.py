"""Messages to people, from the moment they are written to their delivery: an outbox that any worker may empty."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import Notification


class Notifications:
    """The outbox."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, messages: Iterable[Notification]) -> int:
        """Keep messages that are not kept yet, by their keys; returns how many were new."""
        return sum(self._add(message) for message in messages)

    def _add(self, message: Notification) -> bool:
        with self._db.read() as session:
            query = select(Notification.id).where(Notification.key == message.key)
            if session.exec(query).first() is not None:
                return False
        try:
            with self._db.write() as session:
                session.add(message)
        except IntegrityError:
            return False  # another worker wrote it at the same moment
        return True

    def claim(
        self, channels: Collection[str], at: datetime, lease: timedelta, *, limit: int = 10
    ) -> list[Notification]:
        """Take messages whose time has come, longest due first.

        They are due again when the lease is over: a worker that dies with one in its hands has not lost it.
        """
        query = (
            select(Notification)
            .where(Notification.state == "waiting", col(Notification.due_at) <= at)
            .where(col(Notification.channel).in_(channels))
            .order_by(col(Notification.due_at), col(Notification.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._db.write() as session:
            taken = [*session.exec(query)]
            for message in taken:
                message.due_at, message.attempts = at + lease, message.attempts + 1
                session.add(message)
            return taken

    def sent(self, message: Notification, at: datetime, *, note: str = "") -> None:
        """A message was delivered; ``note`` says to whom it was not, where some of several refused."""
        self._close(message, state="sent", sent_at=at, error=note)

    def put_back(self, message: Notification, due_at: datetime, error: str) -> None:
        """A message could not be delivered, and is tried again."""
        self._close(message, due_at=due_at, error=error)

    def given_up(self, message: Notification, error: str) -> None:
        """A message could not be delivered, and nobody tries any more."""
        self._close(message, state="failed", error=error)

    def _close(self, message: Notification, **fields: object) -> None:
        # Only while it is still ours: after the lease another worker may have it.
        mine = (col(Notification.id) == message.id, col(Notification.attempts) == message.attempts)
        with self._db.write() as session:
            session.exec(
                update(Notification).where(*mine, col(Notification.state) == "waiting").values(**fields)
            )

    def recent(self, environment: str | None = None, *, limit: int = 50) -> list[Notification]:
        """Messages, newest first."""
        query = select(Notification).order_by(col(Notification.id).desc()).limit(limit)
        if environment is not None:
            query = query.where(Notification.environment == environment)
        with self._db.read() as session:
            return [*session.exec(query)]

    def last_written(self) -> datetime | None:
        """When the last message was written."""
        with self._db.read() as session:
            return session.exec(select(func.max(Notification.created_at))).one()

    def forget(self, before: datetime) -> None:
        """Drop what was settled before that moment."""
        with self._db.write() as session:
            session.exec(
                delete(Notification).where(
                    col(Notification.state) != "waiting", col(Notification.created_at) < before
                )
            )
