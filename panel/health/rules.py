"""The written rules that turn probe results into a verdict: tables as data, matched from the top.

Belongs here: which combination means what, and the sentence people read. ``docs/health.md`` shows the same
tables, and a test fails when the two differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Health = Literal["healthy", "degraded", "down", "unknown", "not_created"]

#: No such probe: for example a service without a version path has none at the front door.
ABSENT = "absent"

#: The worst first. A source that cannot tell is worse than a good answer and better than a bad one.
WORST_FIRST: tuple[Health, ...] = ("down", "degraded", "unknown", "healthy")

_ANY = frozenset({"healthy", "degraded", "down", "unknown", ABSENT})
_FINE = frozenset({"healthy", "unknown", ABSENT})


@dataclass(frozen=True)
class ServiceRule:
    """One row: with the front door and what is behind it in these states, the service's verdict is this.

    Attributes:
        front_door: states of the probe that takes the way people take.
        behind: states of the worse one of the probes behind it.
        notice: what people notice; ``{title}`` is the application's name; empty when there is nothing.
    """

    id: str
    front_door: frozenset[str]
    behind: frozenset[str]
    verdict: Health
    notice: str


@dataclass(frozen=True)
class EnvironmentRule:
    """One row: when this is so, the environment's verdict is this."""

    id: str
    when: str
    verdict: Health


def _of(*states: str) -> frozenset[str]:
    return frozenset(states)


#: A service of containers. Front door: probe ``api``. Behind: ``services`` and ``targets``.
CONTAINER_RULES: tuple[ServiceRule, ...] = (
    ServiceRule("C1", _of("down"), _ANY, "down", "{title}: people cannot load or save anything."),
    ServiceRule("C2", _of("degraded"), _ANY, "degraded", "{title} answers, but not as it should."),
    ServiceRule(
        "C3",
        _of("healthy"),
        _of("down", "degraded"),
        "degraded",
        "{title} works, with too little in reserve.",
    ),
    ServiceRule("C4", _of("healthy"), _FINE, "healthy", ""),
    ServiceRule(
        "C5", _of("unknown", ABSENT), _of("down"), "down", "{title}: people cannot load or save anything."
    ),
    ServiceRule(
        "C6", _of("unknown", ABSENT), _of("degraded"), "degraded", "{title} may be slow or fail now and then."
    ),
    ServiceRule("C7", _of(ABSENT), _of("healthy"), "healthy", ""),
    ServiceRule("C8", _of(ABSENT), _of(ABSENT), "not_created", ""),
    ServiceRule("C9", _of("unknown", ABSENT), _FINE, "unknown", "Nobody can tell whether {title} works."),
)

#: A static site. Front door: probe ``site``. Behind: ``cloudfront``.
SITE_RULES: tuple[ServiceRule, ...] = (
    ServiceRule("S1", _of("down"), _ANY, "down", "People cannot open the site."),
    ServiceRule("S2", _of("degraded"), _ANY, "degraded", "The site opens, but not as it should."),
    ServiceRule("S3", _of("healthy"), _of("down"), "degraded", "The site opens, but may stop soon."),
    ServiceRule("S4", _of("healthy"), _FINE | {"degraded"}, "healthy", ""),
    ServiceRule("S5", _of("unknown", ABSENT), _of("down"), "down", "People cannot open the site."),
    ServiceRule(
        "S6",
        _of("unknown", ABSENT),
        _FINE | {"degraded"},
        "unknown",
        "Nobody can tell whether the site opens.",
    ),
)

NOT_CREATED = EnvironmentRule("E1", "The environment is not created.", "not_created")
LOST = EnvironmentRule("E2", "The embedded AWS was lost, and the environment with it.", "down")
EMULATOR_SILENT = EnvironmentRule("E3", "No probe got any answer, on the embedded AWS.", "down")
ALL_SILENT = EnvironmentRule("E4", "No probe got any answer, on AWS.", "unknown")
SERVICE_DOWN = EnvironmentRule("E5", "A service is down.", "down")
REDUCED = EnvironmentRule("E6", "A service is degraded, or machines are missing.", "degraded")
UNTOLD = EnvironmentRule("E7", "Of a service nobody can tell.", "unknown")
ALL_WELL = EnvironmentRule("E8", "All services that exist are healthy.", "healthy")

ENVIRONMENT_RULES: tuple[EnvironmentRule, ...] = (
    NOT_CREATED, LOST, EMULATOR_SILENT, ALL_SILENT, SERVICE_DOWN, REDUCED, UNTOLD, ALL_WELL,
)  # fmt: skip


def worst(states: Iterable[str]) -> str:
    """The worst of several states, ``"absent"`` if there are none."""
    given = set(states)
    return next((state for state in WORST_FIRST if state in given), ABSENT)


def service_rule(rules: Sequence[ServiceRule], *, front_door: str, behind: str) -> ServiceRule:
    """The first row that matches. Both tables have a row for every combination (a test proves it)."""
    return next(rule for rule in rules if front_door in rule.front_door and behind in rule.behind)


def environment_rule(
    services: Iterable[Health], *, machines: str, answered: bool, emulated: bool
) -> EnvironmentRule:
    """The row for an environment that exists.

    Args:
        services: the verdicts of its services.
        machines: state of the ``instances`` probe.
        answered: whether any probe got any answer.
        emulated: whether it lives on the embedded AWS.
    """
    if not answered:
        return EMULATOR_SILENT if emulated else ALL_SILENT
    state = worst(services)
    if state == "down":
        return SERVICE_DOWN
    if state == "degraded" or machines in ("down", "degraded"):
        return REDUCED
    return ALL_WELL if state == "healthy" else UNTOLD


def rules_as_markdown() -> str:
    """The three tables as they stand in ``docs/health.md``."""
    return "\n\n".join(
        [
            "### A service of containers\n\n"
            + _service_table("`api`", "`services`, `targets`", CONTAINER_RULES),
            "### A static site\n\n" + _service_table("`site`", "`cloudfront`", SITE_RULES),
            "### The environment\n\n" + _environment_table(),
        ]
    )


def _service_table(front_door: str, behind: str, rules: Sequence[ServiceRule]) -> str:
    rows = [
        f"| {rule.id} | {_states(rule.front_door)} | {_states(rule.behind)} | **{_plain(rule.verdict)}** | {_notice(rule)} |"
        for rule in rules
    ]
    head = f"| Rule | Front door ({front_door}) | Behind it ({behind}: the worse) | Verdict | What people notice |"
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *rows])


def _environment_table() -> str:
    rows = [f"| {rule.id} | {rule.when} | **{_plain(rule.verdict)}** |" for rule in ENVIRONMENT_RULES]
    return "\n".join(["| Rule | When | Verdict |", "| --- | --- | --- |", *rows])


def _states(states: frozenset[str]) -> str:
    if states == _ANY:
        return "any"
    return ", ".join(state for state in (*WORST_FIRST, ABSENT) if state in states)


def _notice(rule: ServiceRule) -> str:
    return rule.notice.replace("{title}", "*application*") or "nothing"


def _plain(verdict: Health) -> str:
    return verdict.replace("_", " ")
