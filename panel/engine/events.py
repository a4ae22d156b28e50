"""Terraform's machine-readable output as typed values, one per line of an execution's ``events.jsonl``.

Source: Terraform's "Machine-Readable UI" format (version 1.x), plus two lines of the runner's own that
say which stage (init, plan, show, apply) begins and ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from panel.engine.diagnostics import Diagnostic, parse_diagnostic


class EventKind(StrEnum):
    """What a line says; a type that is not known becomes `LOG`."""

    STAGE_START = "stage_start"
    STAGE_COMPLETE = "stage_complete"
    VERSION = "version"
    INIT_OUTPUT = "init_output"
    PLANNED_CHANGE = "planned_change"
    RESOURCE_DRIFT = "resource_drift"
    CHANGE_SUMMARY = "change_summary"
    APPLY_START = "apply_start"
    APPLY_PROGRESS = "apply_progress"
    APPLY_COMPLETE = "apply_complete"
    APPLY_ERRORED = "apply_errored"
    PROVISION_START = "provision_start"
    PROVISION_PROGRESS = "provision_progress"
    PROVISION_COMPLETE = "provision_complete"
    PROVISION_ERRORED = "provision_errored"
    REFRESH_START = "refresh_start"
    REFRESH_COMPLETE = "refresh_complete"
    OUTPUTS = "outputs"
    DIAGNOSTIC = "diagnostic"
    LOG = "log"


@dataclass(frozen=True)
class ChangeCounts:
    """How many resources an operation changes; a replaced one counts as added and destroyed."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    imported: int = 0

    def __str__(self) -> str:
        return f"+{self.add} ~{self.change} −{self.destroy}"


@dataclass(frozen=True)
class OutputValue:
    """One root output. ``value`` is None while unknown, and always when it is sensitive."""

    value: Any = None
    sensitive: bool = False
    action: str = ""


@dataclass(frozen=True)
class Event:
    """One line of an execution.

    Attributes:
        kind: what it says.
        message: the sentence for a person.
        level: ``info``, ``warn`` or ``error``.
        timestamp: when Terraform said it.
        offset: position in the events file just behind this line; `Execution.follow` resumes from it.
        stage: for stage events, ``init``, ``plan``, ``show``, ``apply``…
        address, resource_type, action, reason, resource_id: about the resource, where there is one.
        elapsed_s: seconds the resource's operation has taken so far, or the stage took.
        operation: of a change summary, ``plan``, ``apply`` or ``destroy``.
        counts: of a change summary.
        outputs: of an outputs event, by name.
        diagnostic: of a diagnostic.
    """

    kind: EventKind
    message: str
    level: str = "info"
    timestamp: datetime | None = None
    offset: int = 0
    stage: str = ""
    address: str = ""
    resource_type: str = ""
    action: str = ""
    reason: str = ""
    resource_id: str = ""
    elapsed_s: float | None = None
    operation: str = ""
    counts: ChangeCounts | None = None
    outputs: Mapping[str, OutputValue] = field(default_factory=dict)
    diagnostic: Diagnostic | None = None


def parse_event(value: Mapping[str, Any], *, folder: str = "", offset: int = 0) -> Event:
    """An event out of one JSON object of Terraform's output.

    Args:
        value: the decoded line.
        folder: where Terraform ran, relative to the ``terraform/`` tree (for file names).
        offset: position behind the line in its file.
    """
    kind = _kind(value.get("type"))
    subject = _mapping(value.get("hook")) or _mapping(value.get("change"))
    resource = _mapping(subject.get("resource"))
    diagnostic = _mapping(value.get("diagnostic"))
    changes = _mapping(value.get("changes"))
    return Event(
        kind=kind,
        message=str(value.get("@message", "")).strip(),
        level=str(value.get("@level", "info")),
        timestamp=_moment(value.get("@timestamp")),
        offset=offset,
        stage=str(value.get("stage", "")),
        address=str(resource.get("addr") or diagnostic.get("address") or ""),
        resource_type=str(resource.get("resource_type") or ""),
        action=str(subject.get("action") or ""),
        reason=str(subject.get("reason") or ""),
        resource_id=str(subject.get("id_value") or ""),
        elapsed_s=_seconds(subject.get("elapsed_seconds", value.get("elapsed_s"))),
        operation=str(changes.get("operation", "")),
        counts=_counts(changes) if kind is EventKind.CHANGE_SUMMARY else None,
        outputs=_outputs(value.get("outputs")) if kind is EventKind.OUTPUTS else {},
        diagnostic=parse_diagnostic(diagnostic, folder=folder) if diagnostic else None,
    )


def _kind(name: object) -> EventKind:
    try:
        return EventKind(str(name))
    except ValueError:
        return EventKind.LOG


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _counts(changes: Mapping[str, Any]) -> ChangeCounts:
    return ChangeCounts(
        add=int(changes.get("add", 0)),
        change=int(changes.get("change", 0)),
        destroy=int(changes.get("remove", 0)),
        imported=int(changes.get("import", 0)),
    )


def _outputs(value: object) -> dict[str, OutputValue]:
    return {
        str(name): OutputValue(
            value=None if item.get("sensitive") else item.get("value"),
            sensitive=bool(item.get("sensitive")),
            action=str(item.get("action", "")),
        )
        for name, item in _mapping(value).items()
        if isinstance(item, Mapping)
    }
