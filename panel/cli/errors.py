"""From whatever goes wrong to a line on standard error and an exit code; a traceback goes to a file."""

from __future__ import annotations

import errno
import logging
import tempfile
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from panel.cli import output, state
from panel.errors import PanelError

#: Exit codes, as ``--help`` and docs/cli.md tell them.
DONE, FAILED, USAGE, REFUSED, TIMED_OUT, INTERRUPTED = 0, 1, 2, 3, 4, 130

_LOG_BYTES = 1_000_000


class PanelGroup(TyperGroup):
    """The root of all commands: errors end here."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a `PanelError` becomes its exit code, Ctrl-C becomes 130."""
        try:
            return super().invoke(ctx)
        except PanelError as problem:
            output.error(problem)
            raise typer.Exit(problem.exit_code) from None
        except KeyboardInterrupt:
            output.say("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except OSError as problem:
            # The reader of a pipe went away (`panel runs list | head`): nothing is wrong.
            if problem.errno == errno.EPIPE:
                raise
            raise self._unforeseen(problem) from None
        except Exception as problem:
            if type(problem).__module__.startswith(("typer", "click")):
                raise
            raise self._unforeseen(problem) from None

    def _unforeseen(self, problem: Exception) -> typer.Exit:
        path = _keep_traceback(problem)
        output.say(f"Error: something nobody foresaw went wrong ({type(problem).__name__}: {problem}).")
        output.say(f"  The traceback is in {path}.")
        return typer.Exit(FAILED)


def _keep_traceback(problem: Exception) -> Path:
    """Append the traceback to the log of terminals; returns where it is."""
    path = _log_path()
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("panel.cli.unforeseen")
    log.propagate = False
    log.addHandler(handler)
    try:
        log.error("A command failed", exc_info=problem)
    finally:
        log.removeHandler(handler)
        handler.close()
    return path


def _log_path() -> Path:
    try:
        folder = state.get_panel().settings.data_path
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (PanelError, OSError):
        # The panel itself cannot be opened; the traceback must still have a place.
        folder = Path(tempfile.mkdtemp(prefix="panel-"))
    return folder / "cli.log"
