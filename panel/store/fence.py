"""The fence around a run: only the worker that has it may write while it works on it.

A worker may be stopped for minutes (a suspended machine, a network that is cut) while another takes its runs over.
When it wakes up in the middle of a step, whatever it still wants to write is refused here, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlmodel import Session, select

from panel.errors import SupersededError
from panel.store.tables import Run


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


def check(session: Session) -> None:
    """Refuse where another worker has the run of this thread's turn by now; threads without a turn may write.

    Args:
        session: the transaction that is about to write.

    Raises:
        SupersededError: the run belongs to another worker.
    """
    mine = _turn.get()
    if mine is None:
        return
    # Locked until the end of the transaction, so that nobody takes the run over in between; SQLite has that already.
    query = select(Run.worker).where(Run.id == mine.run_id).with_for_update(key_share=True)
    holder = session.exec(query).first()
    if holder not in {mine.worker, None}:
        raise SupersededError(
            f"Run {mine.run_id} was taken over by another worker; this one was silent for too long.",
            hint="There is nothing to do: the other worker goes on with it.",
        )
