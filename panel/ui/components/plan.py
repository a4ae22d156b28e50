"""A plan for review: counts, cost, guardrails, and its resources by action with what changes in them.

Large plans stay usable: one page of resources is drawn at a time, each folded until it is opened.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from panel.store.tables import Run, RunPlan
from panel.ui import session, text
from panel.ui.components.markup import badge, draw, esc, mono, quiet, tone
from panel.ui.format import counts, delta, monthly, shorten

Change = Mapping[str, Any]

_PAGE = 25
_MOST_ATTRIBUTES = 60
_MOST_CHARACTERS = 600
_TONES = {"pass": "ok", "warn": "warn", "block": "bad"}
_ACTION_TONES = {"delete": "bad", "replace": "bad", "update": "warn", "create": "ok"}
_MARKS = {"delete": "−", "replace": "±", "update": "~", "create": "+"}


def plan_counts(changes: Sequence[Change]) -> str:
    """``+42 ~3 −0``: what is replaced counts as added and destroyed, as Terraform counts."""
    tally = Counter(str(change.get("action")) for change in changes)
    return counts(tally["create"] + tally["replace"], tally["update"], tally["delete"] + tally["replace"])


def summary(plan: RunPlan) -> str:
    """One line: counts, monthly cost and its change, guardrails."""
    estimate = plan.estimate
    parts = [f"<strong>{esc(plan_counts(plan.changes))}</strong>"]
    if estimate.get("monthly_usd") is not None:
        amount = monthly(float(estimate["monthly_usd"]))
        change = estimate.get("delta_usd")
        parts.append(esc(amount if change is None else f"{amount} ({delta(float(change))})"))
    parts.append(esc(_guardrail_counts(plan.guardrails)))
    return " · ".join(parts)


def _guardrail_counts(outcomes: Sequence[Mapping[str, Any]]) -> str:
    if not outcomes:
        return text.NO_GUARDRAILS
    tally = Counter(str(outcome.get("severity")) for outcome in outcomes)
    words = [
        f"{tally[severity]} {one if tally[severity] == 1 else many}"
        for severity, (one, many) in text.SEVERITY_COUNTS.items()
        if tally[severity]
    ]
    return text.GUARDRAILS.format(counts=", ".join(words))


def guardrails(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """What the guardrails had to say, without those that merely passed."""
    told = [outcome for outcome in outcomes if outcome.get("severity") != "pass"]
    return "".join(f"<p>{_guardrail(outcome)}</p>" for outcome in told)


def _guardrail(outcome: Mapping[str, Any]) -> str:
    severity = str(outcome.get("severity"))
    word = badge(_TONES.get(severity, "unknown"), text.SEVERITIES.get(severity, severity))
    address = f" {mono(outcome['address'])}" if outcome.get("address") else ""
    return f"{word} {esc(outcome.get('reason') or outcome.get('rule'))}{address}"


def resources(run: Run, plan: RunPlan) -> None:
    """Filter, one page of resources, and the pages."""
    if not plan.changes:
        draw(quiet(text.NO_CHANGES))
        return
    needle = st.text_input(
        text.FILTER_RESOURCES, key=session.of(session.PLAN_FILTER, f"{run.id}-{plan.stack}"),
        placeholder=text.FILTER_HINT,
    )  # fmt: skip
    found = matching(plan.changes, needle)
    if not found:
        draw(quiet(esc(text.NO_MATCH.format(needle=repr(needle)))))
        return
    pages = -(-len(found) // _PAGE)
    key = session.of(session.PLAN_PAGE, f"{run.id}-{plan.stack}-{needle}")
    number = min(int(st.session_state.get(key, 1)), pages)
    first = (number - 1) * _PAGE
    draw(page(found, first, min(first + _PAGE, len(found))))
    if pages > 1:
        st.pagination(pages, key=key)


def matching(changes: Sequence[Change], needle: str) -> list[Change]:
    """Changes whose address or action holds every word of ``needle``, the riskiest actions first."""
    words = needle.lower().split()
    order = list(text.ACTIONS)
    found = [
        change
        for change in changes
        if change.get("action") != "no-op"
        and all(word in f"{change.get('address')} {_title(change)}".lower() for word in words)
    ]
    return sorted(found, key=lambda change: (_rank(order, change), _natural(str(change.get("address")))))


def _rank(order: Sequence[str], change: Change) -> int:
    action = str(change.get("action"))
    return order.index(action) if action in order else len(order)


def _natural(address: str) -> list[tuple[int, str]]:
    """Addresses in the order a person counts: item 2 before item 10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", address)]


def _title(change: Change) -> str:
    action = str(change.get("action"))
    return text.ACTIONS.get(action, action.capitalize())


def page(found: Sequence[Change], first: int, last: int) -> str:
    """Markup of the resources from ``first`` to before ``last``, under the titles of their actions."""
    totals = Counter(_title(change) for change in found)
    parts: list[str] = []
    before = ""
    for change in found[first:last]:
        title = _title(change)
        if title != before:
            parts.append(f'<p class="p-group">{esc(title)} {totals[title]}</p>')
            before = title
        parts.append(_resource(change))
    shown = text.RESOURCES_SHOWN.format(first=first + 1, last=last, total=len(found))
    return f"{''.join(parts)}<p>{quiet(esc(shown))}</p>"


def _resource(change: Change) -> str:
    action = str(change.get("action"))
    mark = tone(_ACTION_TONES.get(action, "none"), esc(_MARKS.get(action, "·")))
    attributes = [item for item in change.get("attributes") or () if _differs(item)]
    replaced = {_path(path) for path in change.get("replace_paths") or ()}
    rows = "".join(_attribute(item, replaced, action) for item in attributes[:_MOST_ATTRIBUTES])
    more = len(attributes) - _MOST_ATTRIBUTES
    head = "".join(f'<th scope="col">{name}</th>' for name in _columns(action))
    table = (
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else quiet(text.NO_ATTRIBUTES)
    )
    rest = f"<p>{quiet(esc(text.MORE_ATTRIBUTES.format(count=more)))}</p>" if more > 0 else ""
    return (
        f'<details class="p-change"><summary>{mark} {mono(change.get("address"))}</summary>'
        f'<div class="p-scroll">{table}</div>{rest}</details>'
    )


def _columns(action: str) -> tuple[str, ...]:
    if action == "create":
        return (text.ATTRIBUTE, text.AFTER)
    return (text.ATTRIBUTE, text.BEFORE) if action == "delete" else (text.ATTRIBUTE, text.BEFORE, text.AFTER)


def _differs(item: Mapping[str, Any]) -> bool:
    return (
        bool(item.get("sensitive")) or not item.get("known", True) or item.get("before") != item.get("after")
    )


def _attribute(item: Mapping[str, Any], replaced: set[str], action: str) -> str:
    path = _path(item.get("path"))
    forced = f" {tone('bad', esc(text.FORCES_REPLACE))}" if path in replaced else ""
    before = f"<td>{_value(item, 'before')}</td>" if action != "create" else ""
    after = f"<td>{_value(item, 'after')}</td>" if action != "delete" else ""
    return f"<tr><td>{esc(path)}{forced}</td>{before}{after}</tr>"


def _value(item: Mapping[str, Any], side: str) -> str:
    if item.get("sensitive"):
        return quiet(text.SENSITIVE)
    if side == "after" and not item.get("known", True):
        return quiet(text.AFTER_APPLY)
    value = item.get(side)
    if value is None:
        return quiet(text.ABSENT)
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return esc(shorten(written, _MOST_CHARACTERS))


def _path(path: object) -> str:
    return ".".join(str(part) for part in path) if isinstance(path, list | tuple) else str(path)
