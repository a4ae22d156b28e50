"""The process that runs Terraform for one execution: ``python -m panel.engine.runner DIRECTORY``.

It is a session of its own, so that neither the end of the worker that started it nor Ctrl-C in a terminal
touches an apply. It says everything through the files that `panel.engine.execution` lists. SIGTERM
and SIGINT are handed on to Terraform, which then stops gracefully; a second one presses harder.

One process for ``init``, ``plan`` and ``show`` loads the provider's schema once. Measured with the stack of an
environment (51 resources, two cores): 7.0 s of CPU in place of 10 s as three commands, ``show`` falls from
3.3 s to 0.6 s, and the whole costs what a bare ``init`` and ``plan`` do. What keeps the schema and providers over
many executions is `panel.engine.warm`: a supervised process, not one that also has to survive everything.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psutil

from panel.engine.atomic import read_json, write_json
from panel.engine.event_log import EventLog
from panel.engine.execution import EVENTS, EXIT_TAKEN, PROCESS, REQUEST, RUNNER_LOCK
from panel.engine.process import describe_own
from panel.engine.programs import BinaryProgram, LibraryProgram, Program
from panel.engine.work import Work
from panel.errors import PanelError
from panel.masking import Masker

EXIT_STORAGE = 74


def main(arguments: list[str]) -> int:
    """Do the execution in the folder given, unless another process has taken it on.

    Args:
        arguments: the execution's folder; or ``--version`` to print the built-in Terraform's version.

    Returns:
        0 when the result was written, whatever it says; 75 when the execution was taken on before;
        74 when the disk refused the result.
    """
    if arguments == ["--version"]:
        return _print_version()
    directory = Path(arguments[0])
    os.umask(0o077)
    lock = take_on(directory)
    if lock is None:
        return EXIT_TAKEN
    # The kernel lets go of the lock when this process ends, however it ends.
    return _run(directory)


def take_on(directory: Path) -> int | None:
    """Take the execution on; None when another runner has it, or had it and died.

    Returns:
        A file descriptor; the execution is taken as long as it is open.
    """
    descriptor = os.open(directory / RUNNER_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if (directory / PROCESS).exists():
        os.close(descriptor)
        return None
    return descriptor


def note_process(directory: Path) -> None:
    """Note in the execution's folder that this process works on it, from now on.

    Raises:
        StorageError: the disk refused.
    """
    write_json(
        directory / PROCESS,
        {**describe_own(), "started_at": datetime.now(UTC).isoformat()},
    )


def _run(directory: Path) -> int:
    request = read_json(directory / REQUEST)
    if request is None:
        raise SystemExit(f"no request in {directory}")
    # What this process was started with is what Terraform sees: the secrets in it are known.
    masker = Masker.for_environment(psutil.Process().environ())
    log = EventLog(directory / EVENTS, masker)
    work = Work(directory, request, log=log, masker=masker)

    _pass_on_interrupts(work)
    note_process(directory)
    os.chdir(request["stack_path"])

    def program() -> Program:
        made = _program(request)
        # Loading the library put Go's signal handlers in the place of ours.
        _pass_on_interrupts(work)
        return made

    written = work.run(program)
    log.close()
    return 0 if written else EXIT_STORAGE


def _pass_on_interrupts(work: Work) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        work.cancel()

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)


def _program(request: dict[str, object]) -> Program:
    binary = str(request.get("binary") or "")
    return BinaryProgram(binary) if binary else LibraryProgram()


def _print_version() -> int:
    lines: list[str] = []
    code = LibraryProgram().run(["version", "-json"], lines.append, lines.append)
    value = json.loads("\n".join(lines))
    sys.stdout.write(str(value["terraform_version"]) + "\n")
    return code


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except PanelError as error:
        raise SystemExit(str(error)) from None
