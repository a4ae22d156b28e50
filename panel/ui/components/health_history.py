"""An environment's health over a window of time: verdicts, what changed, and charts, with the numbers one click away."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from panel.lifecycle.health_overview import WINDOWS, HealthView
from panel.lifecycle.health_points import Measured
from panel.ui import health_readers, session
from panel.ui import health_text as text
from panel.ui.components import health_charts as charts
from panel.ui.components.health_charts import Series
from panel.ui.components.markup import draw, esc, page_link, quiet, when
from panel.ui.state import get_panel

DEFAULT_WINDOW = "24h"
#: Seconds between two looks at a window: a chart of days is not drawn anew all the time.
RHYTHM: Mapping[str, float] = {"1h": 30, "24h": 60, "7d": 120, "90d": 300}
#: More services than these are chosen from a list.
_SIDE_BY_SIDE = 4
_MOST_CHANGES = 8
#: How wide the choice of a service is, in pixels.
_CHOICE = 320


@dataclass(frozen=True)
class _Chart:
    """One chart: its title, its lines, the unit, and what stands in its place where nothing was measured."""

    title: str
    series: tuple[Series, ...]
    unit: str
    empty: str


_LATENCY = _Chart(
    text.LATENCY_TITLE,
    (Series(text.LATENCY_MAX, "latency_max_ms", "quiet", "thin"), Series(text.LATENCY_MEAN, "latency_ms")),
    text.LATENCY_UNIT,
    text.LATENCY_EMPTY,
)
_TASKS = _Chart(
    text.TASKS_TITLE,
    (
        Series(text.TASKS_WANTED, "desired", "quiet", "wanted"),
        Series(text.TASKS_RUNNING, "running", style="step"),
    ),
    "",
    text.TASKS_EMPTY,
)
_TRAFFIC = _Chart(
    text.TRAFFIC_TITLE,
    (Series(text.TRAFFIC_REQUESTS, "requests"), Series(text.TRAFFIC_ERRORS, "errors_5xx", "bad")),
    "",
    text.TRAFFIC_EMPTY,
)
_LOAD = _Chart(
    text.LOAD_TITLE,
    (Series(text.LOAD_CPU, "cpu_percent"), Series(text.LOAD_MEMORY, "memory_percent", "quiet")),
    text.LOAD_UNIT,
    text.LOAD_EMPTY,
)


def history(name: str) -> HealthView:
    """Draw the history of one environment with its switches; what it shows is handed back."""
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"history-head-{name}"):
        draw(f"<h2>{text.HISTORY}</h2>")
        window = _window(name)
    view = health_readers.health_history(get_panel(), name, window, _moment(window))
    if not view.spans:
        draw(f'<div class="p-empty">{esc(text.NO_HISTORY.format(name=name))}</div>')
        _changes(view)
        return view
    services = [service.name for service in view.now.seen.services.values()]
    _strip(view, services)
    _changes(view)
    chosen = _subject(name, services)
    points = health_readers.health_points(get_panel(), name, window, chosen, _moment(window))
    _charts(view, points, chosen)
    _numbers(view, points, chosen)
    return view


def _moment(window: str) -> float:
    """The number of the present look at a window."""
    return time.time() // RHYTHM[window]


def chosen_window(name: str) -> str:
    """The window that is chosen for an environment."""
    return str(st.session_state.get(session.of(session.HEALTH_WINDOW, name)) or DEFAULT_WINDOW)


def _window(name: str) -> str:
    chosen = st.segmented_control(
        text.WINDOW, list(WINDOWS), default=DEFAULT_WINDOW, required=True, format_func=text.WINDOWS.__getitem__,
        key=session.of(session.HEALTH_WINDOW, name), label_visibility="collapsed",
    )  # fmt: skip
    return chosen or DEFAULT_WINDOW


def _subject(name: str, services: Sequence[str]) -> str:
    """The service whose charts are shown; empty for the whole environment."""
    key = session.of(session.HEALTH_OF, name)
    options = ["", *services]
    label: Any = {"format_func": _title, "key": key, "label_visibility": "collapsed"}
    if len(options) <= _SIDE_BY_SIDE:
        return st.segmented_control(text.OF, options, default="", required=True, **label) or ""
    return st.selectbox(text.OF, options, width=_CHOICE, **label) or ""


def _title(service: str) -> str:
    return service or text.WHOLE


def _strip(view: HealthView, services: Sequence[str]) -> None:
    rows = {"": text.WHOLE} | {name: name for name in services}
    st.altair_chart(charts.strip(view, rows), width="stretch")
    draw(f'<p class="p-small">{quiet(text.UTC_NOTE)}</p>')


def _changes(view: HealthView) -> None:
    """What changed, the newest first, each with its run."""
    if not view.markers:
        draw(f'<p class="p-small">{quiet(text.CHANGES_NONE)}</p>')
        return
    newest = [*reversed(view.markers)][:_MOST_CHANGES]
    cells = "".join(
        f"<span>{when(mark.at)}</span><strong>{esc(mark.label)}</strong>{quiet(esc(mark.who))}"
        f"<span>{page_link('run', 'run', mark.run_id, text.RUN.format(id=mark.run_id)) if mark.run_id else ''}</span>"
        for mark in newest
    )
    more = len(view.markers) - len(newest)
    rest = f'<p class="p-small">{quiet(esc(text.CHANGES_MORE.format(count=more)))}</p>' if more > 0 else ""
    draw(f'<h3>{text.CHANGES}</h3><div class="p-changes">{cells}</div>{rest}')


def _charts(view: HealthView, points: Sequence[Measured], service: str) -> None:
    left, right = st.columns(2, gap="medium")
    for place, chart in zip((left, right, left, right), (_LATENCY, _TASKS, _TRAFFIC, _LOAD), strict=True):
        with place:
            _chart(view, points, chart, service)


def _chart(view: HealthView, points: Sequence[Measured], chart: _Chart, service: str) -> None:
    drawn = charts.lines(view, points, chart.series, unit=chart.unit, name=chart.title)
    unit = f" <small>{quiet(esc(chart.unit))}</small>" if chart.unit else ""
    draw(f'<h3 class="p-chart-title">{esc(chart.title)}{unit}</h3>')
    if drawn is None:
        draw(f'<div class="p-empty">{esc(_why_empty(view, chart, service))}</div>')
    else:
        st.altair_chart(drawn, width="stretch")


def _why_empty(view: HealthView, chart: _Chart, service: str) -> str:
    found = view.now.seen.services.get(service)
    if chart in {_TASKS, _LOAD} and found is not None and found.kind == "static":
        return text.TASKS_STATIC.format(name=service)
    return text.LOAD_WHOLE if chart is _LOAD and not service else chart.empty


def _numbers(view: HealthView, points: Sequence[Measured], service: str) -> None:
    """The numbers behind the charts, as a table and as a file; nothing is written until it is opened."""
    name = view.now.name
    box = st.expander(text.NUMBERS, key=session.of(session.HEALTH_NUMBERS, name), on_change="rerun")
    if not box.open:
        return
    head, body = numbers(points)
    with box:
        st.dataframe(
            {title: [row[place] for row in body] for place, title in enumerate(head)},
            hide_index=True,
            width="stretch",
        )
        st.download_button(
            text.DOWNLOAD, as_csv(head, body), f"{name}-{service or 'all'}-{view.window.key}.csv", "text/csv",
            key=f"health-csv-{name}", on_click="ignore", type="tertiary",
        )  # fmt: skip


def numbers(points: Sequence[Measured]) -> tuple[list[str], list[list[str | float | None]]]:
    """The table behind the charts: a line for each time, the newest first, a column for each measure."""
    names = sorted({name for point in points for name in point.measures})
    slowest = any(point.latency_max_ms is not None for point in points)
    head = [text.AT, "looks", *names, *(["latency_max_ms"] if slowest else [])]
    body: list[list[str | float | None]] = [
        [
            f"{point.at:%Y-%m-%d %H:%M:%S}", point.looks, *(point.measures.get(name) for name in names),
            *([point.latency_max_ms] if slowest else []),
        ]
        for point in reversed(points)
    ]  # fmt: skip
    return head, body


def as_csv(head: Sequence[str], body: Sequence[Sequence[str | float | None]]) -> str:
    """The table as text with commas; what was not measured is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows(body)
    return out.getvalue()
