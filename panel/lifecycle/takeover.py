"""Going on with the runs of workers that are gone, and ending those with which nobody can go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from panel.lifecycle.durable import Standing
from panel.lifecycle.pinning import is_bound, may_take
from panel.lifecycle.presence import Presence
from panel.store.stores import Stores
from panel.store.tables import Run, WorkerRecord

_log = logging.getLogger(__name__)

#: How long a worker of another machine may be silent before its runs are taken over, in seconds.
SILENCE_S = 60.0
_CUT_OFF = "Check free disk space and the worker's log, then plan again to see what is left."


class Resumes(Protocol):
    """What taking over needs of the durable workflows."""

    def standing(self, run_id: int) -> Standing:
        """How a run's workflow stands."""

    def start(self, run: Run) -> None:
        """Start a run's workflow."""

    def resume(self, run_id: int) -> None:
        """Go on with a run's workflow here."""

    def unfinished(self) -> set[int]:
        """Runs whose workflow has not ended."""

    def give_up(self, run_id: int) -> None:
        """End the workflow of a run that has ended without it."""

    def forget_queue(self, token: str) -> None:
        """Remove the queue of a worker that is gone."""


class Takeover:
    """Looks after runs whose worker is gone.

    A worker of the same data directory is gone as soon as its lock file is free. Of any other, only its heartbeat
    tells: it is gone when that has not changed for ``silence_s``, measured by our own clock, so that machines need
    not agree on the time. A worker that only was slow finds its runs taken: the store and DBOS refuse its writes.

    Args:
        stores: the store.
        durable: resumes workflows.
        record: this worker.
        presence: the workers of this data directory.
        adopt: told the number of every run that was taken over and goes on here.
        silence_s: seconds of silence after which a worker counts as gone.
        clock: seconds, as ``time.monotonic``.
    """

    def __init__(
        self, stores: Stores, durable: Resumes, record: WorkerRecord, presence: Presence, adopt: Callable[[int], None],
        *, silence_s: float = SILENCE_S, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._stores = stores
        self._durable = durable
        self._record = record
        self._presence = presence
        self._adopt = adopt
        self._silence_s = silence_s
        self._clock = clock
        self._heard: dict[str, tuple[datetime | None, float]] = {}

    def look(self) -> None:
        """Take over what is there to be taken over, and close runs of ours whose workflow ended without a word."""
        records = {record.id: record for record in self._stores.workers.all()}
        pending = self._stores.runs.pending()
        for run in pending:
            if run.worker == self._record.id:
                self._close_abandoned(run)
            elif run.worker and self._is_anothers_and_gone(run, records) and not self._stays(run):
                self._take(run)
        self._give_up_leftovers({run.id or 0 for run in pending}, records)
        self._forget(records, {run.worker for run in pending})

    def _is_gone(self, run: Run, record: WorkerRecord | None) -> bool:
        if record is None:
            # It left in order, and what it had is at rest, except for a Terraform that goes on on its machine:
            # that is best followed from there.
            if run.instance in {"", self._record.instance} or not self._works_elsewhere(run):
                return not self._presence.is_alive(token_of(run.worker))
        elif record.instance == self._record.instance and not self._presence.is_alive(token_of(record.id)):
            return True
        return self._silent_for(run.worker, record) > self._silence_s

    def _stays(self, run: Run) -> bool:
        """Whether a run must go on where it was begun: what it plans or builds lies there.

        One that somebody asked to stop, or that has ended, is taken from there all the same: it only has to end.
        """
        if may_take(run, self._record.instance) or not run.active or run.cancel_requested:
            return False
        return is_bound(run, self._stores.runs.stages(run.id or 0))

    def _works_elsewhere(self, run: Run) -> bool:
        return self._stores.claims.has_open_execution(run.id or 0, elsewhere_than=self._record.instance)

    def _silent_for(self, worker: str, record: WorkerRecord | None) -> float:
        beat = record.heartbeat_at if record is not None else None
        known, since = self._heard.get(worker, (None, 0.0))
        if worker not in self._heard or known != beat:
            self._heard[worker] = (beat, self._clock())
            return 0.0
        return self._clock() - since

    def _take(self, run: Run) -> None:
        number = run.id or 0
        if not self._stores.claims.take_over(number, run.worker, self._record.id, self._record.instance):
            return  # another survivor was quicker
        _log.info("Run %s of %s is taken over from %s, which is gone", number, run.environment, run.worker)
        standing = self._durable.standing(number)
        if standing is Standing.UNDER_WAY:
            self._adopt(number)
            self._durable.resume(number)
        elif standing is Standing.MISSING and run.state == "queued" and run.active:
            self._adopt(number)
            self._durable.start(run)
        else:
            self._end(number, standing)

    def _close_abandoned(self, run: Run) -> None:
        """Runs whose workflow ended without saying how (its own store refused), or is not there any more (its
        database was lost): nobody must wait for them."""
        standing = self._durable.standing(run.id or 0)
        if standing is Standing.ENDED or (standing is Standing.MISSING and run.state != "queued"):
            self._end(run.id or 0, standing)

    def _give_up_leftovers(self, pending: set[int], records: dict[str, WorkerRecord]) -> None:
        """A worker may be killed after it closed a run and before its workflow ended: that one has nothing left to
        do, and would keep its environment from being worked on."""
        for number in self._durable.unfinished() - pending:
            run = self._stores.claims.find(number)  # asked anew: it may have begun a moment ago
            ended = run is not None and not run.active and not run.awaiting
            if run is None or (ended and self._is_anothers_and_gone(run, records)):
                self._durable.give_up(number)

    def _is_anothers_and_gone(self, run: Run, records: dict[str, WorkerRecord]) -> bool:
        return run.worker != self._record.id and self._is_gone(run, records.get(run.worker))

    def _end(self, number: int, standing: Standing) -> None:
        run = self._stores.runs.get(
            number
        )  # asked anew, after the workflow: it closes its run before it ends
        if not run.active:
            # Decided, and nobody is left to hear of it.
            self._stores.runs.update(number, awaiting=False)
            return
        words = (
            f"The work on {run.environment} was begun by another version of the panel, which nobody goes on with."
            if standing is Standing.OTHER_VERSION
            else f"The work on {run.environment} was cut off before its end could be recorded."
        )
        self._stores.runs.finish(
            number, "interrupted", "worker", awaiting=False, error=words, error_hint=_CUT_OFF
        )

    def _forget(self, records: dict[str, WorkerRecord], holders: set[str]) -> None:
        """Take workers off the page that are gone and have no runs left."""
        for worker, record in records.items():
            if worker == self._record.id or worker in holders:
                continue
            here = record.instance == self._record.instance
            dead = here and not self._presence.is_alive(token_of(worker))
            if dead or self._silent_for(worker, record) > self._silence_s:
                self._stores.workers.leave(worker)
                self._durable.forget_queue(token_of(worker))
                if here:
                    self._presence.forget(token_of(worker))
        for worker in [worker for worker in self._heard if worker not in records and worker not in holders]:
            del self._heard[worker]


def token_of(worker: str) -> str:
    """The part of a worker's id that tells its process from every other one."""
    return worker.rsplit(":", 1)[-1]
