"""What happened in an environment, the newest first: verdicts, tasks that stopped, what ECS said, runs and releases."""

from __future__ import annotations

import streamlit as st

from panel.lifecycle.health_overview import Event, HealthView
from panel.ui import health_text as text
from panel.ui import session
from panel.ui import text as words
from panel.ui.components.markup import badge, draw, esc, mono, page_link, quiet, table, when
from panel.ui.components.states import release_badge, verdict_badge
from panel.ui.format import shorten

_PAGE = 25
_LONGEST = 300
_RUN_TONES = {"applied": "ok", "errored": "bad", "interrupted": "bad", "planned": "warn", "blocked": "warn"}
_RUN_OPEN = frozenset({"queued", "preparing", "planning", "approved", "applying", "deploying"})


def events(name: str, view: HealthView) -> None:
    """Draw what happened in the window that is shown."""
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"events-head-{name}"):
        draw(f"<h2>{text.EVENTS} <small>{quiet(esc(text.WINDOWS[view.window.key]))}</small></h2>")
        kinds = _kinds(name) if view.events else []
    found = [event for event in view.events if not kinds or event.kind in kinds]
    if not found:
        draw(f'<div class="p-empty">{esc(text.EVENTS_NONE_OF if view.events else text.EVENTS_NONE)}</div>')
        return
    key = session.of(session.HEALTH_EVENTS, name)
    shown = int(st.session_state.get(key, _PAGE))
    draw(f'<div class="p-events">{_table(found[:shown])}</div>')
    if len(found) > shown:
        draw(f'<p class="p-small">{quiet(esc(text.EVENTS_SHOWN.format(shown=shown, count=len(found))))}</p>')
        st.button(
            text.EVENTS_MORE, key=f"events-more-{name}", type="tertiary", on_click=_more, args=(key, shown)
        )


def _kinds(name: str) -> list[str]:
    return st.pills(
        text.ONLY, list(text.EVENT_KINDS), selection_mode="multi", format_func=text.EVENT_KINDS.__getitem__,
        key=session.of(session.HEALTH_KINDS, name), label_visibility="collapsed",
    )  # fmt: skip


def _more(key: str, shown: int) -> None:
    st.session_state[key] = shown + _PAGE


def _table(found: list[Event]) -> str:
    head = (text.EVENT_WHEN, text.SERVICE, text.EVENT_WHAT, text.EVENT_DETAIL, text.BY)
    return table(head, [_row(event) for event in found])


def _row(event: Event) -> tuple[str, ...]:
    detail = esc(shorten(event.text, _LONGEST))
    run = page_link("run", "run", event.run_id, text.RUN.format(id=event.run_id)) if event.run_id else ""
    who = " · ".join(part for part in (esc(event.who), run) if part)
    return when(event.at), esc(event.service), _what(event), detail, who


def _what(event: Event) -> str:
    """Word, shape and colour of one event."""
    if event.kind == "verdict":
        return verdict_badge(event.state)
    if event.kind == "task":
        return f"{badge('none', text.TASK_STOPPED)} {mono(event.label[:8])}"
    if event.kind == "ecs":
        return quiet(text.ECS_SAID)
    if event.kind == "release":
        return f"{release_badge(event.state)} {esc(event.label)}"
    tone = "busy" if event.state in _RUN_OPEN else _RUN_TONES.get(event.state, "none")
    return f"{esc(event.label)} {badge(tone, words.RUN_STATES.get(event.state, event.state))}"
