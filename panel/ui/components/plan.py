"""A plan for review: counts, cost, guardrails; then its resources, outputs, drift or text (see ``plan_browser``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from panel.runs.review import Review
from panel.store.tables import Run
from panel.ui import plan_text as words
from panel.ui import session, text
from panel.ui.components.guardrails import draw_findings
from panel.ui.components.markup import badge, draw, esc
from panel.ui.components.plan_browser import browse
from panel.ui.components.plan_reader import review
from panel.ui.format import delta, monthly, plural
from panel.ui.navigation import plain
from panel.ui.state import Facade

#: States in which the plan is what the page is about.
_OPEN = frozenset({"planned", "blocked"})


def show(panel: Facade, run: Run) -> None:
    """A run's plans: open while one waits for review or was all there was to do, else folded and not drawn."""
    found = {stack: plan for stack in words.STACKS if (plan := review(panel, run, stack)) is not None}
    if not found:
        return
    if run.state in _OPEN and run.kind != "drift":  # what a drift check found is told by the page itself
        draw(f"<h2>{esc(words.PLAN)}</h2>")
        _chosen(panel, run, found)
        return
    plan = next(iter(found.values()))
    counted = str(plan.counts) if run.kind != "drift" else plural(len(plan.drift), *words.DRIFTED_COUNT)
    key = session.of(session.PLAN_OPEN, run.id)
    box = st.expander(words.PLAN_FOLDED.format(counts=plain(counted)), key=key, on_change="rerun")
    if box.open:
        with box:
            _chosen(panel, run, found)


def _chosen(panel: Facade, run: Run, found: Mapping[str, Review]) -> None:
    stack = next(iter(found))
    if len(found) > 1:
        chosen = st.segmented_control(
            words.PLAN, list(found),
            format_func=lambda name: plain(f"{words.STACKS[name]} {found[name].counts}"),
            default=stack, key=session.of(session.PLAN_STACK, run.id), label_visibility="collapsed",
        )  # fmt: skip
        stack = chosen or stack
    plan = found[stack]
    with st.container(key="plan", gap="xsmall"):
        draw(f"<p>{summary(plan)}</p>")
        draw_findings(run, plan.guardrails, panel.identity)
        drifted = _drift(plan)
        if drifted:
            draw(drifted)
        browse(panel, run, stack)


def summary(plan: Review) -> str:
    """One line: counts, monthly cost and its change, guardrails."""
    estimate = plan.estimate
    parts = [f"<strong>{esc(plan.counts)}</strong>"]
    if estimate.get("monthly_usd") is not None:
        amount = monthly(float(estimate["monthly_usd"]))
        change = estimate.get("delta_usd")
        parts.append(esc(amount if change is None else f"{amount} ({delta(float(change))})"))
    parts.append(esc(_guardrail_counts(plan.guardrails)))
    return " · ".join(parts)


def _guardrail_counts(outcomes: Sequence[Mapping[str, Any]]) -> str:
    if not outcomes:
        return words.NO_GUARDRAILS
    tally = Counter(str(outcome.get("severity")) for outcome in outcomes)
    counted = [
        plural(tally[severity], one, many)
        for severity, (one, many) in text.SEVERITY_COUNTS.items()
        if tally[severity]
    ]
    return words.GUARDRAILS.format(counts=", ".join(counted))


def _drift(plan: Review) -> str:
    if not plan.drift:
        return ""
    told = words.DRIFTED_NOTE.format(count=plural(len(plan.drift), *words.DRIFT_RESOURCES))
    return f"<p>{badge('warn', words.DRIFT.format(count=len(plan.drift)))} {esc(told)}</p>"
