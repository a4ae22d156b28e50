"""Many environments as one table, what needs a look first: where cards would be a wall nobody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from panel.lifecycle.overview import EnvironmentView
from panel.ui import home_text as text
from panel.ui import session
from panel.ui.components import facts
from panel.ui.components.markup import draw, esc, link, mono, page_link, quiet, safe_url, table
from panel.ui.components.states import environment_badge
from panel.ui.format import brief, plural

#: More environments than these are a table.
FEW = 12
#: Rows of one page of the table: what a browser draws at once.
PAGE = 250

#: What needs a look comes first; the order within is environments.yaml's.
_ORDER = (
    "lost", "down", "failed", "needs_you", "degraded", "unknown", "working", "ready", "asleep", "not_created",
)  # fmt: skip
_GROUPS: Mapping[str, frozenset[str]] = {
    "trouble": frozenset({"lost", "down", "failed", "needs_you", "degraded", "unknown"}),
    "working": frozenset({"working"}),
    "ready": frozenset({"ready", "asleep"}),
    "not_created": frozenset({"not_created"}),
}


@dataclass(frozen=True)
class Narrowed:
    """What narrows the table: words of a name, an owner or an address, and a group of states."""

    words: str = ""
    group: str = ""


def narrowing() -> Narrowed:
    """The widgets above the table, and what they say."""
    with st.container(horizontal=True, key="environments-filter"):
        words = st.text_input(text.SEARCH, key=session.HOME_WORDS, placeholder=text.SEARCH_HINT, width=320)
        group = st.selectbox(
            text.STATE, ["", *_GROUPS], format_func=lambda name: text.GROUPS[name], key=session.HOME_GROUP,
            bind="query-params", width=220,
        )  # fmt: skip
    return Narrowed(words or "", group or "")


def environment_list(
    views: Sequence[EnvironmentView], narrowed: Narrowed, uptimes: Mapping[str, float | None]
) -> None:
    """Draw the table.

    Args:
        uptimes: percent of the last day that an environment worked, by name; None where nobody looked.
    """
    found = sorted((view for view in views if _fits(view, narrowed)), key=_rank)
    if not found:
        draw(f"<p>{quiet(text.NONE_FIT)}</p>")
        return
    shown = found[:PAGE]
    rows = [_row(view, uptimes.get(view.name)) for view in shown]
    counted = plural(len(found), *text.ENVIRONMENT)
    if len(shown) < len(found):
        counted = text.FIRST_OF.format(shown=len(shown), found=counted)
    draw(f"{table(text.HEAD, rows, right=(4, 5))}<p>{quiet(esc(counted))}</p>")


def _fits(view: EnvironmentView, narrowed: Narrowed) -> bool:
    if narrowed.group and view.state not in _GROUPS[narrowed.group]:
        return False
    about = f"{view.name} {view.owner.team} {view.owner.contact} {view.domain}".lower()
    return all(word in about for word in narrowed.words.lower().split())


def _rank(view: EnvironmentView) -> int:
    return _ORDER.index(view.state) if view.state in _ORDER else 0


def _row(view: EnvironmentView, uptime: float | None) -> list[str]:
    name = page_link("environment", "environment", view.name, view.name)
    standing = environment_badge(view.state)
    if view.causes and view.state in {"down", "degraded"}:
        standing += f"<br>{quiet(esc(view.causes[0].text))}"
    elif view.state in {"working", "needs_you", "failed", "unknown", "lost"}:
        standing += f"<br>{quiet(esc(view.state_text))}"
    if view.state in {"ready", "degraded"} and safe_url(view.url) is not None:
        name += f" · {link(view.url or '', text.OPEN)}"
    known = dict.fromkeys(brief(one.version) for one in view.services.values() if one.version)
    versions = "<br>".join(mono(version) for version in known)
    run = view.active_run
    last = facts.last_run(view.last_run) if view.last_run is not None else quiet(text.NEVER)
    if run is not None and view.state == "needs_you":
        last = page_link("run", "run", run.id, text.REVIEW)
    owner = f'<span title="{esc(view.owner.contact)}">{esc(view.owner.team)}</span>'
    return [
        name,
        standing,
        versions,
        owner,
        _whole(facts.uptime(uptime)),
        _whole(facts.money_of_budget(view)),
        last,
    ]


def _whole(body: str) -> str:
    """A figure that stays on one line."""
    return f'<span class="p-nowrap">{body}</span>'
