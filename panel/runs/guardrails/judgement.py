"""All rules, and asking them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from panel.engine.plan import PlanSummary
from panel.runs.guardrails.budget import budget
from panel.runs.guardrails.destruction import deletion_protection, destroys, protected, stateful
from panel.runs.guardrails.exposure import exposure
from panel.runs.guardrails.finding import Finding, Found, Situation
from panel.runs.guardrails.ingress import ingress
from panel.runs.guardrails.tags import tags

#: The rule that AWS itself enforces: no reason can override it, only an update can lift it.
DELETION_PROTECTION = "deletion protection"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: as a person reads it.
        look: what it comes upon in a plan.
        passed: what it says when it came upon nothing.
    """

    name: str
    look: Callable[[PlanSummary, Situation], Iterable[Found]]
    passed: str

    @property
    def key(self) -> str:
        """Its key in environments.yaml."""
        return self.name.replace(" ", "_")


#: Every rule over a plan, in the order in which a reviewer reads them. Checkov is beside them.
RULES: Sequence[Rule] = (
    Rule("stateful resources", stateful, "nothing that holds data is destroyed or replaced"),
    Rule("protected environment", protected, "nothing protected is destroyed or replaced"),
    Rule(DELETION_PROTECTION, deletion_protection, "nothing is deleted that AWS protects from deletion"),
    Rule("destroys", destroys, "no more is destroyed or replaced than one run may"),
    Rule("public exposure", exposure, "nothing becomes public that was not"),
    Rule("open ingress", ingress, "no port is open to the internet that may not be"),
    Rule("tags", tags, "everything carries the tags that cost reports need"),
    Rule("budget", budget, "the cost stays within the budget"),
)


def judge(plan: PlanSummary, situation: Situation) -> list[Finding]:
    """All findings over a plan; a rule that found nothing is there as ``pass``, one that is off is not there."""
    findings: list[Finding] = []
    for rule in RULES:
        said = getattr(situation.guardrails, rule.key)
        if said.severity == "off":
            continue
        may_override = getattr(said, "overridable", False)
        found = [_finding(rule, said.severity, may_override, one) for one in rule.look(plan, situation)]
        findings += found or [Finding(rule.name, "pass", rule.passed)]
    return findings


def _finding(rule: Rule, severity: str, may_override: bool, found: Found) -> Finding:
    judged = severity if found.certain else "warn"
    overridable = judged == "block" and may_override and not found.final
    return Finding(rule.name, judged, found.reason, found.address, overridable)
