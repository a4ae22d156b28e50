"""An execution inside a warm process: the work of the cold runner, with what differs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from panel.engine.event_log import EventLog
from panel.engine.operation import OperationKind
from panel.engine.outcome import Status
from panel.engine.programs import BinaryProgram, LibraryProgram, OnLine, Program
from panel.engine.warm.provider import Provider, provider_of
from panel.engine.work import Work
from panel.errors import RefusedError
from panel.masking import Masker

# The stand-in is found by way of `dev_overrides`, of which Terraform warns.
_OVERRIDDEN = "Provider development overrides are in effect"
# A validation that finds faults has done what was asked.
_JUDGING = OperationKind.VALIDATE


class WarmLog(EventLog):
    """Holds errors back until it is known whether they are anybody's business.

    When a warm execution fails, the cold runner answers: what went wrong in between is nothing to tell of.
    """

    def __init__(self, path: Path, masker: Masker) -> None:
        super().__init__(path, masker)
        self._held: list[Mapping[str, Any]] = []

    def line(self, text: str) -> dict[str, Any] | None:
        """See `EventLog.line`."""
        if _OVERRIDDEN in text:
            return {}
        return super().line(text)

    def event(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """See `EventLog.event`."""
        if value.get("@level") != "error":
            return super().event(value)
        self._held.append(value)
        masked: dict[str, Any] = self._masker.value(dict(value))
        return masked

    def settle(self, *, tell: bool) -> None:
        """Write what was held back, or forget it."""
        held, self._held = self._held, []
        for value in held if tell else ():
            super().event(value)


class WarmProgram:
    """Terraform in this process for everything but ``init``, which a process of its own does as in a cold run.

    With ``init`` done here Terraform would leave the provider that it finds overridden out of the workspace, where
    the apply needs it.

    Args:
        library: Terraform with the schema in its memory.
        provider: what it keeps ready.
        cold_environment: environment variables of a cold run.
    """

    def __init__(
        self, library: LibraryProgram, provider: Provider | None, cold_environment: Mapping[str, str]
    ) -> None:
        self._library = library
        self._provider = provider
        words = ["-P", "-m", "panel.engine.warm.command_line"]
        self._init = BinaryProgram(sys.executable, words=words, environment=cold_environment)
        self._current: Program = library

    def run(self, arguments: Sequence[str], on_line: OnLine, on_error_text: OnLine) -> int:
        """See `Program.run`.

        Raises:
            RefusedError: the stack uses another provider than the one that is kept ready.
        """
        if arguments[0] == "init":
            self._current = self._init
        else:
            self._current = self._library
            if provider_of(Path.cwd()) != self._provider:
                raise RefusedError("This stack uses another provider.", hint="Plan without the warm engine.")
        return self._current.run(arguments, on_line, on_error_text)

    def cancel(self) -> None:
        """See `Program.cancel`."""
        self._current.cancel()


class WarmWork(Work):
    """One execution from the inside of a warm process."""

    def __init__(self, directory: Path, request: dict[str, Any], *, log: WarmLog, masker: Masker) -> None:
        super().__init__(directory, request, log=log, masker=masker)
        self._warm_log = log
        self._ended: Status | None = None

    @property
    def ended_well(self) -> bool:
        """Whether it ended in a way that says nothing against the process it ran in."""
        return self._ended in (Status.SUCCEEDED, Status.CANCELED) or self._operation.kind is _JUDGING

    def _conclude(self, stage: str, code: int, lines: list[str]) -> None:
        if stage == "validate":
            document = json.loads("\n".join(lines) or "{}")
            said = document.get("diagnostics") or ()
            document["diagnostics"] = [item for item in said if item.get("summary") != _OVERRIDDEN]
            lines = [json.dumps(document)]
        super()._conclude(stage, code, lines)

    def _status(self, done: bool) -> Status:
        status = super()._status(done)
        self._ended = status
        self._warm_log.settle(tell=status is not Status.FAILED or self._operation.kind is _JUDGING)
        return status
