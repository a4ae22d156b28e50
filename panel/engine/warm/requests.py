"""What is said over a warm process's socket: one JSON object a line, a question and its answer."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

_LONGEST = 1 << 16


def ask(path: Path, question: dict[str, Any], *, timeout_s: float) -> dict[str, Any] | None:
    """Ask a warm process.

    Args:
        path: its socket.
        question: what to ask.
        timeout_s: seconds to wait for each part of the exchange.

    Returns:
        The answer; None when nobody listens or no answer came.
    """
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout_s)
            link.connect(str(path))
            link.sendall(json.dumps(question).encode() + b"\n")
            return receive(link)
    except OSError:
        return None


def receive(link: socket.socket) -> dict[str, Any] | None:
    """Read one object; None when the other side ended first or said something else."""
    text = b""
    while not text.endswith(b"\n"):
        part = link.recv(4096)
        if not part or len(text) > _LONGEST:
            return None
        text += part
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def send(link: socket.socket, value: dict[str, Any]) -> None:
    """Write one object.

    Raises:
        OSError: the other side is gone.
    """
    link.sendall(json.dumps(value).encode() + b"\n")
