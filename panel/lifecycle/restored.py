"""After a restore: what a run was at when the backup was made is over, and nobody must wait for it."""

from __future__ import annotations

from panel.store.stores import Stores


def close_restored_runs(stores: Stores, *, made_at: str) -> int:
    """Interrupt every run that the backup has as under way, and forget the workers of that time.

    Plans that waited for review are closed too: what they were made from may have changed since the backup.

    Args:
        made_at: when the backup was made, for people.

    Returns:
        How many runs were interrupted.
    """
    closed = 0
    for run in stores.runs.pending():
        number = run.id or 0
        if run.active:
            stores.runs.finish(
                number, "interrupted", "restore", awaiting=False,
                error=f"The panel was restored from a backup of {made_at}, in which this run was under way. "
                "What it did afterwards is not in the panel's records.",
                error_hint=f"Plan {run.environment} to see what is there now.",
            )  # fmt: skip
            closed += 1
        else:
            stores.runs.update(number, awaiting=False)
    for worker in stores.workers.all():
        stores.workers.leave(worker.id)
    return closed
