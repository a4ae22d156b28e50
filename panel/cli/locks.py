"""``panel locks``: the state locks that a worker last saw, and whether their holders live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panel.cli import options, output, state

if TYPE_CHECKING:
    from panel.store.tables import StateLock


def locks(json: options.Json = False) -> None:
    """List state locks: whose, since when, alive or orphaned, and how that is known."""
    seen = state.get_panel().stores.locks.all()
    if json:
        output.json_result([lock_document(lock) for lock in seen])
        return
    if not seen:
        output.result("No state was locked when a worker last looked.")
        return
    output.table(
        ["STATE OF", "HOLDER", "WHO", "SINCE", "LOOKED AT", "LOCK ID"],
        [
            [lock.subject, lock.holder, lock.who, output.iso(lock.created_at) or "",
             output.iso(lock.checked_at) or "", lock.lock_id]
            for lock in seen
        ],
    )  # fmt: skip
    for lock in seen:
        output.result(f"{lock.subject}: {lock.evidence}")
        if lock.holder != "alive":
            output.say(f"  To take care of it: {unlock_command(lock)}")


def lock_document(lock: StateLock) -> dict[str, Any]:
    """A lock as the JSON contract promises it."""
    return {
        "environment": lock.subject,
        "lock_id": lock.lock_id,
        "holder": lock.holder,
        "evidence": lock.evidence,
        "who": lock.who,
        "operation": lock.operation,
        "created_at": output.iso(lock.created_at),
        "run_id": lock.run_id,
        "checked_at": output.iso(lock.checked_at),
    }


def unlock_command(lock: StateLock) -> str:
    """The command that takes care of a lock; of one whose holder is unknown it names the lock itself."""
    command = f"panel env unlock {lock.subject}"
    return command if lock.holder == "orphaned" else f"{command} --lock-id {lock.lock_id}"
