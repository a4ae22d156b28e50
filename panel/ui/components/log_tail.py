"""What a service's containers write, as they write it: the newest at the bottom, one service at a time.

A page that shows it says so in the store, over and over; a worker reads the log as long as somebody looks.
"""

from __future__ import annotations

import re

import streamlit as st

from panel.lifecycle.overview import EnvironmentView
from panel.store.health_tables import LogLine, LogWatch
from panel.ui import logs_text as text
from panel.ui import session
from panel.ui.components.markup import SHAPES, draw, esc, quiet, tone
from panel.ui.format import exact, plural, utc
from panel.ui.live import live
from panel.ui.state import Facade, get_panel

_EVERY_S = 2.0
_WINDOW = 300
_HEIGHT = 360
#: More services than these are chosen from a list.
_SIDE_BY_SIDE = 4
_LONGEST_LINE = 2000
_ERROR = re.compile(
    r"\b(ERROR|CRITICAL|FATAL|PANIC|Traceback|[A-Za-z]*(?:Error|Exception)):?(?=\W|$)|\"level\": ?\"(error|fatal)"
)
_WARNING = re.compile(r"\bWARN(?:ING)?\b|\"level\": ?\"warn")


def log_tail(panel: Facade, view: EnvironmentView) -> None:
    """Draw the log of one of an environment's container services, with a choice of the service and a filter."""
    names = [name for name, service in view.services.items() if service.kind == "container"]
    if not names or not view.exists:
        words = text.NO_CONTAINER if not names else text.NOT_CREATED.format(environment=view.name)
        draw(f"<p>{quiet(esc(words))}</p>")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"tail-{view.name}"):
        service = _service(view.name, names)
        needle = st.text_input(text.FILTER, key=session.of(session.TAIL_FILTER, view.name), type="search")
        still = st.toggle(text.PAUSE, key=session.of(session.TAIL_PAUSE, view.name))
    live(_tail, None if still else _EVERY_S)(view.name, service, (needle or "").strip(), still)


def _service(environment: str, names: list[str]) -> str:
    key = session.of(session.TAIL_SERVICE, environment)
    if len(names) == 1:
        return names[0]
    if len(names) <= _SIDE_BY_SIDE:
        return st.segmented_control(text.WHOSE, names, default=names[0], required=True, key=key) or names[0]
    return st.selectbox(text.WHOSE, names, key=key) or names[0]


def _tail(environment: str, service: str, needle: str, still: bool) -> None:
    """The part that refreshes. That somebody looks is an order to a worker, like every other row that a page writes."""
    panel = get_panel()
    logs = panel.stores.logs
    watch = logs.get(environment, service) if still else logs.watch(environment, service)
    rows = logs.lines(environment, service, contains=needle, limit=_WINDOW)
    trouble = _trouble(watch, alive=bool(panel.overview.workers()))
    if trouble:
        draw(trouble)
    with st.container(height=_HEIGHT, autoscroll=not still, border=True, key=f"tail-lines-{environment}"):
        draw(lines(rows) if rows else quiet(esc(_nothing(watch, service, needle))))
    draw(f'<p class="p-small">{quiet(esc(_extent(rows, still=still)))}</p>')


def _trouble(watch: LogWatch | None, *, alive: bool) -> str:
    """Markup of why no line can come; empty where lines come."""
    if not alive:
        return f'<p role="status">{tone("warn", SHAPES["warn"])} {esc(text.NO_WORKER)}</p>'
    if watch is not None and watch.error:
        return f'<p role="status">{tone("warn", SHAPES["warn"])} {esc(watch.error)}</p>'
    return ""


def _nothing(watch: LogWatch | None, service: str, needle: str) -> str:
    """What stands in the place of lines."""
    if needle:
        return text.NO_MATCH.format(words=needle)
    if watch is None or (watch.read_at is None and not watch.error):
        return text.ASKING.format(service=service)
    return text.EMPTY


def _extent(rows: list[LogLine], *, still: bool) -> str:
    parts = []
    if rows:
        count = plural(len(rows), *text.LINE)
        first, last = utc(rows[0].at), utc(rows[-1].at)
        parts.append(text.EXTENT.format(count=count, first=f"{first:%H:%M:%S}", last=f"{last:%H:%M:%S}"))
    parts.append(text.STANDS if still else text.FOLLOWING)
    parts.append(text.MASKED)
    return " · ".join(parts)


def lines(rows: list[LogLine]) -> str:
    """Markup of lines: time, container, text."""
    return f'<div class="p-log p-tail" role="log">{"".join(_line(row) for row in rows)}</div>'


def _line(row: LogLine) -> str:
    time = f'<span class="p-quiet" title="{exact(row.at)}">{utc(row.at):%H:%M:%S}</span>'
    task = row.stream.rpartition("/")[2][:8]
    body = esc(row.message[:_LONGEST_LINE])
    if level := line_tone(row.message):
        body = tone(level, body)
    return f'<div>{time}<span class="p-quiet" title="{esc(row.stream)}">{esc(task)}</span><span>{body}</span></div>'


def line_tone(message: str) -> str:
    """The tone of a line that tells an error or a warning by its own words; empty for the others."""
    if _ERROR.search(message):
        return "bad"
    return "warn" if _WARNING.search(message) else ""
