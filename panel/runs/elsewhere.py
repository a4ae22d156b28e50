"""What can be said of an apply that another machine began: what it had finished, who holds the lock, what to do."""

from __future__ import annotations

from panel.errors import InterruptedRunError
from panel.runs.journal import reached_by
from panel.runs.lock_evidence import clock
from panel.store.runs import Runs
from panel.store.tables import RunExecution

_PAGE = 2000


def begun_elsewhere(subject: str, execution: RunExecution, runs: Runs, lock_text: str) -> InterruptedRunError:
    """The error that ends a run whose apply was begun on another instance; it is never begun a second time.

    Args:
        subject: the environment, or ``shared``.
        execution: what was begun there.
        runs: has the lines that came from there.
        lock_text: the state's lock in a sentence.
    """
    reached = reached_by(_texts(runs, execution))
    known = (
        f"It ended there as {execution.status.replace('_', ' ')}, before its run could go on."
        if execution.ended_at
        else "How it ends is known there alone, and Terraform may still be at work there."
    )
    return InterruptedRunError(
        f"The {execution.action} of {subject} was begun on {execution.host} at {clock(execution.started_at)}, and this "
        f"run has been taken over from there. {known} As far as was heard, {reached.summary}",
        hint=f"Look at {execution.host}. Then unlock the state if it is still locked ('panel env unlock {subject}') "
        "and plan again: the plan shows what is left.",
        detail="\n".join(part for part in (str(reached), lock_text) if part),
    )


def _texts(runs: Runs, execution: RunExecution) -> list[str]:
    """The lines of one execution, as they came."""
    texts: list[str] = []
    after = 0
    while rows := runs.lines(execution.run_id, after=after, limit=_PAGE):
        texts += [row.text for row in rows if row.source == execution.key]
        after = rows[-1].id or after
    return texts
