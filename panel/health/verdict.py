"""From probe results to one verdict: what is broken, why, and whom to call. Pure: no call, no clock.

The rules are data in :mod:`panel.health.rules`, and stand in ``docs/health.md``. In short: the front door is the way
people take, and decides. What stands behind it and what is around it can lower *healthy* to *degraded* only; where the
front door cannot tell, what stands behind counts. What nobody can tell is *unknown*, never *healthy*.

The environment has the worst verdict of its services, in the order down, degraded, unknown, healthy; what is amiss
around them makes it degraded. Where no probe got any answer, it is *down* on the embedded AWS (which is then not
running) and *unknown* on AWS (the panel's own network may be at fault).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from panel.catalogue.schema import Catalogue, Owner, Service
from panel.health.causes import Cause, causes_of, notice_of, silence
from panel.health.probes import EventSeen, ProbeResult, Reading, TaskSeen
from panel.health.rules import (
    ALL_SILENT,
    AROUND,
    BEHIND,
    BEHIND_ALL,
    CONTAINER_RULES,
    EMULATOR_SILENT,
    FRONT_DOOR,
    LOOKING_BACK,
    LOST,
    NOT_CREATED,
    SIGNS,
    SITE_RULES,
    Health,
    ServiceRule,
    environment_rule,
    service_rule,
    worst,
)

__all__ = ["Cause", "Notice", "ServiceHealth", "Verdict", "judge", "lost_verdict", "not_created_verdict"]

_Value = TypeVar("_Value")

#: Whose measures are the environment's own: those nearest to people first.
_MEASURE_THE_WHOLE = ("site", "cloudfront_errors", "load_balancer")


@dataclass(frozen=True)
class Notice:
    """Something a person should know although nothing is wrong yet, and whose it is."""

    text: str
    service: str | None
    owner: Owner


@dataclass(frozen=True)
class ServiceHealth:
    """One service: its verdict, what it runs, and its tasks (``None`` where there are none, or not known).

    Attributes:
        rule: the row of ``docs/health.md`` that it matched.
        notice: what people notice; empty when there is nothing.
        measures: figures by name, such as ``latency_ms``.
        zones: tasks that serve, by zone.
        tasks: its tasks, also stopped ones, as they were read.
        events: the latest that ECS tells of it.
    """

    verdict: Health
    version: str | None = None
    digest: str | None = None
    desired: int | None = None
    running: int | None = None
    pending: int | None = None
    rule: str = ""
    notice: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    zones: Mapping[str, int] = field(default_factory=dict)
    tasks: tuple[TaskSeen, ...] = ()
    events: tuple[EventSeen, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The health of one environment at one moment.

    ``rule`` is the row of ``docs/health.md`` that it matched; ``since`` when it began to be so, where that is known.
    """

    environment: str
    verdict: Health
    causes: tuple[Cause, ...]
    services: Mapping[str, ServiceHealth]
    probes: tuple[ProbeResult, ...]
    checked_at: datetime
    rule: str = ""
    notices: tuple[Notice, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    since: datetime | None = None


def judge(
    catalogue: Catalogue,
    environment: str,
    results: Sequence[ProbeResult],
    *,
    emulated: bool,
    checked_at: datetime,
    since: datetime | None = None,
) -> Verdict:
    """Combine the probe results of an environment that exists.

    Args:
        emulated: whether it lives on the embedded AWS.
        checked_at: when the sweep began.
        since: when its present verdict began, where that is known.
    """
    rules = {name: _rule_of(service, name, results) for name, service in catalogue.services.items()}
    rule = environment_rule(
        (matched.verdict for matched in rules.values()),
        around=worst(r.verdict for r in results if r.name in AROUND),
        answered=any(result.reached for result in results),
        emulated=emulated,
    )
    owner = catalogue.environments[environment].owner
    if rule in (EMULATOR_SILENT, ALL_SILENT):
        causes: tuple[Cause, ...] = (silence(rule, owner, results),)
    else:
        causes = causes_of(catalogue, owner, rule, rules, results)
    services = {
        name: _unheard_of(catalogue.services[name].title)
        if rule is ALL_SILENT
        else _service_health(catalogue.services[name], matched, name, results)
        for name, matched in rules.items()
    }
    return Verdict(
        environment, rule.verdict, causes, services, tuple(results), checked_at,
        rule=rule.id,
        notices=_notices(catalogue, owner, results),
        measures=_measures(
            r.reading for name in _MEASURE_THE_WHOLE for r in results if r.name == name and r.reading
        ),
        since=since,
    )  # fmt: skip


def at_this_moment(catalogue: Catalogue, report: Verdict, *, emulated: bool) -> Verdict:
    """The verdict without what is counted over the last minutes: whether a version that was just brought up works."""
    present = [result for result in report.probes if result.name not in LOOKING_BACK]
    if not present:
        return report  # nothing was asked
    return judge(
        catalogue, report.environment, present, emulated=emulated, checked_at=report.checked_at, since=report.since
    )  # fmt: skip


def not_created_verdict(catalogue: Catalogue, environment: str, *, checked_at: datetime) -> Verdict:
    """The verdict of an environment that does not exist (yet): nothing is wrong, and nothing is there."""
    services = {name: ServiceHealth(NOT_CREATED.verdict, rule=NOT_CREATED.id) for name in catalogue.services}
    return Verdict(environment, NOT_CREATED.verdict, (), services, (), checked_at, rule=NOT_CREATED.id)


def lost_verdict(catalogue: Catalogue, environment: str, *, checked_at: datetime) -> Verdict:
    """The verdict of an environment that went with an embedded AWS that was killed."""
    cause = Cause(
        text="The embedded AWS was lost, and this environment with it. Create the environment again.",
        service=None,
        owner=catalogue.environments[environment].owner,
        evidence="the embedded AWS of this environment's last run is gone; the one that answers is another",
        rule=LOST.id,
    )
    services = {
        name: ServiceHealth(
            LOST.verdict,
            running=0 if service.kind == "container" else None,
            rule=LOST.id,
            notice=service.impact or f"{service.title} is gone.",
        )
        for name, service in catalogue.services.items()
    }
    return Verdict(environment, LOST.verdict, (cause,), services, (), checked_at, rule=LOST.id)


def _rule_of(service: Service, name: str, results: Sequence[ProbeResult]) -> ServiceRule:
    own = [result for result in results if result.service == name]
    behind = [r.verdict for r in own if r.name in BEHIND]
    front_door = worst(r.verdict for r in own if r.name in FRONT_DOOR)
    if service.kind == "static":
        return service_rule(SITE_RULES, front_door=front_door, behind=worst(behind))
    if own:  # what does not exist yet needs nothing
        behind += [r.verdict for r in results if r.name in BEHIND_ALL and r.verdict == "down"]
    signs = worst(r.verdict for r in own if r.name in SIGNS)
    return service_rule(CONTAINER_RULES, front_door=front_door, behind=worst(behind), signs=signs)


def _unheard_of(title: str) -> ServiceHealth:
    return ServiceHealth("unknown", rule=ALL_SILENT.id, notice=f"Nobody can tell whether {title} works.")


def _notices(catalogue: Catalogue, owner: Owner, results: Sequence[ProbeResult]) -> tuple[Notice, ...]:
    """What probes have to say beside their verdicts, each once."""
    found = {
        r.notice: Notice(r.notice, r.service, catalogue.services[r.service].owner if r.service else owner)
        for r in reversed(results)
        if r.notice
    }
    return tuple(reversed(found.values()))


def _service_health(
    service: Service, rule: ServiceRule, name: str, results: Sequence[ProbeResult]
) -> ServiceHealth:
    # What answers people comes first, then what is configured, then what is measured.
    ordered = [r for names in (FRONT_DOOR, BEHIND, None) for r in results if _is_own(r, name, names)]
    readings = [r.reading for r in ordered if r.reading]
    version = _first(reading.version for reading in readings)
    return ServiceHealth(
        verdict=rule.verdict,
        version=version,
        digest=_digest(readings, version),
        desired=_first(reading.desired for reading in readings),
        running=_first(reading.running for reading in readings),
        pending=_first(reading.pending for reading in readings),
        rule=rule.id,
        notice=notice_of(service, rule),
        measures=_measures(readings),
        zones=dict(_first(reading.zones or None for reading in readings) or {}),
        tasks=_first(reading.tasks or None for reading in readings) or (),
        events=_first(reading.events or None for reading in readings) or (),
    )


def _is_own(result: ProbeResult, service: str, names: Sequence[str] | None) -> bool:
    if result.service != service:
        return False
    return result.name in names if names is not None else result.name not in (*FRONT_DOOR, *BEHIND)


def _measures(readings: Iterable[Reading]) -> dict[str, float]:
    """All figures by name; where two probes measure the same, the first of them counts."""
    found: dict[str, float] = {}
    for reading in readings:
        found = {**reading.measures, **found}
    return found


def _digest(readings: Sequence[Reading], version: str | None) -> str | None:
    """The digest that belongs to the version: in the middle of a roll-out the sources name two versions."""
    return _first(reading.digest for reading in readings if reading.version in (version, None))


def _first(values: Iterable[_Value | None]) -> _Value | None:
    return next((value for value in values if value is not None), None)
