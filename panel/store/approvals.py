"""People's yes to a run's plan: each counts once, and the last one that is needed approves the run.

Both are one transaction over a locked run, so that two people who click at once are counted as two, and one who clicks
twice as one.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from panel.errors import IllegalTransitionError, RefusedError
from panel.store.database import Database
from panel.store.moves import load, move
from panel.store.states import words
from panel.store.tables import Run, RunApproval


class Approvals:
    """Recording approvals, and what they add up to."""

    _db: Database

    def approve(self, run_id: int, actor: str, *, comment: str = "") -> Run:
        """Record one person's approval; with the last one that is needed the run becomes ``approved``.

        Raises:
            IllegalTransitionError: the run does not wait for approval.
            RefusedError: the person approved before, or is the author where another person is asked for.
        """
        with self._db.write() as session:
            run = load(session, run_id, lock=True)
            _check_waits(run)
            before = _approvers(session, run_id)
            if actor in before:
                raise RefusedError(
                    f"{actor} has approved run {run_id} of {run.environment} already: one person counts once.",
                    hint=f"{_missing(run, before)} more must approve it.",
                )
            _check_author(run, actor)
            record(session, run, actor, comment)
            approvers = [*before, actor]
            if len(approvers) >= run.approvals_needed:
                move(session, run, "approved", actor, comment=comment)
                run.decided_by = ", ".join(approvers)
            session.add(run)
            return run

    def approvals(self, run_id: int) -> list[RunApproval]:
        """Who approved, in the order they did."""
        with self._db.read() as session:
            return [
                *session.exec(
                    select(RunApproval).where(RunApproval.run_id == run_id).order_by(col(RunApproval.at))
                )
            ]


def record(session: Session, run: Run, actor: str, comment: str) -> None:
    """Keep a person's approval within a transaction."""
    session.add(RunApproval(run_id=run.id or 0, actor=actor, comment=comment))


def check_suffices(session: Session, run: Run, actor: str, comment: str) -> None:
    """Refuse to approve a run past the approvals that it needs; the actor's own is recorded and counts.

    Raises:
        RefusedError: more people are needed, or another one.
    """
    approvers = _approvers(session, run.id or 0)
    if actor not in approvers:
        _check_author(run, actor)
        record(session, run, actor, comment)
        approvers = [*approvers, actor]
    if len(approvers) < run.approvals_needed:
        raise RefusedError(
            f"Run {run.id} of {run.environment} needs {run.approvals_needed} approvals and has {len(approvers) - 1}.",
            hint="Ask further people to approve it.",
        )


def _approvers(session: Session, run_id: int) -> list[str]:
    found = select(RunApproval.actor).where(RunApproval.run_id == run_id).order_by(col(RunApproval.at))
    return [*session.exec(found)]


def _check_waits(run: Run) -> None:
    if run.state != "planned" or not run.active:
        raise IllegalTransitionError(
            f"Run {run.id} of {run.environment} does not wait for review: it is {words(run.state)}.",
            hint="Reload the run's page to see where it stands.",
        )
    if run.cancel_requested:
        raise IllegalTransitionError(
            f"Run {run.id} of {run.environment} is being canceled.", hint="Wait until it has ended."
        )


def _check_author(run: Run, actor: str) -> None:
    if actor == run.author and not run.author_may_approve:
        raise RefusedError(
            f"Run {run.id} of {run.environment} was ordered by {actor}: somebody else must approve it.",
            hint="environments.yaml asks for an approver other than the author. Ask an operator or an admin.",
        )


def _missing(run: Run, approvers: list[str]) -> int:
    return run.approvals_needed - len(approvers)
