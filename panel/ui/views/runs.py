"""All runs, newest first, narrowed by environment, kind, state and author; the filters are in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from panel.catalogue.schema import SHARED
from panel.lifecycle.stages import KINDS
from panel.store.browsing import RunFilter
from panel.store.tables import Run
from panel.ui import notices, readers, run_text, session, text
from panel.ui.components.markup import draw, esc, quiet
from panel.ui.components.runs_table import runs_table
from panel.ui.format import plural
from panel.ui.live import CALM, LIVELY, live
from panel.ui.state import Facade, get_panel

_PAGE = 25
#: Counting goes no further than this.
_MOST = 10_000
_FILTERS = (session.RUNS_ENVIRONMENT, session.RUNS_KIND, session.RUNS_STATE, session.RUNS_AUTHOR)
#: Where the window on the list is: ("newest", 0), ("before", run) or ("after", run).
Place = tuple[str, int]
_NEWEST: Place = ("newest", 0)


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text.RUNS)
    panel = get_panel()
    notices.show()
    draw(f"<h1>{text.RUNS}</h1>")
    which = _filter(panel)
    place: Place = st.session_state.get(session.RUNS_PLACE, _NEWEST)
    busy = bool(readers.browsing(panel).runs(RunFilter(which.environment, state="under_way"), limit=1))
    live(_table, LIVELY if busy else CALM)(which, place)
    _pages(panel, which, place)


def _filter(panel: Facade) -> RunFilter:
    environments = [*panel.catalogue().environments, SHARED]
    with st.container(horizontal=True, key="runs-filter"):
        return RunFilter(
            environment=_choice(
                run_text.ENVIRONMENT, session.RUNS_ENVIRONMENT, {name: name for name in environments}
            ),
            kind=_choice(run_text.KIND, session.RUNS_KIND, KINDS),
            state=_choice(run_text.STATE, session.RUNS_STATE, run_text.FILTER_STATES),
            author=_choice(
                run_text.AUTHOR, session.RUNS_AUTHOR, {name: name for name in readers.authors(panel)}
            ),
        )


def _choice(label: str, key: str, words: Mapping[str, str]) -> str:
    """One filter; empty for all."""
    chosen = st.selectbox(
        label, ["", *words], format_func=lambda value: words.get(value, run_text.ANY), key=key, on_change=_newest,
        bind="query-params", width=190,
    )  # fmt: skip
    return chosen or ""


def _runs(panel: Facade, which: RunFilter, place: Place) -> list[Run]:
    side, run_id = place
    return readers.browsing(panel).runs(
        which, limit=_PAGE,
        before=run_id if side == "before" else None, after=run_id if side == "after" else None,
    )  # fmt: skip


def _table(which: RunFilter, place: Place) -> None:
    panel = get_panel()
    runs = _runs(panel, which, place)
    if not runs:
        draw(f"<p>{quiet(run_text.NONE_MATCH if any(which) else text.NO_RUNS)}</p>")
        return
    draw(runs_table(panel, runs, with_environment=True) + f"<p>{quiet(esc(_counted(panel, which)))}</p>")


def _counted(panel: Facade, which: RunFilter) -> str:
    count = readers.browsing(panel).count(which, most=_MOST + 1)
    if count > _MOST:
        return run_text.COUNTED_MANY.format(count=_MOST)
    return plural(count, *run_text.RUN)


def _pages(panel: Facade, which: RunFilter, place: Place) -> None:
    runs = _runs(panel, which, place)
    with st.container(horizontal=True, key="runs-pages"):
        if not runs:
            if any(which):
                st.button(run_text.SHOW_ALL, key="runs-all", on_click=_all)
            if place == _NEWEST:
                return
        if place != _NEWEST:
            st.button(run_text.NEWEST, key="runs-newest", on_click=_newest)
        if place != _NEWEST and runs:
            st.button(run_text.NEWER, key="runs-newer", on_click=_go, args=(("after", runs[0].id),))
        if len(runs) == _PAGE or (runs and place[0] == "after"):
            st.button(run_text.OLDER, key="runs-older", on_click=_go, args=(("before", runs[-1].id),))


def _go(place: Place) -> None:
    st.session_state[session.RUNS_PLACE] = place


def _newest() -> None:
    st.session_state.pop(session.RUNS_PLACE, None)


def _all() -> None:
    _newest()
    for key in _FILTERS:
        st.session_state[key] = ""
