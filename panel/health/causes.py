"""Why a verdict is what it is: each trouble once, in plain words, with whom to call and the evidence behind it.

Belongs here: finding the deepest reason that a probe knows, and telling one trouble that shows in many places as one.
Pure: no call, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from panel.catalogue.schema import Catalogue, Owner, Service
from panel.health.probes import ProbeResult
from panel.health.rules import (
    ABSENT,
    AROUND,
    AROUND_NOTICES,
    BEHIND,
    EMULATOR_SILENT,
    FRONT_DOOR,
    SIGNS,
    SYMPTOMS,
    WORST_FIRST,
    EnvironmentRule,
    Health,
    ServiceRule,
    worst,
)

_BAD = ("down", "degraded")
#: What several services say when what lies between them and the people is at fault.
_BETWEEN = "Their tasks run: what lies between them and the people is at fault."


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong, in plain words, and whom to call about it.

    ``service`` is ``None`` when several or the whole environment are meant. ``evidence`` is for experts; ``rule`` is the
    row of ``docs/health.md`` that made it one.
    """

    text: str
    service: str | None
    owner: Owner
    evidence: str
    rule: str = ""


def notice_of(service: Service, rule: ServiceRule) -> str:
    """What people notice of a service: in the team's own words where it does not work and they gave some."""
    if rule.verdict == "down" and service.impact:
        return service.impact
    return rule.notice.format(title=service.title)


def silence(rule: EnvironmentRule, owner: Owner, results: Sequence[ProbeResult]) -> Cause:
    """The one cause where no probe got any answer."""
    if rule is EMULATOR_SILENT:
        text = "People cannot open the site. The embedded AWS that it runs on does not answer."
    else:
        text = "Nobody can tell whether the site works: the panel reaches neither its address nor AWS."
        text += " The network of the machine that the panel runs on may be the reason."
    return Cause(text, None, owner, evidence(results), rule.id)


def causes_of(
    catalogue: Catalogue,
    owner: Owner,
    rule: EnvironmentRule,
    matched: Mapping[str, ServiceRule],
    results: Sequence[ProbeResult],
) -> tuple[Cause, ...]:
    """All causes of an environment from which some probe got an answer, the worst first.

    Args:
        owner: whom to call about the environment as a whole.
        rule: the row that the environment matched.
        matched: the row that each service matched.
        results: all probes.
    """
    case = _Case(catalogue, owner, rule, matched, results)
    return case.locked_door() or (*case.of_services(), *case.of_the_rest())


def evidence(results: Iterable[ProbeResult]) -> str:
    """What probes that are not healthy have to show, for experts; whose it is where they are of several services."""
    shown = [r for r in results if r.verdict != "healthy" and r.evidence]
    several = len({r.service for r in shown if r.service}) > 1
    return "; ".join(
        f"{r.name} of {r.service}: {r.evidence}" if several and r.service else f"{r.name}: {r.evidence}"
        for r in shown
    )


class _Case:
    """One look at one environment, from which causes are drawn."""

    def __init__(
        self,
        catalogue: Catalogue,
        owner: Owner,
        rule: EnvironmentRule,
        matched: Mapping[str, ServiceRule],
        results: Sequence[ProbeResult],
    ) -> None:
        self._catalogue = catalogue
        self._owner = owner
        self._rule = rule
        self._matched = matched
        self._results = results
        self._around = {r.name: r for r in reversed(results) if r.name in AROUND and r.verdict in _BAD}
        self._own = {name: [r for r in results if r.service == name] for name in matched}
        self._used: set[str] = set()

    def locked_door(self) -> tuple[Cause, ...]:
        """One locked door, not one broken service after the other: one call, to who owns the environment."""
        door = [r for r in self._results if r.name in FRONT_DOOR]
        if not door or any(r.reached for r in door) or all(r.verdict == "unknown" for r in door):
            return ()
        reason = next(
            (self._around[name] for name in ("dns", "certificate") if name in self._around), door[0]
        )
        text = f"People cannot open the site. {reason.detail}"
        return (Cause(text, None, self._owner, evidence(self._results), self._rule.id),)

    def of_services(self) -> list[Cause]:
        """What is wrong with services: those with one reason together, the worst first."""
        together: dict[tuple[str, str], list[str]] = {}
        order: tuple[Health, ...] = ("down", "degraded", "unknown")
        for verdict in order:
            for name, rule in self._matched.items():
                if rule.verdict == verdict:
                    together.setdefault(self._reason(name), []).append(name)
        return [self._cause(key, names) for key, names in together.items()]

    def of_the_rest(self) -> list[Cause]:
        """What is amiss around the services and has not been named as the reason of their trouble."""
        trouble = any(rule.verdict in _BAD for rule in self._matched.values())
        return [
            Cause(f"{AROUND_NOTICES[name]} {r.detail}", None, self._owner, evidence([r]), "E7")
            for name in AROUND
            if (r := self._around.get(name)) and name not in self._used and not (trouble and name in SYMPTOMS)
        ]

    def _reason(self, name: str) -> tuple[str, str]:
        """What services with the same reason have in common, or the service alone."""
        verdict = self._matched[name].verdict
        if verdict == "unknown":
            deepest = _deepest(self._own[name], self._matched[name])
            return ("untold", deepest.detail if deepest else name)
        shared = self._shared(name)
        if shared:
            return ("around", shared)
        return ("between", "") if name in self._cut_off() else ("own", name)

    def _shared(self, name: str) -> str:
        """The probe around the services that explains the trouble of this one, if one does."""
        is_down = {probe for probe, r in self._around.items() if r.verdict == "down"}
        state = {r.name: r.verdict for r in self._own[name]}
        if self._catalogue.services[name].kind == "static":
            explains = {"dns": "dns" in self._around, "certificate": "certificate" in is_down}
            return next((p for p, so in explains.items() if so and state.get("site") in _BAD), "")
        if "load_balancer" in is_down:
            return "load_balancer"
        if worst([state.get("services", ABSENT), state.get("targets", ABSENT)]) == "down":
            return "instances" if "instances" in is_down else ""
        return "state_bucket" if "state_bucket" in is_down else ""

    def _cut_off(self) -> set[str]:
        """Services that are all down at the front door while their tasks run: two or more are no coincidence."""
        door = {name: r for name, own in self._own.items() for r in own if r.name == "api"}
        behind = [r for name in door for r in self._own[name] if r.name in BEHIND]
        if len(door) < 2 or any(r.verdict != "down" for r in door.values()):
            return set()
        tasks_run = all(
            any(r.name == "services" and r.verdict == "healthy" for r in self._own[name]) for name in door
        )
        return set(door) if tasks_run and all(r.verdict != "down" for r in behind) else set()

    def _cause(self, key: tuple[str, str], names: Sequence[str]) -> Cause:
        kind, reason = key
        if kind == "around":
            self._used.add(reason)
        alone = names[0] if len(names) == 1 else None
        owner = self._catalogue.services[names[0]].owner if alone and kind != "around" else self._owner
        seen = [r for name in names for r in self._own[name]]
        seen += [r for name, r in self._around.items() if name == reason or name in SYMPTOMS]
        text = f"{self._noticed(names)} {self._because(key, names)}".strip()
        return Cause(text, alone, owner, evidence(seen), self._matched[names[0]].id)

    def _because(self, key: tuple[str, str], names: Sequence[str]) -> str:
        kind, reason = key
        if kind == "around":
            return self._around[reason].detail
        deepest = _deepest(self._own[names[0]], self._matched[names[0]])
        detail = deepest.detail if deepest else ""
        return f"{detail} {_BETWEEN}".strip() if kind == "between" and len(names) > 1 else detail

    def _noticed(self, names: Sequence[str]) -> str:
        """What people notice: of one service, or of several with one reason; the worst of them speaks."""
        first = self._catalogue.services[names[0]]
        rule = self._matched[names[0]]
        titles = list(dict.fromkeys(self._catalogue.services[name].title for name in names))
        if len(titles) > 1:
            return _MANY[rule.verdict].format(titles=_listed(titles))
        own_words = rule.verdict == "down" and first.impact
        return f"{first.title}: {first.impact}" if own_words else notice_of(first, rule)


_MANY: Mapping[Health, str] = {
    "down": "{titles}: people cannot use them.",
    "degraded": "{titles} still answer, but not as they should.",
    "unknown": "Nobody can tell whether {titles} work.",
}


def _deepest(own: Sequence[ProbeResult], rule: ServiceRule) -> ProbeResult | None:
    """The probe of a service that knows most of why its verdict is what it is."""
    door, behind, sign = (_worst_of(own, names) for names in (FRONT_DOOR, BEHIND, SIGNS))
    if door is not None and door.verdict in _BAD:
        # What stands behind is the reason only where it is as bad.
        return behind if behind is not None and _rank(behind) <= _rank(door) else door
    if behind is not None and behind.verdict in _BAD:
        return behind
    if rule.verdict == "degraded" and sign is not None:
        return sign
    return door or behind


def _worst_of(own: Sequence[ProbeResult], names: Sequence[str]) -> ProbeResult | None:
    amiss = [r for r in own if r.name in names and r.verdict != "healthy"]
    return min(amiss, key=_rank, default=None)


def _rank(result: ProbeResult) -> int:
    return WORST_FIRST.index(result.verdict)


def _listed(titles: Sequence[str]) -> str:
    return f"{', '.join(titles[:-1])} and {titles[-1]}"
