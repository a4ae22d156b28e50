"""Another way to run a workload: what is asked, what each way costs over traffic, side by side, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from panel.cost.compare import PARTS, BreakEven, Comparison, Option, Traffic, series_rows
from panel.ui import cost_readers, session
from panel.ui import cost_text as words
from panel.ui.components.cost_charts import count, curves
from panel.ui.components.cost_numbers import Row, numbers
from panel.ui.components.cost_parts import facts
from panel.ui.components.estimate import sources
from panel.ui.components.markup import badge, draw, esc, quiet, table, tone
from panel.ui.format import money
from panel.ui.state import Facade


def comparison(panel: Facade) -> None:
    """Draw inputs and answer."""
    draw(f"<p>{quiet(words.COMPARE_LEAD)}</p>")
    name = _environment(panel)
    found = cost_readers.comparison(panel, name, *_asked(panel, name))
    draw("".join(f"<p>{line}</p>" for line in _verdict(found)))
    _chart(found)
    draw(f"<h2>{words.SIDE_BY_SIDE}</h2>{_side_by_side(found)}")
    numbers(_rows(found), file="compared-parts", key="compared-parts")
    draw(f"<h2>{words.NOT_SHOWN_BY_MONEY}</h2>{_notes(found.options)}")
    draw(f"<h2>{words.COMPARE_ASSUMED}</h2>{facts(found.assumptions)}")
    lines = [item for option in found.options for item in option.estimate.items]
    draw(sources([{"source": item.source, "as_of": item.as_of} for item in lines]))


def _environment(panel: Facade) -> str | None:
    names = ["", *panel.catalogue().environments]
    asked = st.query_params.get("environment", "")
    chosen = st.selectbox(
        words.WORKLOAD_OF, names, index=names.index(asked) if asked and asked in names else min(1, len(names) - 1),
        format_func=lambda name: name or words.PLAIN, key=session.COMPARE_ENVIRONMENT, width=320,
    )  # fmt: skip
    return chosen or None


def _asked(panel: Facade, name: str | None) -> tuple[Traffic, str]:
    """The traffic and the region that are asked about; what nobody typed is the environment's own."""
    own = cost_readers.workload(panel, name).traffic
    of = name or ""
    first = dict(
        zip(("requests_per_month", "ms_per_request", "memory_mb", "response_kb"), st.columns(4), strict=True)
    )
    with st.expander(words.MORE):
        second = st.columns(5)
    cells = {
        **first, **dict(zip(("computing_percent", "busy_percent", "zones", "site_kb"), second[:4], strict=True)),
    }  # fmt: skip
    said: dict[str, Any] = {}
    for figure, cell in cells.items():
        with cell:
            said[figure] = _number(_FIELDS[figure], getattr(own, figure), of)
    with second[4]:
        region = _region(panel)
    return replace(own, **said), region


@dataclass(frozen=True)
class _Field:
    """A field for a figure: its label, its name among the others, limits and step, and what it means."""

    label: str
    name: str
    least: int
    most: int
    step: int
    about: str | None = None


#: The fields by what of the traffic they say.
_FIELDS: Mapping[str, _Field] = {
    "requests_per_month": _Field(words.REQUESTS, "requests", 0, 10**12, 1_000_000),
    "ms_per_request": _Field(words.MS, "ms", 1, 900_000, 10),
    "memory_mb": _Field(words.MEMORY, "memory", 16, 30_720, 128),
    "response_kb": _Field(words.RESPONSE, "response", 0, 1_000_000, 5),
    "computing_percent": _Field(words.COMPUTING, "computing", 1, 100, 10, words.COMPUTING_HELP),
    "busy_percent": _Field(words.BUSY, "busy", 5, 95, 5, words.BUSY_HELP),
    "zones": _Field(words.ZONES, "zones", 2, 6, 1),
    "site_kb": _Field(words.SITE_KB, "site", 0, 1_000_000, 10),
}


def _number(field: _Field, own: float, of: str) -> float:
    """What a person typed; the environment's own figure where nobody did, which the field shows as a whole number."""
    shown = min(max(round(own), field.least), field.most)
    value = st.number_input(
        field.label, min_value=field.least, max_value=field.most, value=shown, step=field.step,
        key=f"{session.COMPARE}-{field.name}-{of}", help=field.about,
    )  # fmt: skip
    return own if value == shown else value


def _region(panel: Facade) -> str:
    own = panel.catalogue().region
    regions = cost_readers.regions(panel)
    listed = regions if own in regions else [own, *regions]
    return str(st.selectbox(words.REGION, listed, index=listed.index(own), key=f"{session.COMPARE}-region"))


def _verdict(found: Comparison) -> list[str]:
    """What the numbers say, as markup."""
    lines = []
    if found.cheapest is not None:
        best = found.option(found.cheapest)
        others = [one for one in found.options if one.known and one.name != best.name]
        said = esc(
            words.CHEAPEST.format(
                requests=count(found.traffic.requests_per_month), title="\0", usd=money(float(best.estimate.monthly_usd))
            ).replace("**", "")
        ).replace("\0", f"<strong>{esc(best.title)}</strong>")  # fmt: skip
        if others:
            near = min(others, key=lambda one: one.estimate.monthly_usd)
            more = float(near.estimate.monthly_usd - best.estimate.monthly_usd)
            said += " " + esc(words.NEXT.format(title=near.title, usd=money(more)))
        lines.append(said)
        lines.append(esc(_turning_points(found, found.break_evens)))
    for option in found.options:
        for gap in option.estimate.unknown[:3]:
            lines.append(f"{badge('warn', words.PARTIAL.format(title=option.title, reason=gap.reason))}")
    return lines


def _turning_points(found: Comparison, changes: Sequence[BreakEven]) -> str:
    first, last = found.series[0].requests_per_month, found.series[-1].requests_per_month
    if not changes:
        return words.BREAK_NONE.format(begin=count(first), end=count(last))
    sentences = []
    for one in changes if len(changes) <= 2 else ():
        sentences.append(
            words.BREAK_ONE.format(
                requests=count(one.requests_per_month), after=found.option(one.after).title,
                before=found.option(one.before).title,
            )
        )  # fmt: skip
    if len(changes) > 2:
        sentences.append(
            words.BREAK_MANY.format(
                begin=count(changes[0].requests_per_month), end=count(changes[-1].requests_per_month),
                count=len(changes), after=found.option(changes[-1].after).title,
            )
        )  # fmt: skip
    return " ".join(sentences)


def _chart(found: Comparison) -> None:
    head, choice = st.columns([3, 2], vertical_alignment="bottom")
    with head:
        draw(f"<h2>{words.CURVE}</h2>")
    with choice:
        shown = st.segmented_control(
            words.SHOW, [words.WHOLE, words.DIFFERENCE], default=words.WHOLE, required=True, key=session.COMPARE_SHOWN,
            label_visibility="collapsed",
        )  # fmt: skip
    without_common = shown == words.DIFFERENCE
    with st.spinner(words.DRAWING):
        chart = curves(found, without_common=without_common)
        if chart is not None:
            st.altair_chart(chart, width="stretch")
    if without_common:
        here = next(
            (p for p in found.series if p.requests_per_month == found.traffic.requests_per_month), None
        )
        if here is not None:
            draw(f"<p>{quiet(esc(words.DIFFERENCE_NOTE.format(usd=money(here.same_usd))))}</p>")
    numbers(series_rows(found), file="compared-over-traffic", key="compared-series")


def _side_by_side(found: Comparison) -> str:
    shown = [part for part in PARTS if any(part in option.parts for option in found.options)]
    body = [
        [
            esc(part),
            *(
                f"{option.parts[part]:,.2f}" if part in option.parts else quiet("–")
                for option in found.options
            ),
        ]
        for part in shown
    ]
    body.append(
        [f"<strong>{words.TOGETHER}</strong>", *(_sum(option, found.cheapest) for option in found.options)]
    )
    body.append(
        [
            quiet(words.CARRIED_BY),
            *(f'<span class="p-small p-quiet">{esc(option.carried_by)}</span>' for option in found.options),
        ]
    )
    head = [words.PART, *(option.title for option in found.options)]
    places = range(1, len(found.options) + 1)
    return f'<div class="p-ways">{table(head, body, right=tuple(places))}</div>'


def _sum(option: Option, cheapest: str | None) -> str:
    amount = f"<strong>{option.estimate.monthly_usd:,.2f}</strong>"
    if not option.known:
        return f"{amount} {tone('warn', words.NOT_WHOLE)}"
    return f'<span class="p-best">{amount} {words.LEAST}</span>' if option.name == cheapest else amount


def _notes(options: Sequence[Option]) -> str:
    cells = "".join(
        f"<div><h3>{esc(option.title)}</h3>"
        + "".join(f"<p>{esc(line)}</p>" for line in option.notes)
        + "".join(f"<p>{quiet(esc(line))}</p>" for line in option.assumptions)
        + "</div>"
        for option in options
    )
    return f'<div class="p-notes">{cells}</div>'


def _rows(found: Comparison) -> list[Row]:
    """Every line of every way, as the estimates have them."""
    return [
        {
            words.SHOW: option.title, "component": item.component, "quantity": float(item.quantity), "unit": item.unit,
            "unit_price_usd": float(item.unit_price_usd), "monthly_usd": float(item.monthly_usd), "as_of": item.as_of,
        }
        for option in found.options
        for item in option.estimate.items
    ]  # fmt: skip
