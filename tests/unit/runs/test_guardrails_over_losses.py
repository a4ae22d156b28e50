"""Guardrails over what a plan takes away: data, parts of protected environments, many things at once."""

from collections.abc import Callable
from typing import Any

import pytest

from panel.catalogue.guardrails import Guardrails
from panel.engine.plan import PlanSummary, ResourceChange
from panel.runs.guardrails import STATEFUL, Finding, Situation, blocked, judge

Change = Callable[..., ResourceChange]
Plan = Callable[..., PlanSummary]

_TAGS = {"Project": "todo", "Environment": "staging", "ManagedBy": "panel", "Owner": "API team"}
_CALM = Situation(kind="update", protected=False, monthly_usd=50.0, budget_usd=80.0)
_PROTECTED = Situation(kind="update", protected=True, monthly_usd=50.0, budget_usd=80.0)
_DESTRUCTION = Situation(kind="destroy", protected=False, monthly_usd=None, budget_usd=80.0)


def _told(rule: str, findings: list[Finding]) -> list[tuple[str, str]]:
    """What one rule found."""
    return [(f.severity, f.address) for f in findings if f.rule == rule and f.severity != "pass"]


@pytest.mark.parametrize(
    "name", ["enable_deletion_protection", "deletion_protection", "deletion_protection_enabled"]
)
@pytest.mark.parametrize("situation", [_CALM, _DESTRUCTION])
def test_what_aws_protects_from_deletion_is_not_tried(
    situation: Situation, name: str, plan: Plan, change: Change
) -> None:
    held = change("aws_lb", "delete", before={name: True})
    findings = judge(plan(held), situation)
    assert _told("deletion protection", findings) == [("block", "aws_lb.it")]
    assert [finding.overridable for finding in blocked(findings)] == [False]

    free = change("aws_lb", "delete", before={name: False})
    lifted = change("aws_lb", "update", before={name: True}, after={})
    assert blocked(judge(plan(free, lifted), situation)) == []


def test_a_protection_in_words_is_one_too(plan: Plan, change: Change) -> None:
    pool = change("aws_cognito_user_pool", "delete", before={"deletion_protection": "ACTIVE"})

    assert _told("deletion protection", judge(plan(pool), _DESTRUCTION)) == [("block", pool.address)]


@pytest.mark.parametrize("type_", sorted(STATEFUL))
@pytest.mark.parametrize("action", ["delete", "replace"])
def test_what_holds_data_is_not_taken_away_in_passing(
    type_: str, action: str, plan: Plan, change: Change
) -> None:
    findings = judge(plan(change(type_, action, {})), _CALM)

    assert _told("stateful resources", findings) == [("block", f"{type_}.it")]
    (finding,) = blocked(findings)
    assert action in finding.reason
    assert finding.overridable


@pytest.mark.parametrize(
    ("type_", "action"),
    [
        ("aws_s3_bucket", "create"),
        ("aws_s3_bucket", "update"),
        ("aws_s3_bucket", "forget"),
        ("aws_lb", "delete"),
    ],
)
def test_other_changes_take_no_data_away(type_: str, action: str, plan: Plan, change: Change) -> None:
    assert blocked(judge(plan(change(type_, action, {"tags_all": _TAGS})), _CALM)) == []


def test_a_team_names_what_else_holds_data(plan: Plan, change: Change) -> None:
    said = Guardrails.model_validate({"stateful_resources": {"also": ["aws_instance"]}})
    situation = Situation("update", False, 50.0, 80.0, guardrails=said)
    gone = [change("aws_instance", "delete"), change("aws_s3_bucket", "delete")]

    found = _told("stateful resources", judge(plan(*gone), situation))

    assert found == [("block", "aws_instance.it"), ("block", "aws_s3_bucket.it")]
    assert _told("stateful resources", judge(plan(*gone[:1]), _CALM)) == []


def test_a_destruction_that_was_asked_for_may_take_everything(plan: Plan, change: Change) -> None:
    gone = [change("aws_s3_bucket", "delete", instance=f"[{number}]") for number in range(30)]
    closed = change("aws_s3_bucket_public_access_block", "delete", before={"block_public_policy": True})

    assert {finding.severity for finding in judge(plan(*gone, closed), _DESTRUCTION)} == {"pass"}


@pytest.mark.parametrize(
    ("type_", "action", "wanted"),
    [
        ("aws_lb", "delete", "block"),
        ("aws_lb", "replace", "block"),
        ("aws_lb", "update", None),
        ("aws_lb", "create", None),
        # A new revision of a task definition is how a variable of a service changes; the old one goes on.
        ("aws_ecs_task_definition", "replace", None),
        ("aws_ecs_task_definition", "delete", "block"),
    ],
)
def test_parts_of_a_protected_environment_stay(
    type_: str, action: str, wanted: str | None, plan: Plan, change: Change
) -> None:
    planned = plan(change(type_, action, {"tags_all": _TAGS}))

    assert _told("protected environment", judge(planned, _PROTECTED)) == (
        [(wanted, f"{type_}.it")] if wanted else []
    )
    assert _told("protected environment", judge(planned, _CALM)) == []


def test_no_reason_destroys_a_protected_environment(plan: Plan, change: Change) -> None:
    planned = plan(change("aws_lb", "delete"))
    whole = Situation("destroy", protected=True, monthly_usd=None, budget_usd=None)

    assert [finding.overridable for finding in blocked(judge(planned, _PROTECTED))] == [True]
    assert [finding.overridable for finding in blocked(judge(planned, whole))] == [False]


@pytest.mark.parametrize(
    ("lost", "at_most", "wanted"), [(10, 10, False), (11, 10, True), (1, 0, True), (0, 0, False)]
)
def test_one_run_takes_no_more_than_a_team_allows(
    lost: int, at_most: int, wanted: bool, plan: Plan, change: Change
) -> None:
    said = Guardrails.model_validate({"destroys": {"at_most": at_most, "severity": "block"}})
    situation = Situation("update", False, 50.0, 80.0, guardrails=said)
    gone = [change("aws_route53_record", "delete", instance=f"[{number}]") for number in range(lost)]
    revision = change("aws_ecs_task_definition", "replace", {})

    findings = judge(plan(*gone, revision), situation)

    assert _told("destroys", findings) == ([("block", "")] if wanted else [])
    if wanted:
        (reason,) = [finding.reason for finding in findings if finding.rule == "destroys"]
        assert f"{lost} resources" in reason
        assert "aws_route53_record.it[0]" in reason


def test_replaced_resources_count_as_destroyed_and_ignored_ones_do_not(plan: Plan, change: Change) -> None:
    rule: dict[str, Any] = {"at_most": 0, "ignore": ["aws_eip.*"]}
    situation = Situation(
        "update", False, 50.0, 80.0, guardrails=Guardrails.model_validate({"destroys": rule})
    )

    assert _told("destroys", judge(plan(change("aws_eip", "delete")), situation)) == []
    assert _told("destroys", judge(plan(change("aws_lb", "replace", {})), situation)) == [("warn", "")]
