"""Which way the embedded AWS runs the tasks of ECS services: containers or plain processes."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from panel.errors import ConfigurationError, UnavailableError

Runtime = Literal["process", "docker"]
RuntimeChoice = Literal["auto", "process", "docker"]

DOCKER_SOCKET = Path("/var/run/docker.sock")
_PING_TIMEOUT_S = 0.3


@dataclass(frozen=True)
class ChosenRuntime:
    """How tasks run, and why so, in plain words."""

    runtime: Runtime
    reason: str


def docker_answers(path: Path = DOCKER_SOCKET) -> bool:
    """Whether a Docker engine answers on the Unix socket ``path`` (within a fraction of a second)."""
    connection = http.client.HTTPConnection("localhost", timeout=_PING_TIMEOUT_S)
    try:
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(_PING_TIMEOUT_S)
        connection.sock.connect(str(path))
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def choose_runtime(choice: RuntimeChoice, path: Path = DOCKER_SOCKET) -> ChosenRuntime:
    """Turn the setting ``PANEL_LOCAL_RUNTIME`` into the runtime to use on this machine, now.

    Raises:
        UnavailableError: containers were asked for and no engine answers.
        ConfigurationError: the setting is none of auto, process, docker.
    """
    if choice not in ("auto", "process", "docker"):
        raise ConfigurationError(
            f"PANEL_LOCAL_RUNTIME is {choice!r}; expected auto, process or docker.",
            hint="Correct or unset it and start again.",
        )
    if choice == "process":
        return ChosenRuntime("process", "Tasks run as processes, as PANEL_LOCAL_RUNTIME=process asks.")
    if docker_answers(path):
        asked = " and PANEL_LOCAL_RUNTIME=docker asks for it" if choice == "docker" else ""
        return ChosenRuntime("docker", f"A Docker engine answers on {path}{asked}: tasks run as containers.")
    if choice == "docker":
        raise UnavailableError(
            f"PANEL_LOCAL_RUNTIME=docker asks for containers, but no Docker engine answers on {path}.",
            hint="Start the engine and make sure you may use its socket, or set PANEL_LOCAL_RUNTIME=process.",
        )
    return ChosenRuntime("process", f"No Docker engine answers on {path}: tasks run as processes.")
