"""Terraform processes in the store: noted before they are started, so that whoever has only the store knows of them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from panel.errors import NotFoundError
from panel.store.database import Database
from panel.store.tables import Run, RunExecution, now


class Begun(NamedTuple):
    """An execution and the run it belongs to."""

    execution: RunExecution
    run: Run


class Executions:
    """Records of executions by run and key."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def begin(
        self, run_id: int, key: str, *, stack: str, action: str, instance: str, host: str, path: str
    ) -> RunExecution:
        """Note that an execution is about to be started.

        Returns:
            The record under this key: the one made now, or the one somebody made before (see its ``instance``).
        """
        made = RunExecution(
            run_id=run_id, key=key, stack=stack, action=action, instance=instance, host=host, path=path
        )
        try:
            with self._db.write() as session:
                found = session.get(RunExecution, (run_id, key))
                if found is None:
                    session.add(made)
                return found or made
        except IntegrityError:
            # Another worker was quicker by a moment: the second look finds its record.
            with self._db.read() as session:
                return session.get_one(RunExecution, (run_id, key))

    def end(self, run_id: int, key: str, status: str) -> None:
        """Note how an execution ended; the first word on it stays.

        Raises:
            NotFoundError: it was never begun.
        """
        with self._db.write() as session:
            found = session.get(RunExecution, (run_id, key))
            if found is None:
                raise NotFoundError(f"Run {run_id} has no execution {key!r}.")
            if found.ended_at is None:
                found.ended_at, found.status = now(), status
                session.add(found)

    def of_run(self, run_id: int) -> list[RunExecution]:
        """A run's executions in the order they were begun."""
        query = select(RunExecution).where(RunExecution.run_id == run_id)
        with self._db.read() as session:
            return [*session.exec(query.order_by(col(RunExecution.started_at)))]

    def open(self, instance: str) -> list[Begun]:
        """What an instance began and nobody has seen end."""
        query = (
            select(RunExecution, Run)
            .join(Run, col(Run.id) == col(RunExecution.run_id))
            .where(RunExecution.instance == instance, col(RunExecution.ended_at).is_(None))
        )
        with self._db.read() as session:
            return [Begun(execution, run) for execution, run in session.exec(query)]

    def before(
        self, environment: str | None, stack: str, moment: datetime, *, limit: int = 20
    ) -> list[Begun]:
        """Executions of a stack that were begun before a moment, the latest first.

        Args:
            environment: whose stack; None for one that all environments share.
        """
        query = (
            select(RunExecution, Run)
            .join(Run, col(Run.id) == col(RunExecution.run_id))
            .where(RunExecution.stack == stack, col(RunExecution.started_at) <= moment)
            .order_by(col(RunExecution.started_at).desc())
            .limit(limit)
        )
        if environment is not None:
            query = query.where(Run.environment == environment)
        with self._db.read() as session:
            return [Begun(execution, run) for execution, run in session.exec(query)]
