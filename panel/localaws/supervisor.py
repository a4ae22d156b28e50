"""The task agent as a process: start it apart from us, find it again, end it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from panel.errors import EndpointError
from panel.localaws.processes import ProcessRef, ask_to_end, spawn, tail, terminate
from panel.localaws.records import read_record, write_record
from panel.localaws.tasks import read_tasks

_STOP_LIMIT_S = 30.0
_TASK_LIMIT_S = 5.0
_FIRST_LOOK_S = 0.3


class AgentSupervisor:
    """Finds, starts and stops the one task agent of a data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "local"
        self._record = self._folder / "agent.json"

    @property
    def log_path(self) -> Path:
        """File that holds what the agent prints."""
        return self._folder / "agent.log"

    def pid(self) -> int | None:
        """Process number of the live agent; None when there is none."""
        process = self._process()
        return process.pid if process and process.is_alive() else None

    def start(self, argv: Sequence[str], environment: Mapping[str, str]) -> int:
        """Find the agent alive, or start it with ``argv``, apart from this process.

        Returns:
            Its process number.

        Raises:
            EndpointError: it ended at once; ``detail`` holds what it said.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / "agent-start.lock", timeout=30):
            alive = self.pid()
            if alive is not None:
                return alive
            if self.log_path.exists():
                self.log_path.replace(self.log_path.with_suffix(".log.1"))
            mark = f"agent-{uuid.uuid4().hex[:12]}"
            process = spawn(argv, environment=environment, log=self.log_path, mark=mark)
            write_record(self._record, asdict(process))
            time.sleep(_FIRST_LOOK_S)
            if not process.is_alive():
                raise EndpointError(
                    "The task agent of the embedded AWS ended as soon as it was started.",
                    hint=f"Read {self.log_path}.",
                    detail=tail(self.log_path),
                )
            return process.pid

    def stop(self) -> bool:
        """Ask the agent to end, with the tasks it runs, and wait for it; kill it after half a minute.

        Tasks that an agent left behind, because it was killed, end too.

        Returns:
            False when it had to be killed.
        """
        process = self._process()
        alive = process is not None and process.is_alive()
        politely = terminate(process, grace_s=_STOP_LIMIT_S) if process is not None and alive else True
        report = read_tasks(self._folder.parent)
        left = [task for service in report.services for task in service.tasks] if report else []
        for task in left:
            ask_to_end(task.process)
        for task in left:
            terminate(task.process, grace_s=_TASK_LIMIT_S)
        return politely

    def _process(self) -> ProcessRef | None:
        content = read_record(self._record)
        try:
            return ProcessRef(**content) if content else None
        except TypeError:
            return None
