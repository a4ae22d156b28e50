"""The cached way from a run to its plan as data."""

from __future__ import annotations

import streamlit as st

from panel.runs.review import Review, review_of
from panel.store.tables import Run
from panel.ui.state import Facade

_SECONDS = 600


@st.cache_resource(ttl=_SECONDS, show_spinner=False, max_entries=16)
def _review(place: str, run_id: int, stack: str, version: str, _panel: Facade) -> Review | None:
    stored = _panel.stores.runs.plan(run_id, stack)
    return None if stored is None else review_of(stored)


def review(panel: Facade, run: Run, stack: str) -> Review | None:
    """The plan of one stack in a run; None where there is none (yet).

    It is read once: what was planned does not change any more when its digest is known. Until then it is read
    again whenever the run moves on.
    """
    version = f"{run.plan_digest}/{run.overridden_by}" if run.plan_digest else f"{run.state}/{run.stage}"
    return _review(panel.stores.database.place, run.id or 0, stack, version, panel)
