"""The box for what went wrong: what happened, why, what to do next, the technical detail folded under it."""

from __future__ import annotations

from panel.errors import PanelError
from panel.ui import text
from panel.ui.components.markup import badge, draw, esc, folded


def problem_markup(title: str, message: str, hint: str = "", detail: str = "") -> str:
    """Markup of the box; every argument is text."""
    parts = [f"<h3>{badge('bad', title)}</h3>", f"<p>{esc(message)}</p>"]
    if hint:
        parts.append(f"<p><strong>{text.WHAT_NEXT}:</strong> {esc(hint)}</p>")
    if detail:
        parts.append(folded(text.DETAILS, f"<pre>{esc(detail)}</pre>"))
    return f'<div class="p-error" role="alert">{"".join(parts)}</div>'


def problem(error: PanelError, *, title: str = text.REFUSED_TITLE) -> None:
    """Draw an error."""
    draw(problem_markup(title, error.message, error.hint, error.detail))
