"""The parts of a plan to look through: resources, outputs, drift, text. A part of the page that draws itself again alone.

A plan may have thousands of resources: one page of rows is sent at a time, and a resource's attributes when it is opened.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby

import streamlit as st

from panel.runs.review import Resource, Review, document
from panel.runs.review_text import MARKS, render
from panel.runs.review_values import one_line
from panel.store.tables import Run
from panel.ui import plan_text as text
from panel.ui import session
from panel.ui.components.markup import draw, esc, mono, quiet
from panel.ui.components.plan_lines import text_page
from panel.ui.components.plan_reader import review
from panel.ui.components.plan_values import details, outputs
from panel.ui.format import plural, shorten
from panel.ui.live import guarded
from panel.ui.navigation import plain
from panel.ui.state import Facade

_PAGE = 50
_TEXT_PAGE = 100
_LONGEST_NOTE = 80
_MARKS = {**MARKS, "delete": "−", "replace": "±", "import": "↓", "move": "→", "forget": "○"}


def browse(panel: Facade, run: Run, stack: str) -> None:
    """The plan of one stack, to search, filter and look into.

    Args:
        panel: the panel.
        run: the run.
        stack: of which stack; the run has a plan of it.
    """
    st.fragment(guarded(_browse))(panel, run, stack)


def _browse(panel: Facade, run: Run, stack: str) -> None:
    plan = review(panel, run, stack)
    if plan is None:
        return
    subject = f"{run.id}-{stack}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"plan-parts-{subject}"):
        view = _view(plan, subject)
        st.space("stretch")
        _downloads(plan, run, subject)
    views: Mapping[str, Callable[[Review, str], None]] = {
        "resources": _resources, "outputs": _outputs, "drift": _drift, "text": _text,
    }  # fmt: skip
    views[view](plan, subject)


def _view(plan: Review, subject: str) -> str:
    titles = {"resources": text.RESOURCES.format(count=f"{len(plan.resources):,}")}
    if plan.outputs:
        titles["outputs"] = text.OUTPUTS.format(count=len(plan.outputs))
    if plan.drift:
        titles["drift"] = text.DRIFT.format(count=len(plan.drift))
    titles["text"] = text.TEXT
    first = next((name for name, there in (
        ("resources", plan.resources), ("outputs", plan.outputs), ("drift", plan.drift)) if there), "resources")  # fmt: skip
    chosen = st.segmented_control(
        text.VIEWS, list(titles), format_func=lambda name: plain(titles[name]), default=first, required=True,
        key=session.of(session.PLAN_VIEW, subject), label_visibility="collapsed",
    )  # fmt: skip
    return chosen or first


def _downloads(plan: Review, run: Run, subject: str) -> None:
    """Made when somebody asks for them, not before."""

    def as_json() -> str:
        return json.dumps(document(plan), indent=2)

    def as_text() -> str:
        return "\n".join(render(plan)) + "\n"

    for label, hint, suffix, mime, make in (
        (text.DOWNLOAD_JSON, text.DOWNLOAD_JSON_HELP, "json", "application/json", as_json),
        (text.DOWNLOAD_TEXT, text.DOWNLOAD_TEXT_HELP, "txt", "text/plain", as_text),
    ):
        name = text.FILE.format(run=run.id, stack=plan.stack, suffix=suffix)
        st.download_button(
            label, make, name, mime, key=f"download-{suffix}-{subject}", help=hint, on_click="ignore",
            icon=":material/download:", type="tertiary",
        )  # fmt: skip


def _resources(plan: Review, subject: str) -> None:
    if not plan.resources:
        draw(quiet(esc(text.NO_CHANGES)))
        return
    found, asked = _filtered(plan.resources, subject)
    _rows(found, subject, asked, text.ACTIONS)


def _drift(plan: Review, subject: str) -> None:
    _rows(plan.drift, f"{subject}-drift", "", text.DRIFTED)


def _outputs(plan: Review, subject: str) -> None:
    draw(outputs(plan.outputs))


def _text(plan: Review, subject: str) -> None:
    found, asked = _filtered(plan.resources, subject)
    whole = len(found) == len(plan.resources)
    shown = _paged(found, _TEXT_PAGE, f"{subject}-text-{asked}")
    draw(
        text_page(
            plan, shown, first=whole and found[:1] == shown[:1], last=whole and found[-1:] == shown[-1:]
        )
    )
    _pages(found, _TEXT_PAGE, f"{subject}-text-{asked}")


def _filtered(resources: Sequence[Resource], subject: str) -> tuple[Sequence[Resource], str]:
    """The resources that were asked for, and what was asked as part of a key."""
    tally = Counter(resource.action for resource in resources)
    modules = sorted({resource.module for resource in resources})
    with st.container(horizontal=True, vertical_alignment="center", key=f"plan-filters-{subject}"):
        needle = st.text_input(
            text.FILTER, key=session.of(session.PLAN_FILTER, subject), placeholder=text.FILTER_HINT,
            label_visibility="collapsed", icon=":material/search:", width=320,
        )  # fmt: skip
        module = None
        if len(modules) > 1:
            module = st.selectbox(
                text.FILTER_MODULE, modules, index=None, placeholder=text.ALL_MODULES, width=320,
                format_func=lambda name: name or text.ROOT_MODULE, label_visibility="collapsed",
                key=session.of(session.PLAN_MODULE, subject),
            )  # fmt: skip
        actions: Collection[str] = ()
        if len(tally) > 1:
            actions = st.pills(
                text.FILTER_ACTIONS, list(tally), selection_mode="multi", label_visibility="collapsed",
                format_func=lambda name: plain(f"{_title(name, text.ACTIONS)} {tally[name]:,}"),
                key=session.of(session.PLAN_ACTIONS, subject),
            )  # fmt: skip
    asked = f"{needle}-{module}-{'-'.join(sorted(actions))}"
    return matching(resources, needle, actions, module), asked


def matching(
    resources: Iterable[Resource],
    needle: str = "",
    actions: Collection[str] = (),
    module: str | None = None,
) -> list[Resource]:
    """Resources whose address, type or attributes hold every word of ``needle``, of these actions and this module.

    Args:
        resources: all of them; their order is kept.
        needle: words, each of which has to be found.
        actions: none for all.
        module: None for all; empty for the root module.
    """
    asked = needle.lower().split()
    return [
        resource
        for resource in resources
        if (not actions or resource.action in actions)
        and (module is None or resource.module == module)
        and all(word in resource.words for word in asked)
    ]


def _rows(found: Sequence[Resource], place: str, asked: str, titles: Mapping[str, str]) -> None:
    """One page of rows under the titles of their actions and modules.

    Args:
        found: all resources that were asked for.
        place: what keys of rows begin with: a row that was opened stays so whatever else is asked.
        asked: what was asked, each of which has pages of its own.
        titles: of groups, by action.
    """
    if not found:
        draw(quiet(esc(text.NO_MATCH)))
        return
    totals = Counter(resource.action for resource in found)
    modules = {resource.module for resource in found} != {""}
    shown = _paged(found, _PAGE, f"{place}-{asked}")
    with st.container(key=f"plan-rows-{place}", gap=None):
        for action, rows in groupby(shown, key=lambda resource: resource.action):
            draw(f'<h3 class="p-group">{esc(_title(action, titles))} {totals[action]:,}</h3>')
            with st.container(key=f"changes-{action}-{place}", gap=None):
                _modules(rows, place, named=modules)
    _pages(found, _PAGE, f"{place}-{asked}")


def _modules(resources: Iterable[Resource], place: str, *, named: bool) -> None:
    for module, rows in groupby(resources, key=lambda resource: resource.module):
        if named:
            draw(f'<p class="p-module">{mono(module or text.ROOT_MODULE)}</p>')
        for resource in rows:
            _row(resource, place)


def _row(resource: Resource, place: str) -> None:
    mark = plain(_MARKS.get(resource.action, "·"))
    note = _note(resource)
    label = f"**{mark}** {plain(one_line(resource.local_address))}{f' *{plain(note)}*' if note else ''}"
    key = session.of(session.PLAN_ROW, f"{place}-{resource.action}-{resource.address}-{resource.deposed}")
    box = st.expander(label, key=key, on_change="rerun", type="compact")
    if box.open:
        with box:
            draw(details(resource))


def _note(resource: Resource) -> str:
    """What a row says beside its address."""
    if resource.replace_paths:
        more = len(resource.replace_paths) - 2
        paths = ", ".join(resource.replace_paths[:2])
        note = text.FORCED_BY.format(
            paths=f"{paths} {text.AND_MORE.format(count=more)}" if more > 0 else paths
        )
    elif resource.previous_address:
        note = text.MOVED_FROM.format(address=resource.previous_address)
    elif resource.import_id:
        note = text.IMPORTED_AS.format(id=resource.import_id)
    elif resource.action == "update" and resource.count:
        note = plural(resource.count, *text.ATTRIBUTES)
    else:
        return ""
    return shorten(one_line(note), _LONGEST_NOTE)


def _paged(found: Sequence[Resource], size: int, subject: str) -> Sequence[Resource]:
    number = min(int(st.session_state.get(session.of(session.PLAN_PAGE, subject), 1)), -(-len(found) // size))
    first = max(0, number - 1) * size
    return found[first : first + size]


def _pages(found: Sequence[Resource], size: int, subject: str) -> None:
    """Where this page stands, and the others, where there are others."""
    shown = _paged(found, size, subject)
    pages = -(-len(found) // size)
    if pages < 2:
        return
    first = found.index(shown[0]) + 1
    told = text.SHOWN.format(first=f"{first:,}", last=f"{first + len(shown) - 1:,}", total=f"{len(found):,}")
    with st.container(horizontal=True, vertical_alignment="center"):
        draw(quiet(esc(told)), width="content")
        st.pagination(pages, key=session.of(session.PLAN_PAGE, subject))


def _title(action: str, titles: Mapping[str, str]) -> str:
    return titles.get(action) or text.ACTIONS.get(action, action.capitalize())
