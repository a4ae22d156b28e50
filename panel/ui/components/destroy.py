"""The dialog that asks for an environment's name before anything is destroyed."""

from __future__ import annotations

import streamlit as st

from panel.lifecycle.overview import EnvironmentView
from panel.ui import acts, readers, session, text
from panel.ui.components.markup import badge, draw_apart, esc
from panel.ui.components.problems import problem_markup
from panel.ui.state import Facade


def ask_destroy(name: str) -> None:
    """Open the dialog for an environment (the click of a button)."""
    st.session_state.pop(session.of(session.CONFIRM, name), None)
    st.session_state[session.ASKED] = name


def destroy_dialog(panel: Facade, name: str, *, retry_of: int | None = None) -> None:
    """Draw the dialog while it is open for this environment; ``retry_of``: the run that is tried again."""
    if st.session_state.get(session.ASKED) == name:
        st.dialog(text.DESTROY_TITLE.format(name=name), on_dismiss=_close)(_ask)(panel, name, retry_of)


def _close() -> None:
    st.session_state.pop(session.ASKED, None)


def _ask(panel: Facade, name: str, retry_of: int | None) -> None:
    view = readers.environment(panel, name)
    if view.protected:
        hint = text.PROTECTED_HINT.format(name=name)
        draw_apart(problem_markup(text.REFUSED_TITLE, text.PROTECTED.format(name=name), hint))
        return
    draw_apart(f"<p>{text.DESTROY_WHAT}</p><ul>{_parts(panel, view)}</ul>")
    typed = st.text_input(text.DESTROY_CONFIRM.format(name=name), key=session.of(session.CONFIRM, name))
    clicked = st.button(text.DESTROY.format(name=name), key=f"destroy-{name}", type="primary")
    if clicked and typed == name:
        _close()
        _begin(panel, name, typed, retry_of)
        st.rerun()
    if typed != name and (typed or clicked):
        draw_apart(f'<p role="alert">{badge("warn", text.DESTROY_MISMATCH.format(name=name))}</p>')


def _begin(panel: Facade, name: str, typed: str, retry_of: int | None) -> None:
    if retry_of is None:
        acts.begin(panel, "destroy", name, confirm=typed)
        return
    acts.order(
        panel, name, "destroy", lambda: panel.operations.retry(panel.identity, retry_of, confirm=typed)
    )


def _parts(panel: Facade, view: EnvironmentView) -> str:
    outputs = panel.stores.environments.get(view.name).outputs
    parts = [f"{words} ({value})" for key, words in text.PARTS.items() if (value := outputs.get(key))]
    parts = parts or [text.DESTROY_PARTS.format(name=view.name)]
    if "state_bucket" not in outputs:
        parts.append(text.DESTROY_DATA)
    return "".join(f"<li>{esc(part)}</li>" for part in parts)
