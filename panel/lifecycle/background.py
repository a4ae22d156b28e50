"""The worker as a process: start it apart from us, find it again, end it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from panel.errors import WorkerError
from panel.lifecycle.presence import Presence
from panel.localaws.processes import ProcessRef, ask_to_end, spawn, tail, terminate, wait_for_end
from panel.localaws.records import read_record, write_record

_LOOK_EVERY_S = 0.1
_START_LIMIT_S = 30.0
#: What a person who waits for ``panel down`` grants the steps at work, before the worker is told to hurry.
_DRAIN_S = 3.0
_STOP_LIMIT_S = 15.0


class WorkerProcess:
    """Finds, starts and stops the worker that the panel itself keeps in its data directory."""

    def __init__(self, data_path: Path) -> None:
        self._folder = data_path
        self._record = data_path / "worker.json"
        self.log_path = data_path / "worker.log"

    def alive(self) -> bool:
        """Whether a worker of this data directory is alive, whoever started it."""
        return Presence(self._folder).anybody()

    def start(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a worker with ``argv`` unless one is alive.

        Raises:
            WorkerError: it ended at once; ``detail`` holds what it said.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self._folder / "worker-start.lock", timeout=30):
            started = self._process()
            if self.alive() or (started is not None and started.is_alive()):
                return
            if self.log_path.exists():
                self.log_path.replace(self.log_path.with_suffix(".log.1"))
            process = spawn(
                argv, environment=environment, log=self.log_path, mark=f"worker-{uuid.uuid4().hex[:12]}"
            )
            write_record(self._record, asdict(process))
            self._wait_until_it_works(process)

    def _wait_until_it_works(self, process: ProcessRef) -> None:
        """A worker needs a moment to load; it works when it holds its lock."""
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline and not self.alive():
            if not process.is_alive():
                raise WorkerError(
                    "The worker ended as soon as it was started.",
                    hint=f"Read {self.log_path}.",
                    detail=tail(self.log_path),
                )
            time.sleep(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Ask the worker to end, and to hurry when its steps have not come to a durable point within 3 seconds.

        Terraform that it started goes on by itself and is found by the next worker.
        """
        process = self._process()
        if process is None or not process.is_alive():
            return
        ask_to_end(process)
        if not wait_for_end(process, _DRAIN_S):
            terminate(process, grace_s=_STOP_LIMIT_S)

    def _process(self) -> ProcessRef | None:
        content = read_record(self._record)
        try:
            return ProcessRef(**content) if content else None
        except TypeError:
            return None
