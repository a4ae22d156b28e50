"""An estimate of cost: the sum against the budget, what it is made of, what is not in it, where prices come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from panel.ui import text
from panel.ui.components.markup import badge, draw, esc, folded, mono, quiet
from panel.ui.components.stages import budget_bar
from panel.ui.format import monthly

Item = Mapping[str, Any]

_BAR_HEIGHT = 26


def estimate(priced: Mapping[str, Any], budget_usd: float, *, origin: str) -> None:
    """Draw the estimate.

    Args:
        priced: the estimate as plain values.
        budget_usd: the environment's budget, dollars a month.
        origin: one sentence on what was priced.
    """
    total = float(priced.get("monthly_usd") or 0)
    share = total / budget_usd
    line = text.BUDGET_LINE.format(
        monthly=monthly(total), budget=f"$ {budget_usd:g}", percent=round(share * 100)
    )
    over = f" {badge('bad', text.OVER_BUDGET)}" if share > 1 else ""
    draw(
        f"<p><strong>{esc(line)}</strong>{over}</p>{budget_bar(share)}<p>{quiet(esc(f'{origin} {text.ESTIMATE_NOTE}'))}</p>"
    )
    items = sorted(priced.get("items") or (), key=lambda item: -float(item["monthly_usd"]))
    _unknown(priced.get("unknown") or ())
    if items:
        with st.spinner(text.DRAWING):  # the first time, libraries are loaded for some seconds
            _chart(items)
            _items(items)
        draw(sources(items))


def by_component(items: Sequence[Item]) -> list[tuple[str, float]]:
    """Dollars a month by component, the dearest first; what rounds to nothing is left out."""
    sums: dict[str, float] = defaultdict(float)
    for item in items:
        sums[str(item["component"])] += float(item["monthly_usd"])
    return sorted(
        ((name, usd) for name, usd in sums.items() if usd >= 0.005), key=lambda pair: (-pair[1], pair[0])
    )


def _chart(items: Sequence[Item]) -> None:
    import altair as alt  # here, not at the top: only this tab needs it, and it is large

    rows = [{"component": name, "usd": usd, "label": f"{usd:,.2f}"} for name, usd in by_component(items)]
    order = [name for name, _ in by_component(items)]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "component:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelLimit=260, labelColor=_ink(), ticks=False, domain=False),
        ),
        x=alt.X("usd:Q", title=None, axis=None),
    )
    bars = base.mark_bar(color="#157f7b", height=14)
    labels = base.mark_text(align="left", dx=5, color=_ink()).encode(text="label:N")
    chart = (
        (bars + labels)
        .properties(title=text.CHART_TITLE, height=_BAR_HEIGHT * len(rows))
        .configure_view(stroke=None)
    )
    st.altair_chart(chart, width="stretch")


def _ink() -> str:
    """The colour of text in the theme that the person chose; charts do not take it from the page."""
    return "#e3eaea" if st.context.theme.type == "dark" else "#1b2528"


def _items(items: Sequence[Item]) -> None:
    draw(f"<h3>{text.COST_ITEMS}</h3>")
    columns = {
        text.RESOURCE: [item["address"] for item in items],
        text.COMPONENT: [item["component"] for item in items],
        text.QUANTITY: [float(item["quantity"]) for item in items],
        text.UNIT: [item["unit"] for item in items],
        text.UNIT_PRICE: [float(item["unit_price_usd"]) for item in items],
        text.PER_MONTH: [float(item["monthly_usd"]) for item in items],
    }
    numbers = st.column_config.NumberColumn
    st.dataframe(
        columns, hide_index=True, width="stretch",
        column_config={text.PER_MONTH: numbers(format="%.2f"), text.UNIT_PRICE: numbers(format="%g")},
    )  # fmt: skip


def _unknown(gaps: Sequence[Item]) -> None:
    if not gaps:
        return
    lines = "".join(f"<li>{mono(gap['address'])} {esc(gap['reason'])}</li>" for gap in gaps)
    draw(f"<h3>{badge('warn', text.COST_UNKNOWN)}</h3><p>{text.COST_UNKNOWN_LINE}</p><ul>{lines}</ul>")


def sources(items: Sequence[Item]) -> str:
    """Markup of the places prices come from, each with its date, folded."""
    found = dict.fromkeys((str(item["source"]), str(item["as_of"])) for item in items)
    lines = "".join(
        f"<li>{esc(source)} {quiet(esc(f'{text.AS_OF} {as_of}'))}</li>" for source, as_of in found
    )
    return folded(text.PRICE_SOURCES.format(count=len(found)), f"<ul>{lines}</ul>")
