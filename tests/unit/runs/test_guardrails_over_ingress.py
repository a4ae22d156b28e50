"""The guardrail over who may connect, by examples."""

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
_RULE, _OLD_RULE, _GROUP = (
    "aws_vpc_security_group_ingress_rule",
    "aws_security_group_rule",
    "aws_security_group",
)
_ALL = {"cidr_ipv4": "0.0.0.0/0"}
_OPEN: list[tuple[str, Mapping[str, Any]]] = [
    (_RULE, _ALL | {"from_port": 22, "to_port": 22}),
    (_RULE, {"cidr_ipv6": "::/0", "from_port": 5432, "to_port": 5432}),
    (_RULE, _ALL | {"ip_protocol": "-1"}),
    (_RULE, _ALL | {"from_port": 80, "to_port": 65535}),
    (_RULE, _ALL | {"from_port": 79, "to_port": 80}),
    (_RULE, _ALL | {"from_port": 80, "to_port": 80, "ip_protocol": "icmp"}),
    (_RULE, _ALL | {"from_port": "80", "to_port": "80"}),
    # As good as everybody: halves of the internet, and all of its IPv6 addresses by another name.
    (_RULE, {"cidr_ipv4": "128.0.0.0/1", "from_port": 22, "to_port": 22}),
    (_RULE, {"cidr_ipv6": "2000::/3", "from_port": 22, "to_port": 22}),
    (_OLD_RULE, {"type": "ingress", "cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22}),
    (_OLD_RULE, {"type": "ingress", "ipv6_cidr_blocks": ["::/0"], "from_port": 22, "to_port": 22}),
    (_GROUP, {"ingress": [{"cidr_blocks": ["10.0.0.0/16", "0.0.0.0/0"], "from_port": 22, "to_port": 22}]}),
    (_GROUP, {"ingress": {"cidr_blocks": "0.0.0.0/0", "from_port": 22, "to_port": 22}}),
    (
        _GROUP,
        {"ingress": [{"ipv6_cidr_blocks": ["::/0"], "cidr_blocks": None, "from_port": 0, "to_port": 0}]},
    ),
    (
        "aws_default_security_group",
        {"ingress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22}]},
    ),
]
_CLOSED: list[tuple[str, Mapping[str, Any]]] = [
    (_RULE, _ALL | {"from_port": 443, "to_port": 443}),
    (_RULE, _ALL | {"from_port": 80, "to_port": 80, "ip_protocol": "tcp"}),
    (_RULE, {"cidr_ipv4": "10.0.0.0/8", "from_port": 22, "to_port": 22}),
    (_RULE, {"cidr_ipv6": "fc00::/7", "from_port": 22, "to_port": 22}),
    (_RULE, {"cidr_ipv4": "not a range", "from_port": 22, "to_port": 22}),
    (_RULE, {"referenced_security_group_id": "sg-1", "from_port": 22, "to_port": 22}),
    (_OLD_RULE, {"type": "egress", "cidr_blocks": ["0.0.0.0/0"], "from_port": 0, "to_port": 65535}),
    (_GROUP, {"ingress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 443, "to_port": 443}]}),
    (_GROUP, {"ingress": None}),
    (_GROUP, {"ingress": [None, "odd"]}),
    ("aws_vpc_security_group_egress_rule", _ALL | {"ip_protocol": "-1"}),
]


def _told(findings: list[Finding]) -> list[tuple[str, str]]:
    """What the rule found, every other being calm."""
    assert all(f.severity == "pass" for f in findings if f.rule != "open ingress")
    return [(f.severity, f.reason) for f in findings if f.rule == "open ingress" and f.severity != "pass"]


@pytest.mark.parametrize("action", ["create", "update", "replace"])
@pytest.mark.parametrize(("type_", "after"), _OPEN)
def test_a_port_open_to_everyone_is_pointed_out(
    type_: str, after: Mapping[str, Any], action: str, plan: Plan, change: Change
) -> None:
    ((severity, reason),) = _told(judge(plan(change(type_, action, after)), _CALM))

    assert severity == "warn"
    assert reason.startswith("lets the whole internet in")
    assert "allowed: 80, 443" in reason


@pytest.mark.parametrize(("type_", "after"), _CLOSED)
def test_the_webs_ports_and_private_ranges_are_calm(
    type_: str, after: Mapping[str, Any], plan: Plan, change: Change
) -> None:
    assert _told(judge(plan(change(type_, "create", after)), _CALM)) == []


def test_closing_an_open_port_is_calm(plan: Plan, change: Change) -> None:
    assert _told(judge(plan(change(_RULE, "delete", None)), _CALM)) == []


@pytest.mark.parametrize(
    ("type_", "action", "after", "unknown"),
    [
        (_RULE, "create", {"from_port": 22, "to_port": 22}, {"cidr_ipv4": True}),
        (_RULE, "create", {"from_port": 22, "to_port": 22, "cidr_ipv4": SENSITIVE}, {}),
        (_RULE, "create", {"from_port": 22, "to_port": 22, "cidr_ipv6": None}, {"cidr_ipv6": True}),
        (_RULE, "create", _ALL, {"from_port": True, "to_port": True}),
        (_OLD_RULE, "create", {"from_port": 22, "to_port": 22}, {"cidr_blocks": [False, True]}),
        (_OLD_RULE, "create", {"from_port": 22, "to_port": 22}, {"cidr_blocks": True, "type": True}),
        (_GROUP, "update", {}, {"ingress": True}),
        (_GROUP, "create", {}, {"ingress": True}),
        # A dynamic block for each of what is not known yet.
        (_GROUP, "create", {"ingress": [{}]}, {"ingress": [{"cidr_blocks": True, "from_port": True}]}),
        (_GROUP, "update", {"ingress": SENSITIVE}, {}),
        (_GROUP, "create", {"ingress": [{"from_port": 22, "to_port": 22}]}, {"ingress": [{"cidr_blocks": [True]}]}),
        (_GROUP, "create", {"ingress": []}, {"ingress": [True]}),
    ],
)  # fmt: skip
def test_what_the_plan_does_not_know_is_said_even_where_the_rule_blocks(
    type_: str, action: str, after: Any, unknown: Mapping[str, Any], plan: Plan, change: Change
) -> None:
    said = Guardrails.model_validate({"open_ingress": {"severity": "block"}})
    situation = Situation("update", False, 50.0, 80.0, guardrails=said)

    ((severity, reason),) = _told(judge(plan(change(type_, action, after, unknown=unknown)), situation))

    assert severity == "warn"
    assert "cannot be told before the apply" in reason


@pytest.mark.parametrize(
    ("type_", "after", "unknown"),
    [
        (_RULE, {"from_port": 443, "to_port": 443}, {"cidr_ipv4": True}),
        (_RULE, {"from_port": 22, "to_port": 22}, {"referenced_security_group_id": True}),
        (_RULE, {"cidr_ipv4": "10.0.0.0/16"}, {"from_port": True}),
    ],
)
def test_what_is_unknown_without_danger_is_calm(
    type_: str, after: Any, unknown: Mapping[str, Any], plan: Plan, change: Change
) -> None:
    assert _told(judge(plan(change(type_, "create", after, unknown=unknown)), _CALM)) == []


def test_a_new_group_whose_rules_are_left_to_aws_has_none(plan: Plan, change: Change) -> None:
    group = change(_GROUP, "create", {}, unknown={"ingress": True})

    def judged(*written: str) -> list[str]:
        known = {f"{_GROUP}.it": frozenset(written)}
        return [
            severity
            for severity, _ in _told(
                judge(plan(group), Situation("update", False, 50.0, 80.0, written=known))
            )
        ]

    assert judged("name") == []
    assert judged("name", "ingress") == ["warn"]


@pytest.mark.parametrize(
    ("ports", "first", "last", "wanted"),
    [
        ([80, 443], 80, 80, False), ([443], 80, 80, True), ([], 443, 443, True), ([8443], 8443, 8443, False),
        ([80, 81, 82], 80, 82, False), ([80, 82], 80, 82, True), ([80, 443], 0, 65535, True),
    ],
)  # fmt: skip
def test_which_ports_may_be_open_is_the_teams_choice(
    ports: list[int], first: int, last: int, wanted: bool, plan: Plan, change: Change
) -> None:
    said = Guardrails.model_validate({"open_ingress": {"ports": ports}})
    situation = Situation("update", False, 50.0, 80.0, guardrails=said)
    rule = change(_RULE, "create", _ALL | {"from_port": first, "to_port": last})

    assert bool(_told(judge(plan(rule), situation))) is wanted


def test_a_group_with_many_open_rules_says_each_thing_once(plan: Plan, change: Change) -> None:
    rule = {"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22}
    group = change(_GROUP, "create", {"ingress": [rule, rule, rule | {"to_port": 23}]})

    assert len(_told(judge(plan(group), _CALM))) == 2
