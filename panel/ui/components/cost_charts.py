"""Charts of money: what was charged by day, and what ways to run a workload cost over traffic."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from panel.cost.actuals import Day
from panel.cost.compare import Comparison
from panel.cost.compare_options import EC2, EKS, FARGATE, LAMBDA
from panel.lifecycle.health_overview import Marker
from panel.ui import cost_text as words
from panel.ui.components.cost_style import SHADES
from panel.ui.components.style import colour
from panel.ui.format import money

if TYPE_CHECKING:  # at run time it is imported where a chart is drawn: it is large
    import altair as alt

_DAYS_HEIGHT, _CURVE_HEIGHT = 240, 340
#: Names of curves stand at their right ends, at least so many pixels apart.
_NAME_APART = 17
_LISTED_CHANGES = 6
#: A logarithmic scale has no nothing.
_LEAST_USD = 0.005
_MILLION, _BILLION = 1_000_000, 1_000_000_000
#: How each way to run a workload is drawn: its shade (None: as text), and how its line is broken.
_CURVES: Mapping[str, tuple[int | None, list[int]]] = {
    EC2: (0, [1, 0]),
    FARGATE: (1, [6, 3]),
    EKS: (3, [2, 2]),
    LAMBDA: (None, [1, 0]),
}


@dataclass(frozen=True)
class Charged:
    """What was charged on one day for ``name``: a service of AWS, or an environment."""

    day: str
    name: str
    usd: float
    estimated: bool


def shade(place: int) -> str:
    """The colour of the part in this place, in the theme that the person chose."""
    light, dark = SHADES[min(place, len(SHADES) - 1)]
    return dark if st.context.theme.type == "dark" else light


def by_service(days: Iterable[Day]) -> list[Charged]:
    """Days of one bill by service of AWS."""
    return [Charged(day.day, day.service, day.usd, day.estimated) for day in days]


def by_environment(bills: Mapping[str, Iterable[Day]]) -> list[Charged]:
    """Days of several bills, each as a whole."""
    found: list[Charged] = []
    for name, days in bills.items():
        sums: dict[str, float] = defaultdict(float)
        unsettled: set[str] = set()
        for day in days:
            sums[day.day] += day.usd
            if day.estimated:
                unsettled.add(day.day)
        found += [Charged(day, name, usd, day in unsettled) for day, usd in sums.items()]
    return found


def largest_first(charged: Iterable[Charged]) -> list[str]:
    """The names, the dearest first; those beyond the shades there are stand together as the last."""
    sums: dict[str, float] = defaultdict(float)
    for one in charged:
        sums[one.name] += one.usd
    names = sorted(sums, key=lambda name: (-sums[name], name))
    return names if len(names) <= len(SHADES) else [*names[: len(SHADES) - 1], words.OTHERS]


def gathered(charged: Iterable[Charged], names: Sequence[str]) -> list[Charged]:
    """One entry for each day and name; what is not among the names is added up as all others."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    unsettled: dict[tuple[str, str], bool] = {}
    for one in charged:
        key = (one.day, one.name if one.name in names else words.OTHERS)
        sums[key] += one.usd
        unsettled[key] = unsettled.get(key, False) or one.estimated
    return [Charged(day, name, usd, unsettled[day, name]) for (day, name), usd in sorted(sums.items())]


def days_chart(
    charged: Sequence[Charged],
    names: Sequence[str],
    marks: Sequence[Marker] = (),
    *,
    budget_day: float | None = None,
) -> Any:
    """What was charged by day, as bars of parts in shades; days that changed something have a mark above."""
    import altair as alt

    place = {name: index for index, name in enumerate(names)}
    rows = [
        {"day": _day_ms(one.day), "usd": round(one.usd, 4), "name": one.name, "place": place[one.name],
         "tint": shade(place[one.name]), "pale": 0.5 if one.estimated else 1.0, "said": money(one.usd), "on": one.day}
        for one in charged
    ]  # fmt: skip
    tips = [
        alt.Tooltip("on:N", title=words.DAY), alt.Tooltip("name:N", title=words.OF), alt.Tooltip("said:N", title=words.CHARGED_USD),
    ]  # fmt: skip
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=_day_axis(), y=_usd_axis(), color=alt.Color("tint:N", scale=None), opacity=alt.Opacity("pale:Q", scale=None),
            order=alt.Order("place:Q"), tooltip=tips,
        )
    )  # fmt: skip
    layers: list[Any] = [bars, *_marks(marks, {_day_ms(one.day) for one in charged})]
    if budget_day is not None:
        layers += _level(budget_day, words.BUDGET_DAY.format(usd=money(budget_day)))
    return _finished(alt.layer(*layers), _DAYS_HEIGHT)


def _day_ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def _day_axis() -> alt.X:
    import altair as alt

    axis = alt.Axis(
        title=None, format="%d %b", labelColor=colour("quiet"), tickColor=colour("rule"), domainColor=colour("rule"),
        grid=False, labelFlush=True, tickCount=8, labelOverlap=True,
    )  # fmt: skip
    return alt.X("day:T", timeUnit="utcyearmonthdate", axis=axis, scale=alt.Scale(type="utc"))


def _usd_axis() -> alt.Y:
    import altair as alt

    axis = alt.Axis(
        title=None, labelColor=colour("quiet"), gridColor=colour("rule"), domain=False, ticks=False, tickCount=4,
        labelExpr="'$ ' + format(datum.value, ',.2~f')",
    )  # fmt: skip
    return alt.Y("sum(usd):Q", axis=axis)


def _marks(marks: Sequence[Marker], days: set[int]) -> list[Any]:
    """One mark above each day on which something changed; what it was is on hover."""
    import altair as alt

    by_day: dict[int, list[str]] = defaultdict(list)
    for mark in marks:
        day = _day_ms(mark.at.date().isoformat())
        if day in days:
            by_day[day].append(mark.label)
    if not by_day:
        return []
    rows = [
        {
            "day": day,
            "sign": "▾",
            "label": "; ".join(labels[:_LISTED_CHANGES]) + (" …" if len(labels) > _LISTED_CHANGES else ""),
        }
        for day, labels in by_day.items()
    ]
    return [
        alt.Chart(alt.InlineData(values=rows))
        .mark_text(fontSize=15, baseline="bottom", dy=2, color=colour("ink"))
        .encode(
            x=_day_axis(),
            y=alt.value(0),
            text="sign:N",
            tooltip=[alt.Tooltip("label:N", title=words.CHANGES)],
        )
    ]


def _level(usd: float, label: str) -> list[Any]:
    import altair as alt

    base = alt.Chart(alt.InlineData(values=[{"usd": usd, "label": label}])).encode(y=alt.Y("usd:Q"))
    return [
        base.mark_rule(color=colour("ink"), strokeDash=[4, 3], strokeWidth=1),
        base.mark_text(
            align="left", baseline="middle", dx=7, fontSize=11, lineBreak="|", color=colour("ink")
        ).encode(x=alt.value("width"), text="label:N"),
    ]


def curves(found: Comparison, *, without_common: bool) -> Any:
    """What the ways cost over traffic, both on logarithmic scales, with their names at the ends.

    Args:
        without_common: leave out what all of them cost alike.
    """
    import altair as alt

    rows = _curve_rows(found, without_common=without_common)
    if not rows:
        return None
    low = min(float(row["usd"]) for row in rows)
    y = _Logarithmic(max(low, 0.01) / 1.3, max(float(row["usd"]) for row in rows) * 1.3, _CURVE_HEIGHT)
    points = [point.requests_per_month for point in found.series]
    x = alt.X(
        "requests:Q", title=None, scale=alt.Scale(type="log", domain=[points[0], points[-1]], nice=False),
        axis=_log_axis(_tens(points[0], points[-1]), "requests"),
    )  # fmt: skip
    scale = alt.Scale(type="log", domain=[y.low, y.high], nice=False)
    axis = _log_axis(_tens(y.low, y.high), "usd")
    shown = alt.Y("usd:Q", title=None, scale=scale, axis=axis)
    tips = [
        alt.Tooltip("title:N", title=words.SHOW), alt.Tooltip("count:N", title=words.REQUESTS),
        alt.Tooltip("said:N", title=words.A_MONTH), alt.Tooltip("carried:N", title=words.CARRIED_BY),
    ]  # fmt: skip
    lines = []
    for option in reversed(found.options):
        own = [row for row in rows if row["title"] == option.title]
        line = alt.Chart(alt.InlineData(values=own)).encode(x=x, y=shown)
        best = option.name == found.cheapest
        lines.append(
            line.mark_line(
                color=_tint(option.name), strokeDash=_CURVES[option.name][1], strokeWidth=3 if best else 2
            )
        )
        lines.append(line.mark_point(size=110, opacity=0, filled=True).encode(tooltip=tips))
    layers = [
        *_here(found, x),
        *lines,
        *_changes(found, x, shown, without_common=without_common),
        *_names(rows, y),
    ]
    return _finished(alt.layer(*layers), _CURVE_HEIGHT, right=10)


@dataclass(frozen=True)
class _Logarithmic:
    """A logarithmic axis of so many pixels."""

    low: float
    high: float
    height: int

    def pixel(self, value: float) -> float:
        share = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return self.height * (1 - share)


def _curve_rows(found: Comparison, *, without_common: bool) -> list[dict[str, Any]]:
    rows = []
    for option in found.options:
        for point in found.series:
            usd = point.usd[option.name]
            if usd is None:
                continue
            shown = usd - point.same_usd if without_common else usd
            rows.append(
                {
                    "title": option.title, "requests": point.requests_per_month, "usd": max(shown, _LEAST_USD),
                    "count": count(point.requests_per_month), "said": money(shown), "carried": point.carried_by[option.name],
                    "short": words.SHORT[option.name], "tint": _tint(option.name),
                }
            )  # fmt: skip
    return rows


def _tint(name: str) -> str:
    place = _CURVES[name][0]
    return colour("ink") if place is None else shade(place)


def _names(rows: Sequence[Mapping[str, Any]], y: _Logarithmic) -> list[Any]:
    """The names at the right ends, moved apart where they would cover each other."""
    import altair as alt

    ends = {row["title"]: row for row in rows}
    placed: list[dict[str, Any]] = []
    for row in sorted(ends.values(), key=lambda one: -one["usd"]):
        wanted = y.pixel(row["usd"])
        at = max(wanted, placed[-1]["at"] + _NAME_APART) if placed else wanted
        placed.append({"title": row["short"], "tint": row["tint"], "at": at})
    low = y.height - 4
    if placed and placed[-1]["at"] > low:
        for index, one in enumerate(reversed(placed)):
            one["at"] = min(one["at"], low - index * _NAME_APART)
    return [
        alt.Chart(alt.InlineData(values=[one]))
        .mark_text(align="left", dx=8, fontSize=12, fontWeight=600, color=str(one["tint"]))
        .encode(x=alt.value("width"), y=alt.value(one["at"]), text="title:N")
        for one in placed
    ]


def _here(found: Comparison, x: alt.X) -> list[Any]:
    """The traffic that was asked about, as an upright line."""
    import altair as alt

    requests = found.traffic.requests_per_month
    if requests < 1:
        return []
    row = {"requests": requests, "label": f"{words.HERE}: {count(requests)}"}
    base = alt.Chart(alt.InlineData(values=[row])).encode(x=x)
    return [
        base.mark_rule(color=colour("quiet"), strokeDash=[4, 3], strokeWidth=1),
        base.mark_text(align="left", baseline="top", dx=5, dy=2, fontSize=11, color=colour("quiet")).encode(
            y=alt.value(0), text="label:N"
        ),
    ]


def _changes(found: Comparison, x: alt.X, y: alt.Y, *, without_common: bool) -> list[Any]:
    """Where the cheapest changes, as rings on the curves: the first and the last time, with the traffic beside them."""
    import altair as alt

    if not found.break_evens:
        return []
    rows: list[dict[str, Any]] = [
        {
            "requests": one.requests_per_month,
            "usd": max(one.usd - one.same_usd if without_common else one.usd, _LEAST_USD),
            "label": count(one.requests_per_month),
        }
        for one in (found.break_evens[0], found.break_evens[-1])
    ]
    if len(found.break_evens) == 1:
        rows = rows[:1]
    elif _near(found):
        # Two labels would stand on each other: the sentence above has the second.
        rows[-1]["label"] = ""
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=x, y=y)
    return [
        base.mark_point(
            size=70, filled=True, fill=colour("page"), stroke=colour("ink"), strokeWidth=1.5, opacity=1
        ),
        base.mark_text(
            align="right", baseline="bottom", dx=-7, dy=-5, fontSize=12, fontWeight=600, color=colour("ink")
        ).encode(text="label:N"),
    ]


def _near(found: Comparison) -> bool:
    """Whether the first and the last change would stand on each other."""
    first, last = found.break_evens[0], found.break_evens[-1]
    return last.requests_per_month < first.requests_per_month * 2


def _tens(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]


def _log_axis(values: Sequence[float], kind: str) -> alt.Axis:
    import altair as alt

    shown = (
        "datum.value >= 1e9 ? datum.value / 1e9 + ' billion' : datum.value >= 1e6 ? datum.value / 1e6 + ' million'"
        " : format(datum.value, ',')"
        if kind == "requests"
        else "'$ ' + format(datum.value, ',~g')"
    )
    return alt.Axis(
        values=[*values], labelExpr=shown, labelColor=colour("quiet"), gridColor=colour("rule"), domainColor=colour("rule"),
        tickColor=colour("rule"), title=None, domain=kind == "requests", ticks=kind == "requests", labelFlush=kind == "requests",
    )  # fmt: skip


def count(requests: float) -> str:
    """A number of requests for people."""
    for size, name in ((_BILLION, "billion"), (_MILLION, "million")):
        if requests >= size:
            return f"{requests / size:,.3g} {name}"
    return f"{requests:,.0f}".replace(",", " ")


def _finished(chart: Any, height: int, *, right: int = 5) -> Any:
    padding = {"left": 5, "top": 18, "right": right, "bottom": 5}
    return (
        chart.properties(height=height, padding=padding, background="transparent")
        .configure_view(stroke=None)
        .configure(autosize={"type": "fit-x", "contains": "padding"})
    )
