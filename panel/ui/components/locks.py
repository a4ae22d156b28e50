"""A state lock in words: whose, since when, whether the holder lives and how that is known."""

from __future__ import annotations

from panel.store.tables import StateLock
from panel.ui import operations_text as text
from panel.ui.components.markup import badge, esc, lasting, mono, page_link, quiet, rows, when

_TONES = {"alive": "busy", "orphaned": "bad", "unknown": "unknown"}


def lock_verdict(lock: StateLock) -> str:
    """Whether the holder lives."""
    word = text.VERDICTS.get(lock.holder, text.VERDICTS["unknown"])
    return badge(_TONES.get(lock.holder, "unknown"), word)


def operation(lock: StateLock) -> str:
    """What the state was locked for, as Terraform's commands are called."""
    return lock.operation.removeprefix("OperationType").lower()


def lock_facts(lock: StateLock) -> str:
    """All of it, as names and values."""
    run = page_link("run", "run", lock.run_id, f"Run {lock.run_id}") if lock.run_id is not None else ""
    return rows(
        [
            (text.HOLDER, esc(lock.who) + (f" · {run}" if run else "")),
            (text.OPERATION, esc(operation(lock))),
            (text.SINCE, lasting(lock.created_at) if lock.created_at else ""),
            (text.VERDICT, f"{lock_verdict(lock)} {quiet(text.LOOKED.lower())} {when(lock.checked_at)}"),
            (text.EVIDENCE, esc(lock.evidence)),
            (text.LOCK_ID, mono(lock.lock_id)),
        ]
    )
