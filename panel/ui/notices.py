"""A refusal that stays on the page until it is closed: an act ends in a rerun, which would wipe it away."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from panel.errors import PanelError
from panel.ui import session, text
from panel.ui.components.markup import draw
from panel.ui.components.problems import problem_markup
from panel.ui.navigation import link_run


@dataclass(frozen=True)
class Notice:
    """What was refused. ``run_id`` is the run that is in the way, if one is."""

    title: str
    message: str
    hint: str = ""
    detail: str = ""
    run_id: int | None = None


def keep(error: PanelError, *, title: str = text.REFUSED_TITLE, run_id: int | None = None) -> None:
    """Keep a refusal for the next drawing of the page."""
    st.session_state[session.NOTICE] = Notice(title, error.message, error.hint, error.detail, run_id)


def show() -> None:
    """Draw the refusal that was kept, if any, with a way to close it."""
    notice = st.session_state.get(session.NOTICE)
    if notice is None:
        return
    draw(problem_markup(notice.title, notice.message, notice.hint, notice.detail))
    with st.container(horizontal=True):
        if notice.run_id is not None:
            link_run(notice.run_id, text.OPEN_RUN.format(id=notice.run_id))
        st.button(text.DISMISS, key="dismiss", type="tertiary", on_click=forget)


def forget() -> None:
    """Drop the refusal."""
    st.session_state.pop(session.NOTICE, None)
