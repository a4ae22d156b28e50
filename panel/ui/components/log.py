"""A run's log: the newest lines, folded until opened, live while the run goes on."""

from __future__ import annotations

import streamlit as st

from panel.store.tables import Run, RunLine
from panel.ui import session, text
from panel.ui.components.markup import draw, esc, quiet, tone
from panel.ui.format import exact, utc
from panel.ui.live import LIVELY, live
from panel.ui.state import Facade, get_panel

_NEWEST = 400
_HEIGHT = 360
_TONES = {"error": "bad", "warn": "warn", "warning": "warn"}


def log(run: Run) -> None:
    """Draw the folded log; nothing is read until it is opened."""
    box = st.expander(text.LOG, key=session.of(session.LOG_OPEN, run.id), on_change="rerun")
    if not box.open:
        return
    with box:
        needle = st.text_input(text.FILTER_LOG, key=session.of(session.LOG_FILTER, run.id))
        live(_lines, LIVELY if run.active else None)(run.id or 0, needle)


def _lines(run_id: int, needle: str) -> None:
    rows = _read(get_panel(), run_id, needle)
    with st.container(height=_HEIGHT, autoscroll=True, border=False):
        draw(lines(rows, needle))
    if len(rows) == _NEWEST:
        draw(quiet(esc(text.LOG_NEWEST.format(count=_NEWEST, id=run_id))))


def _read(panel: Facade, run_id: int, needle: str) -> list[RunLine]:
    rows = panel.stores.runs.lines(run_id, limit=_NEWEST, newest=True)
    words = needle.lower().split()
    return [
        row for row in rows if all(word in f"{row.stage} {row.level} {row.text}".lower() for word in words)
    ]


def lines(rows: list[RunLine], needle: str = "") -> str:
    """Markup of log lines: time, stage, text."""
    if not rows:
        return quiet(esc(text.NO_LINE_MATCH.format(needle=repr(needle)) if needle else text.NO_LOG))
    return f'<div class="p-log" role="log">{"".join(_line(row) for row in rows)}</div>'


def _line(row: RunLine) -> str:
    time = f'<span class="p-quiet" title="{exact(row.at)}">{utc(row.at):%H:%M:%S}</span>'
    body = esc(row.text)
    if row.level in _TONES:
        body = tone(_TONES[row.level], f"{esc(row.level)}: {body}")
    return f'<div>{time}<span class="p-quiet">{esc(row.stage)}</span><span>{body}</span></div>'
