"""The fence around a run: only the worker that has it may write while it works on it.

A worker may be stopped for minutes (a suspended machine, a network that is cut) while another takes its runs over.
When it wakes up in the middle of a step, whatever it still wants to write is refused here, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from panel.errors import SupersededError


@dataclass(frozen=True)
class Turn:
    """What the present thread works on: a run, and the worker that it works for."""

    run_id: int
    worker: str


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def turn(run_id: int, worker: str) -> Iterator[None]:
    """Everything this thread writes to the store meanwhile counts only while ``worker`` has the run."""
    token = _turn.set(Turn(run_id, worker))
    try:
        yield
    finally:
        _turn.reset(token)


def check(session: Session, *, lock: bool) -> None:
    """Refuse where another worker has the run of this thread's turn by now; threads without a turn may write.

    Args:
        session: the transaction that is about to write.
        lock: keep others from taking the run over before this transaction ends.

    Raises:
        SupersededError: the run belongs to another worker.
    """
    mine = _turn.get()
    if mine is None:
        return
    query = "SELECT worker FROM run WHERE id = :run" + (" FOR NO KEY UPDATE" if lock else "")
    holder = session.connection().execute(text(query), {"run": mine.run_id}).scalar()
    if holder not in {mine.worker, None}:
        raise SupersededError(
            f"Run {mine.run_id} was taken over by another worker; this one was silent for too long.",
            hint="There is nothing to do: the other worker goes on with it.",
        )
