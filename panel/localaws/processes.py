"""Operating-system processes: who is alive, starting one that outlives its starter, ending one politely.

A process is known by its number *and* by when it was made or a mark in its environment: numbers are reused.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import psutil

MARK = "PANEL_LOCAL_MARK"  # Environment variable by which a process is told from a later one with its number.
_CLOCK_TOLERANCE_S = 1.0

# Children of this very process, kept so that their exit codes can be read and no zombie stays behind.
_children: dict[int, subprocess.Popen[bytes]] = {}
_children_lock = Lock()


@dataclass(frozen=True)
class ProcessRef:
    """One particular process, for as long as it lives and after.

    Args:
        pid: process number.
        created: when the process was made, in seconds since 1970, as psutil tells it.
        mark: value of ``PANEL_LOCAL_MARK`` in its environment; empty when it has none.
    """

    pid: int
    created: float
    mark: str = ""

    def is_alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        if exit_code(self.pid) is not None:
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if abs(process.create_time() - self.created) < _CLOCK_TOLERANCE_S:
                return True
            # The time of birth shifts when the machine's clock is set; the mark does not.
            return bool(self.mark) and process.environ().get(MARK) == self.mark
        except psutil.Error:
            return False


def spawn(
    argv: Sequence[str], *, environment: Mapping[str, str], log: Path, mark: str, cwd: Path | None = None
) -> ProcessRef:
    """Start a process in a session of its own, its output appended to ``log``, deaf to our terminal.

    Raises:
        OSError: the program cannot be started or the log cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment, MARK: mark},
            cwd=cwd,
            start_new_session=True,
        )
    with _children_lock:
        _children[child.pid] = child
    created = 0.0
    with suppress(psutil.Error):
        created = psutil.Process(child.pid).create_time()
    return ProcessRef(child.pid, created, mark)


def exit_code(pid: int) -> int | None:
    """Exit code of a child of this process that has ended (minus the signal's number when killed), else None."""
    with _children_lock:
        child = _children.get(pid)
        return None if child is None else child.poll()


def ask_to_end(process: ProcessRef) -> None:
    """Send the request to end to the process alone: it knows best how to end its own children."""
    if process.is_alive():
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)


def kill(process: ProcessRef) -> None:
    """End a process that :func:`spawn` started, and everything in its session, at once."""
    if process.is_alive():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def terminate(process: ProcessRef, *, grace_s: float) -> bool:
    """Ask a process to end, and kill it with its children when it has not ended after ``grace_s`` seconds.

    Returns:
        True when it ended by itself.
    """
    ask_to_end(process)
    if wait_for_end(process, grace_s):
        return True
    kill(process)
    wait_for_end(process, 5)
    return False


def wait_for_end(process: ProcessRef, limit_s: float) -> bool:
    """Wait up to ``limit_s`` seconds for a process to end; True when it has."""
    with _children_lock:
        child = _children.get(process.pid)
    with suppress(psutil.Error, psutil.TimeoutExpired, subprocess.TimeoutExpired):
        if child is not None:
            child.wait(limit_s)
        elif process.is_alive():
            psutil.Process(process.pid).wait(limit_s)
    return not process.is_alive()


def tail(path: Path, lines: int = 20, limit: int = 64 * 1024) -> str:
    """Last lines of a text file, read from its last ``limit`` bytes; empty when there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
