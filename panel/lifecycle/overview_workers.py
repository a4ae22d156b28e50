"""What pages and terminals show of the workers: who is there, what each is at, and what waits for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from panel.store.stores import Stores
from panel.store.tables import Run, WorkerRecord, now

#: A worker that has not been heard of for this long is shown as silent.
SILENCE = timedelta(seconds=20)


@dataclass(frozen=True)
class WorkerView:
    """One worker process.

    Attributes:
        state: ``working``, ``draining`` (asked to end, takes nothing new) or ``silent``.
        runs: what it has, also runs that wait for a person.
        busy: how many of its places are taken, of ``capacity``.
    """

    id: str
    host: str
    pid: int
    version: str
    state: str
    runs: tuple[Run, ...]
    busy: int
    capacity: int
    memory_mb: float
    started_at: datetime
    heartbeat_at: datetime


@dataclass(frozen=True)
class QueuedRun:
    """A run that no worker has taken yet, with the time it has waited, in seconds."""

    run: Run
    age_s: float


@dataclass(frozen=True)
class Workforce:
    """All workers, and the queue in the order in which it will be taken."""

    workers: tuple[WorkerView, ...]
    queue: tuple[QueuedRun, ...]
    oldest_wait_s: float

    @property
    def places(self) -> int:
        """Places of all workers that take runs."""
        return sum(worker.capacity for worker in self.workers if worker.state == "working")


def workforce(stores: Stores) -> Workforce:
    """How workers and queue stand, read from the store alone.

    Raises:
        StorageError: the store cannot be read.
    """
    pending = stores.runs.pending()
    moment = now()
    by_worker: dict[str, list[Run]] = {}
    for run in pending:
        by_worker.setdefault(run.worker, []).append(run)
    queued = [run for run in by_worker.get("", []) if run.state == "queued" and run.active]
    queued.sort(key=lambda run: (-run.priority, run.id or 0))
    queue = tuple(QueuedRun(run, max(0.0, (moment - run.created_at).total_seconds())) for run in queued)
    return Workforce(
        workers=tuple(_view(record, by_worker, moment) for record in stores.workers.all()),
        queue=queue,
        oldest_wait_s=max((entry.age_s for entry in queue), default=0.0),
    )


def _view(record: WorkerRecord, by_worker: Mapping[str, list[Run]], moment: datetime) -> WorkerView:
    runs = tuple(by_worker.get(record.id, ()))
    return WorkerView(
        id=record.id, host=record.host, pid=record.pid, version=record.version,
        state=record.state if moment - record.heartbeat_at <= SILENCE else "silent",
        runs=runs, busy=sum(run.active and not run.awaiting for run in runs), capacity=record.capacity,
        memory_mb=record.memory_mb, started_at=record.started_at, heartbeat_at=record.heartbeat_at,
    )  # fmt: skip
