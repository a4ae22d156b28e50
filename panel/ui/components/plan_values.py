"""Attributes and outputs of a plan as tables: before and after, long ones line by line, and words for what is not shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from panel.engine.attributes import AttributeChange
from panel.engine.plan import OutputChange
from panel.runs.review import Resource
from panel.runs.review_text import reason_text
from panel.runs.review_values import Limits, compared
from panel.ui import plan_text as text
from panel.ui.components.markup import esc, mono, quiet, tone
from panel.ui.format import shorten

_LIMITS = Limits(characters=600, lines=120, attributes=120)
_MOST_OUTPUTS = 200
_LINE_TONES = {"+": "ok", "-": "bad"}


def details(resource: Resource) -> str:
    """All about one resource: its whole address, why, where from, and what differs."""
    attributes = resource.attributes
    shown = attributes[: _LIMITS.attributes]
    more = len(attributes) - len(shown)
    rest = f"<p>{quiet(esc(text.MORE_ATTRIBUTES.format(count=more)))}</p>" if more > 0 else ""
    body = _table(shown, resource.action, text.ATTRIBUTE) if shown else quiet(esc(text.NO_ATTRIBUTES))
    facts = " · ".join(_facts(resource))
    return f"{f'<p>{facts}</p>' if facts else ''}{body}{rest}"


def outputs(found: Sequence[OutputChange]) -> str:
    """The outputs that change."""
    shown = [
        AttributeChange(item.name, item.before, item.after, item.known, item.sensitive)
        for item in found[:_MOST_OUTPUTS]
    ]
    more = len(found) - len(shown)
    rest = f"<p>{quiet(esc(text.MORE_OUTPUTS.format(count=more)))}</p>" if more > 0 else ""
    return f"{_table(shown, 'update', text.OUTPUT)}{rest}"


def _facts(resource: Resource) -> Iterable[str]:
    if resource.module:
        yield mono(resource.address)
    reason = reason_text(resource)
    if reason:
        yield esc(text.BECAUSE.format(reason=reason))
    if resource.previous_address:
        yield esc(text.MOVED_FROM.format(address=resource.previous_address))
    if resource.import_id:
        yield esc(text.IMPORTED_AS.format(id=resource.import_id))
    if resource.deposed:
        yield esc(text.DEPOSED.format(key=resource.deposed))


def _table(attributes: Iterable[AttributeChange], action: str, title: str) -> str:
    sides = {"create": (text.AFTER,), "delete": (text.BEFORE,)}.get(action, (text.BEFORE, text.AFTER))
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in (title, *sides))
    rows = "".join(_row(item, action) for item in attributes)
    return f'<div class="p-scroll"><table class="p-values p-sides-{len(sides)}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(item: AttributeChange, action: str) -> str:
    forced = f" {tone('bad', esc(text.FORCES_REPLACE))}" if item.forces_replacement else ""
    name = f'<th scope="row">{esc(item.path)}{forced}</th>'
    lines = compared(item.before, item.after, _LIMITS) if item.known and not item.sensitive else None
    if lines is not None:
        span = 1 if action in {"create", "delete"} else 2
        return f'<tr>{name}<td colspan="{span}">{diff(lines)}</td></tr>'
    before = f'<td data-name="{esc(text.BEFORE)}">{_value(item, item.before)}</td>'
    unknown = not item.known
    after = f'<td data-name="{esc(text.AFTER)}">{_value(item, item.after, unknown=unknown)}</td>'
    return f"<tr>{name}{'' if action == 'create' else before}{'' if action == 'delete' else after}</tr>"


def diff(lines: Iterable[tuple[str, str]]) -> str:
    """Lines with their marks, the changed ones in their colours."""
    written = (tone(_LINE_TONES[mark], f"{mark} {esc(line)}") if mark in _LINE_TONES else f"  {esc(line)}"
               for mark, line in lines)  # fmt: skip
    return f'<pre class="p-diff">{chr(10).join(written)}</pre>'


def _value(item: AttributeChange, value: Any, *, unknown: bool = False) -> str:
    if unknown:
        return quiet(esc(text.AFTER_APPLY))
    if value is None:
        return quiet(esc(text.ABSENT))
    if item.sensitive:
        return quiet(esc(text.SENSITIVE))
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return esc(shorten(written, _LIMITS.characters or len(written))) or quiet('""')
