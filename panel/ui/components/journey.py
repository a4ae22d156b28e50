"""How a run went: its states one under the other, who moved it, how long each lasted, and what may come next.

A list in order for those who hear the page, a rail with shapes for those who see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from panel.lifecycle.stages import SHIPPING, STAGES
from panel.store.runs import TRANSITIONS
from panel.store.tables import AuditEntry, Run, RunApproval, RunTransition
from panel.ui import run_text as text
from panel.ui.components.markup import SHAPES, esc, quiet
from panel.ui.components.states import passed_tone, run_tone
from panel.ui.format import between, exact, utc

#: What may end a run at any moment.
_ENDS = ("canceled", "errored", "interrupted")
#: A stage of this kind must lie ahead for the state to be possible.
_TAKES = {
    "planning": {"plan"},
    "planned": {"plan", "review"},
    "applying": {"apply", "destroy", "shared", "unlock"},
    "deploying": {"image", "cleanup"},
}
#: What follows without a plan: only where Terraform has no part in the run.
_WITHOUT_PLAN = frozenset({("preparing", "planned"), ("approved", "deploying")})
#: The order in which possible states are told: the way on first.
_LIKELY = (
    "preparing", "planning", "planned", "no_changes", "approved", "applying", "deploying", "applied", "blocked",
    "discarded", "stale",
)  # fmt: skip


@dataclass(frozen=True)
class Remark:
    """Something that happened within a state: an approval, a wish to cancel."""

    at: datetime
    words: str
    comment: str = ""


def journey(run: Run, steps: Sequence[RunTransition], remarks: Iterable[Remark], now: datetime) -> str:
    """Markup of the run's way so far and of what may follow."""
    told = sorted(remarks, key=lambda remark: utc(remark.at))
    items = []
    for index, step in enumerate(steps):
        after = steps[index + 1] if index + 1 < len(steps) else None
        until = utc(after.at) if after is not None else None
        within = [
            item for item in told if utc(item.at) >= utc(step.at) and (until is None or utc(item.at) < until)
        ]
        if index == 0:
            within = [item for item in told if utc(item.at) < utc(step.at)] + within
        items.append(_step(run, step, after, within, now))
    return f'<ol class="p-journey" role="list">{"".join(items)}{_next(run)}</ol>'


def remarks(run: Run, approvals: Sequence[RunApproval], requests: Sequence[AuditEntry]) -> list[Remark]:
    """What people did without moving the run: approvals beside the last, wishes to cancel.

    Args:
        approvals: all of the run's approvals.
        requests: entries of the audit record that asked it to stop.
    """
    several = run.approvals_needed > 1 or len(approvals) > 1
    found = [
        Remark(item.at, text.APPROVED_BY.format(name=item.actor), item.comment)
        for item in approvals
        if several
    ]
    for entry in requests:
        forced = bool(entry.detail.get("force")) or "force" in entry.action
        found.append(
            Remark(
                entry.at, (text.ASKED_TO_FORCE if forced else text.ASKED_TO_CANCEL).format(name=entry.actor)
            )
        )
    return found


def possible(run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """States that may follow the present one: those that lead on, and those that end the run at any moment."""
    if not run.active:
        return (), ()
    following = TRANSITIONS.get(run.state, frozenset())
    stages = set(STAGES.get(run.kind, ()))
    ways = tuple(
        state for state in _LIKELY
        if state in following and not (_TAKES.get(state) and not _TAKES[state] & stages)
        and (run.kind in SHIPPING or (run.state, state) not in _WITHOUT_PLAN)
    )  # fmt: skip
    return ways, tuple(state for state in _ENDS if state in following)


def _step(
    run: Run, step: RunTransition, after: RunTransition | None, within: Sequence[Remark], now: datetime
) -> str:
    present = after is None
    current = present and run.active
    name = run_tone(run) if present else passed_tone(step.after)
    word = _word(run, step.after, present=present)
    marks = ' aria-current="step"' if current else ""
    css = f"p-now p-{_colour(name)}" if present else f"p-past p-{_colour(name)}"
    said = "".join(_said(item.words, item.comment) for item in within)
    return (
        f'<li class="{css}"{marks}><span class="p-dot" aria-hidden="true">{SHAPES.get(name, "●")}</span>'
        f'<span class="p-word">{esc(word)}</span>'
        f'<time datetime="{utc(step.at).isoformat()}" title="{exact(step.at)}">{utc(step.at):%H:%M:%S}</time>'
        f'<span class="p-took">{_took(run, step, after, now)}</span>'
        f'<span class="p-who">{_who(run, step)}</span>{said}</li>'
    )


def _word(run: Run, state: str, *, present: bool) -> str:
    """What a step is called; a plan that was all there was to do is no review."""
    if state == "planned" and present and not run.active:
        return text.DRIFT_STEP if run.drifted else text.PLAN_STEP
    return text.STEPS.get(state, state)


def _colour(name: str) -> str:
    return "none" if name == "unknown" else name


def _took(run: Run, step: RunTransition, after: RunTransition | None, now: datetime) -> str:
    if after is not None:
        return between(step.at, after.at)
    return esc(text.SO_FAR.format(elapsed=between(step.at, now))) if run.active else ""


def _who(run: Run, step: RunTransition) -> str:
    if step.before == "blocked" and step.after == "planned":
        name = run.overridden_by or step.actor
        reason = run.override_reason or step.comment
        return f"{esc(text.OVERRIDDEN.format(name=name))}{_quoted(reason)}"
    return f"{quiet(esc(text.BY.format(name=step.actor)))}{_quoted(step.comment)}"


def _quoted(comment: str) -> str:
    return f": <q>{esc(comment)}</q>" if comment else ""


def _said(words: str, comment: str) -> str:
    return f'<span class="p-said">{esc(words)}{_quoted(comment)}</span>'


def _next(run: Run) -> str:
    ways, ends = possible(run)
    if not ways and not ends:
        return ""
    parts = [
        f'<li class="p-next"><span class="p-dot" aria-hidden="true">○</span>'
        f'<span class="p-word">{esc(text.STEPS.get(state, state))}</span>'
        f'<span class="p-who">{esc(text.POSSIBLE) if index == 0 else ""}</span></li>'
        for index, state in enumerate(ways)
    ]
    if ends:
        words = ", ".join(text.STEPS.get(state, state) for state in ends)
        parts.append(
            f'<li class="p-next p-ends"><span class="p-dot" aria-hidden="true">○</span>'
            f'<span class="p-who">{esc(text.OR_ENDS.format(states=words))}</span></li>'
        )
    return "".join(parts)
