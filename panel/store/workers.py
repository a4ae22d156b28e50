"""The workers' own signs of life."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import WorkerRecord, now


class Workers:
    """The workers' signs of life."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def beat(self, worker: WorkerRecord) -> None:
        """Record that this worker is alive now."""
        with self._db.write() as session:
            worker.heartbeat_at = now()
            session.merge(worker)

    def leave(self, worker_id: str) -> None:
        """Take a worker out that ends on its own."""
        with self._db.write() as session:
            session.exec(delete(WorkerRecord).where(col(WorkerRecord.id) == worker_id))

    def all(self) -> list[WorkerRecord]:
        """Every worker that has not left in order, the oldest first: also those that are gone."""
        with self._db.read() as session:
            return [*session.exec(select(WorkerRecord).order_by(col(WorkerRecord.started_at)))]

    def alive(self, *, within: timedelta) -> list[WorkerRecord]:
        """Workers heard of within this time."""
        with self._db.read() as session:
            return [
                *session.exec(select(WorkerRecord).where(col(WorkerRecord.heartbeat_at) >= now() - within))
            ]
