"""The guardrails as a whole: every rule answers, severities and parameters are the team's, findings can be kept."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panel.catalogue.guardrails import Guardrails, guardrails_for
from panel.engine.plan import PlanSummary, ResourceChange
from panel.runs.guardrails import RULES, Finding, Situation, blocked, judge, overridable

Change = Callable[..., ResourceChange]
Plan = Callable[..., PlanSummary]

_NAMES = {rule.name for rule in RULES}


def situation(**fields: Any) -> Situation:
    values: dict[str, Any] = {"kind": "update", "protected": False, "monthly_usd": 50.0, "budget_usd": 80.0}
    return Situation(**(values | fields))


def rules(**said: Mapping[str, Any]) -> Guardrails:
    return Guardrails.model_validate(said)


def offence(rule: str, plan: Plan, change: Change) -> tuple[PlanSummary, dict[str, Any]]:
    """A plan and a situation in which one rule, and no other, has something to say."""
    group = {"cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22}
    lost = [change("aws_route53_record", "delete", instance=f"[{number}]") for number in range(11)]
    held = change("aws_lb", "delete", before={"enable_deletion_protection": True})
    shut = {"block_public_policy": False}
    cases: dict[str, tuple[list[ResourceChange], dict[str, Any]]] = {
        "stateful resources": ([change("aws_s3_bucket", "replace", {})], {}),
        "protected environment": ([change("aws_lb", "replace", {})], {"protected": True}),
        "deletion protection": ([held], {}),
        "destroys": (lost, {}),
        "public exposure": ([change("aws_s3_bucket_public_access_block", "update", shut)], {}),
        "open ingress": ([change("aws_vpc_security_group_ingress_rule", "create", group)], {}),
        "tags": ([change("aws_lb", "create", {"tags_all": {}})], {}),
        "budget": ([], {"monthly_usd": 80.01}),
    }
    changes, fields = cases[rule]
    return plan(*changes), fields


def test_a_plan_without_changes_passes_every_rule_in_words(plan: Plan) -> None:
    findings = judge(plan(), situation())

    assert [finding.rule for finding in findings] == [rule.name for rule in RULES]
    assert all(finding.severity == "pass" and finding.reason for finding in findings)
    assert blocked(findings) == []
    assert not overridable(findings)


@pytest.mark.parametrize("severity", ["off", "warn", "block"])
@pytest.mark.parametrize("rule", sorted(_NAMES))
def test_each_rule_is_as_severe_as_the_team_says(
    rule: str, severity: str, plan: Plan, change: Change
) -> None:
    offending, fields = offence(rule, plan, change)
    said = rules(**{rule.replace(" ", "_"): {"severity": severity}})

    findings = judge(offending, situation(**fields, guardrails=said))

    told = {(finding.rule, finding.severity) for finding in findings if finding.severity != "pass"}
    assert told == (set() if severity == "off" else {(rule, severity)})
    assert (rule in {finding.rule for finding in findings}) == (severity != "off")


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ("stateful resources", "block"), ("protected environment", "block"), ("deletion protection", "block"),
        ("public exposure", "block"), ("destroys", "warn"), ("open ingress", "warn"), ("tags", "warn"),
        ("budget", "warn"),
    ],
)  # fmt: skip
def test_what_nobody_configured_is_as_severe_as_it_always_was(
    rule: str, severity: str, plan: Plan, change: Change
) -> None:
    offending, fields = offence(rule, plan, change)

    told = [finding for finding in judge(offending, situation(**fields)) if finding.severity != "pass"]

    assert [(finding.rule, finding.severity) for finding in told] == [(rule, severity)]


@pytest.mark.parametrize("rule", sorted(_NAMES - {"deletion protection"}))
def test_whether_a_block_may_be_overridden_is_the_teams_choice(rule: str, plan: Plan, change: Change) -> None:
    offending, fields = offence(rule, plan, change)
    key = rule.replace(" ", "_")
    open_, closed = (
        judge(offending, situation(**fields, guardrails=rules(**{key: {"severity": "block"} | more})))
        for more in ({}, {"overridable": False})
    )

    assert blocked(open_)
    assert overridable(open_)
    assert blocked(closed)
    assert not overridable(closed)


def test_what_aws_refuses_nobody_overrides(plan: Plan, change: Change) -> None:
    offending, fields = offence("deletion protection", plan, change)

    assert not overridable(judge(offending, situation(**fields)))


def test_one_block_that_cannot_be_overridden_is_enough(plan: Plan, change: Change) -> None:
    held = change("aws_db_instance", "delete", before={"deletion_protection": True})

    findings = judge(plan(held), situation())

    assert [finding.overridable for finding in blocked(findings)] == [True, False]
    assert not overridable(findings)


def test_an_environment_has_the_last_word_key_by_key() -> None:
    project = rules(tags={"severity": "block", "required": ["Owner"]}, destroys={"at_most": 3})
    own = rules(tags={"severity": "off"}, budget={"growth_usd": 5})

    said = guardrails_for(project, own)

    assert (said.tags.severity, said.tags.required) == ("off", ["Owner"])
    assert (said.destroys.severity, said.destroys.at_most) == ("warn", 3)
    assert (said.budget.severity, said.budget.growth_usd) == ("warn", 5)
    assert guardrails_for(project, None) == project
    assert guardrails_for(Guardrails(), Guardrails()) == Guardrails()


def test_sections_that_were_written_out_and_read_again_mean_the_same() -> None:
    project, own = rules(tags={"required": ["Owner"]}), rules(tags={"severity": "block"})

    again = [Guardrails.model_validate(one.model_dump()) for one in (project, own)]

    assert guardrails_for(*again) == guardrails_for(project, own)


@pytest.mark.parametrize(
    ("pattern", "passed"),
    [
        ("module.site.aws_s3_bucket.it", True),
        ("module.site.*", True),
        ("*.aws_s3_bucket.it", True),
        ('module.site.aws_s3_bucket.it["a"]', True),
        ("module.site", False),
        ("aws_s3_bucket.it", False),
        ('module.site.aws_s3_bucket.it["b"]', False),
        ("module?site.*", False),
    ],
)
def test_what_is_to_be_ignored_is_named_by_its_address(
    pattern: str, passed: bool, plan: Plan, change: Change
) -> None:
    said = Guardrails().model_copy(
        update={
            "stateful_resources": Guardrails().stateful_resources.model_copy(update={"ignore": [pattern]})
        }
    )
    bucket = change("aws_s3_bucket", "delete", module="module.site", instance='["a"]')

    assert (blocked(judge(plan(bucket), situation(guardrails=said))) == []) is passed


def test_findings_are_kept_and_read_back() -> None:
    finding = Finding("tags", "block", "has no tag Owner", "aws_lb.it", overridable=True)

    kept = json.loads(json.dumps(finding.to_dict()))

    assert set(kept) == {"rule", "severity", "reason", "address", "overridable"}
    assert Finding.from_dict(kept) == finding
    assert Finding.from_dict({"rule": "tags", "severity": "block", "address": None}).overridable is False


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70000) | st.sampled_from(["0.0.0.0/0", "*", "{}", "[", "::/0", ""]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "ingress", "policy", "tags_all", "cidr_blocks", "from_port", "to_port", "acl", "grant", "uri", "vpc_config",
            "website", "access_control_policy", "default_cache_behavior", "internal", "enabled", "Statement", "bucket",
            "type", "principal", "deletion_protection", "publicly_accessible", "shared_accounts", "assume_role_policy",
        ]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
_TYPES = st.sampled_from([
    "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_s3_bucket", "aws_lb",
    "aws_s3_bucket_policy", "aws_s3_bucket_acl", "aws_s3_bucket_public_access_block", "aws_sqs_queue", "aws_eks_cluster",
    "aws_cloudfront_distribution", "aws_lambda_permission", "aws_lambda_function_url", "aws_db_snapshot", "aws_iam_role",
])  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    type_=_TYPES,
    action=st.sampled_from(["create", "update", "replace", "delete", "forget", "odd"]),
    values=st.tuples(_JSON, _JSON, _JSON),
)
def test_no_shape_of_values_makes_the_rules_fail(
    type_: str, action: str, values: tuple[Any, Any, Any], plan: Plan, change: Change
) -> None:
    after, before, unknown = values
    odd = change(type_, action, after, before, unknown=unknown)

    findings = judge(plan(odd), situation(protected=True))

    assert {finding.rule for finding in findings} == _NAMES
    assert json.dumps([finding.to_dict() for finding in findings])


class _Counted(dict[str, Any]):
    """Values that count how often they are looked at."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        _Counted.looks += 1
        return super().get(key, default)


def test_twice_as_many_resources_take_twice_as_many_looks(plan: Plan, change: Change) -> None:
    def looks(count: int) -> int:
        changes = []
        for number in range(count):
            module = f"module.m[{number}]"
            shut = _Counted(block_public_policy=True, restrict_public_buckets=True)
            changes += [
                change("aws_s3_bucket", "create", _Counted(tags_all={}), module=module),
                change("aws_s3_bucket_public_access_block", "create", shut, module=module),
                change("aws_s3_bucket_policy", "create", _Counted(), unknown={"bucket": True, "policy": True}, module=module),
                change("aws_security_group", "update", _Counted(ingress=[_Counted(cidr_blocks=["::/0"])]), _Counted()),
                change("aws_route53_record", "delete", None, _Counted(), instance=f"[{number}]"),
                change("aws_db_instance", "replace", _Counted(), _Counted(deletion_protection=True)),
            ]  # fmt: skip
        _Counted.looks = 0
        judge(plan(*changes), situation(protected=True, guardrails=rules(tags={"ignore": ["*.it"]})))
        return _Counted.looks

    few, many = looks(50), looks(100)

    assert 0 < many <= 2 * few
