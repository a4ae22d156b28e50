"""Runs in the store: making one, moving it through its states, its stages and plans.

The store itself refuses what is illegal (:mod:`panel.store.states`), so that no page, terminal or worker can do it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from panel.errors import BusyError, IllegalTransitionError, NotFoundError, RefusedError
from panel.store.approvals import Approvals, check_suffices
from panel.store.database import Database
from panel.store.moves import close, load, move, note
from panel.store.run_log import Line, RunLog
from panel.store.states import FINAL, TRANSITIONS, WAITING, check_end, check_move, words
from panel.store.tables import Run, RunPlan, RunStage, RunTransition, now

__all__ = ["FINAL", "TRANSITIONS", "WAITING", "Line", "Runs"]

#: What a run's order that makes way is told.
MADE_WAY = "made way"
# Columns that only a transition, or the order itself, may set.
_GUARDED = frozenset({
    "id", "state", "active", "environment", "kind", "author", "created_at", "ended_at", "auto_approve",
    "approvals_needed", "author_may_approve", "overridden_by", "override_reason", "retry_of",
})  # fmt: skip
_SET_BY_ORDER = frozenset(
    {"id", "state", "active", "environment", "kind", "author", "created_at", "ended_at"}
)


class Runs(RunLog, Approvals):
    """Queries and changes of runs."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self, environment: str, kind: str, author: str, stages: Sequence[str], *,
        auto_approve: bool = False, options: Mapping[str, Any] | None = None, priority: int = 0,
        retry_of: int | None = None, replaces: int | None = None, preempts: str = "", pinned_instance: str = "",
    ) -> Run:  # fmt: skip
        """Make a run in state ``queued``.

        Args:
            priority: what a worker takes first when it cannot take all; more is earlier.
            retry_of: the run that this one repeats.
            replaces: a run that waits for a decision, discarded in the same transaction.
            preempts: a kind of run that makes way: one under way is canceled in the same transaction.
            pinned_instance: the data directory whose worker alone may take it; empty: any worker's.

        Raises:
            BusyError: the environment has a run under way; the message names it.
            IllegalTransitionError: the run to replace does not wait any more.
        """
        run = Run(
            environment=environment,
            kind=kind,
            author=author,
            auto_approve=auto_approve,
            options=dict(options or {}),
            priority=priority,
            retry_of=retry_of,
            pinned_instance=pinned_instance,
        )
        try:
            with self._db.write() as session:
                if replaces is not None:
                    _discard(session, load(session, replaces, lock=True), author)
                if preempts:
                    _make_way(session, environment, preempts, author)
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
            return load(session, run_id)

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

    def newest(self, *, without: Collection[str] = ()) -> dict[str, Run]:
        """The newest run of each environment, by name; runs of the kinds in ``without`` are passed over."""
        numbers = select(func.max(Run.id)).group_by(Run.environment)
        if without:
            numbers = numbers.where(col(Run.kind).not_in(without))
        with self._db.read() as session:
            return {run.environment: run for run in session.exec(select(Run).where(col(Run.id).in_(numbers)))}

    def transition(self, run_id: int, after: str, actor: str, *, comment: str = "", **fields: Any) -> Run:
        """Move a run to another state; repeating the last transition is harmless.

        Becoming ``approved`` counts as the actor's approval. ``blocked`` becomes ``planned`` with an
        ``override_reason`` only.

        Args:
            fields: further columns to set in the same transaction.

        Raises:
            IllegalTransitionError: the run's state does not allow it.
            RefusedError: more people, or another one, must approve it.
        """
        _refuse_columns(fields, _SET_BY_ORDER)
        with self._db.write() as session:
            run = load(session, run_id, lock=True)
            if run.state == after:
                return run
            check_move(run, after)
            if after == "approved":
                check_suffices(session, run, actor, comment)
            if (run.state, after) == ("blocked", "planned") and not fields.get("override_reason"):
                raise IllegalTransitionError(
                    f"Run {run_id} of {run.environment} is blocked; only an override with a reason opens it.",
                    hint="Override it ('panel runs override'), or discard it.",
                )
            move(session, run, after, actor, comment=comment)
            for name, value in fields.items():
                setattr(run, name, value)
            session.add(run)
            return run

    def finish(self, run_id: int, after: str, actor: str, **fields: Any) -> Run:
        """Close a run, unless it is closed already.

        Raises:
            IllegalTransitionError: its state does not lead to this end, or this is no end.
        """
        _refuse_columns(fields, _SET_BY_ORDER)
        with self._db.write() as session:
            run = load(session, run_id, lock=True)
            if not run.active:
                return run
            check_end(run, after)
            if run.state != after:
                note(session, run, after, actor, "")
            for name, value in fields.items():
                setattr(run, name, value)
            close(session, run)
            session.add(run)
            return run

    def request_cancel(self, run_id: int, actor: str, *, force: bool = False) -> Run:
        """Note that somebody wants a run to stop. Where nothing is under way it is canceled at once.

        Raises:
            IllegalTransitionError: the run has ended.
            RefusedError: by force, and nobody has asked it to stop before.
        """
        with self._db.write() as session:
            run = load(session, run_id, lock=True)
            if not run.active:
                raise IllegalTransitionError(
                    f"Run {run_id} has ended already ({words(run.state)}).",
                    hint="There is nothing to cancel.",
                )
            if force and not run.cancel_requested:
                raise RefusedError(
                    f"Run {run_id} of {run.environment} was not asked to stop yet, so it is not ended by force.",
                    hint=f"Cancel it first ('panel runs cancel {run_id}') and give it a minute.",
                )
            run.cancel_requested, run.force_cancel = True, run.force_cancel or force
            # Perhaps no worker lives: what waits must not stand in the way of the next run.
            if run.state in WAITING | {"queued"}:
                move(session, run, "canceled", actor)
                run.decided_by = actor
            session.add(run)
            return run

    def update(self, run_id: int, **fields: Any) -> None:
        """Set columns that are not the state: progress, what it waits for, heartbeat.

        Raises:
            ValueError: a column that only a transition or the order sets.
        """
        _refuse_columns(fields, _GUARDED)
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


def _refuse_columns(fields: Mapping[str, Any], guarded: frozenset[str]) -> None:
    wrong = guarded & set(fields)
    if wrong:
        raise ValueError(f"only a transition or the order itself sets: {', '.join(sorted(wrong))}")


def _discard(session: Session, run: Run, actor: str) -> None:
    """Discard a run that waits for a decision, since it is planned again."""
    if run.state not in WAITING or not run.active:
        raise IllegalTransitionError(
            f"Run {run.id} of {run.environment} does not wait for a decision: it is {words(run.state)}.",
            hint="Reload the run's page to see where it stands.",
        )
    move(session, run, "discarded", actor, comment="planned again")
    run.decided_by = actor
    session.add(run)
    session.flush()


def _make_way(session: Session, environment: str, kind: str, actor: str) -> None:
    """Cancel the environment's run of this kind, if one is under way."""
    query = select(Run).where(Run.environment == environment, col(Run.active).is_(True), Run.kind == kind)
    for run in session.exec(query.with_for_update()):
        # Whoever works on it sees the request and ends Terraform; the queue lets the next one in after that.
        run.cancel_requested = True
        move(session, run, "canceled", actor, comment=MADE_WAY)
        session.add(run)
        session.flush()
