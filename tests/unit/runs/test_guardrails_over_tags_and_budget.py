"""Guardrails over tags and money."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from panel.catalogue.guardrails import Guardrails
from panel.engine.plan import PlanSummary, ResourceChange
from panel.masking import SENSITIVE
from panel.runs.guardrails import Finding, Situation, judge

Change = Callable[..., ResourceChange]
Plan = Callable[..., PlanSummary]

_CALM = Situation(kind="update", protected=False, monthly_usd=50.0, budget_usd=80.0)
_TAGS = {"Project": "todo", "Environment": "staging", "ManagedBy": "panel", "Owner": "API team"}


def _told(rule: str, findings: list[Finding]) -> list[tuple[str, str]]:
    assert all(f.severity == "pass" for f in findings if f.rule != rule)
    return [(f.severity, f.reason) for f in findings if f.rule == rule and f.severity != "pass"]


@pytest.mark.parametrize("missing", sorted(_TAGS))
def test_a_missing_tag_is_pointed_out(missing: str, plan: Plan, change: Change) -> None:
    tags = {name: value for name, value in _TAGS.items() if name != missing}

    findings = judge(plan(change("aws_lb", "create", {"tags_all": tags})), _CALM)

    assert _told("tags", findings) == [("warn", f"has no tag {missing}")]


@pytest.mark.parametrize(
    ("action", "after"),
    [
        ("create", {"tags_all": _TAGS}),
        ("create", {"name": "no tags at all"}),
        ("create", {"tags_all": ["odd"]}),
        ("update", {"tags_all": {}}),
        ("delete", None),
    ],
)
def test_tags_are_asked_of_what_is_made_and_can_have_them(
    action: str, after: Mapping[str, Any] | None, plan: Plan, change: Change
) -> None:
    assert _told("tags", judge(plan(change("aws_lb", action, after)), _CALM)) == []


def test_a_team_has_tags_of_its_own(plan: Plan, change: Change) -> None:
    said = Guardrails.model_validate({"tags": {"severity": "block", "required": ["CostCentre", "Owner"]}})
    situation = Situation("update", False, 50.0, 80.0, guardrails=said)

    findings = judge(plan(change("aws_lb", "create", {"tags_all": _TAGS})), situation)

    assert _told("tags", findings) == [("block", "has no tag CostCentre")]


@pytest.mark.parametrize(
    ("after", "unknown", "wanted"),
    [
        ({}, {"tags_all": True}, "has no tag Project, Environment, ManagedBy, Owner of its own; what the provider adds"),
        ({"tags": {"Owner": "x"}}, {"tags_all": True}, "has no tag Project, Environment, ManagedBy of its own; what"),
        ({"tags": _TAGS}, {"tags_all": True}, ""),
        ({}, {"tags": True, "tags_all": True}, "which tags it has"),
        ({"tags": SENSITIVE, "tags_all": SENSITIVE}, {}, "which tags it has"),
        # The tag is there; its value alone is not known yet.
        ({"tags_all": {name: _TAGS[name] for name in _TAGS if name != "Owner"}}, {"tags_all": {"Owner": True}}, ""),
        ({"tags_all": _TAGS}, {"tags_all": {}}, ""),
    ],
)  # fmt: skip
def test_tags_that_are_not_known_yet_are_said_to_be_so(
    after: Any, unknown: Any, wanted: str, plan: Plan, change: Change
) -> None:
    said = Guardrails.model_validate({"tags": {"severity": "block"}})
    situation = Situation("update", False, 50.0, 80.0, guardrails=said)
    new = change("aws_lb", "create", after, unknown=unknown)

    told = _told("tags", judge(plan(new), situation))

    assert [severity for severity, _ in told] == (["warn"] if wanted else [])
    assert all(reason.startswith(wanted) and reason.endswith("before the apply") for _, reason in told)


@pytest.mark.parametrize(
    ("cost", "budget", "kind", "wanted"),
    [
        (80.01, 80.0, "create", "over the budget of $ 80.00"),
        (80.0, 80.0, "create", None),
        (500.0, 80.0, "destroy", None),
        (None, 80.0, "create", "no price"),
        (None, 80.0, "destroy", None),
        (None, None, "create", None),
        (500.0, None, "create", None),
    ],
)
def test_the_budget(
    cost: float | None, budget: float | None, kind: str, wanted: str | None, plan: Plan
) -> None:
    told = _told("budget", judge(plan(), Situation(kind, False, monthly_usd=cost, budget_usd=budget)))

    assert [severity for severity, _ in told] == (["warn"] if wanted else [])
    assert wanted is None or wanted in told[0][1]


@pytest.mark.parametrize(
    ("said", "before", "cost", "wanted"),
    [
        ({"growth_usd": 10}, 50.0, 60.0, 0),
        ({"growth_usd": 10}, 50.0, 60.01, 1),
        ({"growth_usd": 0}, 50.0, 50.0, 0),
        ({"growth_usd": 0}, 50.0, 50.01, 1),
        ({"growth_usd": 10}, 70.0, 50.0, 0),
        ({"growth_usd": 10}, None, 60.0, 0),
        ({"growth_percent": 20}, 50.0, 60.0, 0),
        ({"growth_percent": 20}, 50.0, 60.5, 1),
        ({"growth_percent": 20}, 0.0, 0.5, 1),
        ({"growth_percent": 20, "growth_usd": 5}, 50.0, 70.0, 2),
        ({"growth_percent": 20, "growth_usd": 5}, 50.0, 58.0, 1),
        ({}, 1.0, 79.0, 0),
    ],
)
def test_growth_past_a_limit(said: Any, before: float | None, cost: float, wanted: int, plan: Plan) -> None:
    rules = Guardrails.model_validate({"budget": said | {"severity": "block"}})
    situation = Situation("update", False, cost, 80.0, before_usd=before, guardrails=rules)

    told = _told("budget", judge(plan(), situation))

    assert [severity for severity, _ in told] == ["block"] * wanted
    assert all("more than now" in reason for _, reason in told)


def test_a_plan_without_a_price_warns_even_where_the_budget_blocks(plan: Plan) -> None:
    rules = Guardrails.model_validate({"budget": {"severity": "block"}})

    told = _told("budget", judge(plan(), Situation("update", False, None, 80.0, guardrails=rules)))

    assert [severity for severity, _ in told] == ["warn"]


@pytest.mark.parametrize(
    ("before", "cost", "billed", "forecast", "wanted"),
    [
        (50.0, 62.0, 41.2, 92.0, "would add $ 12.00 / month, and the bill's forecast is $ 92.00 of $ 80.00 already"),
        (50.0, 62.0, 81.0, 120.0, "would add $ 12.00 / month, and the bill of this month is $ 81.00 of $ 80.00 already"),
        (50.0, 62.0, 81.0, None, "would add $ 12.00 / month, and the bill of this month is $ 81.00 of $ 80.00 already"),
        (None, 62.0, 81.0, None, "would add $ 62.00 / month, and the bill of this month is $ 81.00 of $ 80.00 already"),
        (50.0, 62.0, 41.2, 80.0, ""),
        (50.0, 62.0, None, None, ""),
        (50.0, 50.0, 81.0, 120.0, ""),
        (50.0, 50.4, 81.0, 120.0, ""),
        (50.0, 20.0, 81.0, 120.0, ""),
    ],
)  # fmt: skip
def test_a_plan_that_adds_cost_while_the_bill_is_over_the_budget(
    before: float | None, cost: float, billed: float | None, forecast: float | None, wanted: str, plan: Plan
) -> None:
    situation = Situation(
        "update", False, cost, 80.0, before_usd=before, billed_usd=billed, forecast_usd=forecast
    )

    told = _told("budget", judge(plan(), situation))

    assert told == ([("warn", wanted)] if wanted else [])


def test_whoever_destroys_it_is_not_held_up_by_its_bill(plan: Plan) -> None:
    situation = Situation("destroy", False, 0.0, 80.0, billed_usd=100.0, forecast_usd=120.0)

    assert _told("budget", judge(plan(), situation)) == []
