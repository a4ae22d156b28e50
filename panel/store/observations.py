"""What the worker saw: health samples, and the workers' own signs of life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import HealthSample, WorkerRecord, now


class HealthSamples:
    """Outcomes of health sweeps."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(self, environment: str, verdict: str, report: dict[str, Any]) -> HealthSample:
        """Keep a sweep's outcome; ``since`` goes on while the verdict stays the same."""
        with self._db.write() as session:
            last = session.exec(
                select(HealthSample)
                .where(HealthSample.environment == environment)
                .order_by(col(HealthSample.id).desc())
                .limit(1)
            ).first()
            since = last.since if last is not None and last.verdict == verdict else now()
            sample = HealthSample(environment=environment, verdict=verdict, since=since, report=report)
            session.add(sample)
            return sample

    def latest(self) -> dict[str, HealthSample]:
        """The last sample of every environment."""
        newest = select(func.max(HealthSample.id)).group_by(HealthSample.environment)
        with self._db.read() as session:
            return {
                sample.environment: sample
                for sample in session.exec(select(HealthSample).where(col(HealthSample.id).in_(newest)))
            }

    def history(self, environment: str, *, limit: int = 500) -> list[HealthSample]:
        """Samples of one environment, newest first."""
        query = (
            select(HealthSample)
            .where(HealthSample.environment == environment)
            .order_by(col(HealthSample.id).desc())
            .limit(limit)
        )
        with self._db.read() as session:
            return [*session.exec(query)]

    def forget(self, *, older_than: timedelta) -> None:
        """Drop samples past their time."""
        with self._db.write() as session:
            session.exec(delete(HealthSample).where(col(HealthSample.checked_at) < now() - older_than))


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
