"""Rules over a plan, in plain Python. Each answers with findings; none means the rule passed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from panel.engine.plan import PlanSummary, ResourceChange

#: The rule that AWS itself enforces: no reason can override it, only an update can lift it.
DELETION_PROTECTION = "deletion protection"
#: Types that hold data somebody would miss.
STATEFUL = frozenset({
    "aws_s3_bucket", "aws_db_instance", "aws_rds_cluster", "aws_dynamodb_table", "aws_efs_file_system",
    "aws_ebs_volume", "aws_ecr_repository", "aws_route53_zone", "aws_kms_key",
})  # fmt: skip
_TAGS = ("Project", "Environment", "ManagedBy", "Owner")
_MAKING = frozenset({"create", "update", "replace"})
_ANYWHERE = ("0.0.0.0/0", "::/0")
_WEB_PORTS = frozenset({80, 443})
_SECURITY_GROUPS = frozenset({"aws_security_group", "aws_default_security_group"})
#: Types whose every change is a new revision beside the old one: Terraform calls it a replacement, nothing is lost.
_REVISIONS = frozenset({"aws_ecs_task_definition"})


@dataclass(frozen=True)
class Finding:
    """What a rule says: ``severity`` is ``pass``, ``warn`` or ``block``; ``address`` the resource, if one."""

    rule: str
    severity: str
    reason: str
    address: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Situation:
    """What the rules judge by, beside the plan itself."""

    kind: str
    protected: bool
    monthly_usd: float | None
    budget_usd: float | None


def judge(plan: PlanSummary, situation: Situation) -> list[Finding]:
    """All findings over a plan; a rule that found nothing is there as ``pass``."""
    findings: list[Finding] = []
    for name, rule in _RULES.items():
        found = [
            Finding(name, severity, reason, address) for severity, reason, address in rule(plan, situation)
        ]
        findings += found or [Finding(name, "pass", _PASSED[name])]
    return findings


def blocked(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop a run."""
    return [finding for finding in findings if finding.severity == "block"]


_Found = Iterable[tuple[str, str, str]]


def _stateful(plan: PlanSummary, situation: Situation) -> _Found:
    if situation.kind == "destroy":
        return
    for change in plan.changes:
        if change.action in {"delete", "replace"} and change.type in STATEFUL:
            yield "block", f"would {change.action} a resource that holds data", change.address


def _protected(plan: PlanSummary, situation: Situation) -> _Found:
    if not situation.protected:
        return
    for change in plan.changes:
        if change.action == "delete" or (change.action == "replace" and change.type not in _REVISIONS):
            yield "block", f"would {change.action} a part of a protected environment", change.address


def _deletion_protection(plan: PlanSummary, _situation: Situation) -> _Found:
    for change in plan.changes:
        if change.action in {"delete", "replace"} and (change.before or {}).get("enable_deletion_protection"):
            yield "block", "is protected from deletion in AWS, which would refuse half way", change.address


def _ingress(plan: PlanSummary, _situation: Situation) -> _Found:
    for change in plan.changes:
        if change.action in _MAKING and _open_to_all(change):
            yield "warn", "lets the whole internet in on a port that is not the web's", change.address


def _open_to_all(change: ResourceChange) -> bool:
    after: Mapping[str, Any] = change.after or {}
    if change.type == "aws_vpc_security_group_ingress_rule":
        return _beyond_web(after)
    if change.type == "aws_security_group_rule":
        return after.get("type") == "ingress" and _beyond_web(after)
    if change.type in _SECURITY_GROUPS:
        return any(_beyond_web(rule) for rule in after.get("ingress") or [] if isinstance(rule, Mapping))
    return False


def _beyond_web(rule: Mapping[str, Any]) -> bool:
    """Whether a rule lets anyone in on more than a port of the web; unknown ports count as more."""
    ranges = {rule.get("cidr_ipv4"), rule.get("cidr_ipv6")}
    ranges.update(rule.get("cidr_blocks") or (), rule.get("ipv6_cidr_blocks") or ())
    first, last = rule.get("from_port"), rule.get("to_port")
    web = first in _WEB_PORTS and last in {first, None}
    return bool(ranges & set(_ANYWHERE)) and not web


def _public_bucket(plan: PlanSummary, _situation: Situation) -> _Found:
    for change in plan.changes:
        after: Mapping[str, Any] = change.after or {}
        if change.type == "aws_s3_bucket_public_access_block" and change.action in _MAKING:
            off = [
                name
                for name in ("block_public_acls", "block_public_policy", "restrict_public_buckets")
                if after.get(name) is False
            ]
            if off:
                yield "block", f"would let a bucket become public ({', '.join(off)})", change.address
        if change.type == "aws_s3_bucket_policy" and _anyone(after.get("policy")):
            yield "block", "its policy lets anyone in", change.address


def _anyone(policy: object) -> bool:
    try:
        document = json.loads(str(policy))
    except ValueError:
        return False  # not known before it is applied
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    return any(
        isinstance(item, dict)
        and item.get("Effect") == "Allow"
        and _is_anyone(item.get("Principal"))
        and not item.get("Condition")
        for item in (statements if isinstance(statements, list) else [statements])
    )


def _is_anyone(principal: object) -> bool:
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    return "*" in principal if isinstance(principal, list) else principal == "*"


def _tags(plan: PlanSummary, _situation: Situation) -> _Found:
    for change in plan.changes:
        after: Mapping[str, Any] = change.after or {}
        if change.action == "create" and isinstance(after.get("tags_all"), Mapping):
            missing = [tag for tag in _TAGS if tag not in after["tags_all"]]
            if missing:
                yield "warn", f"has no tag {', '.join(missing)}", change.address


def _budget(_plan: PlanSummary, situation: Situation) -> _Found:
    cost, budget = situation.monthly_usd, situation.budget_usd
    if cost is not None and budget is not None and cost > budget and situation.kind != "destroy":
        yield "warn", f"would cost $ {cost:.2f} / month, over the budget of $ {budget:.2f}", ""


_RULES: Mapping[str, Callable[[PlanSummary, Situation], _Found]] = {
    "stateful resources": _stateful,
    "protected environment": _protected,
    DELETION_PROTECTION: _deletion_protection,
    "open ingress": _ingress,
    "public buckets": _public_bucket,
    "tags": _tags,
    "budget": _budget,
}
_PASSED: Mapping[str, str] = {
    "stateful resources": "nothing that holds data is destroyed or replaced",
    "protected environment": "nothing protected is destroyed or replaced",
    DELETION_PROTECTION: "nothing is deleted that AWS protects from deletion",
    "open ingress": "no port but the web's is open to the internet",
    "public buckets": "no bucket becomes public",
    "tags": "everything carries the tags that cost reports need",
    "budget": "the cost stays within the budget",
}
