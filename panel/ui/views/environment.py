"""One environment: its state and acts, what it is made of, its runs, releases, health, cost and activity."""

from __future__ import annotations

import streamlit as st

from panel.errors import NotFoundError, PanelError
from panel.lifecycle.overview import EnvironmentView
from panel.ui import health_readers, notices, readers, session, text
from panel.ui.components import facts
from panel.ui.components.actions import actions, busy
from panel.ui.components.banners import banners, rules
from panel.ui.components.cost_tab import cost
from panel.ui.components.health_tab import health_tab
from panel.ui.components.markup import draw, esc, link, page_link, quiet, rows, safe_url, table
from panel.ui.components.problems import problem
from panel.ui.components.releases import timelines
from panel.ui.components.rollback_dialog import Asked, asked_rollback
from panel.ui.components.runs_table import runs_table
from panel.ui.components.sections import activity
from panel.ui.components.states import environment_badge, verdict_badge
from panel.ui.components.topology import topology
from panel.ui.live import CALM, LIVELY, live
from panel.ui.navigation import link_home
from panel.ui.state import Facade, get_panel

#: What the page is drawn anew for; other changes are drawn in place.
Marker = tuple[str, int | None, bool, str]

_RUNS = 30


def show() -> None:
    """Draw the page of the environment that the address names."""
    panel = get_panel()
    view = _asked_for(panel)
    if view is None:
        return
    st.set_page_config(page_title=f"{view.name} · {text.STATES.get(view.state, view.state)}")
    notices.show()
    run = view.active_run
    every = LIVELY if run is not None else CALM
    live(_header, every)(view.name, _marker(view))
    banners(panel, view, busy(view))
    actions(panel, view)
    _tabs(panel, view, every)


def _asked_for(panel: Facade) -> EnvironmentView | None:
    try:
        asked = st.query_params.get("environment") or _of_run(panel)
        if not asked:
            raise NotFoundError(f"{text.NO_ENVIRONMENT}.", hint=text.NO_ENVIRONMENT_HINT)
        return readers.environment(panel, asked)
    except PanelError as error:
        st.set_page_config(page_title=text.ENVIRONMENT)
        problem(error, title=text.ENVIRONMENT)
        link_home()
        return None


def _of_run(panel: Facade) -> str:
    """The environment of the run in the address: Streamlit leaves such addresses behind for the Back button."""
    run = st.query_params.get("run", "")
    return panel.stores.runs.get(int(run)).environment if run.isdecimal() and len(run) <= 15 else ""


def _marker(view: EnvironmentView) -> Marker:
    return (view.state, view.active_run.id if view.active_run else None, view.exists, _banners(view.name))


def _banners(name: str) -> str:
    """What the banners above the tabs are about: another banner draws the page anew."""
    panel = get_panel()
    record, lock = readers.records(panel).get(name), readers.lock(panel, name)
    held = lock is not None and lock.holder == "orphaned"
    if record is None:
        return f"{held}"
    return f"{held} {len(record.drift)} {record.expires_at} {record.expiry_warned_at} {record.asleep}"


def _header(name: str, seen: Marker) -> None:
    """Name, state, address and owner, refreshed in place."""
    view = readers.environment(get_panel(), name)
    if _marker(view) != seen:
        st.rerun()
    standing = environment_badge(view.state)
    if view.state not in {"ready", "not_created", "asleep"}:
        standing += f" {quiet(esc(view.state_text))}"
    if view.state in {"ready", "degraded"} and safe_url(view.url) is not None:
        standing += f" · {link(view.url or '', text.OPEN_APP)}"
    run = view.active_run
    if run is not None:
        standing += f" · {page_link('run', 'run', run.id, text.OPEN_RUN.format(id=run.id))}"
    draw(f"<h1>{esc(view.name)}</h1><p>{standing}</p>")


def _tabs(panel: Facade, view: EnvironmentView, every: float) -> None:
    """Only the open tab is drawn."""
    titles = [
        text.OVERVIEW_TAB, text.RUNS_TAB, text.DEPLOYMENTS_TAB, text.HEALTH_TAB, text.COST_TAB, text.ACTIVITY_TAB,
    ]  # fmt: skip
    overview, runs, releases, checks, costs, record = st.tabs(
        titles, key=session.TAB, on_change="rerun", bind="query-params"
    )
    name = view.name
    if overview.open:
        with overview:
            live(_overview, every)(name)
    if runs.open:
        with runs:
            live(_run_list, every)(name)
    if releases.open:
        with releases:
            live(_releases, every)(name, asked_rollback(name))
    if checks.open:
        with checks:
            health_tab(panel, view, every)
    if costs.open:
        with costs:
            cost(panel, view)
    if record.open:
        with record:
            draw(activity(panel, name))


def _overview(name: str) -> None:
    view = readers.environment(get_panel(), name)
    access = f"{esc(text.SESSION_MANAGER)} {quiet(esc(text.SSH_KEY.format(place=view.ssh_key)))}"
    about = rows(
        [
            (text.ADDRESS, link(view.url or "", view.url) if view.url else quiet(esc(view.domain))),
            (text.COST, facts.cost(view)),
            (text.SIZE, facts.size(view)),
            (text.OWNER, facts.owner(view)),
            (text.LAST_RUN, facts.last_run(view.last_run)),
            *rules(get_panel(), view),
            *([(text.ACCESS, access)] if view.exists and view.ssh_key else []),
        ]
    )
    note = "" if view.exists else f"<p>{quiet(text.NOT_THERE)}</p>"
    title = esc(text.TOPOLOGY.format(name=name))
    draw(
        f"{about}<h2>{title}</h2>{note}{topology(view, health_readers.health(get_panel(), name))}<h2>{text.SERVICES}</h2>{_services(view)}"
    )


def _services(view: EnvironmentView) -> str:
    head = (text.SERVICE, text.VERSION, text.DIGEST, text.TASKS, text.HEALTH, text.OWNER)
    body = []
    for service in view.services.values():
        tasks = f"{service.running} / {service.desired}" if service.kind != "static" and view.exists else ""
        owner = f"{esc(service.owner.team)} · {esc(service.owner.contact)}"
        digest = facts.short_digest(service.digest)
        name = f"{esc(service.name)} {quiet(esc(service.title))}"
        body.append((name, facts.service(service), digest, tasks, verdict_badge(service.verdict), owner))
    return table(head, body, right=(3,))


def _run_list(name: str) -> None:
    runs = get_panel().stores.runs.recent(name, limit=_RUNS)
    more = f"<p>{quiet(esc(text.RUNS_SHOWN.format(count=_RUNS)))}</p>" if len(runs) == _RUNS else ""
    draw(runs_table(get_panel(), runs, with_environment=False) + more if runs else quiet(text.NO_RUNS))


def _releases(name: str, asked: Asked | None) -> None:
    """The releases, refreshed in place; a click in here draws the whole page, where the dialog about it is."""
    if asked_rollback(name) != asked:
        st.rerun()
    panel = get_panel()
    timelines(panel, readers.environment(panel, name))
