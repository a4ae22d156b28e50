"""The embedded AWS of one data directory: MiniStack as a process of its own, on loopback.

Found and reused by everybody who uses the same data directory, whoever started it; it outlives the panel's
pages and ends when asked.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from panel.errors import BusyError, ConfigurationError, EndpointError, OperationError, PanelError
from panel.localaws import gateway
from panel.localaws.emulator_process import SAVE_LIMIT_S, EmulatorProcess
from panel.localaws.processes import tail, terminate
from panel.localaws.runtime import (
    DOCKER_SOCKET,
    ChosenRuntime,
    Runtime,
    RuntimeChoice,
    choose_runtime,
)
from panel.localaws.supervisor import AgentSupervisor
from panel.localaws.world import Run, WorldFiles, new_world_id, readied
from panel.settings import child_environment

LocalAwsState = Literal["running", "stopped", "lost", "foreign"]

_LOCK_LIMIT_S = 120.0
_POLL_S = 0.05


@dataclass(frozen=True)
class LocalAwsStatus:
    """What is known about the embedded AWS at one instant.

    ``lost``: it ended without writing its state; the next start begins an empty world. ``foreign``: its port
    is held by something that is not ours. ``note`` says in plain words what is the matter and what to do.
    """

    state: LocalAwsState
    pid: int | None
    port: int
    endpoint: str
    started_at: datetime | None
    version: str
    runtime: Runtime
    runtime_reason: str
    world: str | None
    agent_pid: int | None
    note: str = ""


class LocalAws:
    """The embedded AWS of one data directory.

    Args:
        data_dir: the panel's data directory; the emulator's files go to ``<data_dir>/local``.
        port: port on 127.0.0.1.
        region: AWS region of the project; data planes look for load balancers in it.
        runtime: how tasks run: ``auto``, ``process`` or ``docker``.
        notify: told in plain words what is being waited for.
        docker_socket: where to look for a Docker engine.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int,
        region: str,
        runtime: RuntimeChoice = "auto",
        *,
        notify: Callable[[str], None] = lambda _: None,
        docker_socket: Path = DOCKER_SOCKET,
    ) -> None:
        self._files = WorldFiles(data_dir / "local")
        self._port = port
        self._region = region
        self._choice = runtime
        self._notify = notify
        self._socket = docker_socket
        self._agent = AgentSupervisor(data_dir)
        self._process = EmulatorProcess(self._files, port, region, notify, docker_socket)

    @property
    def endpoint(self) -> str:
        """Address of the embedded AWS."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log_path(self) -> Path:
        """File that holds what the emulator prints."""
        return self._files.log

    def environment(self) -> dict[str, str]:
        """Variables that make any AWS SDK, and Terraform, talk to the embedded AWS and to nothing else."""
        return sdk_environment(self.endpoint, self._region)

    def status(self) -> LocalAwsStatus:
        """Look, without waiting: never more than about half a second."""
        run = self._files.read()
        alive = run is not None and run.process.is_alive()
        if run is not None and alive:
            if run.ready and gateway.port_is_open(run.port):
                return self._status("running", run)
            return self._status("stopped", run, note="It is starting, or ending.")
        if gateway.port_is_open(self._port):
            return self._status("foreign", run, note=self._foreign_note())
        if run is not None and not self._files.was_written(run):
            return self._status(
                "lost",
                run,
                note="It was killed before it could write its state, so everything it held is gone. "
                "The next start begins an empty world; create the environments again.",
            )
        return self._status("stopped", run)

    def start(self) -> LocalAwsStatus:
        """Find the embedded AWS alive, or start it and wait until it answers. Safe to call by many at once.

        A lost world is replaced by an empty one with a new id.

        Raises:
            ConfigurationError: MiniStack is not installed.
            EndpointError: the port is in use, or the emulator did not come up.
            UnavailableError: containers were asked for and no Docker engine answers.
        """
        with self._exclusively():
            status = self._settled()
            if status.state == "running":
                return self._reused(status)
            if status.state == "foreign":
                raise EndpointError(
                    f"The embedded AWS cannot start: {status.note}",
                    hint="Stop that program, or set PANEL_LOCAL_PORT to a free port.",
                )
            _require_ministack()
            chosen = choose_runtime(self._choice, self._socket)
            run = self._files.read()
            if status.state == "lost" or run is None:
                self._files.empty()
                run = None
            return self._begin(chosen, run.world if run else None)

    def stop(self) -> LocalAwsStatus:
        """End the task agent and the emulator, and make sure that its state was written.

        Raises:
            OperationError: it ended without writing its state; the next start begins an empty world.
        """
        with self._exclusively():
            status = self._settled()
            self._agent.stop()
            if status.state == "running":
                self._end()
            return self.status()

    def reset(self) -> LocalAwsStatus:
        """Empty the world. Runs again afterwards if it ran before, as a new world.

        Raises:
            EndpointError: the emulator did not come up again.
        """
        with self._exclusively():
            status = self._settled()
            run = self._files.read()
            if status.state == "running" and run is not None:
                self._notify("Stopping the embedded AWS")
                terminate(run.process, grace_s=SAVE_LIMIT_S)
            self._process.close_to_containers()
            self._files.empty()
            self._files.record.unlink(missing_ok=True)
            if status.state == "running":
                return self._begin(choose_runtime(self._choice, self._socket), None)
            return self.status()

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        self._files.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._files.lock, timeout=_LOCK_LIMIT_S):
                yield
        except Timeout as error:
            raise BusyError(
                "Another process has been starting or stopping the embedded AWS for two minutes.",
                hint=f"Wait for it to end; its log is {self._files.log}.",
            ) from error

    def _settled(self) -> LocalAwsStatus:
        """The status once a start or an end cut short by somebody else is over."""
        run = self._files.read()
        deadline = time.monotonic() + 5
        while run and run.process.is_alive() and self.status().state != "running":
            if time.monotonic() > deadline:
                terminate(run.process, grace_s=SAVE_LIMIT_S)
            time.sleep(_POLL_S)
        return self.status()

    def _reused(self, status: LocalAwsStatus) -> LocalAwsStatus:
        if status.port != self._port:
            raise EndpointError(
                f"The embedded AWS of this data directory already runs on port {status.port}, "
                f"not on {self._port}.",
                hint=f"Set PANEL_LOCAL_PORT={status.port}, or run panel local stop first.",
            )
        return status

    def _begin(self, chosen: ChosenRuntime, world: str | None) -> LocalAwsStatus:
        """Start the emulator; ``world`` is the id that its files should hold, None when they are empty."""
        run = self._process.launch(chosen, world or new_world_id())
        if world and not gateway.read_world_mark(self._port, self._region).startswith(f"{world} "):
            # The files do not hold what they should: better an empty world than half of one.
            self._notify("The saved world does not match its record: beginning an empty one")
            terminate(run.process, grace_s=SAVE_LIMIT_S)
            self._files.empty()
            run = self._process.launch(chosen, new_world_id())
        gateway.write_world_mark(self._port, self._region, run.mark)
        if chosen.bridge is not None:
            self._process.open_to_containers(run, chosen.bridge)
        self._files.write(readied(run, gateway.version_of(self._port)))
        return self.status()

    def _end(self) -> None:
        run = self._files.read()
        if run is None:
            return
        self._notify("Stopping the embedded AWS")
        terminate(run.process, grace_s=SAVE_LIMIT_S)
        self._process.close_to_containers()
        if not self._files.was_written(run):
            raise OperationError(
                "The embedded AWS ended without writing its state: everything it held is lost.",
                hint="The next start begins an empty world; create the environments again. "
                f"Its log is {self._files.log}.",
                detail=tail(self._files.log),
            )

    def _foreign_note(self) -> str:
        holder = gateway.holder_of(self._port)
        kind = "another MiniStack" if gateway.is_ministack(self._port) else "something that is not ours"
        return f"port {self._port} is held by {kind}{f', {holder}' if holder else ''}."

    def _status(self, state: LocalAwsState, run: Run | None, note: str = "") -> LocalAwsStatus:
        live = state == "running" and run is not None
        if run is not None and live:
            chosen = ChosenRuntime(run.runtime, run.runtime_reason)
        else:
            chosen = self._would_choose()
        port = run.port if run is not None and live else self._port
        return LocalAwsStatus(
            state=state,
            pid=run.pid if run and live else None,
            port=port,
            endpoint=f"http://127.0.0.1:{port}",
            started_at=datetime.fromtimestamp(run.started_at, UTC) if run and live else None,
            version=run.version if run else "",
            runtime=chosen.runtime,
            runtime_reason=chosen.reason,
            world=run.world if run and state in ("running", "stopped") else None,
            agent_pid=self._agent.pid(),
            note=note,
        )

    def _would_choose(self) -> ChosenRuntime:
        try:
            return choose_runtime(self._choice, self._socket)
        except PanelError as error:  # A status never fails: the reason is what the page shows.
            return ChosenRuntime("docker", str(error))


def sdk_environment(endpoint: str, region: str) -> dict[str, str]:
    """Variables that make any AWS SDK talk to ``endpoint`` with made-up credentials, and to nothing else."""
    own = "127.0.0.1,localhost,.localhost"
    inherited = child_environment(network=True).get("NO_PROXY", "")
    bypass = f"{inherited},{own}" if inherited else own
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": bypass,
        "no_proxy": bypass,
    }


def _require_ministack() -> None:
    if importlib.util.find_spec("ministack") is None:
        raise ConfigurationError(
            "The embedded AWS is not installed.",
            hint="Run: pip install 'panel[local]'. Or set target: aws in environments.yaml.",
        )
