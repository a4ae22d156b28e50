"""What a look at an environment hands back: the verdict of one source, its words, and what it measured.

Belongs here: the values, and what a read that failed means. What an answer means is in the modules ``probes_*``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from panel.aws.refusals import denied_permission
from panel.catalogue.health import HealthRules
from panel.errors import EndpointError, NotFoundError, PanelError

#: What counts as trouble where nobody wrote anything about it.
DEFAULT_RULES = HealthRules()

ProbeState = Literal["healthy", "degraded", "down", "unknown"]


@dataclass(frozen=True)
class TaskSeen:
    """One ECS task, running or stopped.

    Attributes:
        id: the last part of its ARN.
        zone: availability zone, empty where nobody tells.
        state: ECS' word: ``PENDING``, ``RUNNING``, ``STOPPED``, ...
        health: of its target: ``healthy``, ``unhealthy``, ``unknown``, empty where it is no target (any more).
        reason: why it stopped, empty while it runs.
        exit_code: of the container that ended it, ``None`` where ECS names none.
        version: what it runs, empty where nobody tells.
    """

    id: str
    zone: str = ""
    state: str = ""
    health: str = ""
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    reason: str = ""
    exit_code: int | None = None
    version: str = ""


@dataclass(frozen=True)
class EventSeen:
    """One line of a service's own event log."""

    at: datetime | None
    text: str


@dataclass(frozen=True)
class Reading:
    """What a probe measured.

    Attributes:
        version, digest: what runs.
        desired, running, pending: counts of tasks.
        measures: figures by name: ``latency_ms``, ``requests``, ``errors_5xx``, ``error_percent``, ``cpu_percent``,
            ``memory_percent``, ``log_errors``. What was not measured is not in it.
        tasks: running ones first, then the latest that stopped.
        events: newest first.
        zones: tasks or targets that serve, by availability zone.
    """

    version: str | None = None
    digest: str | None = None
    desired: int | None = None
    running: int | None = None
    pending: int | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    tasks: tuple[TaskSeen, ...] = ()
    events: tuple[EventSeen, ...] = ()
    zones: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What one look found.

    Attributes:
        verdict: what this source alone says.
        detail: for people, a full sentence without technical terms where possible.
        evidence: for experts: status codes, counts, the other side's own words.
        reading: what was measured on the way.
        reached: whether the asked side answered at all.
        notice: what a person should know although the verdict stays: a certificate that ends in 25 days.
    """

    verdict: ProbeState
    detail: str
    evidence: str = ""
    reading: Reading | None = None
    reached: bool = True
    notice: str = ""


@dataclass(frozen=True)
class Probe:
    """A look to take: ``name`` is its kind, ``service`` the service it is about (``None``: all of them)."""

    name: str
    service: str | None
    look: Callable[[], Finding]


@dataclass(frozen=True)
class ProbeResult:
    """A finding with its time. ``elapsed_ms`` is how long the look took."""

    name: str
    service: str | None
    verdict: ProbeState
    detail: str
    evidence: str
    checked_at: datetime
    elapsed_ms: int
    reading: Reading | None = None
    reached: bool = True
    notice: str = ""


def not_read(error: PanelError) -> Finding:
    """What a failed read means: *down* if the thing does not exist, *unknown* otherwise."""
    evidence = error.detail or type(error).__name__
    if isinstance(error, NotFoundError):
        return Finding("down", error.message, evidence)
    permission = denied_permission(error)
    if permission is not None:
        detail = f"The panel may not look at this: its AWS identity lacks the permission {permission}."
        return Finding("unknown", detail, evidence)
    return Finding("unknown", error.message, evidence, reached=not isinstance(error, EndpointError))
