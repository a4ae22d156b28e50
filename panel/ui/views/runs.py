"""All runs, newest first, by environment where asked."""

from __future__ import annotations

import streamlit as st

from panel.catalogue.schema import SHARED
from panel.store.tables import Run
from panel.ui import notices, session, text
from panel.ui.components.markup import draw, quiet
from panel.ui.components.runs_table import runs_table
from panel.ui.live import CALM, LIVELY, live
from panel.ui.state import Facade, get_panel

_PAGE = 25


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text.RUNS)
    panel = get_panel()
    notices.show()
    draw(f"<h1>{text.RUNS}</h1>")
    names = [text.ANY_ENVIRONMENT, *panel.catalogue().environments, SHARED]
    chosen = st.selectbox(text.RUNS_FILTER, names, key=session.RUNS_ENVIRONMENT, on_change=_newest)
    environment = None if chosen == text.ANY_ENVIRONMENT else chosen
    before = st.session_state.get(session.RUNS_BEFORE)
    busy = bool(panel.stores.runs.recent(environment, active=True, limit=1))
    live(_table, LIVELY if busy else CALM)(environment, before)
    _pages(_runs(panel, environment, before), before)


def _runs(panel: Facade, environment: str | None, before: int | None) -> list[Run]:
    return panel.stores.runs.recent(environment, before=before, limit=_PAGE)


def _table(environment: str | None, before: int | None) -> None:
    runs = _runs(get_panel(), environment, before)
    draw(runs_table(runs, with_environment=True) if runs else quiet(text.NO_RUNS))


def _pages(runs: list[Run], before: int | None) -> None:
    with st.container(horizontal=True):
        if before is not None:
            st.button(text.NEWEST, key="runs-newest", on_click=_newest)
        if len(runs) == _PAGE:
            st.button(text.OLDER, key="runs-older", on_click=_older, args=(runs[-1].id,))


def _newest() -> None:
    st.session_state.pop(session.RUNS_BEFORE, None)


def _older(before: int) -> None:
    st.session_state[session.RUNS_BEFORE] = before
