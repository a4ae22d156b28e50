"""The dialog that asks once more before a service goes back to an earlier release: which one, where, from what to what."""

from __future__ import annotations

import streamlit as st

from panel.lifecycle.release_overview import ReleaseView
from panel.ui import acts, readers, session
from panel.ui import releases_text as words
from panel.ui.components.markup import badge, draw_apart, esc, mono, quiet, rows, when
from panel.ui.components.problems import problem_markup
from panel.ui.format import brief
from panel.ui.state import Facade

#: What was asked: the service and the release (its id in the store).
Asked = tuple[str, int]


def ask_rollback(environment: str, service: str, release_id: int) -> None:
    """Open the dialog (the click of a button)."""
    st.session_state[session.of(session.ASKED_ROLLBACK, environment)] = (service, release_id)


def asked_rollback(environment: str) -> Asked | None:
    """What the open dialog of this environment is about; None where none is open."""
    return st.session_state.get(session.of(session.ASKED_ROLLBACK, environment))


def rollback_dialog(panel: Facade, environment: str) -> None:
    """Draw the dialog while it is open for this environment."""
    asked = asked_rollback(environment)
    if asked is None:
        return
    title = words.ROLL_BACK_TITLE.format(service=asked[0], name=environment)
    st.dialog(title, on_dismiss=lambda: _close(environment))(_ask)(panel, environment, *asked)


def _close(environment: str) -> None:
    st.session_state.pop(session.of(session.ASKED_ROLLBACK, environment), None)


def _ask(panel: Facade, environment: str, service: str, release_id: int) -> None:
    # One release from the list: it may have become impossible while the page stood open.
    found = readers.timeline(panel, environment, service, before=release_id + 1, limit=1)
    live = readers.serving(panel, environment, service)
    wanted = found[0] if found and found[0].id == release_id else None
    if wanted is None or not wanted.can_roll_back_to:
        label = wanted.label if wanted is not None else words.EARLIER
        why = words.FORGOTTEN
        if wanted is not None:
            why = words.NO_WAY_BACK.format(release=label, why=wanted.why_not)
        draw_apart(problem_markup(words.CANNOT_TITLE.format(release=label), why, ""))
        _keep(environment, words.CLOSE)
        return
    draw_apart(_facts(environment, service, live, wanted))
    with st.container(horizontal=True):
        label = words.ROLL_BACK_NAMED.format(service=service, release=wanted.label)
        if st.button(label, key=f"rollback-now-{environment}", type="primary"):
            _close(environment)
            acts.roll_back(panel, environment, service, wanted.number)
            st.rerun()
        _keep(environment, words.KEEP_RELEASE.format(release=live.label) if live else words.KEEP)


def _keep(environment: str, label: str) -> None:
    if st.button(label, key=f"rollback-not-{environment}"):
        _close(environment)
        st.rerun()


def _facts(environment: str, service: str, live: ReleaseView | None, wanted: ReleaseView) -> str:
    about = rows(
        [
            (words.SERVICE, esc(service)),
            (words.ENVIRONMENT, esc(environment)),
            (words.FROM, _named(live) if live else badge("none", words.NOTHING_LIVE)),
            (words.TO, _named(wanted)),
        ]
    )
    what = words.ROLL_BACK_SITE if wanted.kind in {"site", "static"} else words.ROLL_BACK_IMAGE
    return f"{about}<p>{esc(what.format(release=wanted.label))}</p>"


def _named(release: ReleaseView) -> str:
    made = when(release.ended_at or release.started_at)
    return f"{mono(brief(release.version))} <strong>{esc(release.label)}</strong> {quiet(made)}"
