"""The tab that the person on call opens first: what is wrong and whom to call, where it is, how it was, what happened."""

from __future__ import annotations

import streamlit as st

from panel.lifecycle.overview import EnvironmentView
from panel.ui import health_readers, readers, session
from panel.ui import health_text as text
from panel.ui.components.health_events import events
from panel.ui.components.health_history import RHYTHM, chosen_window, history
from panel.ui.components.health_services import checks, services
from panel.ui.components.health_summary import as_of, summary
from panel.ui.components.log_tail import log_tail
from panel.ui.components.markup import draw, esc
from panel.ui.components.topology import topology
from panel.ui.live import live
from panel.ui.state import Facade, get_panel


def health_tab(panel: Facade, view: EnvironmentView, every: float) -> None:
    """Draw the tab; its parts refresh by themselves, the first ``every`` so many seconds.

    What is asked here is in the store: nothing waits for AWS.
    """
    live(_now, every)(view.name)
    if not view.exists or view.state == "lost":
        return
    live(_over_time, RHYTHM[chosen_window(view.name)])(view.name)
    draw(f"<h2>{text.LOG}</h2>")
    log_tail(panel, view)


def _over_time(name: str) -> None:
    """One part, so that the window that is chosen holds for all of it at once."""
    events(name, history(name))


def _now(name: str) -> None:
    panel = get_panel()
    view, health = readers.environment(panel, name), health_readers.health(panel, name)
    uptimes = health_readers.uptime(panel, name) if health.exists and view.state != "lost" else {}
    summary(panel, view, health, uptimes, alive=bool(readers.workers(panel).workers))
    age = "" if view.state in {"lost", "asleep"} else as_of(health)
    draw(f"<h2>{esc(text.PICTURE.format(name=name))}</h2>{age}{topology(view, health)}")
    if not health.checked_at or view.state in {"lost", "asleep"}:
        return
    draw(f"<h2>{text.SERVICES}</h2>{services([*health.seen.services.values()])}")
    probes = health.seen.probes
    box = st.expander(
        text.CHECKS.format(count=len(probes)), key=session.of(session.HEALTH_CHECKS, name), on_change="rerun"
    )
    if box.open:
        with box:
            draw(f'<div class="p-events">{checks(probes)}</div>')
