"""What of ended runs is kept as files, and whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, update
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import Run, RunExecution, RunPlan


class Retention:
    """Files of runs that ended before a moment and are not among the last so many of their environment."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def executions(self, instance: str, *, ended_before: datetime, keep: int) -> list[RunExecution]:
        """Executions of an instance whose folders may go; one that is not known to have ended stays."""
        query = select(RunExecution).where(
            RunExecution.instance == instance,
            RunExecution.path != "",
            col(RunExecution.ended_at).is_not(None),
            col(RunExecution.run_id).in_(_over(ended_before, keep)),
        )
        with self._db.read() as session:
            return [*session.exec(query)]

    def artifacts(self, *, ended_before: datetime, keep: int) -> list[int]:
        """Runs whose artifacts may go."""
        query = select(RunPlan.run_id).where(
            RunPlan.artifact != "", col(RunPlan.run_id).in_(_over(ended_before, keep))
        )
        with self._db.read() as session:
            return [*session.exec(query.distinct().order_by(col(RunPlan.run_id)))]

    def forget_execution(self, run_id: int, key: str) -> None:
        """Note that an execution's folder is gone."""
        with self._db.write() as session:
            session.exec(
                update(RunExecution)
                .where(col(RunExecution.run_id) == run_id, col(RunExecution.key) == key)
                .values(path="")
            )

    def forget_artifacts(self, run_id: int) -> None:
        """Note that a run's artifacts are gone."""
        with self._db.write() as session:
            session.exec(update(RunPlan).where(col(RunPlan.run_id) == run_id).values(artifact=""))


def _over(ended_before: datetime, keep: int) -> Any:
    """Runs whose time is over. An open run counts among the last ones, and is never over itself."""
    place = func.row_number().over(partition_by=col(Run.environment), order_by=col(Run.id).desc())
    columns = (col(Run.id), col(Run.active), col(Run.awaiting), col(Run.ended_at))
    ranked = sqlalchemy.select(*columns, place.label("place")).subquery()
    return sqlalchemy.select(ranked.c.id).where(
        ranked.c.active.is_(False),
        ranked.c.awaiting.is_(False),
        ranked.c.ended_at < ended_before,
        ranked.c.place > keep,
    )
