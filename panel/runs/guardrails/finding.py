"""The values of the guardrails: what is judged by, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from panel.catalogue.guardrails import Guardrails
from panel.runs.guardrails.configuration import Written


@dataclass(frozen=True)
class Finding:
    """What a rule says.

    Attributes:
        rule: the rule's name, as a person reads it.
        severity: ``pass``, ``warn`` or ``block``.
        reason: why, in words that follow the address.
        address: the resource; empty where the finding is about the plan as a whole.
        overridable: whether a person with the right to may let a block through, with a reason.
    """

    rule: str
    severity: str
    reason: str
    address: str = ""
    overridable: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Finding:
        """What the store kept. A finding from before blocks could be overridden cannot be."""
        return cls(
            rule=str(kept.get("rule", "")),
            severity=str(kept.get("severity", "")),
            reason=str(kept.get("reason", "")),
            address=str(kept.get("address") or ""),
            overridable=kept.get("overridable") is True,
        )


@dataclass(frozen=True)
class Situation:
    """What the rules judge by, beside the plan itself.

    Attributes:
        kind: kind of the run, as ``update`` or ``destroy``.
        protected: whether the environment is protected.
        monthly_usd: what the plan would cost, $ / month; None where it has no price.
        budget_usd: the environment's budget, $ / month; None where it has none.
        before_usd: what stands now costs, $ / month; None where nothing stands.
        guardrails: severities and parameters of the rules.
        billed_usd: what this month was charged already, $; None where there is no bill.
        forecast_usd: what AWS expects this whole month to be charged, $; None where it expects nothing.
        written: which attributes the configuration gives a value; None where that is not known.
    """

    kind: str
    protected: bool
    monthly_usd: float | None
    budget_usd: float | None
    before_usd: float | None = None
    billed_usd: float | None = None
    forecast_usd: float | None = None
    guardrails: Guardrails = field(default_factory=Guardrails)
    written: Written | None = None

    @property
    def destroys(self) -> bool:
        """Whether somebody asked for all of it to be destroyed."""
        return self.kind == "destroy"


@dataclass(frozen=True)
class Found:
    """What a rule came upon, before its severity is known.

    Attributes:
        reason: why, in words that follow the address.
        address: the resource; empty for the plan as a whole.
        certain: False where it cannot be told before the apply: a warning at the most.
        final: whether no reason can override it.
    """

    reason: str
    address: str = ""
    certain: bool = True
    final: bool = False


def blocked(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop a run."""
    return [finding for finding in findings if finding.severity == "block"]


def overridable(findings: Iterable[Finding]) -> bool:
    """Whether something stops the run, and a person with the right to may let all of it through."""
    stops = blocked(findings)
    return bool(stops) and all(finding.overridable for finding in stops)
