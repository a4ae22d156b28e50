"""Which runs a worker takes up, and in which order: the store is the queue, and this is one worker's look at it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from panel.lifecycle.pinning import may_take
from panel.store.stores import Stores
from panel.store.tables import Run, WorkerRecord

#: States in which a run whose workflow waits has not been decided upon.
UNDECIDED = frozenset({"planned", "blocked"})


class Starts(Protocol):
    """What dispatching needs of the durable workflows."""

    def start(self, run: Run) -> None:
        """Start a run's workflow."""

    def wake(self, run_id: int, state: str, reason: str) -> None:
        """Tell a waiting workflow that there is a decision."""

    def unfinished(self) -> set[int]:
        """Runs whose workflow has not ended."""


class Dispatcher:
    """Takes queued runs and goes on with approved ones, by priority and age, while the worker has room.

    A run that waits for a person takes up no place. One that was approved needs a place again, and stands in
    the same line as the queued ones.

    Args:
        stores: the store.
        durable: starts and wakes workflows.
        record: the worker; its ``capacity`` is the number of places.
        workers: how many workers are alive: each takes its part of the queue, so that the others have work too.
    """

    def __init__(
        self, stores: Stores, durable: Starts, record: WorkerRecord, workers: Callable[[], int]
    ) -> None:
        self._runs = stores.runs
        self._claims = stores.claims
        self._durable = durable
        self._record = record
        self._workers = workers
        self._started: set[int] = set()
        self._woken: dict[int, str] = {}

    def adopt(self, run_id: int) -> None:
        """This run was taken over, and its workflow goes on: it must not be started."""
        self._started.add(run_id)
        self._woken.pop(run_id, None)

    def look(self) -> None:
        """Take what there is room for. Repeating is harmless."""
        pending = self._runs.pending()
        mine = [run for run in pending if run.worker == self._record.id]
        self._forget_ended(mine)
        for run in mine:
            if run.state == "queued" and run.id not in self._started:
                self._start(run)  # it was taken, and starting it failed
            elif _is_decided(run) and run.state != "approved" and not self._is_woken(run):
                self._wake(run)  # discarded or canceled: it only has to end
        room = self._record.capacity - sum(map(self._takes_a_place, mine))
        queued = [run for run in pending if self._is_for_here(run)]
        approved = [
            run for run in mine if run.state == "approved" and run.awaiting and not self._is_woken(run)
        ]
        if room > 0 and queued:
            busy = self._still_busy({run.id or 0 for run in pending})
            queued = [run for run in queued if run.environment not in busy]
        self._fill(room, queued, approved)

    def _is_for_here(self, run: Run) -> bool:
        """Whether this worker may take the run; one that is to build a certain checkout waits for the worker there."""
        free = run.state == "queued" and not run.worker and run.active
        return free and may_take(run, self._record.instance)

    def _still_busy(self, pending: set[int]) -> set[str]:
        """Environments that a workflow still works on although its run was ended by somebody else."""
        left = self._durable.unfinished() - pending
        return self._claims.environments_of(left) if left else set()

    def _fill(self, room: int, queued: Sequence[Run], approved: Sequence[Run]) -> None:
        share = math.ceil(len(queued) / max(1, self._workers()))
        for run in sorted([*queued, *approved], key=lambda run: (-run.priority, run.id or 0)):
            if room <= 0:
                return
            if run.state == "approved":
                self._wake(run)
                room -= 1
            elif share > 0 and self._claims.claim(run.id or 0, self._record.id, self._record.instance):
                self._start(run)
                share -= 1
                room -= 1

    def _takes_a_place(self, run: Run) -> bool:
        return run.active and (not run.awaiting or self._is_woken(run))

    def _start(self, run: Run) -> None:
        self._durable.start(run)
        self._started.add(run.id or 0)

    def _wake(self, run: Run) -> None:
        self._durable.wake(run.id or 0, run.state, _reason(run))
        self._woken[run.id or 0] = _reason(run)

    def _is_woken(self, run: Run) -> bool:
        return _is_decided(run) and self._woken.get(run.id or 0) == _reason(run)

    def _forget_ended(self, mine: Sequence[Run]) -> None:
        numbers = {run.id or 0 for run in mine}
        self._started &= numbers
        for number in [number for number in self._woken if number not in numbers]:
            del self._woken[number]


def _is_decided(run: Run) -> bool:
    return run.awaiting and (run.state not in UNDECIDED or run.cancel_requested)


def _reason(run: Run) -> str:
    return f"{run.state}-{run.cancel_requested}"
