"""A run's log, folded until opened: a window that moves over any number of lines, live at its end while the run goes on.

A search looks at so many lines at a time and says how far it looked; the whole log is never read.
"""

from __future__ import annotations

import streamlit as st

from panel.store.browsing import ERRORS, TROUBLE, Found
from panel.store.tables import Run, RunLine
from panel.ui import readers, run_text, session, text
from panel.ui.components.markup import draw, esc, quiet, tone
from panel.ui.format import exact, plural, utc
from panel.ui.live import LIVELY, live
from panel.ui.state import Facade, get_panel

_WINDOW = 400
_HEIGHT = 360
_TONES = {"error": "bad", "warn": "warn", "warning": "warn"}
_LEVELS = {"all": (), "trouble": TROUBLE, "errors": ERRORS}
#: Where the window is: at the end, or beside a line (before or after it).
Place = tuple[str, int]
_AT_END: Place = ("end", 0)


def log(run: Run) -> None:
    """Draw the folded log; nothing is read until it is opened."""
    box = st.expander(run_text.LOG, key=session.of(session.LOG_OPEN, run.id), on_change="rerun")
    if not box.open:
        return
    run_id = run.id or 0
    with box:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            needle = st.text_input(
                run_text.FILTER_LOG, key=session.of(session.LOG_FILTER, run_id), type="search",
                on_change=_go, args=(run_id, _AT_END),
            )  # fmt: skip
            level = st.segmented_control(
                run_text.LEVEL, list(_LEVELS), default="all", required=True, format_func=run_text.LEVELS.__getitem__,
                key=session.of(session.LOG_LEVEL, run_id), on_change=_go, args=(run_id, _AT_END),
            )  # fmt: skip
        follows = run.active and _place(run_id) == _AT_END
        live(_lines, LIVELY if follows else None)(run_id, needle or "", level or "all", follows)


def _place(run_id: int) -> Place:
    place: Place = st.session_state.get(session.of(session.LOG_PLACE, run_id), _AT_END)
    return place


def _go(run_id: int, place: Place) -> None:
    st.session_state[session.of(session.LOG_PLACE, run_id)] = place


def _lines(run_id: int, needle: str, level: str, follows: bool) -> None:
    place = _place(run_id)
    if (place == _AT_END) != follows and get_panel().stores.runs.get(run_id).active:
        st.rerun()  # whether it follows the run has changed, and with it the rhythm
    found = window(get_panel(), run_id, needle, level, place)
    with st.container(height=_HEIGHT, autoscroll=place == _AT_END, border=False):
        narrowed = bool(needle) or level != "all"
        draw(lines(found.lines, narrowed=narrowed))
    _moves(run_id, place, found)
    draw(f"<p>{quiet(esc(_extent(found, place, follows=follows, narrowed=narrowed)))}</p>")


def window(panel: Facade, run_id: int, needle: str, level: str, place: Place) -> Found:
    """The lines at a place of the log that match."""
    side, line = place
    return readers.browsing(panel).lines(
        run_id, words=needle.split(), levels=_LEVELS.get(level, ()), limit=_WINDOW,
        before=line if side == "before" else None, after=line if side == "after" else None,
    )  # fmt: skip


def _moves(run_id: int, place: Place, found: Found) -> None:
    """The buttons that move the window: what cannot be further is off."""
    first, last = found.looked_from, found.looked_to
    at_start = first is None or place == ("after", 0)
    at_end = last is None or place == _AT_END
    with st.container(horizontal=True, key=f"log-moves-{run_id}"):
        for label, where, off in (
            (run_text.START, ("after", 0), at_start),
            (run_text.EARLIER, ("before", first or 0), at_start),
            (run_text.LATER, ("after", last or 0), at_end),
            (run_text.END, _AT_END, at_end and place == _AT_END),
        ):
            st.button(
                label,
                key=f"log-{label}-{run_id}",
                type="tertiary",
                disabled=off,
                on_click=_go,
                args=(run_id, where),
            )


def _extent(found: Found, place: Place, *, follows: bool, narrowed: bool) -> str:
    """What of the log is seen."""
    parts = []
    if found.lines:
        first, last = utc(found.lines[0].at), utc(found.lines[-1].at)
        parts.append(
            run_text.LINES_FROM_TO.format(
                count=plural(len(found.lines), *run_text.LINE),
                first=f"{first:%H:%M:%S}",
                last=f"{last:%H:%M:%S}",
            )
        )
    elif place != _AT_END and not narrowed:
        parts.append(run_text.LOG_BEGINS if place[0] == "before" else run_text.LOG_ENDS)
    if (
        narrowed
        and len(found.lines) < _WINDOW
        and found.looked_from is not None
        and found.looked_to is not None
    ):
        parts.append(
            run_text.LOOKED_AT.format(count=f"{found.looked_to - found.looked_from + 1:,}".replace(",", " "))
        )
    if follows:
        parts.append(run_text.FOLLOWING)
    return " · ".join(parts)


def lines(rows: list[RunLine], *, narrowed: bool = False) -> str:
    """Markup of log lines: time, stage, text."""
    if not rows:
        return quiet(esc(run_text.NO_MATCH_HERE if narrowed else text.NO_LOG))
    return f'<div class="p-log" role="log">{"".join(_line(row) for row in rows)}</div>'


def _line(row: RunLine) -> str:
    time = f'<span class="p-quiet" title="{exact(row.at)}">{utc(row.at):%H:%M:%S}</span>'
    body = esc(row.text)
    if row.level in _TONES:
        body = tone(_TONES[row.level], f"{esc(row.level)}: {body}")
    return f'<div>{time}<span class="p-quiet">{esc(row.stage)}</span><span>{body}</span></div>'
