"""A run and its plan for the terminal: stages and decisions, resources by action, cost, guardrails, and the plan as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from panel.cli import output
from panel.cli.changes import change_lines
from panel.cli.documents import own_plan, run_document
from panel.cli.progress import progress_text, stage_text
from panel.errors import NotFoundError

if TYPE_CHECKING:
    from panel.runs.review import Resource
    from panel.store.stores import Stores
    from panel.store.tables import Run, RunPlan

_SIGNS = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "−",
    "move": "→",
    "import": "↓",
    "forget": "○",
}


class Format(StrEnum):
    """How a run is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def show_plan(run: Run, plan: RunPlan, tell: Callable[[str], None]) -> None:
    """Tell a plan: what is destroyed first, since that is what must not be overlooked.

    Args:
        run: the run it belongs to.
        plan: the plan.
        tell: where the lines go.
    """
    from panel.runs.review import review_of

    review = review_of(plan)
    tell(f"Plan of {run.environment}: {review.counts}")
    for resource in review.resources:
        tell(f"  {_SIGNS.get(resource.action, '·')} {resource.address} ({_what(resource)})")
    changed = [one.name for one in review.outputs]
    if changed:
        tell(f"  outputs: {', '.join(changed)}")
    for resource in review.drift:
        tell(f"  changed outside Terraform: {resource.address}")
    estimate = plan.estimate
    if estimate:
        delta = estimate.get("delta_usd")
        more = f" ({delta:+.2f})" if delta else ""
        tell(f"  cost: {output.money(estimate.get('monthly_usd'))}{more}")
        if estimate.get("unknown"):
            tell(f"  no price is known for {len(estimate['unknown'])} of its resources")
    passed = sum(finding["severity"] == "pass" for finding in plan.guardrails)
    if plan.guardrails:
        tell(f"  guardrails: {passed} of {len(plan.guardrails)} passed")
    for finding in plan.guardrails:
        if finding["severity"] != "pass":
            where = f"{finding['address']}: " if finding.get("address") else ""
            tell(f"  {finding['severity']}: {finding['rule']}: {where}{finding['reason']}")


def _what(resource: Resource) -> str:
    parts = [resource.action]
    if resource.replace_paths:
        parts.append(f"forced by {', '.join(resource.replace_paths)}")
    if resource.previous_address:
        parts.append(f"moved from {resource.previous_address}")
    if resource.import_id:
        parts.append(f"imported as {resource.import_id}")
    return ", ".join(parts)


def run_lines(run: Run, stores: Stores) -> Iterator[str]:
    """A run for people: its stages, where it stands, its decisions."""
    number = run.id or 0
    yield f"Run {run.id}: {run.kind} {run.environment}, by {run.author}: {run.state.replace('_', ' ')}"
    changes = output.counts(run_document(run)["summary"])
    if changes:
        yield f"  plan {changes}, {output.money(run.monthly_usd)}"
    if run.retry_of is not None:
        yield f"  again, after run {run.retry_of}"
    for line in change_lines(run):
        yield f"  {line}"
    for stage in stores.runs.stages(number):
        yield f"  {stage_text(stage)}"
    if run.active:
        yield f"  now: {progress_text(run)}"
    for one in stores.runs.approvals(number):
        comment = f": {one.comment}" if one.comment else ""
        yield f"  {output.iso(one.at)} approval by {one.actor}{comment}"
    for step in stores.runs.transitions(number):
        comment = f": {step.comment}" if step.comment else ""
        yield f"  {output.iso(step.at)} {step.after.replace('_', ' ')} ({step.actor}){comment}"


def plan_text(run: Run, stores: Stores) -> Iterator[str]:
    """The plan of a run in Terraform's notation, line by line; sensitive values are not in it.

    Raises:
        NotFoundError: the run has no plan (yet).
    """
    from panel.runs.review import review_of
    from panel.runs.review_text import render

    yield from render(review_of(_made(run, stores)))


def plan_markdown(run: Run, stores: Stores) -> str:
    """The plan of a run as the comment of a pull request.

    Raises:
        NotFoundError: the run has no plan (yet).
    """
    from panel.runs.review import review_of
    from panel.runs.review_markdown import markdown

    return markdown(run, review_of(_made(run, stores))).rstrip("\n")


def _made(run: Run, stores: Stores) -> RunPlan:
    plan = own_plan(run, stores)
    if plan is None:
        raise NotFoundError(
            f"Run {run.id} of {run.environment} has no plan{' yet' if run.active else ''}.",
            hint=f"See what it did: 'panel runs show {run.id}'.",
        )
    return plan
