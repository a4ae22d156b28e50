"""Home: every environment as a card, and what needs a person."""

from __future__ import annotations

import streamlit as st

from panel.catalogue.schema import Environment
from panel.errors import CatalogueError
from panel.lifecycle.overview import EnvironmentView
from panel.store.tables import EnvironmentRecord, Run, StateLock
from panel.ui import acts, health_readers, notices, readers, text
from panel.ui import operations_text as words
from panel.ui.components.banners import is_near
from panel.ui.components.card import card
from panel.ui.components.environment_list import FEW, Narrowed, environment_list, narrowing
from panel.ui.components.markup import badge, draw, esc, page_link, quiet, when
from panel.ui.components.problems import problem_markup
from panel.ui.format import duration, plural
from panel.ui.live import CALM, LIVELY, live
from panel.ui.state import Facade, Start, get_panel, get_start

#: More lines than these stand in columns.
_FEW = 3


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=text.HOME)
    draw(f"<h1>{text.HOME}</h1>")
    notices.show()
    try:
        panel = get_panel()
        busy = _busy(panel)
    except CatalogueError as error:
        _catalogue_problem(error)
        return
    narrowed = narrowing() if len(readers.environments(panel)) > FEW else Narrowed()
    live(_environments, LIVELY if busy else CALM)(busy, narrowed)


def _busy(panel: Facade) -> bool:
    under_way = any(view.active_run is not None for view in readers.environments(panel))
    return under_way or get_start().state == "starting"


def _environments(was_busy: bool, narrowed: Narrowed) -> None:
    """The part that refreshes; a catalogue that was edited into something wrong is told here too."""
    try:
        _cards(was_busy, narrowed)
    except CatalogueError as error:
        _catalogue_problem(error)


def _cards(was_busy: bool, narrowed: Narrowed) -> None:
    """Lines and cards, or a table where they are many; when activity begins or ends the page is drawn whole, with another rhythm."""
    acts.follow()
    panel = get_panel()
    if _busy(panel) != was_busy:
        st.rerun()
    views = readers.environments(panel)
    _strip(panel, views, get_start())
    if not views:
        draw(f"<h3>{text.EMPTY_TITLE}</h3><p>{text.EMPTY}</p>")
    if len(views) > FEW:
        environment_list(views, narrowed, health_readers.uptimes(panel))
        return
    uptimes = health_readers.uptimes(panel)
    with st.container(key="cards"):
        for view in views:
            card(panel, view, uptimes.get(view.name))


def _strip(panel: Facade, views: list[EnvironmentView], start: Start) -> None:
    """What needs a person, in a line that is always there: cards must not move when it changes."""
    alone = start.state in {"done", "failed"} and not panel.overview.workers()
    items = _needs(panel, views, start, alone=alone)
    if start.state == "starting":
        items.append(badge("busy", text.STARTING.format(elapsed=duration(start.seconds))))
    if not items:
        items = [badge("ok", text.NOTHING_NEEDED)]
    items.sort(key=lambda item: 'class="p-bad"' not in item)  # what does not work before what waits
    body = "".join(f"<span>{item}</span>" for item in [*items, _workers_line(panel)])
    many = " p-many" if len(items) > _FEW else ""
    draw(f'<div class="p-strip{many}" role="status">{body}</div>')
    if start.error is not None:
        error = start.error
        draw(problem_markup(text.NEEDS_START_FAILED, error.message, error.hint, error.detail))
    if alone or start.state == "failed":
        st.button(text.START, key="start", on_click=start.begin)


def _needs(panel: Facade, views: list[EnvironmentView], start: Start, *, alone: bool) -> list[str]:
    items = [badge("bad", text.NEEDS_LOST.format(name=view.name)) for view in views if view.state == "lost"]
    if alone and start.error is None:
        items.append(badge("warn", text.NEEDS_WORKER))
    records, catalogue = readers.records(panel), panel.catalogue()
    locks = {lock.subject: lock for lock in readers.locks(panel)}
    for view in views:
        record, entry = records.get(view.name), catalogue.environments.get(view.name)
        items += _asked(panel, view) + _warned(view, locks.get(view.name), record, entry)
    items += [
        f"{badge('bad', words.NEEDS_STUCK.format(id=run.id, name=run.environment))} {_way(run)}"
        for run in readers.active_runs(panel)
        if readers.troubled(panel, run)
    ]
    return items


def _asked(panel: Facade, view: EnvironmentView) -> list[str]:
    """A decision that a run waits for."""
    run = view.active_run
    if view.state != "needs_you" or run is None:
        return []
    blocked = run.state == "blocked"
    line = badge("warn", (words.NEEDS_OVERRIDE if blocked else text.NEEDS_REVIEW).format(name=view.name))
    if run.approvals_needed > 1 and not blocked:
        got = len(readers.approvals(panel, run.id or 0))
        line += f" {quiet(esc(words.NEEDS_APPROVALS.format(got=got, needed=run.approvals_needed)))}"
    return [f"{line} {quiet(when(run.heartbeat_at or run.created_at))} {_way(run)}"]


def _way(run: Run) -> str:
    return page_link("run", "run", run.id, text.OPEN_RUN.format(id=run.id))


def _warned(
    view: EnvironmentView, lock: StateLock | None, record: EnvironmentRecord | None, entry: Environment | None
) -> list[str]:
    """What an environment's page has a banner for."""
    items, name = [], view.name
    way = page_link("environment", "environment", name, words.SEE.format(name=name))
    if lock is not None and lock.holder == "orphaned":
        items.append(f"{badge('bad', words.NEEDS_UNLOCK.format(name=name))} {way}")
    if record is None or not record.exists or view.state == "lost":
        return items
    if record.drift:
        items.append(
            f"{badge('warn', words.NEEDS_DRIFT.format(name=name))} {quiet(when(record.drift_checked_at))} {way}"
        )
    if entry is not None and is_near(record, entry):
        items.append(f"{badge('warn', words.NEEDS_EXPIRY.format(name=name))} {when(record.expires_at)} {way}")
    return items


def _workers_line(panel: Facade) -> str:
    workers = plural(len(panel.overview.workers()), *text.WORKER)
    runs = readers.active_runs(panel)
    queued = [run for run in runs if run.state == "queued"]
    queue = plural(len(queued), *text.QUEUED) if queued else text.QUEUE_EMPTY
    under_way = plural(len(runs) - len(queued), *text.RUNNING)
    line = quiet(esc(text.WORKERS_LINE.format(workers=workers, queue=f"{under_way} · {queue}")))
    return f'{line} <a href="operations" target="_self">{words.OPERATIONS}</a>'


def _catalogue_problem(error: CatalogueError) -> None:
    draw(problem_markup(text.CATALOGUE_TITLE, error.message, error.hint))
    if error.detail:
        draw(f"<h3>{text.CATALOGUE_PROBLEMS}</h3><pre>{esc(error.detail)}</pre>")
    st.button(text.TRY_AGAIN, key="catalogue-again")
