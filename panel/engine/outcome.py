"""How an execution ended, as a value: read from the ``result.json`` that its runner writes last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from panel.engine.atomic import read_json
from panel.engine.diagnostics import Diagnostic, error_for, parse_diagnostic
from panel.engine.events import ChangeCounts
from panel.engine.operation import Operation
from panel.engine.plan import PlanSummary, parse_plan
from panel.errors import (
    CanceledRunError,
    NotFoundError,
    OperationError,
    PanelError,
    StorageError,
    TimeLimitError,
)


class Status(StrEnum):
    """How it ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class Stage:
    """One Terraform command of an execution, with its time in seconds."""

    name: str
    exit_code: int
    started_at: datetime
    elapsed_s: float


@dataclass(frozen=True)
class Outcome:
    """How an execution ended.

    Attributes:
        operation: what was asked.
        status: how it ended.
        exit_code: Terraform's exit code of the last stage.
        started_at, ended_at: times of the whole execution.
        stages: the Terraform commands that ran, in order.
        diagnostics: Terraform's errors and warnings.
        counts: of a plan, what it would change; of an apply, what it changed.
        outputs: root outputs without the sensitive ones (apply and output operations).
        sensitive_outputs: names of the outputs that were left out.
        addresses: of state-list, the addresses.
        plan_path: the saved plan, readable by its owner alone.
        plan_digest: sha256 of the saved plan, in hex.
        plan_json_path: the masked ``show -json`` of the plan.
        has_changes: whether the plan holds anything to apply.
        terraform_version: the Terraform that did it.
        log_complete: False when the disk refused a part of the log; the outcome itself is true.
        mirrors: folders that were looked into for providers.
        unsaved_state: whether the apply could not save its state; it is kept with the execution.
        failure: why the runner itself refused or failed, when it was not Terraform.
    """

    operation: Operation
    status: Status
    exit_code: int
    started_at: datetime
    ended_at: datetime
    stages: tuple[Stage, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    counts: ChangeCounts = field(default_factory=ChangeCounts)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    sensitive_outputs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    plan_path: Path | None = None
    plan_digest: str = ""
    plan_json_path: Path | None = None
    has_changes: bool = False
    terraform_version: str = ""
    log_complete: bool = True
    mirrors: tuple[str, ...] = ()
    unsaved_state: bool = False
    failure: str = ""
    failed_storage: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether everything that was asked was done."""
        return self.status is Status.SUCCEEDED

    @property
    def elapsed_s(self) -> float:
        """Seconds from the runner's start to its end."""
        return (self.ended_at - self.started_at).total_seconds()

    def plan_summary(self) -> PlanSummary:
        """The plan as a value.

        Raises:
            NotFoundError: the execution made no plan.
            StorageError: its file cannot be read.
        """
        document = read_json(self.plan_json_path) if self.plan_json_path else None
        if document is None:
            raise NotFoundError("This execution has no plan, or its file is gone.", hint="Plan again.")
        return parse_plan(document)

    def error(self, subject: str = "") -> PanelError | None:
        """The error to show when it did not succeed, else None.

        Args:
            subject: what it was about, as ``staging``; named in the message.
        """
        if self.succeeded:
            return None
        what = f"{self.operation.title} of {subject}" if subject else self.operation.title
        detail = "\n\n".join(str(item) for item in self.diagnostics if item.severity == "error")
        if self.failed_storage:
            return StorageError(f"{what} failed: {self.failure}", hint="Free some space and try again.")
        if self.status is Status.TIMED_OUT:
            return TimeLimitError(
                f"{what} was stopped: it took longer than its time limit.",
                hint="Look at what it waited for in the log, then plan again.",
                detail=detail,
            )
        if self.status is Status.CANCELED:
            return CanceledRunError(
                f"{what} was canceled before its end.",
                hint="Plan again to see what is left to do.",
                detail=detail,
            )
        if self.failure:
            return OperationError(f"{what} failed: {self.failure}", hint="Plan again.", detail=detail)
        return error_for(self.diagnostics, what=what, mirrors=self.mirrors)

    def check(self, subject: str = "") -> Outcome:
        """Itself when it succeeded.

        Raises:
            PanelError: what `error` gives, otherwise.
        """
        error = self.error(subject)
        if error is not None:
            raise error
        return self


def load_outcome(directory: Path, *, folder: str = "") -> Outcome | None:
    """The outcome of the execution in ``directory``, or None while it has not ended.

    Args:
        directory: the execution's folder.
        folder: where Terraform ran, relative to the ``terraform/`` tree (for file names).

    Raises:
        StorageError: the result is there but cannot be read.
    """
    value = read_json(directory / "result.json")
    if value is None:
        return None
    try:
        return _outcome(value, directory, folder)
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"{directory / 'result.json'} is damaged: {error!r}.", hint="Start the operation anew."
        ) from error


def _outcome(value: Mapping[str, Any], directory: Path, folder: str) -> Outcome:
    plan = value.get("plan") or {}
    return Outcome(
        operation=Operation.from_json(value["operation"]),
        status=Status(value["status"]),
        exit_code=int(value["exit_code"]),
        started_at=datetime.fromisoformat(value["started_at"]),
        ended_at=datetime.fromisoformat(value["ended_at"]),
        stages=tuple(
            Stage(
                item["name"],
                item["exit_code"],
                datetime.fromisoformat(item["started_at"]),
                item["elapsed_s"],
            )
            for item in value.get("stages", ())
        ),
        diagnostics=tuple(parse_diagnostic(item, folder=folder) for item in value.get("diagnostics", ())),
        counts=ChangeCounts(**value.get("counts", {})),
        outputs=value.get("outputs") or {},
        sensitive_outputs=tuple(value.get("sensitive_outputs") or ()),
        addresses=tuple(value.get("addresses") or ()),
        plan_path=directory / plan["file"] if plan else None,
        plan_digest=plan.get("digest", ""),
        plan_json_path=directory / plan["json"] if plan.get("json") else None,
        has_changes=bool(value.get("has_changes")),
        terraform_version=str(value.get("terraform_version", "")),
        log_complete=bool(value.get("log_complete", True)),
        mirrors=tuple(value.get("mirrors") or ()),
        unsaved_state=bool(value.get("unsaved_state")),
        failure=str(value.get("failure") or ""),
        failed_storage=bool(value.get("failed_storage")),
    )
