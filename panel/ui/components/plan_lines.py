"""A plan in Terraform's notation on the page: a window of it, its lines in the colours of their marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from panel.runs.review import Resource, Review
from panel.runs.review_text import Line, counts_text, output_lines, resource_lines
from panel.runs.review_values import Limits
from panel.ui import plan_text as text
from panel.ui.components.markup import esc, quiet, tone

_LIMITS = Limits(characters=2_000, lines=400, attributes=400)
_MOST_CHARACTERS = 250_000
_TONES = {"+": "ok", "-": "bad", "-/+": "bad", "~": "warn", "#": "none"}


def text_page(plan: Review, shown: Sequence[Resource], *, first: bool, last: bool) -> str:
    """These resources as text.

    Args:
        plan: the plan they are of.
        shown: the resources.
        first: whether this is where the plan begins; then what drifted stands before them.
        last: whether this is where it ends; then the outputs and the sum follow.
    """
    room, written, cut = _MOST_CHARACTERS, [], ""
    for line in _lines(plan, shown, first=first, last=last):
        room -= len(line.text) + 1
        if room < 0:
            cut = f"<p>{quiet(esc(text.TEXT_CUT))}</p>"
            break
        written.append(
            tone(_TONES[line.mark], esc(line.plain())) if line.mark in _TONES else esc(line.plain())
        )
    return f'<pre class="p-diff p-text" tabindex="0">{chr(10).join(written)}</pre>{cut}'


def _lines(plan: Review, shown: Sequence[Resource], *, first: bool, last: bool) -> Iterator[Line]:
    empty = Line(0, "", "")
    if first:
        for resource in plan.drift:
            yield from (*resource_lines(resource, _LIMITS, drift=True), empty)
    for resource in shown:
        yield from (*resource_lines(resource, _LIMITS), empty)
    if last:
        for output in plan.outputs:
            yield from output_lines(output, _LIMITS)
        yield from (empty, Line(0, "", counts_text(plan.counts)))
