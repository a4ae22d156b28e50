"""What a click does: one act of the panel, then the page that shows what came of it.

A second click of the same person finds the run that the first one began; somebody else's run is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st

from panel.errors import BusyError, PanelError
from panel.lifecycle.deploy_orders import Pick
from panel.store.tables import Run
from panel.ui import notices, readers, session, text
from panel.ui.format import utc
from panel.ui.navigation import go_run
from panel.ui.state import Facade

#: A run that the same person asked for so recently is what a second click of a double-click meant.
_DOUBLE_CLICK_SECONDS = 5


def begin(panel: Facade, kind: str, environment: str, *, confirm: str = "") -> None:
    """Ask for a run and open its page; a refusal is kept for the page to show."""
    acts: dict[str, Callable[[], Run]] = {
        "create": lambda: panel.operations.create(panel.identity, environment),
        "update": lambda: panel.operations.update(panel.identity, environment),
        "plan": lambda: panel.operations.plan(panel.identity, environment),
        "destroy": lambda: panel.operations.destroy(panel.identity, environment, confirm=confirm),
        "drift": lambda: panel.operations.drift(panel.identity, environment),
        "refresh": lambda: panel.operations.refresh(panel.identity, environment),
    }
    run = _tried(panel, environment, kind, acts[kind])
    readers.forget()
    if run is not None:
        notices.forget()
        go_run(run.id)


def ask_create(panel: Facade, environment: str) -> None:
    """Creation as a button's callback: it runs before anything is drawn, so no refresh can swallow the click.

    A callback cannot turn to another page; `follow` does, where the page begins to draw.
    """
    run = _tried(panel, environment, "create", lambda: panel.operations.create(panel.identity, environment))
    readers.forget()
    if run is not None:
        notices.forget()
    st.session_state[session.FOLLOW] = run.id if run is not None else None


def follow() -> None:
    """Show what came of the last click that `ask_create` took: the run, or the notice why there is none."""
    if session.FOLLOW not in st.session_state:
        return
    run_id = st.session_state.pop(session.FOLLOW)
    if run_id is not None:
        go_run(run_id)
    st.rerun()


def _tried(panel: Facade, environment: str, kind: str, act: Callable[[], Run]) -> Run | None:
    try:
        return act()
    except BusyError as error:
        other = panel.stores.runs.active(environment)
        if other is not None and _same_click(panel, other, kind):
            return other
        notices.keep(error, title=text.BUSY_TITLE, run_id=other.id if other else None)
    except PanelError as error:
        notices.keep(error)
    return None


def _same_click(panel: Facade, other: Run, kind: str) -> bool:
    age = (datetime.now(UTC) - utc(other.created_at)).total_seconds()
    return other.author == panel.identity.name and other.kind == kind and age < _DOUBLE_CLICK_SECONDS


def order(panel: Facade, environment: str, kind: str, act: Callable[[], Run]) -> None:
    """Ask for a run that is none of the usual ones (a retry, an unlocking) and open its page."""
    run = _tried(panel, environment, kind, act)
    readers.forget()
    if run is not None:
        notices.forget()
        go_run(run.id)


def deploy(
    panel: Facade, environment: str, services: Sequence[str], picks: Mapping[str, Pick], *, keep_image: bool
) -> None:
    """Deploy these services, built from the source unless an image was picked, and open the run's page."""
    order(
        panel, environment, "deploy",
        lambda: panel.operations.deploy(
            panel.identity, environment, services=tuple(services), picks=picks, keep_image=keep_image
        ),
    )  # fmt: skip


def roll_back(panel: Facade, environment: str, service: str, number: int) -> None:
    """Go back to the release of a service with this number, and open the run's page."""
    order(
        panel, environment, "rollback",
        lambda: panel.operations.rollback(panel.identity, environment, service, to=number),
    )  # fmt: skip


def promote(panel: Facade, source: str, target: str, services: Sequence[str]) -> None:
    """Put what runs in one environment into another, and open the run's page."""
    order(
        panel, target, "promote",
        lambda: panel.operations.promote(panel.identity, source, target, services=tuple(services)),
    )  # fmt: skip


def decide(panel: Facade, verb: str, run_id: int, comment: str = "") -> None:
    """Approve, discard, override, cancel or force a run; a refusal is kept for the page to show."""
    who, operations = panel.identity, panel.operations
    acts: dict[str, Callable[[], object]] = {
        "approve": lambda: operations.approve(who, run_id, comment=comment),
        "discard": lambda: operations.discard(who, run_id, comment=comment),
        "override": lambda: operations.override(who, run_id, reason=comment),
        "cancel": lambda: operations.cancel(who, run_id),
        "force": lambda: operations.cancel(who, run_id, force=True),
    }
    try:
        acts[verb]()
    except PanelError as error:
        if not _decided_so(panel, verb, run_id):
            notices.keep(error, run_id=None)
    else:
        notices.forget()
    readers.forget()


def _decided_so(panel: Facade, verb: str, run_id: int) -> bool:
    """Whether the same person decided the same before: the second click of a double-click."""
    run, who = panel.stores.runs.get(run_id), panel.identity.name
    if verb == "override":
        return run.overridden_by == who
    if verb == "approve" and any(item.actor == who for item in readers.approvals(panel, run_id)):
        return True
    meant = {"approve": "approved", "discard": "discarded"}.get(verb)
    if meant is None:
        return run.force_cancel if verb == "force" else run.cancel_requested
    return run.decided_by == who and any(
        step.after == meant for step in panel.stores.runs.transitions(run_id)
    )


def extend(panel: Facade, environment: str, hours: int) -> None:
    """Let an environment live longer; a refusal is kept for the page to show."""
    try:
        panel.operations.extend(panel.identity, environment, hours)
    except PanelError as error:
        notices.keep(error)
    else:
        notices.forget()
    readers.forget()
