"""The pages by name, their addresses, and going from one to another."""

from __future__ import annotations

from importlib import import_module
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from panel.ui import cost_text, operations_text, releases_text, text

#: Address and title of every page; the last item tells whether the navigation lists it.
_PAGES = {
    "home": (text.HOME, True),
    "environment": (text.ENVIRONMENT, False),
    "run": (text.RUN, False),
    "releases": (releases_text.RELEASES, True),
    "runs": (text.RUNS, True),
    "cost": (cost_text.COST, True),
    "operations": (operations_text.OPERATIONS, True),
    "status": (text.STATUS, True),
    "settings": (text.SETTINGS, True),
}


def page(name: str) -> StreamlitPage:
    """One page, as Streamlit wants it."""
    title, listed = _PAGES[name]
    view = import_module(f"panel.ui.views.{name}")
    return st.Page(
        view.show, title=title, url_path=name, default=name == "home",
        visibility="visible" if listed else "hidden",
    )  # fmt: skip


def pages() -> list[StreamlitPage]:
    """All pages."""
    return [page(name) for name in _PAGES]


def go_run(run_id: int | None) -> NoReturn:
    """Open a run's page."""
    st.switch_page(page("run"), query_params={"run": str(run_id)})


def link_run(run_id: int | None, label: str) -> None:
    """A link to a run's page."""
    st.page_link(page("run"), label=plain(label), query_params={"run": str(run_id)})


def link_environment(name: str, label: str) -> None:
    """A link to an environment's page."""
    st.page_link(page("environment"), label=plain(label), query_params={"environment": name})


def link_compare(name: str, label: str) -> None:
    """A link to the comparison of what an environment's workload would cost another way."""
    query = {"show": cost_text.COMPARE_TAB, "environment": name}
    st.page_link(page("cost"), label=plain(label), query_params=query)


def link_home() -> None:
    """A link to the home page."""
    st.page_link(page("home"), label=text.HOME)


def plain(label: str) -> str:
    """A label without Markdown: Streamlit's labels would read stars and brackets as markup."""
    return "".join(f"\\{mark}" if mark in "\\`*_[]()<>#:$~!|" else mark for mark in label)
