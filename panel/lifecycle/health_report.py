"""What the last look at an environment found, as values: read from the report that the store keeps.

Reports of earlier panels lack some of it, so everything in them may be missing. Nothing here asks anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from panel.catalogue.schema import Catalogue, Owner, Service

#: A look older than this says nothing about now.
STALE = timedelta(minutes=5)
#: States of a task in which it is gone, or about to be.
_ENDED = frozenset({"STOPPED", "STOPPING", "DEPROVISIONING", "DEACTIVATING"})
#: The verdict from which another is worse, the worst first.
WORST_FIRST = ("down", "degraded", "unknown", "healthy", "not_created")


@dataclass(frozen=True)
class CauseSeen:
    """One thing that is wrong, in plain words, with whom to call and the evidence for experts."""

    text: str
    service: str = ""
    team: str = ""
    contact: str = ""
    evidence: str = ""
    rule: str = ""


@dataclass(frozen=True)
class NoticeSeen:
    """Something that a person should know although nothing is wrong yet, and whom to tell."""

    text: str
    service: str = ""
    team: str = ""
    contact: str = ""


@dataclass(frozen=True)
class TaskNow:
    """One task. ``state`` is ECS's own word, ``health`` the load balancer's (empty where nobody said)."""

    service: str
    id: str
    zone: str = ""
    state: str = ""
    health: str = ""
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    reason: str = ""
    exit_code: int | None = None
    version: str = ""

    @property
    def ended(self) -> bool:
        """Whether it serves nobody any more."""
        return self.stopped_at is not None or self.state.upper() in _ENDED


@dataclass(frozen=True)
class EcsEvent:
    """What ECS said of a service, in its own words."""

    at: datetime | None
    service: str
    text: str


@dataclass(frozen=True)
class ServiceNow:
    """One service as it was last seen; counts of tasks are None where there are none, or nobody could tell."""

    name: str
    kind: str
    title: str
    owner: Owner
    verdict: str = "unknown"
    rule: str = ""
    version: str = ""
    digest: str = ""
    desired: int | None = None
    running: int | None = None
    pending: int | None = None
    notice: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    zones: Mapping[str, int] = field(default_factory=dict)
    tasks: tuple[TaskNow, ...] = ()
    events: tuple[EcsEvent, ...] = ()


@dataclass(frozen=True)
class ProbeNow:
    """One check: what it asked (``name``), of which service (empty: the environment), and what it found."""

    name: str
    service: str = ""
    verdict: str = "unknown"
    detail: str = ""
    evidence: str = ""
    notice: str = ""
    checked_at: datetime | None = None
    elapsed_ms: float | None = None


@dataclass(frozen=True)
class Seen:
    """A whole report, without its verdict over time."""

    rule: str = ""
    causes: tuple[CauseSeen, ...] = ()
    notices: tuple[NoticeSeen, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    services: Mapping[str, ServiceNow] = field(default_factory=dict)
    probes: tuple[ProbeNow, ...] = ()


def seen_of(report: Mapping[str, Any], catalogue: Catalogue, *, verdict: str = "unknown") -> Seen:
    """The report as values, with every service of the catalogue in its order.

    Args:
        verdict: of a service that the report does not name.
    """
    found = _map(report.get("services"))
    services = {
        name: _service(name, definition, _map(found.get(name)), verdict)
        for name, definition in catalogue.services.items()
    }
    return Seen(
        rule=_text(report, "rule"),
        causes=tuple(_cause(item) for item in _maps(report.get("causes"))),
        notices=tuple(_notice(item) for item in _maps(report.get("notices"))),
        measures=numbers(report.get("measures")),
        services=services,
        probes=tuple(_probe(item) for item in _maps(report.get("probes"))),
    )


def numbers(found: object) -> dict[str, float]:
    """Those of the values that are numbers, by name."""
    return {
        str(name): float(value)
        for name, value in _map(found).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def worst(verdicts: Iterable[str]) -> str:
    """The worst of several verdicts; ``unknown`` where there is none."""
    found = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in found), "unknown")


def _service(name: str, definition: Service, item: Mapping[str, Any], verdict: str) -> ServiceNow:
    return ServiceNow(
        name=name, kind=definition.kind, title=definition.title, owner=definition.owner,
        verdict=_text(item, "verdict") or verdict, rule=_text(item, "rule"),
        version=_text(item, "version"), digest=_text(item, "digest"),
        desired=_count(item, "desired"), running=_count(item, "running"), pending=_count(item, "pending"),
        notice=_text(item, "notice"), measures=numbers(item.get("measures")),
        zones={zone: int(count) for zone, count in numbers(item.get("zones")).items()},
        tasks=tuple(_task(name, task) for task in _maps(item.get("tasks"))),
        events=tuple(
            EcsEvent(_instant(event, "at"), name, _text(event, "text")) for event in _maps(item.get("events"))
        ),
    )  # fmt: skip


def _task(service: str, item: Mapping[str, Any]) -> TaskNow:
    return TaskNow(
        service=service, id=_text(item, "id"), zone=_text(item, "zone"), state=_text(item, "state"),
        health=_text(item, "health"), started_at=_instant(item, "started_at"),
        stopped_at=_instant(item, "stopped_at"), reason=_text(item, "reason"),
        exit_code=_count(item, "exit_code"), version=_text(item, "version"),
    )  # fmt: skip


def _cause(item: Mapping[str, Any]) -> CauseSeen:
    owner = _map(item.get("owner"))
    return CauseSeen(
        text=_text(item, "text"), service=_text(item, "service"), team=_text(owner, "team"),
        contact=_text(owner, "contact"), evidence=_text(item, "evidence"), rule=_text(item, "rule"),
    )  # fmt: skip


def _notice(item: Mapping[str, Any]) -> NoticeSeen:
    owner = _map(item.get("owner"))
    return NoticeSeen(
        text=_text(item, "text"),
        service=_text(item, "service"),
        team=_text(owner, "team"),
        contact=_text(owner, "contact"),
    )


def _probe(item: Mapping[str, Any]) -> ProbeNow:
    return ProbeNow(
        name=_text(item, "name"), service=_text(item, "service"), verdict=_text(item, "verdict") or "unknown",
        detail=_text(item, "detail"), evidence=_text(item, "evidence"), notice=_text(item, "notice"),
        checked_at=_instant(item, "checked_at"), elapsed_ms=numbers(item).get("elapsed_ms"),
    )  # fmt: skip


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return "" if value is None else str(value)


def _count(item: Mapping[str, Any], key: str) -> int | None:
    value = numbers(item).get(key)
    return None if value is None else int(value)


def _instant(item: Mapping[str, Any], key: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(item, key))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
