"""What the stage under way is made of (layers, tasks, files), each with its state and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from panel.ui import deploy_text as words
from panel.ui.components.markup import badge, esc, quiet

_MOST = 40
_MEGABYTE = 1_000_000


def parts(found: Sequence[Mapping[str, Any]]) -> str:
    """Markup of the parts, in their order, under what they are; empty for none."""
    blocks = []
    for kind, group in groupby(found[:_MOST], key=lambda part: str(part.get("kind", ""))):
        title = f"<h3>{esc(words.PARTS[kind])}</h3>" if kind in words.PARTS else ""
        blocks.append(f'{title}<ul class="p-parts">{"".join(map(_part, group))}</ul>')
    rest = len(found) - _MOST
    return "".join(blocks) + (f"<p>{quiet(words.COMMITS_MORE.format(count=rest))}</p>" if rest > 0 else "")


def _part(part: Mapping[str, Any]) -> str:
    name, state = str(part.get("name", "")), str(part.get("state", ""))
    tone, word = words.PART_STATES.get(state, ("unknown", state))
    done, total, unit = int(part.get("done") or 0), int(part.get("total") or 0), str(part.get("unit", ""))
    far = _amount(done, total, unit) if total else ""
    told = " · ".join(text for text in (far, str(part.get("detail", ""))) if text)
    bar = _bar(name, done, total) if total and state == "working" else ""
    return (
        f"<li><span>{esc(name)}</span><span>{badge(tone, word)}</span><span>{bar}</span>"
        f"<span>{quiet(esc(told))}</span></li>"
    )


def _amount(done: int, total: int, unit: str) -> str:
    if unit == "B":
        whole = f"{total / _MEGABYTE:.1f} MB"
        return whole if done >= total else words.OF.format(done=f"{done / _MEGABYTE:.1f}", total=whole)
    words_of = words.OF.format(done=min(done, total), total=total)
    return f"{words_of} {unit}".strip()


def _bar(name: str, done: int, total: int) -> str:
    share = min(done / total, 1.0)
    return (
        f'<div class="p-bar" role="progressbar" aria-label="{esc(name)}" aria-valuemin="0" aria-valuemax="{total}" '
        f'aria-valuenow="{min(done, total)}"><i style="width:{share * 100:.1f}%"></i></div>'
    )
