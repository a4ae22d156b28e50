"""The guardrail over what becomes public that was not: every door, closed, opened, open before, and unknown."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from panel.engine.plan import PlanSummary, ResourceChange
from panel.masking import SENSITIVE
from panel.runs.guardrails import Finding, Situation, judge

Change = Callable[..., ResourceChange]
Plan = Callable[..., PlanSummary]

_CALM = Situation(kind="update", protected=False, monthly_usd=50.0, budget_usd=80.0)
_BLOCK = "aws_s3_bucket_public_access_block"
_SWITCHES = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_SHUT = dict.fromkeys(_SWITCHES, True)
_EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


def _grant(uri: str) -> dict[str, Any]:
    return {"access_control_policy": [{"grant": [{"permission": "READ", "grantee": [{"uri": uri}]}]}]}


def _told(findings: list[Finding]) -> list[tuple[str, str]]:
    """What the rule found."""
    return [(f.severity, f.reason) for f in findings if f.rule == "public exposure" and f.severity != "pass"]


_API = {"endpoint_public_access": True, "public_access_cidrs": ["0.0.0.0/0"]}
_OFFICE = _API | {"public_access_cidrs": ["198.51.100.0/24"]}
_BEHAVIOUR = "default_cache_behavior"
#: type, what is closed, what is open, which attribute can be unknown ("" where nothing can).
_DOORS: list[tuple[str, Mapping[str, Any], Mapping[str, Any], str]] = [
    *((_BLOCK, _SHUT, _SHUT | {name: False}, name) for name in _SWITCHES),
    (
        "aws_s3_account_public_access_block",
        _SHUT,
        _SHUT | {"block_public_policy": False},
        "block_public_policy",
    ),
    ("aws_s3_bucket_acl", {"acl": "private"}, {"acl": "public-read"}, "acl"),
    ("aws_s3_bucket_acl", {"acl": "private"}, {"acl": "authenticated-read"}, "acl"),
    ("aws_s3_bucket_acl", _grant("http://acs.amazonaws.com/groups/s3/LogDelivery"), _grant(_EVERYBODY), ""),
    ("aws_s3_bucket", {"acl": "private"}, {"acl": "public-read-write"}, "acl"),
    ("aws_s3_bucket", {"grant": []}, {"grant": [{"uri": _EVERYBODY, "permissions": ["READ"]}]}, ""),
    ("aws_s3_bucket", {"website": []}, {"website": [{"index_document": "index.html"}]}, ""),
    ("aws_s3_object", {"acl": "private"}, {"acl": "public-read"}, "acl"),
    ("aws_lb", {"internal": True}, {"internal": False}, "internal"),
    ("aws_elb", {"internal": True}, {"internal": False}, "internal"),
    ("aws_db_instance", {"publicly_accessible": False}, {"publicly_accessible": True}, "publicly_accessible"),
    ("aws_mq_broker", {"publicly_accessible": False}, {"publicly_accessible": True}, "publicly_accessible"),
    ("aws_subnet", {"map_public_ip_on_launch": False}, {"map_public_ip_on_launch": True}, ""),
    ("aws_instance", {"associate_public_ip_address": False}, {"associate_public_ip_address": True}, ""),
    ("aws_cloudfront_distribution", {"enabled": False}, {"enabled": True}, ""),
    (
        "aws_cloudfront_distribution",
        {_BEHAVIOUR: [{"trusted_key_groups": ["k1"]}]},
        {_BEHAVIOUR: [{"trusted_key_groups": []}]},
        _BEHAVIOUR,
    ),
    (
        "aws_lambda_function_url",
        {"authorization_type": "AWS_IAM"},
        {"authorization_type": "NONE"},
        "authorization_type",
    ),
    (
        "aws_lambda_permission",
        {"principal": "s3.amazonaws.com"},
        {"principal": "*"},
        "principal",
    ),
    ("aws_lambda_permission", {"principal": "*", "source_account": "1"}, {"principal": "*"}, ""),
    ("aws_eks_cluster", {"vpc_config": [_OFFICE]}, {"vpc_config": [_API]}, ""),
    ("aws_ami_launch_permission", {"group": None}, {"group": "all"}, ""),
    ("aws_db_snapshot", {"shared_accounts": ["1"]}, {"shared_accounts": ["1", "all"]}, ""),
    ("aws_ebs_snapshot_block_public_access", {"state": "block-all-sharing"}, {"state": "unblocked"}, ""),
]


@pytest.mark.parametrize("action", ["update", "replace"])
@pytest.mark.parametrize(("type_", "shut", "open_", "name"), _DOORS)
def test_a_door_that_would_be_opened_stops_the_run(
    type_: str, shut: Any, open_: Any, name: str, action: str, plan: Plan, change: Change
) -> None:
    findings = judge(plan(change(type_, action, open_, shut)), _CALM)

    assert [severity for severity, _ in _told(findings)] == ["block"]
    (finding,) = [f for f in findings if f.rule == "public exposure"]
    assert (finding.address, finding.overridable) == (f"{type_}.it", True)


@pytest.mark.parametrize(("type_", "shut", "open_", "name"), _DOORS)
def test_a_door_that_stays_as_it_is_or_is_closed_is_calm(
    type_: str, shut: Any, open_: Any, name: str, plan: Plan, change: Change
) -> None:
    pairs = [(open_, open_), (open_, shut), (shut, shut)]
    changes = [change(type_, "update", after, before) for before, after in pairs]

    assert _told(judge(plan(*changes, change(type_, "create", shut)), _CALM)) == []


@pytest.mark.parametrize(("type_", "shut", "open_", "name"), [door for door in _DOORS if door[3]])
def test_a_door_that_nobody_can_see_yet_is_pointed_out(
    type_: str, shut: Any, open_: Any, name: str, plan: Plan, change: Change
) -> None:
    after = {key: value for key, value in shut.items() if key != name}
    hidden = [
        change(type_, "update", after, shut, unknown={name: True}),
        change(type_, "update", shut | {name: SENSITIVE}, shut),
    ]

    told = _told(judge(plan(*hidden), _CALM))

    assert [severity for severity, _ in told] == ["warn", "warn"]
    assert all("cannot be told before the apply" in reason for _, reason in told)


@pytest.mark.parametrize(
    ("type_", "after"),
    [
        (_BLOCK, _SHUT | {"block_public_policy": False}),
        ("aws_s3_bucket_acl", {"acl": "public-read"}),
        ("aws_s3_bucket_website_configuration", {"bucket": "site"}),
        ("aws_db_instance", {"publicly_accessible": True}),
        ("aws_lambda_function_url", {"authorization_type": "NONE"}),
        ("aws_ecrpublic_repository", {}),
        ("aws_eks_cluster", {"vpc_config": [_API]}),
    ],
)
def test_what_is_public_from_its_first_day_stops_the_run(
    type_: str, after: Any, plan: Plan, change: Change
) -> None:
    assert [severity for severity, _ in _told(judge(plan(change(type_, "create", after)), _CALM))] == [
        "block"
    ]


@pytest.mark.parametrize(
    ("type_", "after"),
    [
        ("aws_lb", {"internal": False}),
        ("aws_cloudfront_distribution", {"enabled": True}),
        ("aws_subnet", {"map_public_ip_on_launch": True}),
        ("aws_instance", {"associate_public_ip_address": True}),
    ],
)
def test_a_new_front_door_is_what_an_application_is_for(
    type_: str, after: Any, plan: Plan, change: Change
) -> None:
    assert _told(judge(plan(change(type_, "create", after)), _CALM)) == []


def test_a_bucket_that_loses_its_lock_stops_the_run_unless_it_goes_too(plan: Plan, change: Change) -> None:
    lock = change(_BLOCK, "delete", None, _SHUT | {"bucket": "todo-site"})
    bucket = change("aws_s3_bucket", "delete", None, {"id": "todo-site"})
    other = change("aws_s3_bucket", "delete", None, {"id": "todo-other"})

    assert [severity for severity, _ in _told(judge(plan(lock), _CALM))] == ["block"]
    assert [severity for severity, _ in _told(judge(plan(lock, other), _CALM))] == ["block"]
    assert _told(judge(plan(bucket, lock), _CALM)) == []
    assert _told(judge(plan(change(_BLOCK, "delete", None, {"bucket": "todo-site"})), _CALM)) == []


def test_an_acl_that_aws_chooses_is_no_door(plan: Plan, change: Change) -> None:
    again = change("aws_s3_object", "replace", {}, {"acl": "private"}, unknown={"acl": True})
    left_to_aws = Situation("update", False, 50.0, 80.0, written={"aws_s3_object.it": frozenset({"bucket"})})

    assert _told(judge(plan(again), left_to_aws)) == []
    assert [severity for severity, _ in _told(judge(plan(again), _CALM))] == ["warn"]


def test_a_function_whose_caller_is_not_known_yet_is_calm_where_its_source_is_named(
    plan: Plan, change: Change
) -> None:
    named = change("aws_lambda_permission", "create", {"principal": "*"}, unknown={"source_arn": True})

    assert _told(judge(plan(named), _CALM)) == []
