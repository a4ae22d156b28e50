"""What works right now, in plain words, for a wall screen or a phone. Nothing to click, no jargon."""

from __future__ import annotations

import streamlit as st

from panel.lifecycle.overview import EnvironmentView
from panel.ui import readers, text
from panel.ui.components.markup import badge, draw, esc, lasting, quiet
from panel.ui.components.states import environment_tone
from panel.ui.live import CALM, live
from panel.ui.state import get_panel


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text.STATUS)
    draw(f"<h1>{text.STATUS}</h1><p>{quiet(text.STATUS_INTRO)}</p>")
    live(_lines, CALM)()


def _lines() -> None:
    views = readers.environments(get_panel())
    draw("".join(_line(view) for view in views) or quiet(text.EMPTY))


def _line(view: EnvironmentView) -> str:
    word = badge(
        environment_tone(view.state), text.STATUS_WORDS.get(view.state, text.STATUS_WORDS["unknown"])
    )
    name = f"<strong>{esc(view.name)}</strong><br>{quiet(esc(', '.join(_titles(view))))}"
    since = (
        f" {quiet(text.SINCE)} {quiet(lasting(view.since))}" if view.since and view.state != "lost" else ""
    )
    troubled = view.state in {"degraded", "down"}
    causes = "".join(f"<br>{esc(cause.text)}" for cause in view.causes[:3]) if troubled else ""
    if not causes and view.state not in {"ready", "not_created"}:
        causes = f"<br>{esc(view.state_text)}"
    call = text.STATUS_CALL.format(team=view.owner.team, contact=view.owner.contact)
    whom = f"<br>{quiet(esc(call))}" if view.state in {"degraded", "down", "lost", "failed"} else ""
    return f'<div class="p-status"><div>{name}</div><div>{word}{since}{causes}{whom}</div></div>'


def _titles(view: EnvironmentView) -> list[str]:
    return list(dict.fromkeys(service.title for service in view.services.values()))
