"""Dialogs that ask once more before something that cannot be taken back: forcing a run to end, unlocking a state."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.store.tables import Run, StateLock
from panel.ui import acts, deploy_text, operations_text, readers, run_text, session
from panel.ui.components.locks import lock_facts
from panel.ui.components.markup import badge, draw_apart, esc
from panel.ui.format import between
from panel.ui.state import Facade


def ask_force(run_id: int) -> None:
    """Open the dialog about forcing a run to end (the click of a button)."""
    st.session_state[session.ASKED_FORCE] = run_id


def force_dialog(panel: Facade, run: Run) -> None:
    """Draw the dialog while it is open for this run; a run that has ended needs none."""
    if st.session_state.get(session.ASKED_FORCE) != run.id:
        return
    if not run.active or run.force_cancel:
        _close()
        return
    title = run_text.FORCE_TITLE.format(id=run.id)
    st.dialog(title, on_dismiss=_close)(_force)(panel, run)


def _close() -> None:
    st.session_state.pop(session.ASKED_FORCE, None)
    st.session_state.pop(session.ASKED_UNLOCK, None)


def _force(panel: Facade, run: Run) -> None:
    ships = run.state == "deploying"
    losses = deploy_text.FORCE_LOST if ships else run_text.FORCE_LOST
    lost = "".join(f"<li>{esc(line.format(name=run.environment))}</li>" for line in losses)
    facts = []
    if run.progress_total and not ships:
        facts.append(run_text.FORCE_DONE.format(done=run.progress_done, total=run.progress_total))
    if run.waiting_for:
        facts.append(run_text.FORCE_WAITS.format(what=run.waiting_for))
    asked = readers.cancel_requests(panel, run)
    if asked:
        facts.append(run_text.FORCE_GENTLE.format(elapsed=between(asked[0].at, datetime.now(UTC))))
    draw_apart(
        f"<p>{badge('warn', deploy_text.FORCE_WARNING if ships else run_text.FORCE_WARNING)}</p><ul>{lost}</ul>"
        + "".join(f"<p>{esc(fact)}</p>" for fact in facts)
    )
    with st.container(horizontal=True):
        if st.button(run_text.FORCE_NOW.format(id=run.id), key=f"force-now-{run.id}", type="primary"):
            _close()
            acts.decide(panel, "force", run.id or 0)
            st.rerun()
        if st.button(run_text.FORCE_KEEP, key=f"force-not-{run.id}"):
            _close()
            st.rerun()


def ask_unlock(environment: str) -> None:
    """Open the dialog about unlocking an environment's state (the click of a button)."""
    st.session_state[session.ASKED_UNLOCK] = environment


def unlock_button(
    panel: Facade, lock: StateLock, *, key: str, label: str = operations_text.UNLOCK, primary: bool = False
) -> None:
    """The button that opens the dialog; off, with the reason, for who may not unlock."""
    allowed = can(panel.identity, Capability.UNLOCK)
    why = None if allowed else operations_text.UNLOCK_ROLE.format(roles=readers.roles(Capability.UNLOCK))
    st.button(
        label, key=f"unlock-{key}-{lock.subject}", disabled=not allowed, help=why,
        type="primary" if primary else "secondary", on_click=ask_unlock, args=(lock.subject,),
    )  # fmt: skip


def unlock_dialog(panel: Facade, environment: str) -> None:
    """Draw the dialog while it is open for this environment."""
    if st.session_state.get(session.ASKED_UNLOCK) != environment:
        return
    lock = readers.lock(panel, environment)
    if lock is None:  # released meanwhile
        _close()
        return
    title = operations_text.UNLOCK_TITLE.format(name=lock.subject)
    st.dialog(title, on_dismiss=_close)(_unlock)(panel, lock)


def _unlock(panel: Facade, lock: StateLock) -> None:
    sure = lock.holder == "orphaned"
    note = operations_text.UNLOCK_SURE if sure else operations_text.UNLOCK_UNSURE
    draw_apart(f"{lock_facts(lock)}<p>{esc(note) if sure else badge('warn', note)}</p>")
    with st.container(horizontal=True):
        label = operations_text.UNLOCK_NOW.format(name=lock.subject)
        if st.button(label, key=f"unlock-now-{lock.subject}", type="primary"):
            _close()
            acts.order(
                panel, lock.subject, "unlock",
                lambda: panel.operations.unlock(panel.identity, lock.subject, lock_id=lock.lock_id),
            )  # fmt: skip
            st.rerun()
        if st.button(operations_text.UNLOCK_KEEP, key=f"unlock-not-{lock.subject}"):
            _close()
            st.rerun()
