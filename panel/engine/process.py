"""Telling whether the process that works on an execution is alive, and ending what it left behind."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from typing import Any

import psutil

# psutil derives a process's start time from clock ticks: two readings may differ by some hundredths.
_SAME_START_S = 1.0


def describe_own() -> dict[str, Any]:
    """This process, as `find` wants it described: a number is used again, number and start time are not."""
    process = psutil.Process()
    return {"pid": process.pid, "create_time": process.create_time()}


def find(description: Mapping[str, Any]) -> psutil.Process | None:
    """The described process if it is running on this machine; one that only waits to be reaped is not."""
    process = _same(description)
    return process if process is not None and not _is_dead(process) else None


def end_orphans(description: Mapping[str, Any]) -> list[str]:
    """Kill what is left of the session of a process that died: providers do not notice that they are alone.

    The system gives no new process the number of a session that still has members. So, where the number is
    free, or still that of the dead process itself, whoever is in that session belonged to it.

    Returns:
        The names of the processes that were ended.
    """
    session = int(description["pid"])
    process = _same(description)
    if psutil.pid_exists(session) and (process is None or not _is_dead(process)):
        return []
    ended = []
    for other in psutil.process_iter(["name"]):
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if other.pid != session and os.getsid(other.pid) == session:
                other.send_signal(signal.SIGKILL)
                ended.append(str(other.info["name"]))
    return ended


def _same(description: Mapping[str, Any]) -> psutil.Process | None:
    """The process with the number and the start time described, dead or alive."""
    try:
        process = psutil.Process(int(description["pid"]))
        same = abs(process.create_time() - float(description["create_time"])) < _SAME_START_S
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def _is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return True
