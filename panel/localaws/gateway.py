"""Talking to the embedded AWS about itself: is it up, and which world does it hold.

Plain HTTP on purpose: the rest of the panel talks to it through ``panel.aws`` like to any AWS, and this
room must not. The mark of the world is an ordinary Systems Manager parameter, so it is stored and lost
together with everything else that the emulator holds.
"""

from __future__ import annotations

import json
import socket
from typing import Any

import psutil

from panel.errors import EndpointError

WORLD_PARAMETER = "/panel/local/world"
_QUICK_S = 0.25


def port_is_open(port: int, address: str = "127.0.0.1") -> bool:
    """Whether anything accepts connections on that port of ``address``."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(_QUICK_S)
        return probe.connect_ex((address, port)) == 0


def holder_of(port: int) -> str:
    """Who listens on a port, as ``name (process 123)``; empty when the system does not tell."""
    try:
        listeners = [
            item
            for item in psutil.net_connections(kind="tcp")
            if item.status == psutil.CONN_LISTEN and item.laddr and item.laddr.port == port and item.pid
        ]
        return f"{psutil.Process(listeners[0].pid).name()} (process {listeners[0].pid})" if listeners else ""
    except psutil.Error:
        return ""


def is_ministack(port: int) -> bool:
    """Whether what listens on ``port`` answers as MiniStack within a quarter of a second."""
    return bool(version_of(port, _QUICK_S))


def version_of(port: int, timeout_s: float = 2.0) -> str:
    """Version MiniStack tells on ``port``; empty when it does not answer as MiniStack (yet)."""
    import httpx  # it takes longer to load than most commands take, and few of them ask

    try:
        with httpx.Client(trust_env=False, timeout=timeout_s) as client:
            answer = client.get(f"http://127.0.0.1:{port}/_ministack/health")
        body = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return ""
    return str(body.get("version", "")) if isinstance(body, dict) else ""


def read_world_mark(port: int, region: str) -> str:
    """Value of the world's mark; empty when the emulator holds none.

    Raises:
        EndpointError: the emulator did not answer or refused.
    """
    status, body = _systems_manager(port, region, "GetParameter", {"Name": WORLD_PARAMETER})
    if status == 400 and "ParameterNotFound" in str(body.get("__type", "")):
        return ""
    _accepted(port, status, body, "read")
    return str(body["Parameter"]["Value"])


def write_world_mark(port: int, region: str, value: str) -> None:
    """Set the world's mark.

    Raises:
        EndpointError: the emulator did not answer or refused.
    """
    parameter = {"Name": WORLD_PARAMETER, "Value": value, "Type": "String", "Overwrite": True}
    status, body = _systems_manager(port, region, "PutParameter", parameter)
    _accepted(port, status, body, "write")


def _accepted(port: int, status: int, body: dict[str, Any], verb: str) -> None:
    if status != 200:
        raise EndpointError(
            f"The embedded AWS on port {port} refused to {verb} the mark of its world (HTTP {status}).",
            hint="Look into its log, then run: panel local stop, panel local start.",
            detail=json.dumps(body)[:2000],
        )


def _systems_manager(
    port: int, region: str, action: str, payload: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    # MiniStack reads service and region out of the credential scope and does not check the signature.
    scope = f"panel/20250101/{region}/ssm/aws4_request"
    import httpx

    headers = {
        "X-Amz-Target": f"AmazonSSM.{action}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    try:
        with httpx.Client(trust_env=False, timeout=5.0) as client:
            answer = client.post(f"http://127.0.0.1:{port}/", content=json.dumps(payload), headers=headers)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise EndpointError(
            f"The embedded AWS on port {port} did not answer: {error}.",
            hint="Run panel local status; if it says lost or stopped, run panel local start.",
        ) from error
    return answer.status_code, body if isinstance(body, dict) else {}
