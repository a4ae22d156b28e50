"""A run's signs of life: when it was last heard of, what it waits for, and its time limit."""

from __future__ import annotations

from panel.lifecycle.vitality import QUIET, STUCK, Vitality
from panel.store.tables import Run
from panel.ui import run_text as text
from panel.ui.components.markup import SHAPES, badge, esc, quiet, rows, tone, when
from panel.ui.format import duration

#: Tone, title and short word of what is not well.
_WORDS = {
    "stuck": ("bad", text.STUCK_TITLE, text.STUCK_SHORT),
    "overdue": ("bad", text.OVERDUE_TITLE, text.OVERDUE_SHORT),
    "quiet": ("warn", "", text.QUIET_SHORT),
}


def signs(run: Run, found: Vitality | None) -> str:
    """Markup of a banner where a run is stuck, overdue or was not heard of for a while; empty where all is well."""
    if found is None or found.is_well or run.state == "queued":
        return ""
    if found.state == QUIET:
        return f'<div class="p-note p-asks" role="status"><p>{tone("warn", SHAPES["warn"])} {esc(found.text)}</p></div>'
    name, title, _ = _WORDS.get(found.state, _WORDS["overdue"])
    facts = rows(
        [
            (text.LAST_SIGN, when(found.last_sign) or quiet(text.NO_SIGN)),
            (text.WAITS_FOR, esc(run.waiting_for)),
            (text.LIMIT, duration(found.limit_s) if found.limit_s else ""),
        ]
    )
    next_step = f"<p>{quiet(text.STUCK_NEXT)}</p>" if found.state == STUCK else ""
    return (
        f'<div class="p-error" role="status"><h3>{badge(name, title)}</h3><p>{esc(found.text)}</p>'
        f"{facts}{next_step}</div>"
    )


def short(found: Vitality | None) -> str:
    """A word beside a run's state in lists; empty where all is well."""
    if found is None or found.is_well:
        return ""
    name, _, word = _WORDS.get(found.state, _WORDS["quiet"])
    return f" {badge(name, word)}"
