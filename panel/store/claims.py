"""Which worker has which run. Each change is one conditional statement, so that of many workers one succeeds."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import update
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import Run, RunExecution, RunStage, now

# Number of PostgreSQL's advisory lock around the question whose turn it is at the shared stack.
_SHARED_TURN = 7261640
#: States of a run in which it is at its stack: it renders, plans or applies.
_AT_ITS_STACK = ("preparing", "planning", "approved", "applying")


class Claims:
    """Taking runs, and taking them over."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def claim(self, run_id: int, worker: str, instance: str) -> bool:
        """Take a queued run that nobody has; False where somebody was quicker, it was canceled, or is not for here."""
        statement = (
            update(Run)
            .where(col(Run.id) == run_id, col(Run.state) == "queued", col(Run.worker) == "")
            .where(col(Run.active).is_(True), col(Run.pinned_instance).in_(["", instance]))
            .values(worker=worker, instance=instance)
        )
        with self._db.write() as session:
            return bool(session.exec(statement).rowcount)

    def take_over(self, run_id: int, before: str, worker: str, instance: str) -> bool:
        """Take a run from a worker that is gone; False where another survivor was quicker."""
        statement = (
            update(Run)
            .where(col(Run.id) == run_id, col(Run.worker) == before)
            .values(worker=worker, instance=instance, heartbeat_at=now())
        )
        with self._db.write() as session:
            return bool(session.exec(statement).rowcount)

    def environments_of(self, run_ids: Collection[int]) -> set[str]:
        """The environments of these runs; runs that are not in the store are passed over."""
        with self._db.read() as session:
            return {*session.exec(select(Run.environment).where(col(Run.id).in_(run_ids)))}

    def find(self, run_id: int) -> Run | None:
        """The run with this number, if it is in the store."""
        with self._db.read() as session:
            return session.get(Run, run_id)

    def has_open_execution(self, run_id: int, *, elsewhere_than: str) -> bool:
        """Whether a Terraform of this run that was begun on another instance is not known to have ended."""
        query = (
            select(RunExecution.key)
            .where(RunExecution.run_id == run_id, RunExecution.instance != elsewhere_than)
            .where(col(RunExecution.ended_at).is_(None))
        )
        with self._db.read() as session:
            return session.exec(query.limit(1)).first() is not None

    def enter_shared(self, run_id: int, shared: str) -> bool:
        """Begin a run's stage ``shared`` unless another run is at the shared stack; asking again is harmless.

        Args:
            run_id: the run that wants to look after the shared stack before its own.
            shared: name under which the shared stack has runs of its own.
        """
        others = select(RunStage.run_id).join(Run, col(Run.id) == RunStage.run_id)
        others = others.where(
            RunStage.name == "shared", RunStage.state == "active", RunStage.run_id != run_id
        )
        own = select(Run.id).where(Run.environment == shared, col(Run.state).in_(_AT_ITS_STACK))
        with self._db.write() as session:
            self._db.one_at_a_time(session, _SHARED_TURN)
            if session.exec(others.where(col(Run.active).is_(True)).limit(1)).first() is not None:
                return False
            if session.exec(own.where(col(Run.active).is_(True)).limit(1)).first() is not None:
                return False
            stage = session.get(RunStage, (run_id, "shared"))
            if stage is not None:
                stage.state, stage.started_at = "active", stage.started_at or now()
                session.add(stage)
            session.exec(update(Run).where(col(Run.id) == run_id).values(stage="shared", heartbeat_at=now()))
            return True
