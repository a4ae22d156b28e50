"""A plan for the terminal: counts, resources by action, cost, guardrails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from panel.cli import output

if TYPE_CHECKING:
    from panel.store.tables import Run, RunPlan

_SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "−"}
_ORDER = {action: place for place, action in enumerate(("delete", "replace", "update", "create"))}


def show_plan(run: Run, plan: RunPlan, tell: Callable[[str], None]) -> None:
    """Tell a plan: what is destroyed first, since that is what must not be overlooked.

    Args:
        run: the run it belongs to.
        plan: the plan.
        tell: where the lines go.
    """
    summary = {"add": run.add, "change": run.change, "destroy": run.destroy}
    tell(f"Plan of {run.environment}: {output.counts(summary) or 'not counted'}")
    for change in sorted(plan.changes, key=lambda one: (_ORDER.get(one["action"], 9), one["address"])):
        tell(f"  {_SIGNS.get(change['action'], '·')} {change['address']} ({change['action']})")
    estimate = plan.estimate
    if estimate:
        delta = estimate.get("delta_usd")
        changed = f" ({delta:+.2f})" if delta else ""
        tell(f"  cost: {output.money(estimate.get('monthly_usd'))}{changed}")
        if estimate.get("unknown"):
            tell(f"  no price is known for {len(estimate['unknown'])} of its resources")
    passed = sum(finding["severity"] == "pass" for finding in plan.guardrails)
    if plan.guardrails:
        tell(f"  guardrails: {passed} of {len(plan.guardrails)} passed")
    for finding in plan.guardrails:
        if finding["severity"] != "pass":
            where = f"{finding['address']}: " if finding.get("address") else ""
            tell(f"  {finding['severity']}: {finding['rule']}: {where}{finding['reason']}")
