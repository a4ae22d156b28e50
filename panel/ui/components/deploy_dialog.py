"""The dialog that deploys: which services, each built from its source or picked from the registry, to one environment."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from panel.lifecycle.approvals import approvals_for, takes_others
from panel.lifecycle.deploy_orders import Pick
from panel.lifecycle.overview import EnvironmentView, ServiceView
from panel.ui import acts, readers, session
from panel.ui import releases_text as words
from panel.ui.components.image_choice import choose_image
from panel.ui.components.markup import SHAPES, draw_apart, esc, mono, quiet, tone, when
from panel.ui.components.releases import listed, refusal
from panel.ui.format import brief
from panel.ui.navigation import plain
from panel.ui.state import Facade


@dataclass(frozen=True)
class Wish:
    """What is wanted of one service. ``digest`` is of the picked image; None: it is built from the source."""

    service: str
    digest: str | None = None
    #: An image is to be picked, and none is chosen yet.
    open: bool = False


def ask_deploy(environment: str) -> None:
    """Open the dialog for an environment (the click of a button)."""
    st.session_state[session.ASKED_DEPLOY] = environment


def deploy_dialog(panel: Facade, environment: str) -> None:
    """Draw the dialog while it is open for this environment."""
    if st.session_state.get(session.ASKED_DEPLOY) == environment:
        title = words.DEPLOY_TITLE.format(name=environment)
        st.dialog(title, width="medium", on_dismiss=_close)(_ask)(panel, environment)


def _close() -> None:
    st.session_state.pop(session.ASKED_DEPLOY, None)


def _ask(panel: Facade, environment: str) -> None:
    view = readers.environment(panel, environment)
    wishes = [wish for service in view.services.values() if (wish := _service(panel, view, service))]
    kinds = {name: service.kind for name, service in view.services.items()}
    keep_image = _keep_image(environment, [wish for wish in wishes if kinds[wish.service] == "container"])
    _what_follows(panel, environment)
    refused = refusal(panel, view)
    missing = next((wish.service for wish in wishes if wish.open), None)
    label = _label(environment, wishes, missing)
    if st.button(
        plain(label), key=f"deploy-now-{environment}", type="primary", help=refused,
        disabled=refused is not None or not wishes or missing is not None,
    ):  # fmt: skip
        _close()
        picks = {wish.service: Pick(digest=wish.digest) for wish in wishes if wish.digest is not None}
        acts.deploy(panel, environment, [wish.service for wish in wishes], picks, keep_image=keep_image)
        st.rerun()
    if refused is not None:
        draw_apart(f"<p>{quiet(esc(refused))}</p>")


def _label(environment: str, wishes: list[Wish], missing: str | None) -> str:
    """What the button does, or what it still waits for."""
    if missing is not None:
        return words.DEPLOY_NO_IMAGE.format(service=missing)
    if not wishes:
        return words.DEPLOY_NONE
    return words.DEPLOY.format(services=listed([wish.service for wish in wishes]), name=environment)


def _service(panel: Facade, view: EnvironmentView, service: ServiceView) -> Wish | None:
    """One service's part of the dialog; None where it is left out."""
    subject = f"{view.name}-{service.name}"
    with st.container(key=f"deploy-of-{subject}", border=True, gap="xsmall"):
        wanted = st.checkbox(
            f"**{plain(service.name)}** · {plain(_runs_now(service))}", value=True,
            key=session.of(session.DEPLOY_SERVICE, subject),
        )  # fmt: skip
        if not wanted:
            return None
        if service.kind != "container":
            draw_apart(f"<p>{_built(panel, service.name, words.SITE_BUILT)}</p>")
            return Wish(service.name)
        how = st.radio(
            words.HOW.format(service=service.name), [words.BUILD, words.PICK], horizontal=True,
            key=session.of(session.DEPLOY_HOW, subject), label_visibility="collapsed",
        )  # fmt: skip
        if how != words.PICK:
            draw_apart(f"<p>{_built(panel, service.name, words.IMAGE_BUILT)}</p>")
            return Wish(service.name)
        chosen = choose_image(panel, view.name, service.name, service.digest)
        return Wish(service.name, chosen, open=chosen is None)


def _runs_now(service: ServiceView) -> str:
    if service.version is None:
        return words.RUNS_NOTHING
    number = f" r{service.release}" if service.release is not None else ""
    return words.RUNS_NOW.format(release=f"{brief(service.version)}{number}")


def _built(panel: Facade, service: str, text: str) -> str:
    """What is built, and what was built last."""
    source = panel.catalogue().services[service].source
    line = esc(text.format(source=source))
    last = readers.last_built(panel, service)
    if last is not None:
        told = words.LAST_BUILT.format(
            revision=mono(brief(last.revision)),
            release=f"r{last.number}",
            name=esc(last.environment),
        )
        line += f"<br>{quiet(f'{told}, {when(last.ended_at or last.started_at)}')}"
    return line


def _keep_image(environment: str, containers: list[Wish]) -> bool:
    """Whether the built images are kept; asked only where one is built."""
    if all(wish.digest is not None or wish.open for wish in containers):
        return False
    key = session.of(session.DEPLOY_KEEP, environment)
    return st.checkbox(words.KEEP_IMAGE, key=key, help=words.KEEP_IMAGE_HELP)


def _what_follows(panel: Facade, environment: str) -> None:
    if takes_others(approvals_for(panel.catalogue(), environment)):
        draw_apart(
            f"<p>{tone('warn', SHAPES['warn'])} {esc(words.REVIEW_OTHERS.format(name=environment))}</p>"
        )
    else:
        draw_apart(f"<p>{quiet(words.GOES_ON)}</p>")
