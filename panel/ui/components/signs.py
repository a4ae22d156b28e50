"""A run's signs of life: when it was last heard of, what it waits for, and its time limit."""

from __future__ import annotations

from panel.lifecycle.vitality import STUCK, Vitality
from panel.store.tables import Run
from panel.ui import run_text as text
from panel.ui.components.markup import badge, esc, quiet, rows, when
from panel.ui.format import duration

#: Tone, title and short word of what is not well.
_WORDS = {
    "stuck": ("bad", text.STUCK_TITLE, text.STUCK_SHORT),
    "overdue": ("bad", text.OVERDUE_TITLE, text.OVERDUE_SHORT),
    "quiet": ("warn", text.QUIET_TITLE, text.QUIET_SHORT),
}


def signs(run: Run, found: Vitality | None) -> str:
    """Markup of a banner where a run is stuck, overdue or was not heard of for a while; empty where all is well."""
    if found is None or found.is_well or run.state == "queued":
        return ""
    name, title, _ = _WORDS.get(found.state, _WORDS["quiet"])
    facts = rows(
        [
            (text.LAST_SIGN, when(found.last_sign) or quiet(text.NO_SIGN)),
            (text.WAITS_FOR, esc(run.waiting_for)),
            (text.LIMIT, duration(found.limit_s) if found.limit_s else ""),
        ]
    )
    next_step = f"<p>{quiet(text.STUCK_NEXT)}</p>" if found.state == STUCK else ""
    css = "p-error" if name == "bad" else "p-note p-asks"
    return (
        f'<div class="{css}" role="status"><h3>{badge(name, title)}</h3><p>{esc(found.text)}</p>'
        f"{facts}{next_step}</div>"
    )


def short(found: Vitality | None) -> str:
    """A word beside a run's state in lists; empty where all is well."""
    if found is None or found.is_well:
        return ""
    name, _, word = _WORDS.get(found.state, _WORDS["quiet"])
    return f" {badge(name, word)}"
