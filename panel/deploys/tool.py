"""Programs that a build runs (uv, pip, npm, docker): their lines go out live, their failure says why."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from panel.deploys import Report, Stopped, StoppedError, never
from panel.errors import BuildError

_LAST_LINES = 30
_LOOK_S = 0.2
# Time to end by itself after a polite request: npm and docker clean up behind themselves.
_GRACE_S = 5.0


def run_tool(
    command: Sequence[str],
    *,
    what: str,
    report: Report,
    environment: Mapping[str, str],
    cwd: Path | None = None,
    stdin: str = "",
    deadline_s: float = 1800,
    stopped: Stopped = never,
) -> list[str]:
    """Run one program to its end and return its last lines.

    Args:
        what: what it does, as the end of "could not ...".
        stdin: text for its standard input (a password never goes on a command line).
        deadline_s: seconds until it is stopped, with everything that it has started.
        stopped: asked several times a second; when it says yes the program is ended in the same way. Called by
            another thread than the caller's.

    Raises:
        BuildError: it could not be started, failed, or took too long; ``detail`` has its last lines.
        StoppedError: somebody asked for it to stop before it had ended.
    """
    if stopped():
        raise StoppedError
    process = _started(command, what, environment, cwd, with_input=bool(stdin))
    with _Watch(process, deadline_s, stopped) as watch:
        last = _told(process, stdin, report)
    if watch.why == "stopped":
        raise StoppedError
    if watch.why or process.returncode != 0:
        outcome = f"was stopped after {deadline_s:.0f} s" if watch.why else f"failed ({process.returncode})"
        raise BuildError(
            f"The panel could not {what}: {Path(command[0]).name} {outcome}.",
            hint="The last lines are below; correct the cause and deploy again.",
            detail="\n".join(last),
        )
    return last


class _Watch:
    """Ends a process and all that it started: at the deadline, when asked to stop, and when its reader gives up.

    ``why`` is empty for a process that ended by itself, otherwise ``late`` or ``stopped``.
    """

    def __init__(self, process: subprocess.Popen[str], deadline_s: float, stopped: Stopped) -> None:
        self._process, self._stopped = process, stopped
        self._deadline = time.monotonic() + deadline_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="tool-watch", daemon=True)
        self.why = ""

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        if self._process.poll() is None:
            self._signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _look(self) -> None:
        while not self._done.wait(_LOOK_S):
            if self._stopped():
                self.why = "stopped"
            elif time.monotonic() > self._deadline:
                self.why = "late"
            if self.why:
                self._end()
                return

    def _end(self) -> None:
        self._signal(signal.SIGTERM)
        if not self._done.wait(_GRACE_S):
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        # The group is the process's own (a session was started for it), and stays while one of it lives.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _started(
    command: Sequence[str], what: str, environment: Mapping[str, str], cwd: Path | None, *, with_input: bool
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise BuildError(
            f"The panel could not {what}: {command[0]} could not be started ({error.strerror})."
        ) from error


def _told(process: subprocess.Popen[str], stdin: str, report: Report) -> list[str]:
    """Report a process's lines until it has ended; the last of them."""
    last: deque[str] = deque(maxlen=_LAST_LINES)
    if process.stdin is not None:
        # It may not read to the end: its exit code says what that means.
        with suppress(BrokenPipeError):
            process.stdin.write(stdin)
        with suppress(BrokenPipeError):
            process.stdin.close()
    for line in process.stdout or ():
        if text := line.rstrip():
            last.append(text)
            report(text)
    process.wait()
    return list(last)
