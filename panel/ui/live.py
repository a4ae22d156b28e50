"""Parts of a page that refresh in place, and what happens when one of them meets an error."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from panel.errors import PanelError
from panel.ui.components.problems import problem

P = ParamSpec("P")

#: Seconds between two looks while something happens.
LIVELY = 1.5
#: Seconds between two looks while nothing happens.
CALM = 10.0


def guarded(draw: Callable[P, None]) -> Callable[P, None]:
    """The same drawing, with errors of the panel drawn where it stopped."""

    @wraps(draw)
    def safe(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except PanelError as error:
            problem(error)

    return safe


def live(draw: Callable[P, None], every: float | None) -> Callable[P, None]:
    """The drawing as a part that draws itself again every so many seconds (None: never)."""
    return st.fragment(guarded(draw), run_every=every)
