"""The written rules that turn probe results into a verdict: tables as data, matched from the top.

Belongs here: which combination means what, and the sentence people read. ``docs/health.md`` shows the same
tables (:mod:`panel.health.rules_document`), and a test fails when the two differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Health = Literal["healthy", "degraded", "down", "unknown", "not_created"]

#: No such probe: for example a service without a version path has none at the front door.
ABSENT = "absent"

#: The worst first. A source that cannot tell is worse than a good answer and better than a bad one.
WORST_FIRST: tuple[Health, ...] = ("down", "degraded", "unknown", "healthy")

#: Every state that a column may be in.
ANY = frozenset({"healthy", "degraded", "down", "unknown", ABSENT})
_FINE = frozenset({"healthy", "unknown", ABSENT})
_BAD = frozenset({"degraded", "down"})
_UNTOLD = frozenset({"unknown", ABSENT})

#: The way people take. It decides.
FRONT_DOOR = ("site", "api")
#: What stands behind it, of one service.
BEHIND = ("services", "targets", "cloudfront")
#: What stands behind all container services at once: where it is down, it is down behind each of them.
BEHIND_ALL = ("load_balancer", "state_bucket")
#: Signs of trouble of one service. They degrade at most.
SIGNS = ("utilisation", "log_errors")
#: What is around the services, of the environment as a whole. It degrades at most.
AROUND = ("dns", "certificate", "load_balancer", "state_bucket", "instances", "cloudfront_errors", "alarms")
#: What is counted over the last minutes: it still speaks of a version that was taken back a moment ago.
LOOKING_BACK = frozenset({"log_errors", "utilisation", "load_balancer", "cloudfront_errors", "alarms"})
#: What follows from other troubles as well: where a service has one, these are evidence of it and no cause of their own.
SYMPTOMS = frozenset({"load_balancer", "cloudfront_errors", "alarms"})

#: What people notice when one of those around is amiss, and no service is.
AROUND_NOTICES: Mapping[str, str] = {
    "dns": "People may not find the site at its usual address.",
    "certificate": "Browsers may warn people off the site.",
    "load_balancer": "People may get errors or wait long now and then.",
    "state_bucket": "What people save may be at risk.",
    "instances": "The environment has too little in reserve.",
    "cloudfront_errors": "Some people get errors.",
    "alarms": "An alarm is raised; people may not have noticed anything yet.",
}


@dataclass(frozen=True)
class ServiceRule:
    """One row: with the columns in these states, the service's verdict is this.

    Attributes:
        front_door: states of the probe that takes the way people take.
        behind: states of the worst one of the probes behind it.
        notice: what people notice; ``{title}`` is the application's name; empty when there is nothing.
        signs: states of the worse one of the signs of trouble.
    """

    id: str
    front_door: frozenset[str]
    behind: frozenset[str]
    verdict: Health
    notice: str
    signs: frozenset[str] = ANY


@dataclass(frozen=True)
class EnvironmentRule:
    """One row: when this is so, the environment's verdict is this.

    Attributes:
        when: the same in words.
        services: states of the worst one of its services; none where something else decides.
        around: states of the worst one of what is around them.
    """

    id: str
    when: str
    verdict: Health
    services: frozenset[str] = frozenset()
    around: frozenset[str] = ANY


def _of(*states: str) -> frozenset[str]:
    return frozenset(states)


_NO_USE = "{title}: people cannot load or save anything."
_NOW_AND_THEN = "{title} may be slow or fail now and then."

#: A service of containers.
CONTAINER_RULES: tuple[ServiceRule, ...] = (
    ServiceRule("C1", _of("down"), ANY, "down", _NO_USE),
    ServiceRule("C2", _of("degraded"), ANY, "degraded", "{title} answers, but not as it should."),
    ServiceRule(
        "C3",
        _of("healthy"),
        _of("down"),
        "degraded",
        "{title} still answers, but something it needs is gone.",
    ),
    ServiceRule(
        "C4", _of("healthy"), _of("degraded"), "degraded", "{title} works, with too little in reserve."
    ),
    ServiceRule("C5", _of("healthy"), _FINE, "degraded", "{title} works, but shows signs of trouble.", _BAD),
    ServiceRule("C6", _of("healthy"), _FINE, "healthy", "", _FINE),
    ServiceRule("C7", _UNTOLD, _of("down"), "down", _NO_USE),
    ServiceRule("C8", _UNTOLD, _of("degraded"), "degraded", _NOW_AND_THEN),
    ServiceRule("C9", _UNTOLD, _FINE, "degraded", _NOW_AND_THEN, _BAD),
    ServiceRule("C10", _of(ABSENT), _of("healthy"), "healthy", "", _FINE),
    ServiceRule("C11", _of(ABSENT), _of(ABSENT), "not_created", "", _of(ABSENT)),
    ServiceRule("C12", _UNTOLD, _FINE, "unknown", "Nobody can tell whether {title} works.", _FINE),
)

#: A static site.
SITE_RULES: tuple[ServiceRule, ...] = (
    ServiceRule("S1", _of("down"), ANY, "down", "People cannot open the site."),
    ServiceRule("S2", _of("degraded"), ANY, "degraded", "The site opens, but not as it should."),
    ServiceRule("S3", _of("healthy"), _of("down"), "degraded", "The site opens, but may stop soon."),
    ServiceRule("S4", _of("healthy"), _FINE | {"degraded"}, "healthy", ""),
    ServiceRule("S5", _UNTOLD, _of("down"), "down", "People cannot open the site."),
    ServiceRule("S6", _UNTOLD, _FINE | {"degraded"}, "unknown", "Nobody can tell whether the site opens."),
)

NOT_CREATED = EnvironmentRule("E1", "The environment is not created.", "not_created")
LOST = EnvironmentRule("E2", "The embedded AWS was lost, and the environment with it.", "down")
EMULATOR_SILENT = EnvironmentRule("E3", "No probe got any answer, on the embedded AWS.", "down")
ALL_SILENT = EnvironmentRule("E4", "No probe got any answer, on AWS.", "unknown")

#: What decides before any service is looked at, then what services and what is around them come to.
ENVIRONMENT_RULES: tuple[EnvironmentRule, ...] = (
    NOT_CREATED,
    LOST,
    EMULATOR_SILENT,
    ALL_SILENT,
    EnvironmentRule("E5", "A service is down.", "down", _of("down")),
    EnvironmentRule("E6", "A service is degraded.", "degraded", _of("degraded")),
    EnvironmentRule("E7", "Something around the services is amiss.", "degraded", ANY, _BAD),
    EnvironmentRule("E8", "Of a service nobody can tell.", "unknown", _UNTOLD),
    EnvironmentRule("E9", "All services that exist are healthy.", "healthy", _of("healthy")),
)


def worst(states: Iterable[str]) -> str:
    """The worst of several states, ``"absent"`` if there are none."""
    given = set(states)
    return next((state for state in WORST_FIRST if state in given), ABSENT)


def service_rule(
    rules: Sequence[ServiceRule], *, front_door: str, behind: str, signs: str = ABSENT
) -> ServiceRule:
    """The first row that matches. Both tables have a row for every combination (a test proves it)."""
    return next(
        rule
        for rule in rules
        if front_door in rule.front_door and behind in rule.behind and signs in rule.signs
    )


def environment_rule(
    services: Iterable[Health], *, around: str, answered: bool, emulated: bool
) -> EnvironmentRule:
    """The row for an environment that exists.

    Args:
        services: the verdicts of its services.
        around: the worst state of the probes around them.
        answered: whether any probe got any answer.
        emulated: whether it lives on the embedded AWS.
    """
    if not answered:
        return EMULATOR_SILENT if emulated else ALL_SILENT
    state = worst(services)
    return next(rule for rule in ENVIRONMENT_RULES if state in rule.services and around in rule.around)
