"""What happened to runs, as schedules and notifications ask it: steps since a moment, the last runs of a kind."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import Run, RunTransition


class RunHistory:
    """Reading alone."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def last_step_before(self, moment: datetime) -> int:
        """Number of the last transition before a moment; 0 where there is none."""
        query = select(func.max(RunTransition.id)).where(col(RunTransition.at) < moment)
        with self._db.read() as session:
            return session.exec(query).one() or 0

    def steps(self, *, after: int, limit: int) -> list[tuple[RunTransition, Run]]:
        """Transitions after the one of that number with their runs as they are now, oldest first."""
        query = (
            select(RunTransition, Run)
            .join(Run, col(Run.id) == col(RunTransition.run_id))
            .where(col(RunTransition.id) > after)
            .order_by(col(RunTransition.id))
            .limit(limit)
        )
        with self._db.read() as session:
            return [(step, run) for step, run in session.exec(query)]

    def latest(
        self, environment: str, kinds: Collection[str], *,
        since: datetime | None = None, before: int | None = None, limit: int = 20,
    ) -> list[Run]:  # fmt: skip
        """Runs of these kinds, newest first: ordered at ``since`` or later, and before the run of that number."""
        query = select(Run).where(Run.environment == environment, col(Run.kind).in_(kinds))
        if since is not None:
            query = query.where(col(Run.created_at) >= since)
        if before is not None:
            query = query.where(col(Run.id) < before)
        with self._db.read() as session:
            return [*session.exec(query.order_by(col(Run.id).desc()).limit(limit))]
