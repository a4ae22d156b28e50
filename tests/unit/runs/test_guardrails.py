"""Every rule over a plan, by examples."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from panel.engine.plan import PlanSummary, ResourceChange
from panel.runs.guardrails import STATEFUL, Finding, Situation, blocked, judge

_CALM = Situation(kind="update", protected=False, monthly_usd=50.0, budget_usd=80.0)
_PROTECTED = Situation(kind="update", protected=True, monthly_usd=50.0, budget_usd=80.0)
_DESTRUCTION = Situation(kind="destroy", protected=False, monthly_usd=None, budget_usd=80.0)
_TAGS = {"Project": "todo", "Environment": "staging", "ManagedBy": "panel", "Owner": "API team"}
_RULES = {
    "stateful resources", "protected environment", "deletion protection", "open ingress", "public buckets", "tags", "budget",
}  # fmt: skip

Change = Callable[..., ResourceChange]
Plan = Callable[..., PlanSummary]


def _verdicts(findings: list[Finding]) -> dict[str, str]:
    """The worst severity of each rule."""
    order = ["pass", "warn", "block"]
    worst: dict[str, str] = {}
    for finding in findings:
        worst[finding.rule] = max(worst.get(finding.rule, "pass"), finding.severity, key=order.index)
    return worst


def _only(rule: str, findings: list[Finding]) -> list[tuple[str, str]]:
    """What one rule found, everything else being calm."""
    assert all(finding.severity == "pass" for finding in findings if finding.rule != rule)
    return [(finding.severity, finding.address) for finding in findings if finding.rule == rule]


def test_a_plan_without_changes_passes_every_rule_in_words(plan: Plan) -> None:
    findings = judge(plan(), _CALM)

    assert {finding.rule for finding in findings} == _RULES
    assert all(finding.severity == "pass" and finding.reason for finding in findings)
    assert blocked(findings) == []


@pytest.mark.parametrize("situation", [_CALM, _DESTRUCTION])
def test_what_aws_protects_from_deletion_is_not_tried(
    situation: Situation, plan: Plan, change: Change
) -> None:
    held = change("aws_lb", "delete", before={"enable_deletion_protection": True})
    assert _only("deletion protection", judge(plan(held), situation)) == [("block", "aws_lb.it")]

    free = change("aws_lb", "delete", before={"enable_deletion_protection": False})
    lifted = change("aws_lb", "update", before={"enable_deletion_protection": True}, after={})
    assert blocked(judge(plan(free, lifted), situation)) == []


@pytest.mark.parametrize("type_", sorted(STATEFUL))
@pytest.mark.parametrize("action", ["delete", "replace"])
def test_what_holds_data_is_not_taken_away_in_passing(
    type_: str, action: str, plan: Plan, change: Change
) -> None:
    findings = judge(plan(change(type_, action)), _CALM)

    assert _only("stateful resources", findings) == [("block", f"{type_}.it")]
    assert [finding.rule for finding in blocked(findings)] == ["stateful resources"]
    assert action in blocked(findings)[0].reason


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
    after = {"tags_all": _TAGS}

    assert blocked(judge(plan(change(type_, action, after)), _CALM)) == []


def test_a_destruction_that_was_asked_for_may_take_everything(plan: Plan, change: Change) -> None:
    findings = judge(plan(change("aws_s3_bucket", "delete"), change("aws_lb", "delete")), _DESTRUCTION)

    assert set(_verdicts(findings).values()) == {"pass"}


@pytest.mark.parametrize(
    ("type_", "action", "wanted"),
    [
        ("aws_lb", "delete", "block"),
        ("aws_lb", "replace", "block"),
        ("aws_lb", "update", "pass"),
        ("aws_lb", "create", "pass"),
        # A new revision of a task definition is how a variable of a service changes; the old one goes on.
        ("aws_ecs_task_definition", "replace", "pass"),
        ("aws_ecs_task_definition", "delete", "block"),
    ],
)
def test_parts_of_a_protected_environment_stay(
    type_: str, action: str, wanted: str, plan: Plan, change: Change
) -> None:
    findings = judge(plan(change(type_, action, {"tags_all": _TAGS})), _PROTECTED)

    assert _verdicts(findings)["protected environment"] == wanted
    assert _verdicts(judge(plan(change(type_, action)), _CALM))["protected environment"] == "pass"


_RULE, _OLD_RULE, _GROUP = (
    "aws_vpc_security_group_ingress_rule",
    "aws_security_group_rule",
    "aws_security_group",
)
_OPEN = [
    (_RULE, {"cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22}),
    (_RULE, {"cidr_ipv6": "::/0", "from_port": 5432, "to_port": 5432}),
    (_RULE, {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1"}),
    (_RULE, {"cidr_ipv4": "0.0.0.0/0", "from_port": 80, "to_port": 65535}),
    (_OLD_RULE, {"type": "ingress", "cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22}),
    (_OLD_RULE, {"type": "ingress", "ipv6_cidr_blocks": ["::/0"], "from_port": 22, "to_port": 22}),
    (_GROUP, {"ingress": [{"cidr_blocks": ["10.0.0.0/16", "0.0.0.0/0"], "from_port": 22, "to_port": 22}]}),
    (
        _GROUP,
        {"ingress": [{"ipv6_cidr_blocks": ["::/0"], "cidr_blocks": None, "from_port": 0, "to_port": 0}]},
    ),
    (
        "aws_default_security_group",
        {"ingress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22}]},
    ),
]
_CLOSED = [
    (_RULE, {"cidr_ipv4": "0.0.0.0/0", "from_port": 443, "to_port": 443}),
    (_RULE, {"cidr_ipv4": "0.0.0.0/0", "from_port": 80, "to_port": 80}),
    (_RULE, {"cidr_ipv4": "10.0.0.0/16", "from_port": 22, "to_port": 22}),
    (_RULE, {"referenced_security_group_id": "sg-1", "from_port": 22, "to_port": 22}),
    (_OLD_RULE, {"type": "egress", "cidr_blocks": ["0.0.0.0/0"], "from_port": 0, "to_port": 65535}),
    (_GROUP, {"ingress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 443, "to_port": 443}]}),
    (_GROUP, {"ingress": None}),
    ("aws_vpc_security_group_egress_rule", {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1"}),
]


@pytest.mark.parametrize("action", ["create", "update", "replace"])
@pytest.mark.parametrize(("type_", "after"), _OPEN)
def test_a_port_open_to_everyone_is_pointed_out(
    type_: str, after: Mapping[str, Any], action: str, plan: Plan, change: Change
) -> None:
    findings = judge(plan(change(type_, action, after)), _CALM)

    assert _only("open ingress", findings) == [("warn", f"{type_}.it")]
    assert blocked(findings) == []


@pytest.mark.parametrize(("type_", "after"), _CLOSED)
def test_the_webs_ports_and_private_ranges_are_calm(
    type_: str, after: Mapping[str, Any], plan: Plan, change: Change
) -> None:
    assert set(_verdicts(judge(plan(change(type_, "create", after)), _CALM)).values()) == {"pass"}


def test_closing_an_open_port_is_calm(plan: Plan, change: Change) -> None:
    assert set(_verdicts(judge(plan(change(_RULE, "delete", None)), _CALM)).values()) == {"pass"}


_SAFE = {"block_public_acls": True, "block_public_policy": True, "restrict_public_buckets": True}


@pytest.mark.parametrize("switch", sorted(_SAFE))
@pytest.mark.parametrize("action", ["create", "update", "replace"])
def test_a_bucket_that_could_become_public_stops_the_run(
    switch: str, action: str, plan: Plan, change: Change
) -> None:
    after = _SAFE | {switch: False}

    findings = judge(plan(change("aws_s3_bucket_public_access_block", action, after)), _CALM)

    assert _only("public buckets", findings) == [("block", "aws_s3_bucket_public_access_block.it")]
    assert switch in blocked(findings)[0].reason


def test_a_closed_bucket_is_calm(plan: Plan, change: Change) -> None:
    findings = judge(plan(change("aws_s3_bucket_public_access_block", "create", _SAFE)), _CALM)

    assert set(_verdicts(findings).values()) == {"pass"}


def _policy(**statement: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject"} | statement]})


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (_policy(Principal="*"), "block"),
        (_policy(Principal={"AWS": "*"}), "block"),
        (_policy(Principal={"AWS": ["arn:aws:iam::1:root", "*"]}), "block"),
        (json.dumps({"Statement": {"Effect": "Allow", "Principal": "*"}}), "block"),
        (_policy(Principal="*", Effect="Deny"), "pass"),
        (_policy(Principal="*", Condition={"StringEquals": {"AWS:SourceArn": "x"}}), "pass"),
        (_policy(Principal={"Service": "cloudfront.amazonaws.com"}), "pass"),
        (_policy(Principal={"AWS": "arn:aws:iam::1:root"}), "pass"),
        (None, "pass"),
        ("(sensitive)", "pass"),
        ('["odd"]', "pass"),
        ('{"Statement": ["odd"]}', "pass"),
    ],
)
def test_a_policy_that_lets_anyone_in_stops_the_run(
    policy: str | None, wanted: str, plan: Plan, change: Change
) -> None:
    findings = judge(plan(change("aws_s3_bucket_policy", "update", {"policy": policy})), _CALM)

    assert _verdicts(findings)["public buckets"] == wanted


@pytest.mark.parametrize("missing", sorted(_TAGS))
def test_a_missing_tag_is_pointed_out(missing: str, plan: Plan, change: Change) -> None:
    tags = {name: value for name, value in _TAGS.items() if name != missing}

    findings = judge(plan(change("aws_lb", "create", {"tags_all": tags})), _CALM)

    assert _only("tags", findings) == [("warn", "aws_lb.it")]
    assert [f.reason for f in findings if f.rule == "tags"] == [f"has no tag {missing}"]


@pytest.mark.parametrize(
    ("action", "after"),
    [
        ("create", {"tags_all": _TAGS}),
        ("create", {"name": "no tags at all"}),
        ("update", {"tags_all": {}}),
        ("delete", None),
    ],
)
def test_tags_are_asked_of_what_is_made_and_can_have_them(
    action: str, after: Mapping[str, Any] | None, plan: Plan, change: Change
) -> None:
    assert _verdicts(judge(plan(change("aws_lb", action, after)), _CALM))["tags"] == "pass"


@pytest.mark.parametrize(
    ("cost", "budget", "kind", "wanted"),
    [
        (80.01, 80.0, "create", "warn"),
        (80.0, 80.0, "create", "pass"),
        (500.0, 80.0, "destroy", "pass"),
        (None, 80.0, "create", "pass"),
        (500.0, None, "create", "pass"),
    ],
)
def test_the_budget_warns_and_never_stops(
    cost: float | None, budget: float | None, kind: str, wanted: str, plan: Plan
) -> None:
    findings = judge(plan(), Situation(kind, protected=False, monthly_usd=cost, budget_usd=budget))

    assert _verdicts(findings)["budget"] == wanted
    if wanted == "warn":
        assert "80.01" in str([f.reason for f in findings if f.rule == "budget"])


def test_every_offending_resource_is_a_finding_of_its_own_and_can_be_stored(
    plan: Plan, change: Change
) -> None:
    findings = judge(plan(change("aws_s3_bucket", "delete"), change("aws_kms_key", "replace")), _CALM)

    assert [finding.address for finding in blocked(findings)] == ["aws_s3_bucket.it", "aws_kms_key.it"]
    stored = json.loads(json.dumps([finding.to_dict() for finding in findings]))
    assert set(stored[0]) == {"rule", "severity", "reason", "address"}
