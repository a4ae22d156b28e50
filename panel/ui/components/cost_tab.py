"""What an environment costs: its figures, the bill by day, what it is made of, what could be saved."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import streamlit as st

from panel.cost.actuals import month_before
from panel.cost.estimate import to_dict
from panel.errors import PanelError
from panel.lifecycle.cost_overview import NO_BILL, CostTotal, CostView
from panel.lifecycle.overview import EnvironmentView
from panel.ui import cost_readers, health_readers, text
from panel.ui import cost_text as words
from panel.ui.components.cost_charts import Charged, by_service, days_chart, gathered, largest_first
from panel.ui.components.cost_numbers import numbers
from panel.ui.components.cost_parts import (
    Figure,
    change,
    figures,
    meter,
    percent,
    stacked,
    waste_table,
)
from panel.ui.components.estimate import estimate
from panel.ui.components.markup import badge, draw, esc, quiet, when
from panel.ui.format import money
from panel.ui.navigation import link_compare
from panel.ui.state import Facade


def cost(panel: Facade, view: EnvironmentView) -> None:
    """The Cost tab of an environment: of what stands, or of what would be created."""
    seen = cost_readers.cost(panel, view.name)
    draw(_figures(seen))
    if view.exists or seen.to_date_usd is not None:
        bill(panel, seen)
    priced, origin = _priced(panel, view)
    if priced is not None:
        estimate(priced, origin=origin, key=view.name)
    found = [one for one in cost_readers.waste(panel) if one.environment == view.name]
    if found:
        draw(f"<h2>{words.WASTE_OF}</h2>{waste_table(found, with_environment=False)}")
    elif view.exists and cost_readers.waste_looked_at(panel) is not None:
        draw(f"<p>{quiet(words.WASTE_NONE_HERE)}</p>")
    link_compare(view.name, words.COMPARE_LINK)


def _priced(panel: Facade, view: EnvironmentView) -> tuple[Mapping[str, Any] | None, str]:
    """The estimate, and what was priced; none where there can be none, which is said."""
    record = panel.stores.environments.get(view.name)
    if record.exists and record.estimate:
        return record.estimate, text.ESTIMATE_OF_PLAN
    try:
        return to_dict(cost_readers.estimate(panel, view.name)), text.ESTIMATE_OF_CATALOGUE
    except PanelError as error:
        draw(f"<p>{esc(text.NO_COST.format(reason=error.message))}</p>")
        return None, ""


def _figures(seen: CostView) -> str:
    """Estimate, charged, forecast, budget, in a row."""
    shown = [
        Figure(words.ESTIMATE, words.NOT_KNOWN, off=True)
        if seen.estimate_usd is None
        else Figure(
            words.ESTIMATE, money(seen.estimate_usd), words.A_MONTH if seen.exists else words.WOULD_BE
        )
    ]
    if seen.note != NO_BILL and (seen.exists or seen.to_date_usd is not None):
        shown += [charged_figure(seen), forecast_figure(seen, seen.estimate_usd)]
    if seen.budget_usd:
        shown.append(Figure(words.BUDGET, money(seen.budget_usd), below=_budget_line(seen)))
    return figures(shown)


def _budget_line(seen: CostView) -> str:
    charged, expected = (
        seen.to_date_usd,
        seen.forecast_usd if seen.to_date_usd is not None else seen.estimate_usd,
    )
    most, whole = max(charged or 0, expected or 0), seen.budget_usd or 1
    word = ""
    if (charged if charged is not None else most) > whole:
        word = f" {badge('bad', words.OVER)}"
    elif most > whole:
        word = f" {badge('warn', words.LIKELY_OVER)}"
    said = esc(words.OF_BUDGET.format(percent=percent(most / whole)))
    basis = (
        words.CHARGED
        if charged is not None and not expected
        else words.FORECAST
        if charged is not None
        else words.ESTIMATE
    )
    return f"{meter(whole, charged=charged, expected=expected)}{esc(basis)}: {said}{word}"


def charged_figure(seen: CostView) -> Figure:
    """What was charged this month, and against the same days of the last."""
    days = len({day.day for day in seen.days if day.day.startswith(f"{seen.month}-")})
    if seen.to_date_usd is None:
        return Figure(words.CHARGED, words.NOTHING_CHARGED, off=True)
    said = words.IN_MONTH.format(month=month_name(seen.month), days=f"{days} days" if days != 1 else "1 day")
    compared = change(seen)
    below = f"<br>{compared} {esc(words.AGAINST_LAST.lower())}" if compared else ""
    return Figure(words.CHARGED, money(seen.to_date_usd), said, below=below)


def forecast_figure(seen: CostView | CostTotal, estimated: float | None) -> Figure:
    """What AWS expects of the month, and how that stands to the estimate."""
    usd, month = seen.forecast_usd, seen.month
    if usd is None:
        why = words.NO_FORECAST_WHY if seen.to_date_usd is not None else ""
        return Figure(words.FORECAST, words.NO_FORECAST, why, off=True)
    share = f"<br>{esc(words.OF_ESTIMATE.format(percent=percent(usd / estimated)))}" if estimated else ""
    return Figure(
        words.FORECAST, money(usd), words.TO_MONTHS_END.format(month=month_name(month)), below=share
    )


def month_name(month: str) -> str:
    """``2026-11`` as ``November``."""
    return calendar.month_name[int(month[5:7])]


def bill(panel: Facade, seen: CostView) -> None:
    """What was charged by day and service, or why there is no bill."""
    draw(f"<h2>{words.BILL}</h2>")
    if seen.note:
        more = f" {words.NO_BILL_SHOWN}" if seen.note == NO_BILL else ""
        draw(f"<p>{esc(seen.note)}{esc(more)}</p>")
    if not seen.days:
        if not seen.note:
            draw(f"<p>{quiet(esc(words.NO_DAYS.format(hours=f'{panel.settings.bill_interval_h:g}')))}</p>")
        return
    days_of(
        panel,
        by_service(seen.days),
        environments=[seen.environment],
        budget_usd=seen.budget_usd,
        key=seen.environment,
    )
    if seen.fetched_at is not None:
        draw(f"<p>{quiet(f'{words.READ_AT} {when(seen.fetched_at)}')}</p>")


def days_of(
    panel: Facade, charged: list[Charged], *, environments: list[str], budget_usd: float | None, key: str
) -> None:  # fmt: skip
    """The chart of days, with what changed in these environments, and its numbers."""
    names = largest_first(charged)
    month = max(one.day for one in charged)[:7]
    since = datetime.combine(month_before(date.fromisoformat(f"{month}-01")), datetime.min.time(), UTC)
    marks = [mark for name in environments for mark in health_readers.markers(panel, name, since)]
    of_month = calendar.monthrange(int(month[:4]), int(month[5:7]))[1]
    level = budget_usd / of_month if budget_usd else None
    with st.spinner(words.DRAWING):
        st.altair_chart(days_chart(gathered(charged, names), names, marks, budget_day=level), width="stretch")
    draw(f"<p>{quiet(esc(words.DAYS_NOTE if marks else words.DAYS_NOTE_PLAIN))}</p>")
    draw(f"<h3>{esc(month_name(month))}</h3>{stacked(_month(charged, names, month))}")
    rows = [
        {
            words.DAY: one.day,
            words.OF: one.name,
            words.CHARGED_USD: round(one.usd, 4),
            "final": not one.estimated,
        }
        for one in sorted(charged, key=lambda one: (one.day, one.name))
    ]
    numbers(rows, file=f"charged-{key or 'all'}", key=f"charged-{key or 'all'}")


def _month(charged: list[Charged], names: list[str], month: str) -> list[tuple[str, float]]:
    """Dollars of one month by name, in the order and so in the shades of the chart."""
    sums = dict.fromkeys(names, 0.0)
    for one in gathered(charged, names):
        if one.day.startswith(f"{month}-"):
            sums[one.name] += one.usd
    return [*sums.items()]
