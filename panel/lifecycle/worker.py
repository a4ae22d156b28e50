"""The worker: takes orders from the store, executes the durable workflows, sweeps health, says that it is alive."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable

import psutil
from dbos import DBOS, DBOSConfig
from filelock import FileLock, Timeout

import panel
from panel.errors import BusyError, PanelError
from panel.lifecycle.context import Context
from panel.lifecycle.deploy_steps import DeploySteps
from panel.lifecycle.terraform_steps import TerraformSteps
from panel.lifecycle.workflows import DECISION, RUN_QUEUE, RUN_WORKFLOW, SHARED_QUEUE, Workflows, workflow_id
from panel.store.tables import Run, WorkerRecord

_log = logging.getLogger(__name__)

#: Part of the stored identity of workflows: raise it only when their sequence of steps changes.
WORKFLOW_VERSION = "1"
_HEARTBEAT_S = 5.0
_LOCK_WAIT_S = 1.0
#: DBOS's words for a workflow that will do nothing more.
_ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
_MEMORY_UNIT = 1_000_000


class Worker:
    """One worker process.

    Args:
        context: what the steps work with.
        sweep: looks at every environment that exists and stores what it saw.
        terraform, deploys: make the steps that the workflows string together.
    """

    def __init__(
        self,
        context: Context,
        sweep: Callable[[], None],
        *,
        terraform: Callable[[Context], TerraformSteps] = TerraformSteps,
        deploys: Callable[[Context], DeploySteps] = DeploySteps,
    ) -> None:
        self._context = context
        self._terraform = terraform
        self._deploys = deploys
        self._runs = context.stores.runs
        self._sweep = sweep
        self._record = WorkerRecord(
            id=f"{socket.gethostname()}:{os.getpid()}",
            host=socket.gethostname(),
            pid=os.getpid(),
            version=panel.__version__,
        )
        self._ordered: set[int] = set()

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set. Workflows under way stay stored and go on with the next worker.

        Raises:
            BusyError: another worker of this data directory is alive.
        """
        folder = self._context.settings.data_path
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "worker.lock")
        try:
            # Whoever asks whether a worker is alive holds the lock for a moment.
            lock.acquire(timeout=_LOCK_WAIT_S)
        except Timeout:
            raise BusyError(
                "A worker is alive already in this data directory.",
                hint="One worker carries all environments; use that one.",
            ) from None
        self._launch()
        threads = [
            threading.Thread(
                target=self._every, args=(stop, _HEARTBEAT_S, self._beat), name="heartbeat", daemon=True
            ),
            threading.Thread(
                target=self._every,
                args=(stop, self._context.settings.health_interval_s, self._sweep),
                name="sweep",
                daemon=True,
            ),
        ]
        for thread in threads:
            thread.start()
        self._every(stop, self._context.settings.poll_interval_s, self._dispatch)
        self._context.stores.workers.leave(self._record.id)

    def _launch(self) -> None:
        config: DBOSConfig = {
            "name": "panel",
            "system_database_url": self._context.settings.workflows_url,
            "application_version": WORKFLOW_VERSION,
            "executor_id": "worker",
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": self._context.settings.poll_interval_s,
        }
        DBOS(config=config)
        Workflows(
            self._terraform(self._context), self._deploys(self._context), self._runs,
            worker=self._record.id, approval_timeout_s=self._context.settings.approval_timeout_s,
        )  # fmt: skip
        DBOS.launch()
        poll = self._context.settings.poll_interval_s
        DBOS.register_queue(RUN_QUEUE, partition_concurrency=1, polling_interval_sec=poll)
        DBOS.register_queue(SHARED_QUEUE, global_concurrency=1, polling_interval_sec=poll)

    def _every(self, stop: threading.Event, seconds: float, act: Callable[[], None]) -> None:
        """Do something again and again; one failure is logged and does not end it."""
        while True:
            try:
                act()
            except PanelError as error:
                _log.warning("%s", error)
            except Exception:
                _log.exception("The worker's %s failed; it goes on", getattr(act, "__name__", "loop"))
            if stop.wait(seconds):
                return

    def _beat(self) -> None:
        self._record.memory_mb = round(psutil.Process().memory_info().rss / _MEMORY_UNIT, 1)
        self._context.stores.workers.beat(self._record.model_copy())
        self._close_abandoned()
        self._context.keep_tasks_running()

    def _close_abandoned(self) -> None:
        """Runs whose workflow ended without saying how (its own store refused), or is not there any more (its
        database was lost): nobody must wait for them."""
        for run in self._runs.pending():
            status = DBOS.get_workflow_status(workflow_id(run.id or 0))
            ended = status.status in _ENDED if status is not None else run.state != "queued"
            if ended and not run.active:
                # Decided, and nobody is left to hear of it.
                self._runs.update(run.id or 0, awaiting=False)
            # Asked anew, in this order: a workflow closes its run before it ends.
            elif ended and self._runs.get(run.id or 0).active:
                self._runs.finish(
                    run.id or 0, "interrupted", "worker", awaiting=False,
                    error=f"The work on {run.environment} was cut off before its end could be recorded.",
                    error_hint="Check free disk space and the worker's log, then plan again to see what is left.",
                )  # fmt: skip

    def _dispatch(self) -> None:
        """Hand queued runs to the queue, and wake workflows whose decision is in the store. Repeating is harmless."""
        for run in self._runs.pending():
            if run.id is None:
                continue
            if run.state == "queued" and run.id not in self._ordered:
                self._enqueue(run, run.id)
                self._ordered.add(run.id)
            elif run.awaiting and (run.state != "planned" or run.cancel_requested):
                reason = f"{run.state}-{run.cancel_requested}"
                DBOS.send(
                    workflow_id(run.id), run.state, topic=DECISION, idempotency_key=f"{run.id}-{reason}"
                )

    def _enqueue(self, run: Run, number: int) -> None:
        DBOS.enqueue_workflow_with_options(
            {
                "queue_name": RUN_QUEUE,
                "workflow_name": RUN_WORKFLOW,
                "workflow_id": workflow_id(number),
                "queue_partition_key": run.environment,
            },
            number,
            run.environment,
            run.kind,
        )
