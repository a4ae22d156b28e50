"""Moving a run within a transaction: loading it locked, from one state to the next, and closing it."""

from __future__ import annotations

from sqlmodel import Session, col, select

from panel.errors import NotFoundError
from panel.store.states import FINAL, check_move
from panel.store.tables import Release, Run, RunStage, RunTransition, now

# A stage that was under way when the run ended like this was done, not cut.
_GOOD = frozenset({"applied", "planned", "no_changes"})
# Releases that are under way, and end with their run at the latest.
_OPEN_RELEASES = ("started", "reverting")


def load(session: Session, run_id: int, *, lock: bool = False) -> Run:
    """The run; with ``lock`` nobody else can move it before this transaction ends (SQLite has that already).

    Raises:
        NotFoundError: there is none.
    """
    run = session.get(Run, run_id, with_for_update=lock)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.", hint="See 'panel runs list'.")
    return run


def move(session: Session, run: Run, after: str, actor: str, *, comment: str = "") -> None:
    """Move a run to another state and note who did it; a final state closes it.

    Raises:
        IllegalTransitionError: the run's state does not allow it.
    """
    check_move(run, after)
    note(session, run, after, actor, comment)
    if after in FINAL:
        close(session, run)


def note(session: Session, run: Run, after: str, actor: str, comment: str) -> None:
    """Set the state and keep the transition."""
    session.add(
        RunTransition(run_id=run.id or 0, before=run.state, after=after, actor=actor, comment=comment)
    )
    run.state, run.comment = after, comment or run.comment
    run.started_at = run.started_at or now()


def close(session: Session, run: Run) -> None:
    """End a run, whatever of its stages is still open, and the releases that it leaves half done."""
    run.active, run.ended_at, run.waiting_for = False, now(), ""
    for stage in session.exec(select(RunStage).where(RunStage.run_id == run.id)):
        if stage.state in {"active", "waiting"}:
            stage.state, stage.ended_at = ("done" if run.state in _GOOD else "failed"), now()
        elif stage.state == "pending":
            stage.state = "skipped"
        session.add(stage)
    _close_releases(session, run)


def _close_releases(session: Session, run: Run) -> None:
    """However a run ends, none of its releases stays under way; what serves after a cut is not known here."""
    unfinished = select(Release).where(Release.run_id == run.id, col(Release.status).in_(_OPEN_RELEASES))
    for release in session.exec(unfinished):
        if release.status == "reverting":
            text = f"{release.detail.rstrip('.')}. Going back was cut off: what serves now was not seen."
        elif release.detail:
            text = f"It was cut off while it was {release.detail}: what serves now was not seen. {run.error}".strip()
        else:
            text = run.error or f"Its run ended before it was rolled out: {run.state}."
        release.status = "stopped" if run.state == "canceled" else "failed"
        release.detail, release.ended_at = text, now()
        session.add(release)
