"""The acts an environment's page offers: each a button that says what it does, and why it cannot where it cannot."""

from __future__ import annotations

import streamlit as st

from panel.access.capabilities import Capability, can
from panel.lifecycle.orders import NEEDS
from panel.lifecycle.overview import EnvironmentView
from panel.ui import acts, operations_text, text
from panel.ui import releases_text as words
from panel.ui.components.deploy_dialog import ask_deploy, deploy_dialog
from panel.ui.components.destroy import ask_destroy, destroy_dialog
from panel.ui.components.promote_dialog import ask_promote, promote_dialog
from panel.ui.components.releases import refusal, retirement
from panel.ui.components.rollback_dialog import rollback_dialog
from panel.ui.state import Facade


def actions(panel: Facade, view: EnvironmentView) -> None:
    """Draw the buttons that fit the environment's state."""
    name, run = view.name, view.active_run
    blocked = busy(view)
    checking = text.WAIT_FOR_RUN.format(id=run.id, name=name) if run is not None else None
    off = retirement(view) or blocked
    partly = not view.exists and view.state == "failed"
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        if not view.exists or view.state == "lost":
            _act(panel, "create", text.CREATE.format(name=name), view, off, primary=True)
        else:
            _deploy(panel, view)
            _act(panel, "update", text.UPDATE.format(name=name), view, off)
            _act(panel, "drift", operations_text.DRIFT_CHECK, view, checking, why=operations_text.DRIFT_HELP)
        if (view.exists and view.state != "lost") or partly:
            _destroy(panel, view, blocked)
    destroy_dialog(panel, name)
    deploy_dialog(panel, name)
    promote_dialog(panel, name)
    rollback_dialog(panel, name)


def _deploy(panel: Facade, view: EnvironmentView) -> None:
    """What opens the dialogs about deploying here, and about promoting what runs here."""
    refused = refusal(panel, view)
    st.button(
        words.DEPLOY_OPEN.format(name=view.name), key=f"deploy-{view.name}", disabled=refused is not None,
        help=refused, on_click=ask_deploy, args=(view.name,),
    )  # fmt: skip
    # What runs here may be promoted while something happens here: it is the target that has to be free.
    why = None
    if not can(panel.identity, Capability.DEPLOY):
        why = refused
    elif not any(service.release is not None for service in view.services.values()):
        why = words.NOTHING_TO_PROMOTE.format(name=view.name)
    st.button(
        words.PROMOTE_OPEN.format(name=view.name), key=f"promote-{view.name}", disabled=why is not None,
        help=why, on_click=ask_promote, args=(view.name,),
    )  # fmt: skip


def busy(view: EnvironmentView) -> str | None:
    """Why nothing can be begun now; a drift check makes way for people."""
    run = view.active_run
    return (
        text.WAIT_FOR_RUN.format(id=run.id, name=view.name)
        if run is not None and run.kind != "drift"
        else None
    )


def _act(
    panel: Facade, kind: str, label: str, view: EnvironmentView, blocked: str | None, *,
    primary: bool = False, why: str | None = None,
) -> None:  # fmt: skip
    needed = NEEDS[kind]
    clicked = st.button(
        label, key=f"{kind}-{view.name}", type="primary" if primary else "secondary",
        disabled=blocked is not None or not can(panel.identity, needed), help=blocked or why,
    )  # fmt: skip
    if clicked:
        acts.begin(panel, kind, view.name)
        st.rerun()


def _destroy(panel: Facade, view: EnvironmentView, blocked: str | None) -> None:
    allowed = can(panel.identity, Capability.DESTROY)
    label = text.DESTROY_OPEN.format(name=view.name)
    off = blocked is not None or not allowed
    st.button(
        label, key=f"ask-{view.name}", disabled=off, help=blocked, on_click=ask_destroy, args=(view.name,)
    )
