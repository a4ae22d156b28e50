"""The worker: a process that takes orders from the store, executes the durable workflows, and says that it is alive."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import psutil

import panel
from panel.errors import PanelError
from panel.lifecycle.context import Context
from panel.lifecycle.deploy_steps import DeploySteps
from panel.lifecycle.dispatch import Dispatcher
from panel.lifecycle.draining import GATE
from panel.lifecycle.durable import Durable
from panel.lifecycle.instance import instance_id
from panel.lifecycle.presence import Presence
from panel.lifecycle.pruning import prune_artifacts, prune_executions
from panel.lifecycle.takeover import SILENCE_S, Takeover
from panel.lifecycle.terraform_steps import TerraformSteps
from panel.lifecycle.workflows import Workflows
from panel.store.retention import Retention
from panel.store.tables import WorkerRecord

_log = logging.getLogger(__name__)

_HEARTBEAT_S = 5.0
_TAKEOVER_S = 2.0
_LOCKS_S = 15.0
_PRUNE_S = 3600.0
#: A worker that has not been heard of for this long gets no part of the queue.
_ALIVE = timedelta(seconds=20)
_MEMORY_UNIT = 1_000_000

#: Something done again and again by one worker of all: how often, in seconds, and what.
Duty = tuple[float, Callable[[], None]]


class Worker:
    """One worker process.

    Args:
        context: what the steps work with.
        sweep: looks at every environment that exists and stores what it saw.
        terraform, deploys: make the steps that the workflows string together.
        duties: what is done again and again, by name. Of several workers, the one that leads does it.
        silence_s: seconds of silence after which a worker of another machine counts as gone.
    """

    def __init__(
        self,
        context: Context,
        sweep: Callable[[], None],
        *,
        terraform: Callable[[Context], TerraformSteps] = TerraformSteps,
        deploys: Callable[[Context], DeploySteps] = DeploySteps,
        duties: Mapping[str, Duty] | None = None,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._context = context
        self._terraform = terraform
        self._deploys = deploys
        self._workers = context.stores.workers
        self._duties: dict[str, Duty] = {"sweep": (context.settings.health_interval_s, sweep)}
        self._duties |= duties or {}
        self._token = secrets.token_hex(4)
        self._record = _record(context, self._token)
        self._presence = Presence(context.settings.data_path)
        self._durable = Durable(self._token)
        self._dispatcher = Dispatcher(context.stores, self._durable, self._record, self._alive)
        self._takeover = Takeover(
            context.stores, self._durable, self._record, self._presence, self._dispatcher.adopt,
            silence_s=silence_s,
        )  # fmt: skip
        self._peers: list[WorkerRecord] = []

    def run(self, stop: threading.Event, hurry: threading.Event | None = None) -> None:
        """Work until ``stop`` is set, then drain: steps at work come to an end, nothing new begins.

        Workflows under way stay stored and go on with the next worker. Terraform goes on by itself.

        Args:
            stop: ends the work.
            hurry: ends the draining.

        Raises:
            BusyError: another worker of this data directory is alive, and the database is SQLite.
        """
        self._presence.take(self._token, alone=self._context.stores.database.sqlite)
        self._launch()
        self._beat()
        ended = threading.Event()
        self._start("heartbeat", ended, _HEARTBEAT_S, self._beat)  # also while it drains
        self._start("takeover", stop, _TAKEOVER_S, self._takeover.look)
        # By every worker: only the one on the machine of a lock's holder can look at its process.
        self._start("locks", stop, _LOCKS_S, self._context.look_at_locks)
        self._start("files", stop, _PRUNE_S, self._prune)
        for name, (seconds, act) in self._duties.items():
            self._start(name, stop, seconds, partial(self._do_if_leading, act))
        self._every(stop, self._context.settings.poll_interval_s, self._dispatcher.look)
        self._drain(hurry or threading.Event())
        ended.set()
        self._leave()

    def _launch(self) -> None:
        settings = self._context.settings
        self._durable.prepare(settings.workflows_url, settings.poll_interval_s)
        workflows = Workflows(
            self._terraform(self._context), self._deploys(self._context), self._context.stores.runs,
            worker=self._record.id, approval_timeout_s=settings.approval_timeout_s,
        )  # fmt: skip
        self._durable.launch(workflows, settings.poll_interval_s)

    def _drain(self, hurry: threading.Event) -> None:
        self._record.state = "draining"
        try:
            self._beat()
        except PanelError as error:
            _log.warning("%s", error)
        if not GATE.close(self._context.settings.drain_timeout_s, hurry):
            _log.warning("Ending with steps at work: the next worker goes on with them")

    def _leave(self) -> None:
        try:
            self._workers.leave(self._record.id)
        except PanelError as error:
            _log.warning("%s", error)  # its lock file and its silence tell the others

    def _start(self, name: str, stop: threading.Event, seconds: float, act: Callable[[], object]) -> None:
        threading.Thread(
            target=self._every, args=(stop, seconds, act), kwargs={"name": name}, name=name, daemon=True
        ).start()

    def _every(
        self, stop: threading.Event, seconds: float, act: Callable[[], object], name: str = "dispatch"
    ) -> None:
        """Do something again and again; one failure is logged and does not end it."""
        while True:
            try:
                act()
            except PanelError as error:
                _log.warning("%s", error)
            except Exception:
                _log.exception("The worker's %s failed; it goes on", name)
            if stop.wait(seconds):
                return

    def _beat(self) -> None:
        self._record.memory_mb = round(psutil.Process().memory_info().rss / _MEMORY_UNIT, 1)
        self._record.runs = [
            run.id or 0 for run in self._context.stores.runs.pending() if run.worker == self._record.id
        ]
        self._workers.beat(self._record.model_copy())
        self._peers = self._workers.alive(within=_ALIVE)
        self._context.keep_tasks_running()

    def _prune(self) -> None:
        retention, settings = Retention(self._context.stores.database), self._context.settings
        prune_executions(retention, settings.data_path, self._record.instance)
        if self._leads():
            prune_artifacts(retention, self._context.plans)

    def _alive(self) -> int:
        return sum(peer.state == "working" for peer in self._peers)

    def _do_if_leading(self, act: Callable[[], None]) -> None:
        if self._leads():
            act()

    def _leads(self) -> bool:
        """Whether this worker does what only one of all need do: the one that is there the longest."""
        working = [(peer.started_at, peer.id) for peer in self._peers if peer.state == "working"]
        return not working or min(working)[1] == self._record.id


def _record(context: Context, token: str) -> WorkerRecord:
    host, pid = socket.gethostname(), os.getpid()
    return WorkerRecord(
        # Numbers of processes are used again, and in containers always the same: the token is not.
        id=f"{host}:{pid}:{token}",
        host=host,
        pid=pid,
        version=panel.__version__,
        instance=instance_id(context.settings.data_path),
        capacity=context.settings.worker_concurrency,
    )
