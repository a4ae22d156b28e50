"""Runs in the store: making one, moving it through its states, its stages, log lines and plans.

The legal transitions are kept here, so that no page, terminal or worker can make an illegal one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from panel.errors import BusyError, IllegalTransitionError, NotFoundError
from panel.store.database import Database
from panel.store.tables import Run, RunLine, RunPlan, RunStage, RunTransition, now

#: Which state may follow which. ``applied`` closes a run whose every stage succeeded.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"preparing", "canceled", "errored", "interrupted"}),
    "preparing": frozenset(
        {"planning", "applying", "deploying", "errored", "canceled", "interrupted", "blocked"}
    ),
    "planning": frozenset({"planned", "no_changes", "blocked", "errored", "canceled", "interrupted"}),
    # Open only where a person may still override what blocks it; otherwise `finish` has closed it.
    "blocked": frozenset({"planned", "discarded", "canceled", "stale", "errored", "interrupted"}),
    "planned": frozenset({"approved", "discarded", "canceled", "stale", "errored", "interrupted"}),
    "no_changes": frozenset({"deploying", "applied", "errored", "canceled", "interrupted"}),
    "approved": frozenset({"applying", "stale", "canceled", "errored", "interrupted"}),
    "applying": frozenset({"deploying", "applied", "errored", "canceled", "interrupted"}),
    "deploying": frozenset({"applied", "errored", "canceled", "interrupted"}),
}
#: States after which nothing happens any more.
FINAL = frozenset({"applied", "errored", "canceled", "discarded", "stale", "interrupted"})


class Line(NamedTuple):
    """A log line to append; ``source`` and ``position`` identify it when the same output is read twice."""

    text: str
    level: str = "info"
    source: str = ""
    position: int | None = None


class Runs:
    """Queries and changes of runs."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self, environment: str, kind: str, author: str, stages: Sequence[str], *,
        auto_approve: bool = False, options: Mapping[str, Any] | None = None,
    ) -> Run:  # fmt: skip
        """Make a run in state ``queued``.

        Raises:
            BusyError: the environment has a run under way; the message names it.
        """
        run = Run(
            environment=environment,
            kind=kind,
            author=author,
            auto_approve=auto_approve,
            options=dict(options or {}),
        )
        try:
            with self._db.write() as session:
                session.add(run)
                session.flush()
                for position, name in enumerate(stages):
                    session.add(RunStage(run_id=_key(run), name=name, position=position))
                session.add(RunTransition(run_id=_key(run), before="", after="queued", actor=author))
        except IntegrityError:
            raise self._busy(environment) from None
        return run

    def _busy(self, environment: str) -> BusyError:
        other = self.active(environment)
        if other is None:
            return BusyError(
                f"Another run of {environment} started at the same moment.", hint="Open it from Runs."
            )
        return BusyError(
            f"Run {other.id} of {environment} is already under way ({other.kind}, by {other.author}).",
            hint=f"Open run {other.id}, or wait until it has ended.",
        )

    def get(self, run_id: int) -> Run:
        """The run with this number.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as session:
            return _load(session, run_id)

    def active(self, environment: str) -> Run | None:
        """The run of this environment that is under way, if any."""
        with self._db.read() as session:
            return session.exec(
                select(Run).where(Run.environment == environment, col(Run.active).is_(True))
            ).first()

    def pending(self) -> list[Run]:
        """Runs a worker has something to do for: those that are active, and those whose workflow still waits."""
        query = select(Run).where(col(Run.active).is_(True) | col(Run.awaiting).is_(True))
        with self._db.read() as session:
            return [*session.exec(query.order_by(col(Run.id)))]

    def recent(
        self,
        environment: str | None = None,
        *,
        active: bool | None = None,
        limit: int = 50,
        before: int | None = None,
    ) -> list[Run]:
        """Runs, newest first; ``before`` is the number to page on from."""
        query = select(Run).order_by(col(Run.id).desc()).limit(limit)
        if environment is not None:
            query = query.where(Run.environment == environment)
        if active is not None:
            query = query.where(col(Run.active).is_(active))
        if before is not None:
            query = query.where(col(Run.id) < before)
        with self._db.read() as session:
            return [*session.exec(query)]

    def transition(self, run_id: int, after: str, actor: str, *, comment: str = "", **fields: Any) -> Run:
        """Move a run to another state; repeating the last transition is harmless.

        Args:
            fields: further columns to set in the same transaction.

        Raises:
            IllegalTransitionError: the run's state does not allow it.
        """
        with self._db.write() as session:
            run = _load(session, run_id, lock=True)
            if run.state == after:
                return run
            if after not in TRANSITIONS.get(run.state, frozenset()):
                raise IllegalTransitionError(
                    f"Run {run_id} of {run.environment} is {run.state.replace('_', ' ')}; it cannot become {after.replace('_', ' ')}.",
                    hint="Reload the run's page to see where it stands.",
                )
            session.add(
                RunTransition(run_id=run_id, before=run.state, after=after, actor=actor, comment=comment)
            )
            run.state, run.comment = after, comment or run.comment
            run.started_at = run.started_at or now()
            if after in FINAL:
                _close(session, run)
            for name, value in fields.items():
                setattr(run, name, value)
            session.add(run)
            return run

    def finish(self, run_id: int, after: str, actor: str, **fields: Any) -> Run:
        """Close a run from whatever state it is in, unless it is closed already."""
        with self._db.write() as session:
            run = _load(session, run_id, lock=True)
            if not run.active:
                return run
            session.add(RunTransition(run_id=run_id, before=run.state, after=after, actor=actor))
            run.state = after
            for name, value in fields.items():
                setattr(run, name, value)
            _close(session, run)
            session.add(run)
            return run

    def update(self, run_id: int, **fields: Any) -> None:
        """Set columns that are not the state: progress, what it waits for, heartbeat."""
        with self._db.write() as session:
            session.exec(update(Run).where(col(Run.id) == run_id).values(**fields))

    def transitions(self, run_id: int) -> list[RunTransition]:
        """The run's states as they followed each other."""
        with self._db.read() as session:
            return [
                *session.exec(
                    select(RunTransition)
                    .where(RunTransition.run_id == run_id)
                    .order_by(col(RunTransition.id))
                )
            ]

    def stages(self, run_id: int) -> list[RunStage]:
        """The run's stages in order."""
        with self._db.read() as session:
            return [
                *session.exec(
                    select(RunStage).where(RunStage.run_id == run_id).order_by(col(RunStage.position))
                )
            ]

    def set_stage(self, run_id: int, name: str, state: str, *, detail: str = "") -> None:
        """Set a stage's state; starting and ending times follow from it."""
        with self._db.write() as session:
            stage = session.get(RunStage, (run_id, name))
            if stage is None:
                return
            stage.state = state
            stage.detail = detail or stage.detail
            if state in {"active", "waiting"}:
                stage.started_at = stage.started_at or now()
            else:
                stage.ended_at = now()
            session.add(stage)
            session.exec(update(Run).where(col(Run.id) == run_id).values(stage=name, heartbeat_at=now()))

    def append(self, run_id: int, stage: str, lines: Iterable[Line]) -> None:
        """Append log lines; lines of a source that are there already are passed over."""
        with self._db.write() as session:
            known: dict[str, int] = {}
            for line in lines:
                if line.position is not None and line.position <= _last(session, run_id, line.source, known):
                    continue
                if line.position is not None:
                    known[line.source] = line.position
                session.add(
                    RunLine(
                        run_id=run_id,
                        stage=stage,
                        source=line.source,
                        position=line.position,
                        level=line.level,
                        text=line.text,
                    )
                )

    def lines(self, run_id: int, *, after: int = 0, limit: int = 500, newest: bool = False) -> list[RunLine]:
        """Log lines in order: those after line ``after``, or the ``newest`` ones."""
        query = select(RunLine).where(RunLine.run_id == run_id, col(RunLine.id) > after).limit(limit)
        order = col(RunLine.id).desc() if newest else col(RunLine.id)
        with self._db.read() as session:
            rows = [*session.exec(query.order_by(order))]
        return rows[::-1] if newest else rows

    def save_plan(self, plan: RunPlan) -> None:
        """Keep the plan of one stack, replacing an earlier try of the same run."""
        with self._db.write() as session:
            session.exec(
                delete(RunPlan).where(col(RunPlan.run_id) == plan.run_id, col(RunPlan.stack) == plan.stack)
            )
            session.add(plan)

    def plan(self, run_id: int, stack: str) -> RunPlan | None:
        """The plan of one stack in this run, if it was made."""
        with self._db.read() as session:
            return session.get(RunPlan, (run_id, stack))


def _key(run: Run) -> int:
    if run.id is None:
        raise NotFoundError("This run was not stored.")
    return run.id


def _load(session: Session, run_id: int, *, lock: bool = False) -> Run:
    """The run; with ``lock`` nobody else can move it before this transaction ends (SQLite has that already)."""
    run = session.get(Run, run_id, with_for_update=lock)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.", hint="See 'panel runs list'.")
    return run


def _close(session: Session, run: Run) -> None:
    """End a run and whatever of its stages is still open."""
    run.active, run.ended_at, run.waiting_for = False, now(), ""
    for stage in session.exec(select(RunStage).where(RunStage.run_id == run.id)):
        if stage.state in {"active", "waiting"}:
            stage.state, stage.ended_at = ("done" if run.state in {"applied", "planned"} else "failed"), now()
        elif stage.state == "pending":
            stage.state = "skipped"
        session.add(stage)


def _last(session: Session, run_id: int, source: str, known: dict[str, int]) -> int:
    """The highest position kept of a source, asked of the database once per batch."""
    if source not in known:
        found = session.exec(
            select(func.max(RunLine.position)).where(RunLine.run_id == run_id, RunLine.source == source)
        ).one()
        known[source] = -1 if found is None else int(found)
    return known[source]
