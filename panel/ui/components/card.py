"""An environment's card on the home page."""

from __future__ import annotations

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.lifecycle.overview import EnvironmentView, ServiceView
from panel.ui import acts, home_text, text
from panel.ui.components import facts
from panel.ui.components.markup import draw, esc, link, mono, quiet, rows, safe_url, when
from panel.ui.components.releases import deployments_link, retirement
from panel.ui.components.states import environment_badge, verdict_badge
from panel.ui.navigation import link_environment, link_run
from panel.ui.state import Facade

_VERSION = 40


def card(panel: Facade, view: EnvironmentView, uptime: float | None) -> None:
    """Draw the card with its one next act.

    Args:
        uptime: percent of the last day that it worked; None where nobody looked.
    """
    with st.container(border=True, key=f"card-{view.name}"):
        with st.container(
            key=f"head-{view.name}",
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
        ):
            link_environment(view.name, text.OPEN_ENVIRONMENT.format(name=view.name))
            draw(environment_badge(view.state), width="content")
        draw(_body(view, uptime))
        with st.container(horizontal=True, vertical_alignment="center"):
            _next_act(panel, view)


def _body(view: EnvironmentView, uptime: float | None) -> str:
    stands = view.exists and view.state != "lost"
    head = quiet(esc(view.state_text)) if view.state not in {"ready", "not_created"} else ""
    pairs = [
        (text.ADDRESS, _address(view)),
        *((name, _serves(view.name, item)) for name, item in view.services.items() if stands),
        (text.HEALTH, _health(view, uptime) if stands else ""),
        (text.COST, facts.cost(view)),
        (text.SIZE, facts.size(view)),
        (text.OWNER, facts.owner(view)),
        (text.LAST_RUN, facts.last_run(view.last_run)),
    ]
    return (f"<p>{head}</p>" if head else "") + rows(pairs)


def _address(view: EnvironmentView) -> str:
    if view.state in {"ready", "degraded"} and safe_url(view.url) is not None:
        way = link(view.url or "", text.OPEN_APP)
        return f'{mono(view.url)} <span class="p-nowrap">{way}</span>'
    return mono(view.url) if view.url else quiet(esc(view.domain))


def _serves(environment: str, service: ServiceView) -> str:
    """What runs of a service; it leads to what ran before."""
    if service.version is None:
        return facts.service(service)
    named = mono(service.version[:_VERSION])
    if service.release is not None:
        named += f" · {esc(text.RELEASE.format(number=service.release))}"
    age = f" · {quiet(when(service.released_at))}" if service.released_at is not None else ""
    return f"{deployments_link(environment, named)}{age}"


def _health(view: EnvironmentView, uptime: float | None) -> str:
    age = f"{text.CHECKED} {when(view.checked_at)}" if view.checked_at else text.NOT_CHECKED
    day = f"<br>{esc(home_text.UPTIME)}: {facts.uptime(uptime)}" if uptime is not None else ""
    return f"{verdict_badge(view.verdict)} {quiet(age)}{day}" + "".join(
        f"<br>{esc(cause.text)}" for cause in view.causes[:2]
    )


def _next_act(panel: Facade, view: EnvironmentView) -> None:
    run = view.active_run
    if run is not None and view.state == "needs_you":
        link_run(run.id, text.REVIEW.format(name=view.name))
    elif run is not None:
        link_run(run.id, text.WATCH.format(id=run.id))
    elif view.state in {"not_created", "lost"} or (view.state == "failed" and not view.exists):
        _create(panel, view)
    if run is None and view.state == "failed" and view.last_run is not None:
        link_run(view.last_run.id, text.SEE_FAILURE.format(id=view.last_run.id))


def _create(panel: Facade, view: EnvironmentView) -> None:
    label = text.CREATE.format(name=view.name)
    allowed = can(panel.identity, Capability.CREATE) and not view.retired
    st.button(
        label, key=f"create-{view.name}", type="primary", disabled=not allowed,
        help=retirement(view),
        on_click=acts.ask_create, args=(panel, view.name),
    )  # fmt: skip
