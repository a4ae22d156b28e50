"""The rules as they stand in ``docs/health.md``: the tables of :mod:`panel.health.rules` as Markdown.

A test compares them with the document.
"""

from __future__ import annotations

from collections.abc import Sequence

from panel.health.rules import (
    ABSENT,
    ANY,
    AROUND,
    AROUND_NOTICES,
    CONTAINER_RULES,
    ENVIRONMENT_RULES,
    SITE_RULES,
    WORST_FIRST,
    EnvironmentRule,
    Health,
    ServiceRule,
)


def rules_as_markdown() -> str:
    """All tables, one after the other."""
    return "\n\n".join(
        [
            "### A service of containers\n\n" + _container_table(),
            "### A static site\n\n" + _site_table(),
            "### The environment\n\n" + _environment_table(),
            "### Around the services\n\n" + _around_table(),
        ]
    )


def _container_table() -> str:
    behind = "`services`, `targets`; `load_balancer`, `state_bucket` where they are down"
    head = ["Rule", "Front door (`api`)", f"Behind it (the worst of {behind})"]
    head += ["Signs (the worse of `utilisation`, `log_errors`)", "Verdict", "What people notice"]
    return _table(
        head,
        [
            [rule.id, _states(rule.front_door), _states(rule.behind), _states(rule.signs), *_outcome(rule)]
            for rule in CONTAINER_RULES
        ],
    )


def _site_table() -> str:
    head = ["Rule", "Front door (`site`)", "Behind it (`cloudfront`)", "Verdict", "What people notice"]
    rows = [[rule.id, _states(rule.front_door), _states(rule.behind), *_outcome(rule)] for rule in SITE_RULES]
    return _table(head, rows)


def _environment_table() -> str:
    head = ["Rule", "When", "Services (the worst)", "Around them (the worst)", "Verdict"]
    return _table(head, [_environment_row(rule) for rule in ENVIRONMENT_RULES])


def _environment_row(rule: EnvironmentRule) -> list[str]:
    columns = [_states(rule.services), _states(rule.around)] if rule.services else ["", ""]
    return [rule.id, rule.when, *columns, _bold(rule.verdict)]


def _around_table() -> str:
    return _table(
        ["Probe", "What people notice when it is amiss, and no service is"],
        [[f"`{name}`", AROUND_NOTICES[name]] for name in AROUND],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _outcome(rule: ServiceRule) -> list[str]:
    return [_bold(rule.verdict), rule.notice.replace("{title}", "*application*") or "nothing"]


def _states(states: frozenset[str]) -> str:
    if states == ANY:
        return "any"
    return ", ".join(state for state in (*WORST_FIRST, ABSENT) if state in states)


def _bold(verdict: Health) -> str:
    return f"**{verdict.replace('_', ' ')}**"
