"""Which way the embedded AWS runs the tasks of ECS services: containers or plain processes."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from panel.errors import ConfigurationError, UnavailableError

Runtime = Literal["process", "docker"]
RuntimeChoice = Literal["auto", "process", "docker"]

DOCKER_SOCKET = Path("/var/run/docker.sock")
_QUICK_S = 0.2
_DEVICES = Path("/sys/class/net")
_ADDRESS_WAS_SET = "3"


@dataclass(frozen=True)
class Bridge:
    """The network that containers are on: this machine's address there, and the network in CIDR notation.

    ``name``: of the device, empty where the engine does not tell.
    """

    gateway: str
    subnet: str
    name: str = ""

    def changes_its_address(self, devices: Path = _DEVICES) -> bool:
        """Whether its hardware address changes as containers come and go, by which those that stay lose their way.

        Linux gives a bridge the lowest address of its ports until somebody sets one. Engines set one when they make a
        bridge, and not where they find it made. Until a container looks the address up again, for half a minute, what
        it sends is lost.

        Source: ``NET_ADDR_SET`` in Linux' ``include/uapi/linux/netdevice.h``, asked in ``br_stp_recalculate_bridge_id``.
        """
        try:
            return (
                devices / Path(self.name).name / "addr_assign_type"
            ).read_text().strip() != _ADDRESS_WAS_SET
        except (OSError, ValueError):
            return False


@dataclass(frozen=True)
class ChosenRuntime:
    """How tasks run, and why so, in plain words. ``bridge`` only with containers."""

    runtime: Runtime
    reason: str
    bridge: Bridge | None = None


def docker_answers(path: Path = DOCKER_SOCKET) -> bool:
    """Whether a Docker engine answers on the Unix socket ``path`` (within a fraction of a second)."""
    return _ask_engine(path, "/_ping") is not None


def find_bridge(path: Path = DOCKER_SOCKET) -> Bridge | None:
    """The engine's bridge, if it is a network of this very machine; None when it is inside a virtual one."""
    answer = _ask_engine(path, "/networks/bridge")
    try:
        network: dict[str, Any] = json.loads(answer or b"{}")
        config = network["IPAM"]["Config"][0]
        subnet = ipaddress.ip_network(config["Subnet"])
        # Engines that were not told one leave the gateway out: it is the first address.
        name = (network.get("Options") or {}).get("com.docker.network.bridge.name", "")
        bridge = Bridge(config.get("Gateway") or str(next(subnet.hosts())), str(subnet), name)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((bridge.gateway, 0))
    except (ValueError, LookupError, TypeError, OSError):
        return None
    return bridge


def choose_runtime(choice: RuntimeChoice, path: Path = DOCKER_SOCKET) -> ChosenRuntime:
    """Turn the setting ``PANEL_LOCAL_RUNTIME`` into the runtime to use on this machine, now.

    Raises:
        UnavailableError: containers were asked for and cannot be had.
        ConfigurationError: the setting is none of auto, process, docker.
    """
    if choice not in ("auto", "process", "docker"):
        raise ConfigurationError(
            f"PANEL_LOCAL_RUNTIME is {choice!r}; expected auto, process or docker.",
            hint="Correct or unset it and start again.",
        )
    if choice == "process":
        return ChosenRuntime("process", "Tasks run as processes, as PANEL_LOCAL_RUNTIME=process asks.")
    if not docker_answers(path):
        problem = f"no Docker engine answers on {path}"
        remedy = "Start the engine and make sure you may use its socket"
    else:
        bridge = find_bridge(path)
        if bridge is not None:
            return ChosenRuntime(
                "docker", f"A Docker engine answers on {path}: tasks run as containers.", bridge
            )
        problem = f"the Docker engine on {path} keeps its containers on a network this machine is not on"
        remedy = "Use an engine that runs on this machine itself, not in a virtual one"
    if choice == "docker":
        raise UnavailableError(
            f"PANEL_LOCAL_RUNTIME=docker asks for containers, but {problem}.",
            hint=f"{remedy}, or set PANEL_LOCAL_RUNTIME=process.",
        )
    return ChosenRuntime("process", f"Tasks run as processes: {problem}.")


def _ask_engine(path: Path, question: str) -> bytes | None:
    """The engine's answer to a GET, None when there is none within a fraction of a second."""
    connection = http.client.HTTPConnection("localhost", timeout=_QUICK_S)
    try:
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(_QUICK_S)
        connection.sock.connect(str(path))
        connection.request("GET", question)
        answer = connection.getresponse()
        return answer.read() if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
