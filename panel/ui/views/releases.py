"""Releases: what runs where, and what is behind."""

from __future__ import annotations

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.ui import notices, readers, session
from panel.ui import releases_text as words
from panel.ui.components import release_grid
from panel.ui.components.markup import draw, esc, quiet
from panel.ui.components.promote_dialog import ask_promote, promote_dialog
from panel.ui.live import CALM, LIVELY, guarded, live
from panel.ui.navigation import link_home
from panel.ui.state import Facade, get_panel


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=words.RELEASES)
    panel = get_panel()
    draw(f"<h1>{words.RELEASES}</h1><p>{quiet(words.GRID_INTRO)}</p>")
    notices.show()
    _asked_for(panel)
    live(_grid, LIVELY if readers.active_runs(panel) else CALM)()
    if release_grid.is_empty(readers.grid(panel)):
        link_home()
    if st.session_state.get(session.ASKED_PROMOTE) is not None:
        guarded(promote_dialog)(panel)


def _asked_for(panel: Facade) -> None:
    """A cell's link names a promotion in the address: it opens the dialog, once."""
    asked = [
        st.query_params.get(key, "") for key in (release_grid.FROM, release_grid.TO, release_grid.SERVICE)
    ]
    if not asked[0]:
        return
    st.query_params.clear()
    if asked[0] in readers.grid(panel).environments and can(panel.identity, Capability.DEPLOY):
        ask_promote(*asked)


def _grid() -> None:
    panel = get_panel()
    grid = readers.grid(panel)
    if release_grid.is_empty(grid):
        draw(f"<h3>{words.NO_GRID_TITLE}</h3><p>{esc(words.NO_GRID)}</p>")
        return
    may = can(panel.identity, Capability.DEPLOY)
    note = "" if may else f"<p>{quiet(esc(words.ROLE.format(roles=readers.roles(Capability.DEPLOY))))}</p>"
    draw(f"{release_grid.release_grid(grid, may_promote=may)}{note}")
