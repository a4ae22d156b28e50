"""Programs that a build runs (uv, pip, npm, docker): their lines go out live, their failure says why."""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from panel.deploys import Report
from panel.errors import BuildError

_LAST_LINES = 30


def run_tool(
    command: Sequence[str],
    *,
    what: str,
    report: Report,
    environment: Mapping[str, str],
    cwd: Path | None = None,
    stdin: str = "",
    deadline_s: float = 1800,
) -> list[str]:
    """Run one program to its end and return its last lines.

    Args:
        what: what it does, as the end of "could not ...".
        stdin: text for its standard input (a password never goes on a command line).
        deadline_s: seconds until it is stopped.

    Raises:
        BuildError: it could not be started, failed, or took too long; ``detail`` has its last lines.
    """
    process = _started(command, what, environment, cwd, with_input=bool(stdin))
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(deadline_s, stop)
    timer.start()
    try:
        last = _told(process, stdin, report)
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
    if late.is_set() or process.returncode != 0:
        outcome = (
            f"was stopped after {deadline_s:.0f} s" if late.is_set() else f"failed ({process.returncode})"
        )
        raise BuildError(
            f"The panel could not {what}: {Path(command[0]).name} {outcome}.",
            hint="The last lines are below; correct the cause and deploy again.",
            detail="\n".join(last),
        )
    return last


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
        )
    except OSError as error:
        raise BuildError(
            f"The panel could not {what}: {command[0]} could not be started ({error.strerror})."
        ) from error


def _told(process: subprocess.Popen[str], stdin: str, report: Report) -> list[str]:
    """Report a process's lines until it has ended; the last of them."""
    last: deque[str] = deque(maxlen=_LAST_LINES)
    with process:
        if process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        for line in process.stdout or ():
            if text := line.rstrip():
                last.append(text)
                report(text)
    return list(last)
