"""What the guardrails say about a plan, and who may override what they stop.

The worst comes first. What merely passed is in the plan's summary, as a number; a long list is folded after the first
few. The field for the reason and its button are the decisions' (:mod:`panel.ui.components.decisions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from panel.access.capabilities import ROLES, Capability, can
from panel.access.identity import Identity, Role
from panel.runs.guardrails import Finding, blocked, overridable
from panel.store.tables import Run
from panel.ui import guardrail_text, text
from panel.ui.components.markup import badge, draw, esc, folded, mono, quiet

_TONES = {"pass": "ok", "warn": "warn", "block": "bad"}
_ORDER = ("block", "warn")
_MOST_OPEN = 10
_MOST_SHOWN = 300


def draw_findings(run: Run, outcomes: Sequence[Mapping[str, Any]], identity: Identity) -> None:
    """Put the findings of a plan on the page and, where one stopped the run, who may override it.

    Args:
        run: the run that the plan is of.
        outcomes: the findings as the store keeps them (``RunPlan.guardrails``).
        identity: who looks at the page.
    """
    body = findings(outcomes) + standing(run, outcomes, identity)
    if body:
        draw(body)


def findings(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Markup of what the guardrails found, the blocks first; empty where everything passed."""
    told = [Finding.from_dict(outcome) for outcome in outcomes]
    told = [finding for finding in told if finding.severity != "pass"]
    told.sort(key=lambda finding: _ORDER.index(finding.severity) if finding.severity in _ORDER else 0)
    lines = [f"<p>{_finding(finding)}</p>" for finding in told[:_MOST_SHOWN]]
    if len(told) > _MOST_SHOWN:
        lines.append(f"<p>{quiet(esc(guardrail_text.MORE.format(count=len(told) - _MOST_SHOWN)))}</p>")
    if len(lines) <= _MOST_OPEN + 1:
        return "".join(lines)
    rest = guardrail_text.MORE.format(count=len(told) - _MOST_OPEN)
    return "".join(lines[:_MOST_OPEN]) + folded(rest, "".join(lines[_MOST_OPEN:]))


def standing(run: Run, outcomes: Sequence[Mapping[str, Any]], identity: Identity) -> str:
    """Markup of where a stopped run stands: who may override, why nobody can, or who did; else empty."""
    told = [Finding.from_dict(outcome) for outcome in outcomes]
    if run.overridden_by:
        said = guardrail_text.OVERRIDDEN.format(name=run.overridden_by, reason=run.override_reason)
        return f"<p>{badge('warn', said)}</p>"
    if run.state != "blocked" or not blocked(told):
        return ""
    return f"<p>{esc(f'{guardrail_text.BLOCKED} {_way_on(run, told, identity)}')}</p>"


def roles_that_override() -> str:
    """The roles of people who may override a block, as words."""
    allowed = ROLES[Capability.OVERRIDE_GUARDRAIL]
    return " or ".join(role.value for role in Role if role in allowed and role is not Role.SYSTEM)


def _way_on(run: Run, told: Sequence[Finding], identity: Identity) -> str:
    if not overridable(told):
        return guardrail_text.NOBODY_MAY
    if not run.active:
        return guardrail_text.TOO_LATE
    may = can(identity, Capability.OVERRIDE_GUARDRAIL)
    who = guardrail_text.WHO_MAY.format(roles=roles_that_override())
    return f"{who} {guardrail_text.YOU_MAY if may else guardrail_text.YOU_MAY_NOT}"


def _finding(finding: Finding) -> str:
    word = badge(
        _TONES.get(finding.severity, "unknown"), text.SEVERITIES.get(finding.severity, finding.severity)
    )
    address = f"{mono(finding.address)} " if finding.address else ""
    parts = [f"{word} <strong>{esc(finding.rule)}</strong> {address}{esc(finding.reason)}"]
    if finding.severity == "block":
        note = guardrail_text.OVERRIDABLE if finding.overridable else guardrail_text.FINAL
        parts.append(quiet(esc(f"({note})")))
    return " ".join(parts)
