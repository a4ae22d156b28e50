"""Charts of health over time, each with one message: verdicts as a strip, latency, tasks, traffic, load.

Every chart lies over the same times, with changes as upright lines. Times are milliseconds since 1970, so that no
browser reads them in a zone of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from panel.lifecycle.health_overview import HealthView, Marker, Span
from panel.lifecycle.health_points import Measured
from panel.store.uptime import Uptime
from panel.ui import health_text as text
from panel.ui import text as words
from panel.ui.components.health_summary import uptime_words
from panel.ui.components.markup import SHAPES
from panel.ui.components.states import verdict_tone
from panel.ui.components.style import colour
from panel.ui.format import exact, shorten, utc

if (
    TYPE_CHECKING
):  # at run time it is imported where a chart is drawn: it is large, and only this tab needs it
    import altair as alt

_ROW, _HEIGHT = 42, 130
#: Pixels below a chart for its times, and above it for the names of changes.
_AXIS, _NAMES = 32, 18
_PADDING = {"left": 5, "top": 5, "right": 5, "bottom": 5}
#: Of a row: how high the bar is, and how far from the middle the bar and the names are.
_BAR, _BELOW, _ABOVE = 16, 9, -11
#: A span says its word, or only its shape, where there is room: only the browser knows how wide the chart is.
_FITTING = (
    "datum.share * width > 7 * length(datum.word) + 20 ? datum.shape + ' ' + datum.word"
    " : datum.share * width > 18 ? datum.shape : ''"
)
#: On a narrow screen the names of changes would cover each other; hover and the list below say them.
_ROOMY = "width > 560 ? datum.label : ''"
#: Labels of changes nearer to each other than this share of the window would cover each other.
_APART = 0.11
_LABEL, _CAUSE = 22, 160
#: Without a look for so many times the usual distance (and no less than so many seconds), a line is broken.
_GAP, _GAP_S = 3, 300
#: What stands below the times, and seconds between two of them.
_AXES = {"1h": "%H:%M", "24h": "%H:%M", "7d": "%a %d", "90d": "%d %b"}
_TICKS = {"1h": 600, "24h": 4 * 3600, "7d": 86400, "90d": 14 * 86400}


@dataclass(frozen=True)
class Series:
    """One line of a chart: its name, which measure it is, its colour, and how it is drawn."""

    name: str
    measure: str
    tint: str = "link"
    style: str = "line"


def ms(at: datetime) -> int:
    """Milliseconds since 1970."""
    return int(utc(at).timestamp() * 1000)


def strip(view: HealthView, rows: Mapping[str, str]) -> Any:
    """The verdicts as bars over the whole width, one row for each service with its name and uptime above its bar.

    Args:
        rows: names on the chart by service, in order; the empty service is the whole.
    """
    import altair as alt

    bars = [_bar(span, rows[span.service], view) for service in rows for span in view.spans.get(service, ())]
    order = list(rows.values())
    y = alt.Y("row:N", sort=order, title=None, axis=None, scale=alt.Scale(domain=order, padding=0))
    base = alt.Chart(alt.InlineData(values=bars))
    tips = [
        alt.Tooltip("row:N", title=text.OF), alt.Tooltip("word:N", title=text.STATE), alt.Tooltip("from:N", title=text.SPAN_FROM),
        alt.Tooltip("to:N", title=text.SPAN_TO), alt.Tooltip("cause:N", title=text.CAUSE),
    ]  # fmt: skip
    body = base.mark_bar(height=_BAR, yOffset=_BELOW).encode(
        x=_x(view), x2="end:Q", y=y, color=alt.Color("colour:N", scale=None),
        opacity=alt.Opacity("opacity:Q", scale=None), tooltip=tips,
    )  # fmt: skip
    labels = (
        base.transform_calculate(label=_FITTING)
        .mark_text(align="left", dx=5, dy=_BELOW, fontSize=11)
        .encode(x=_x(view), y=y, text="label:N", color=alt.Color("ink:N", scale=None), tooltip=tips)
    )
    layers = [body, labels, *changes(view, labelled=True), *_titles(view, rows, y)]
    return _finished(alt.layer(*layers), height=_ROW * len(rows) + _AXIS + _NAMES, name=text.STRIP)


def lines(
    view: HealthView, points: Sequence[Measured], series: Sequence[Series], *, unit: str, name: str
) -> Any:
    """Measures over time as lines that say their own names; None where none of them was measured."""
    import altair as alt

    layers: list[Any] = []
    latest = []
    top = 0.0
    for one in series:
        values = values_of(points, one.measure)
        if not values:
            continue
        top = max(top, *(value for _, value in values))
        rows = [{"at": ms(at), "value": value, "name": one.name, "when": exact(at)} for at, value in values]
        layers.append(_line(view, _with_gaps(rows, view), one, unit))
        latest.append((one, values[-1][1]))
    if not layers:
        return None
    layers += [
        _end(view, one, value, shift)
        for (one, value), shift in zip(latest, _shifts(latest, top), strict=True)
    ]
    return _finished(alt.layer(*layers, *changes(view, labelled=False)), height=_HEIGHT + _AXIS, name=name)


def values_of(points: Sequence[Measured], measure: str) -> list[tuple[datetime, float]]:
    """When and what of one measure; ``latency_max_ms`` is the slowest answer."""
    if measure == "latency_max_ms":
        return [(point.at, point.latency_max_ms) for point in points if point.latency_max_ms is not None]
    return [(point.at, point.measures[measure]) for point in points if measure in point.measures]


def figure(value: float) -> str:
    """A measure for people: three places, and all of a large one."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def changes(view: HealthView, *, labelled: bool) -> list[Any]:
    """Upright lines where something changed; what and by whom is on hover."""
    import altair as alt

    if not view.markers:
        return []
    rows = [
        {"at": ms(mark.at), "label": mark.label, "who": mark.who, "when": exact(mark.at)}
        for mark in view.markers
    ]
    tips = [
        alt.Tooltip("label:N", title=text.CHANGE), alt.Tooltip("who:N", title=text.BY), alt.Tooltip("when:N", title=text.WHEN),
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=_x(view), tooltip=tips)
    thin = base.mark_rule(color=colour("ink"), strokeWidth=1, opacity=0.55, strokeDash=[3, 2])
    layers = [thin, base.mark_rule(strokeWidth=11, opacity=0)]
    if labelled:
        named = [{"at": ms(mark.at), "label": shorten_label(mark.label)} for mark in _spread(view)]
        layers.append(
            alt.Chart(alt.InlineData(values=named))
            .transform_calculate(name=_ROOMY)
            .mark_text(align="left", baseline="bottom", dx=-2, dy=-3, fontSize=11, color=colour("quiet"))
            .encode(x=_x(view), y=alt.value(0), text="name:N")
        )
    return layers


def shorten_label(label: str) -> str:
    """A change's name, short enough to stand beside others."""
    return label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"


def _spread(view: HealthView) -> list[Marker]:
    """The changes whose labels have room, counted from the newest: that is the one people look for."""
    length = (view.end - view.begin).total_seconds()
    chosen: list[Marker] = []
    for mark in reversed(view.markers):
        room = (chosen[-1].at if chosen else view.end) - mark.at
        if room.total_seconds() >= _APART * length:
            chosen.append(mark)
    return chosen


def _bar(span: Span, row: str, view: HealthView) -> dict[str, Any]:
    tone = verdict_tone(span.verdict)
    share = (span.ended_at - span.began_at) / (view.end - view.begin)
    word, shape = words.VERDICTS.get(span.verdict, span.verdict), SHAPES[tone]
    return {
        "row": row, "at": ms(span.began_at), "end": ms(span.ended_at), "word": word,
        "from": exact(span.began_at), "to": text.SPAN_LASTS if span.lasts else exact(span.ended_at),
        "cause": shorten(span.cause, _CAUSE) or "–", "colour": colour(tone),
        # What is well stays quiet, so that the eye finds what is not.
        "opacity": 0.28 if span.verdict in {"healthy", "unknown"} else 1.0,
        "ink": colour("ink") if span.verdict in {"healthy", "unknown"} else colour("page"),
        "shape": shape, "share": share,
    }  # fmt: skip


def _titles(view: HealthView, rows: Mapping[str, str], y: alt.Y) -> list[Any]:
    """Above each bar: whose it is, and at its end how much of what was measured it was up."""
    import altair as alt

    found = [
        {
            "row": row, "at": ms(view.begin), "until": ms(view.end),
            "up": uptime_words(view.service_uptimes.get(service, Uptime())),
        }
        for service, row in rows.items()
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(values=found))
    name = base.mark_text(align="left", dy=_ABOVE, fontSize=12, color=colour("ink"))
    up = base.mark_text(align="right", dy=_ABOVE, fontSize=11, color=colour("quiet"))
    # Behind the words, so that the line of a change does not go through them.
    clear = base.mark_text(align="right", dy=_ABOVE, fontSize=11, stroke=colour("page"), strokeWidth=5)
    until = alt.X("until:Q", title=None)
    return [
        name.encode(x=_x(view), y=y, text="row:N"),
        *(one.encode(x=until, y=y, text="up:N") for one in (clear, up)),
    ]


def _line(view: HealthView, rows: list[dict[str, Any]], one: Series, unit: str) -> Any:
    import altair as alt

    tips = [
        alt.Tooltip("name:N", title=" "), alt.Tooltip("value:Q", title=unit or " ", format=",.4~g"),
        alt.Tooltip("when:N", title=text.WHEN),
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=_x(view), y=_y(), tooltip=tips)
    tint = colour(one.tint)
    shape: Any = "step-after" if one.style in {"step", "wanted"} else "linear"
    if one.style == "wanted":
        return base.mark_line(color=tint, strokeWidth=1.2, strokeDash=[5, 3], interpolate=shape)
    if one.style == "thin":
        return base.mark_line(color=tint, strokeWidth=1, opacity=0.8)
    return base.mark_line(color=tint, strokeWidth=2, interpolate=shape, point=_alone(rows, tint))


def _alone(rows: Sequence[Mapping[str, Any]], tint: str) -> Any:
    """Few points are drawn as points: a line through one look would not be seen."""
    import altair as alt

    return alt.OverlayMarkDef(color=tint, size=22) if len(rows) <= 3 else False


def _end(view: HealthView, one: Series, value: float, shift: int) -> Any:
    """The name of a line and its last value, at the right."""
    import altair as alt

    label = f"{one.name} {figure(value)}"
    row = [{"at": ms(view.end), "value": value, "label": label}]
    mark = alt.Chart(alt.InlineData(values=row)).mark_text(
        align="left", dx=8, dy=shift, fontSize=11, color=colour(one.tint)
    )
    return mark.encode(x=_x(view), y=_y(), text="label:N")


def _shifts(latest: Sequence[tuple[Series, float]], top: float) -> list[int]:
    """Pixels by which names at the right move, so that none covers another."""
    shifts = [0] * len(latest)
    taken: list[float] = []
    for index in sorted(range(len(latest)), key=lambda index: -latest[index][1]):
        place = _HEIGHT * (1 - latest[index][1] / top) if top else float(_HEIGHT)
        free = place if not taken else max(place, taken[-1] + 13)
        taken.append(free)
        shifts[index] = round(free - place)
    over = max(0.0, taken[-1] - _HEIGHT) if taken else 0.0
    return [shift - round(over) for shift in shifts]


def _with_gaps(rows: list[dict[str, Any]], view: HealthView) -> list[dict[str, Any]]:
    """The rows, with an empty one wherever nobody looked for long: no line is drawn through what nobody saw."""
    longest = max(view.window.shown * _GAP, _GAP_S) * 1000
    found: list[dict[str, Any]] = []
    for row in rows:
        if found and row["at"] - found[-1]["at"] > longest:
            found.append({**row, "at": found[-1]["at"] + 1, "value": None})
        found.append(row)
    return found


def _y() -> alt.Y:
    import altair as alt

    axis = alt.Axis(
        labelColor=colour("quiet"),
        gridColor=colour("rule"),
        ticks=False,
        domain=False,
        tickCount=4,
        tickMinStep=1,
    )
    return alt.Y("value:Q", title=None, axis=axis, scale=alt.Scale(zero=True, nice=True))


def _x(view: HealthView) -> alt.X:
    """The times of the window. As plain numbers: Vega would read times in the browser's own zone."""
    import altair as alt

    begin, end, step = ms(view.begin), ms(view.end), _TICKS[view.window.key] * 1000
    axis = alt.Axis(
        values=[*range(-(-begin // step) * step, end, step)],
        labelExpr=f"utcFormat(datum.value, '{_AXES[view.window.key]}')", labelColor=colour("quiet"), labelOverlap=True,
        grid=False, ticks=True, tickColor=colour("rule"), domainColor=colour("rule"),
    )  # fmt: skip
    return alt.X("at:Q", title=None, axis=axis, scale=alt.Scale(domain=[begin, end], nice=False, zero=False))


def _finished(chart: Any, *, height: int, name: str) -> Any:
    """The chart at its height, which holds the times below it and the names above it too."""
    return (
        chart.properties(height=height, description=name, padding=_PADDING)
        .configure_view(stroke=None)
        .configure(background="transparent")
    )
