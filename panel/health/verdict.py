"""From probe results to one verdict: what is broken, why, and whom to call. Pure: no call, no clock.

The rules in short (the full tables are data in :mod:`panel.health.rules`, and stand in ``docs/health.md``).
The front door is the way people take; a source behind it can lower *healthy* to *degraded* only.

===================  ===========================  ===========
Front door           Behind it (the worse)        Service
===================  ===========================  ===========
down                 any                          down
degraded             any                          degraded
healthy              down, degraded               degraded  (site: only when CloudFront is down)
healthy              healthy, unknown, absent     healthy
unknown or absent    down                         down
unknown or absent    degraded                     degraded  (site: unknown)
absent               healthy                      healthy   (containers only)
absent               absent                       not created (added to the catalogue since the last run)
unknown or absent    everything else              unknown
===================  ===========================  ===========

The environment has the worst verdict of its services, in the order down, degraded, unknown, healthy; missing
machines make it degraded. Where no probe got any answer, it is *down* on the embedded AWS (which is then not
running) and *unknown* on AWS (the panel's own network may be at fault).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from panel.catalogue.schema import Catalogue, Owner, Service
from panel.health.probes import ProbeResult, Reading
from panel.health.rules import (
    ABSENT,
    ALL_SILENT,
    CONTAINER_RULES,
    EMULATOR_SILENT,
    LOST,
    NOT_CREATED,
    SITE_RULES,
    Health,
    ServiceRule,
    environment_rule,
    service_rule,
    worst,
)

_Value = TypeVar("_Value")

_FRONT_DOOR = frozenset({"site", "api"})
_BEHIND = frozenset({"services", "targets", "cloudfront"})


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong, in plain words, and whom to call about it.

    ``service`` is ``None`` when the whole environment is meant. ``evidence`` is for experts.
    """

    text: str
    service: str | None
    owner: Owner
    evidence: str


@dataclass(frozen=True)
class ServiceHealth:
    """One service: its verdict, what it runs, and its tasks (``None`` where there are none, or not known)."""

    verdict: Health
    version: str | None = None
    digest: str | None = None
    desired: int | None = None
    running: int | None = None


@dataclass(frozen=True)
class Verdict:
    """The health of one environment at one moment."""

    environment: str
    verdict: Health
    causes: tuple[Cause, ...]
    services: Mapping[str, ServiceHealth]
    probes: tuple[ProbeResult, ...]
    checked_at: datetime


def judge(
    catalogue: Catalogue,
    environment: str,
    results: Sequence[ProbeResult],
    *,
    emulated: bool,
    checked_at: datetime,
) -> Verdict:
    """Combine the probe results of an environment that exists.

    Args:
        emulated: whether it lives on the embedded AWS.
        checked_at: when the sweep began.
    """
    rules = {name: _rule_of(service, name, results) for name, service in catalogue.services.items()}
    machines = next((r for r in results if r.name == "instances"), None)
    answered = any(result.reached for result in results)
    rule = environment_rule(
        (matched.verdict for matched in rules.values()),
        machines=machines.verdict if machines else ABSENT,
        answered=answered,
        emulated=emulated,
    )
    owner = catalogue.environments[environment].owner
    if rule in (EMULATOR_SILENT, ALL_SILENT):
        causes: tuple[Cause, ...] = (_silence(rule is EMULATOR_SILENT, owner, results),)
    else:
        causes = _causes(catalogue, owner, rules, results)
    services = {
        name: _service_health("unknown" if rule is ALL_SILENT else matched.verdict, name, results)
        for name, matched in rules.items()
    }
    return Verdict(environment, rule.verdict, causes, services, tuple(results), checked_at)


def not_created_verdict(catalogue: Catalogue, environment: str, *, checked_at: datetime) -> Verdict:
    """The verdict of an environment that does not exist (yet): nothing is wrong, and nothing is there."""
    services = {name: ServiceHealth(NOT_CREATED.verdict) for name in catalogue.services}
    return Verdict(environment, NOT_CREATED.verdict, (), services, (), checked_at)


def lost_verdict(catalogue: Catalogue, environment: str, *, checked_at: datetime) -> Verdict:
    """The verdict of an environment that went with an embedded AWS that was killed."""
    cause = Cause(
        text="The embedded AWS was lost, and this environment with it. Create the environment again.",
        service=None,
        owner=catalogue.environments[environment].owner,
        evidence="the embedded AWS of this environment's last run is gone; the one that answers is another",
    )
    services = {name: ServiceHealth(LOST.verdict, running=0) for name in catalogue.containers}
    services |= {name: ServiceHealth(LOST.verdict) for name in catalogue.services if name not in services}
    return Verdict(environment, LOST.verdict, (cause,), services, (), checked_at)


def _rule_of(service: Service, name: str, results: Sequence[ProbeResult]) -> ServiceRule:
    own = [result for result in results if result.service == name]
    return service_rule(
        SITE_RULES if service.kind == "static" else CONTAINER_RULES,
        front_door=worst(r.verdict for r in own if r.name in _FRONT_DOOR),
        behind=worst(r.verdict for r in own if r.name in _BEHIND),
    )


def _causes(
    catalogue: Catalogue, owner: Owner, rules: Mapping[str, ServiceRule], results: Sequence[ProbeResult]
) -> tuple[Cause, ...]:
    at_the_door = [r for r in results if r.name in _FRONT_DOOR]
    if at_the_door and not any(r.reached for r in at_the_door):
        # One locked door, not one broken service after the other: one call, to who owns the environment.
        return (
            Cause(f"People cannot open the site. {at_the_door[0].detail}", None, owner, _evidence(results)),
        )
    order: tuple[Health, ...] = ("down", "degraded", "unknown")
    causes = [
        _service_cause(catalogue.services[name], name, rule, results)
        for state in order
        for name, rule in rules.items()
        if rule.verdict == state
    ]
    causes += [
        Cause(f"The environment works with too little in reserve. {r.detail}", None, owner, _evidence([r]))
        for r in results
        if r.name == "instances" and r.verdict in ("down", "degraded")
    ]
    return tuple(causes)


def _service_cause(service: Service, name: str, rule: ServiceRule, results: Sequence[ProbeResult]) -> Cause:
    """What people notice, and the deepest reason that a probe knows."""
    own = [r for r in results if r.service == name and r.verdict != "healthy"]
    telling = [r for r in own if r.verdict == rule.verdict] or [
        r for r in own if r.verdict == worst(r.verdict for r in own)
    ]
    deepest = next((r for r in telling if r.name in _BEHIND), telling[0] if telling else None)
    notice = rule.notice.format(title=service.title)
    text = f"{notice} {deepest.detail}" if deepest else notice
    return Cause(text, name, service.owner, _evidence(own))


def _silence(emulated: bool, owner: Owner, results: Sequence[ProbeResult]) -> Cause:
    if emulated:
        text = "People cannot open the site. The embedded AWS that it runs on does not answer."
    else:
        text = "Nobody can tell whether the site works: the panel reaches neither its address nor AWS."
        text += " The network of the machine that the panel runs on may be the reason."
    return Cause(text, None, owner, _evidence(results))


def _service_health(verdict: Health, name: str, results: Sequence[ProbeResult]) -> ServiceHealth:
    # What answers people comes first, then what is configured.
    readings = [r.reading for r in results if r.service == name and r.reading and r.name in _FRONT_DOOR]
    readings += [r.reading for r in results if r.service == name and r.reading and r.name in _BEHIND]
    version = _first(reading.version for reading in readings)
    return ServiceHealth(
        verdict=verdict,
        version=version,
        digest=_digest(readings, version),
        desired=_first(reading.desired for reading in readings),
        running=_first(reading.running for reading in readings),
    )


def _digest(readings: Sequence[Reading], version: str | None) -> str | None:
    """The digest that belongs to the version: in the middle of a roll-out the sources name two versions."""
    return _first(reading.digest for reading in readings if reading.version in (version, None))


def _first(values: Iterable[_Value | None]) -> _Value | None:
    return next((value for value in values if value is not None), None)


def _evidence(results: Iterable[ProbeResult]) -> str:
    return "; ".join(f"{r.name}: {r.evidence}" for r in results if r.verdict != "healthy" and r.evidence)
