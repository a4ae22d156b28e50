"""The guardrail over what becomes public, for policies: whom a document lets in, and what is not known of it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from panel.engine.plan import PlanSummary, ResourceChange
from panel.masking import SENSITIVE
from panel.runs.guardrails import Finding, Situation, judge, written_attributes
from panel.runs.guardrails.policies import CLOSED_BY_DEFAULT, POLICIES

Change = Callable[..., ResourceChange]
Plan = Callable[..., PlanSummary]

_CALM = Situation(kind="update", protected=False, monthly_usd=50.0, budget_usd=80.0)
_POLICY = "aws_s3_bucket_policy"
_SHUT = {"block_public_policy": True, "restrict_public_buckets": True}


def _policy(**statement: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject"} | statement]})


_ANYONE = _policy(Principal="*")


def _held(**condition: Any) -> str:
    return _policy(Principal="*", Condition=condition)


def _told(findings: list[Finding]) -> list[str]:
    return [f.severity for f in findings if f.rule == "public exposure" and f.severity != "pass"]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (_ANYONE, "block"),
        (_policy(Principal={"AWS": "*"}), "block"),
        (_policy(Principal={"AWS": ["arn:aws:iam::1:root", "*"]}), "block"),
        (_policy(NotPrincipal={"AWS": "arn:aws:iam::1:root"}), "block"),
        (json.dumps({"Statement": {"Effect": "Allow", "Principal": "*"}}), "block"),
        (json.loads(_ANYONE), "block"),
        (_policy(Principal="*", Effect="Deny"), None),
        (_policy(Principal={"Service": "cloudfront.amazonaws.com"}), None),
        (_policy(Principal={"AWS": "arn:aws:iam::1:root"}), None),
        (_held(StringEquals={"AWS:SourceArn": "arn:aws:sns:us-east-2:1:topic"}), None),
        (_held(StringEquals={"aws:PrincipalOrgID": ["o-1"]}), None),
        (_held(IpAddress={"aws:SourceIp": ["198.51.100.0/24"]}), None),
        (_held(ArnLike={"aws:SourceArn": "arn:aws:s3:::todo-*"}), None),
        # Conditions that hold nobody out.
        (_held(Bool={"aws:SecureTransport": "true"}), "block"),
        (_held(StringLike={"aws:SourceArn": "*"}), "block"),
        (_held(IpAddress={"aws:SourceIp": ["198.51.100.0/24", "0.0.0.0/0"]}), "block"),
        (_held(StringNotEquals={"aws:PrincipalOrgID": "o-1"}), "block"),
        (_held(StringEqualsIfExists={"aws:PrincipalOrgID": "o-1"}), "block"),
        (_held(**{"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}), "block"),
        (_held(StringEquals={"aws:PrincipalOrgID": []}), "block"),
        (_held(StringEquals="odd"), "block"),
        (None, None),
        ("", None),
        # What cannot be read may say anything.
        (SENSITIVE, "warn"),
        ("<policy/>", "warn"),
        ('["odd"]', "warn"),
        ('{"Statement": ["odd"]}', "warn"),
        ("[" * 100_000, "warn"),
        (7, "warn"),
    ],
)
def test_whom_a_policy_lets_in(policy: object, wanted: str | None, plan: Plan, change: Change) -> None:
    findings = judge(plan(change(_POLICY, "update", {"policy": policy, "bucket": "b"})), _CALM)

    assert _told(findings) == ([wanted] if wanted else [])


@pytest.mark.parametrize(("type_", "name"), [(type_, name) for type_ in POLICIES for name in POLICIES[type_]])
def test_every_kind_of_policy_is_read(type_: str, name: str, plan: Plan, change: Change) -> None:
    known = change(type_, "create", {name: _ANYONE})
    unknown = change(type_, "update", {}, {name: None}, unknown={name: True})

    assert _told(judge(plan(known), _CALM)) == ["block"]
    assert _told(judge(plan(unknown), _CALM)) == ["warn"]


def test_what_was_open_before_does_not_stop_a_run_that_leaves_it_so(plan: Plan, change: Change) -> None:
    wider = json.dumps(
        {"Statement": [*json.loads(_ANYONE)["Statement"], {"Effect": "Allow", "Principal": "*"}]}
    )

    def judged(before: str | None, after: str) -> list[str]:
        return _told(judge(plan(change(_POLICY, "update", {"policy": after}, {"policy": before})), _CALM))

    assert judged(_ANYONE, _ANYONE) == []
    assert judged(_ANYONE, wider) == ["block"]
    assert judged(wider, _ANYONE) == []
    assert judged("unreadable", _ANYONE) == ["block"]


def test_the_reason_says_what_anyone_may_do(plan: Plan, change: Change) -> None:
    findings = judge(
        plan(change("aws_sqs_queue_policy", "create", {"policy": _policy(Principal="*")})), _CALM
    )

    assert "lets anyone in (s3:GetObject)" in next(f.reason for f in findings if f.severity == "block")


@pytest.mark.parametrize("type_", sorted(CLOSED_BY_DEFAULT))
def test_a_policy_that_is_left_to_aws_is_closed(type_: str, plan: Plan, change: Change) -> None:
    (name,) = POLICIES[type_]
    new = change(type_, "create", {}, unknown={name: True}, module='module.a["x.y"].module.b[0]')

    def judged(written: Mapping[str, frozenset[str]] | None) -> list[str]:
        return _told(judge(plan(new), Situation("update", False, 50.0, 80.0, written=written)))

    address = f"module.a.module.b.{type_}.it"
    assert judged({address: frozenset({"name"})}) == []
    assert judged({address: frozenset({"name", name})}) == ["warn"]
    assert judged({}) == ["warn"]
    assert judged(None) == ["warn"]


def test_what_the_configuration_gives_a_value_is_read_through_modules() -> None:
    inner = {
        "resources": [{"address": "aws_sqs_queue.it", "expressions": {"policy": {"references": ["var.p"]}}}]
    }
    root = {
        "resources": [{"address": "aws_kms_key.it"}, None],
        "module_calls": {"a": {"module": {"module_calls": {"b": {"module": inner}}}}, "odd": None},
    }

    assert written_attributes({"configuration": {"root_module": root}}) == {
        "aws_kms_key.it": frozenset(),
        "None": frozenset(),
        "module.a.module.b.aws_sqs_queue.it": frozenset({"policy"}),
    }
    for odd in (None, [], {"configuration": []}, {"configuration": {"root_module": {"resources": 7}}}):
        assert written_attributes(odd) == {}


class TestPolicyOfABucketThatIsNotKnownYet:
    """It is calm where the bucket refuses public policies."""

    def _judged(self, *changes: ResourceChange, plan: Plan) -> list[str]:
        return _told(judge(plan(*changes), _CALM))

    def _new(self, change: Change, module: str = "module.site", *, shut: bool = True) -> list[ResourceChange]:
        block = _SHUT if shut else _SHUT | {"restrict_public_buckets": None}
        return [
            change("aws_s3_bucket", "create", {"bucket": "b"}, module=module),
            change(
                "aws_s3_bucket_public_access_block", "create", block, unknown={"bucket": True}, module=module
            ),
            change(_POLICY, "create", {}, unknown={"bucket": True, "policy": True}, module=module),
        ]

    def test_a_new_bucket_that_its_module_closes(self, plan: Plan, change: Change) -> None:
        assert self._judged(*self._new(change), *self._new(change, "module.data"), plan=plan) == []

    def test_one_that_its_module_leaves_open(self, plan: Plan, change: Change) -> None:
        assert self._judged(*self._new(change, shut=False), plan=plan) == ["warn"]

    def test_one_whose_lock_is_another_modules(self, plan: Plan, change: Change) -> None:
        bucket, block, policy = self._new(change)
        elsewhere = change(_POLICY, "create", {}, unknown={"bucket": True, "policy": True}, module="module.b")

        assert self._judged(bucket, block, elsewhere, plan=plan) == ["warn"]
        # More such policies than buckets: one of them is of a bucket that is elsewhere.
        assert self._judged(bucket, block, policy, policy, plan=plan) == ["warn", "warn"]

    def test_one_that_is_there_and_closed(self, plan: Plan, change: Change) -> None:
        block = change("aws_s3_bucket_public_access_block", "no-op", _SHUT | {"bucket": "todo-site"})
        policy = change(_POLICY, "update", {"bucket": "todo-site"}, unknown={"policy": True})
        other = change(_POLICY, "update", {"bucket": "todo-other"}, unknown={"policy": True})

        assert self._judged(block, policy, plan=plan) == []
        assert self._judged(block, other, plan=plan) == ["warn"]
        assert self._judged(policy, plan=plan) == ["warn"]
