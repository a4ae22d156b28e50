"""Cost: what all environments cost and will cost, what could be saved, and what another way to run them would cost."""

from __future__ import annotations

import streamlit as st

from panel.catalogue.schema import SHARED
from panel.lifecycle.cost_overview import NO_BILL, CostTotal, CostView
from panel.ui import cost_readers, session
from panel.ui import cost_text as words
from panel.ui.components.cost_charts import Charged, by_environment, by_service
from panel.ui.components.cost_compare import comparison
from panel.ui.components.cost_numbers import Row, numbers
from panel.ui.components.cost_parts import (
    Figure,
    budget,
    change,
    figures,
    meter,
    percent,
    waste_table,
)
from panel.ui.components.cost_tab import days_of, forecast_figure, month_name
from panel.ui.components.markup import badge, draw, esc, folded, quiet, table, when
from panel.ui.format import money
from panel.ui.live import guarded
from panel.ui.state import Facade, get_panel

#: So many environments are listed; the rest is folded.
_LISTED = 25
# What is less than that is how sums are rounded.
_ROUNDING = 0.00005


def show() -> None:
    """Draw the page; only the open tab is drawn."""
    panel = get_panel()
    st.set_page_config(page_title=words.COST)
    draw(f"<h1>{words.COST}</h1>")
    spending, saving, compare = st.tabs(
        [words.SPENDING_TAB, words.SAVING_TAB, words.COMPARE_TAB], key=session.COST_TAB, on_change="rerun", bind="query-params"
    )  # fmt: skip
    if spending.open:
        with spending:
            guarded(_spending)(panel)
    if saving.open:
        with saving:
            guarded(_saving)(panel)
    if compare.open:
        with compare:
            guarded(comparison)(panel)


def _spending(panel: Facade) -> None:
    total, views = cost_readers.cost_total(panel), cost_readers.costs(panel)
    draw(_note(total) + _figures(total, looked=cost_readers.waste_looked_at(panel) is not None))
    draw(f"<h2>{words.ENVIRONMENTS}</h2>{_environments(total, views)}")
    numbers([_row(view) for view in views], file="cost-of-environments", key="environments")
    if total.note != NO_BILL:
        draw(f"<h2>{words.DAYS}</h2>")
        _days(panel, total, views)


def _note(total: CostTotal) -> str:
    if total.note == NO_BILL:
        return f"<p>{esc(f'{total.note} {words.NO_BILL_SHOWN}')}</p>"
    lines = [f"<p>{badge('warn', total.note)}</p>"] if total.note else []
    if total.fetched_at is not None:
        asked = words.ONE_CALL if total.calls == 1 else words.CALLS
        calls = (
            f". {esc(asked.format(count=total.calls, usd=money(total.calls_usd)))}." if total.calls else "."
        )
        lines.append(f"<p>{quiet(f'{words.READ_AT} {when(total.fetched_at)}{calls}')}</p>")
    return "".join(lines)


def _figures(total: CostTotal, *, looked: bool) -> str:
    shown = [Figure(words.ESTIMATE, money(total.estimate_usd), words.A_MONTH)]
    if total.note != NO_BILL:
        shown += [_charged(total), forecast_figure(total, total.estimate_usd)]
    if total.budget_usd:
        expected = total.forecast_usd if total.to_date_usd is not None else total.estimate_usd
        most = max(total.to_date_usd or 0, expected or 0)
        bar = meter(total.budget_usd, charged=total.to_date_usd, expected=expected)
        said = esc(words.OF_BUDGET.format(percent=percent(most / total.budget_usd)))
        shown.append(Figure(words.BUDGET, money(total.budget_usd), below=f"{bar}{said}"))
    if looked:
        shown.append(Figure(words.SAVABLE, money(total.saving_usd), words.A_MONTH_SAVED))
    else:
        shown.append(Figure(words.SAVABLE, words.NOT_KNOWN, words.NOT_LOOKED, off=True))
    return figures(shown)


def _charged(total: CostTotal) -> Figure:
    if total.to_date_usd is None:
        return Figure(words.CHARGED, words.NOTHING_CHARGED, off=True)
    days = len({day.day for day in total.days if day.day.startswith(f"{total.month}-")})
    said = words.IN_MONTH.format(month=month_name(total.month), days=f"{days} days" if days != 1 else "1 day")
    untagged = (
        f"<br>{esc(words.UNTAGGED.format(usd=money(total.untagged_usd)))}" if total.untagged_usd else ""
    )
    return Figure(words.CHARGED, money(total.to_date_usd), said, below=untagged)


def _environments(total: CostTotal, views: list[CostView]) -> str:
    billed = total.note != NO_BILL
    head = [words.ENVIRONMENT, words.ESTIMATE_HEAD]
    head += [words.CHARGED_HEAD, words.FORECAST_HEAD, words.AGAINST_LAST] if billed else []
    head.append(words.AGAINST_BUDGET)
    right = tuple(range(1, len(head) - 1))
    ranked = sorted(views, key=_rank)
    body = [_line(view, billed=billed) for view in ranked]
    top = table(head, [*body[:_LISTED], _together(total, billed=billed)], right=right)
    rest = body[_LISTED:]
    more = (
        folded(words.MORE_ENVIRONMENTS.format(count=len(rest)), table(head, rest, right=right))
        if rest
        else ""
    )
    return top + more


def _rank(view: CostView) -> tuple[bool, float, str]:
    """What exists first, then what costs most."""
    most = max(view.forecast_usd or 0, view.to_date_usd or 0, view.estimate_usd or 0)
    return not (view.exists or view.to_date_usd), -most, view.environment


def _line(view: CostView, *, billed: bool) -> list[str]:
    cells = [_name(view), _amount(view.estimate_usd, faint=not view.exists)]
    if billed:
        cells += [_amount(view.to_date_usd), _amount(view.forecast_usd), change(view)]
    if view.exists or view.to_date_usd:
        return [*cells, budget(view)]
    return [*cells, quiet(words.NOT_CREATED) if view.budget_usd else ""]


def _name(view: CostView) -> str:
    if view.environment == SHARED:
        return esc(words.SHARED_ROW)
    if view.estimate_usd is None and view.budget_usd is None:
        return f"{esc(view.environment)} {quiet(words.GONE)}"
    return f'<a href="environment?environment={esc(view.environment)}&amp;tab=Cost" target="_self">{esc(view.environment)}</a>'


def _amount(usd: float | None, *, faint: bool = False) -> str:
    if usd is None:
        return ""
    return quiet(f"{usd:,.2f}") if faint else f"{usd:,.2f}"


def _together(total: CostTotal, *, billed: bool) -> list[str]:
    def bold(usd: float | None) -> str:
        return "" if usd is None else f"<strong>{usd:,.2f}</strong>"

    cells = [f"<strong>{words.TOGETHER}</strong> {quiet(words.TOGETHER_NOTE)}", bold(total.estimate_usd)]
    if billed:
        cells += [bold(total.to_date_usd), bold(total.forecast_usd), ""]
    return [*cells, ""]


def _row(view: CostView) -> Row:
    return {
        words.ENVIRONMENT: view.environment, "exists": view.exists, "month": view.month,
        words.ESTIMATE_HEAD: view.estimate_usd, words.CHARGED_HEAD: view.to_date_usd,
        words.FORECAST_HEAD: view.forecast_usd, words.BUDGET_HEAD: view.budget_usd,
    }  # fmt: skip


def _days(panel: Facade, total: CostTotal, views: list[CostView]) -> None:
    if not total.days:
        draw(f"<p>{quiet(esc(words.NO_DAYS.format(hours=f'{panel.settings.bill_interval_h:g}')))}</p>")
        return
    with_bill = [view for view in views if view.days]
    with st.container(horizontal=True, vertical_alignment="bottom", key="cost-choice"):
        chosen = st.selectbox(
            words.OF, ["", *(view.environment for view in with_bill)], format_func=lambda name: words.SHARED_ROW if name == SHARED else name or words.ALL,
            key=session.COST_OF, width=260,
        )  # fmt: skip
        by = words.BY_SERVICE
        if not chosen:
            by = st.segmented_control(
                words.BY, [words.BY_ENVIRONMENT, words.BY_SERVICE], default=words.BY_ENVIRONMENT, required=True,
                key=session.COST_BY,
            ) or words.BY_ENVIRONMENT  # fmt: skip
    one = next((view for view in with_bill if view.environment == chosen), None)
    known = [
        view.environment
        for view in (with_bill if one is None else [one])
        if view.environment in panel.catalogue().environments
    ]
    charged = _charges(total, with_bill, one, by=by)
    days_of(
        panel,
        charged,
        environments=known,
        budget_usd=one.budget_usd if one else total.budget_usd or None,
        key=chosen or by.lower(),
    )


def _charges(total: CostTotal, views: list[CostView], one: CostView | None, *, by: str) -> list[Charged]:
    if one is not None:
        return by_service(one.days)
    if by == words.BY_SERVICE:
        return by_service(total.days)
    named = {
        words.SHARED_ROW if view.environment == SHARED else view.environment: view.days for view in views
    }
    found = by_environment(named)
    tagged: dict[str, float] = {}
    for entry in found:
        tagged[entry.day] = tagged.get(entry.day, 0.0) + entry.usd
    whole: dict[str, float] = {}
    unsettled = {day.day for day in total.days if day.estimated}
    for day in total.days:
        whole[day.day] = whole.get(day.day, 0.0) + day.usd
    loose = [
        Charged(day, words.UNTAGGED_ROW, usd - tagged.get(day, 0.0), day in unsettled)
        for day, usd in whole.items()
        if usd - tagged.get(day, 0.0) > _ROUNDING
    ]
    return [*found, *loose]


def _saving(panel: Facade) -> None:
    found, looked_at = cost_readers.waste(panel), cost_readers.waste_looked_at(panel)
    if found:
        draw(waste_table(found))
        rows: list[Row] = [
            {
                words.WASTE_WHAT: one.title, "environment": one.environment, "resource": one.resource, "detail": one.detail,
                "since": one.since.isoformat(), words.WASTE_SAVES: one.monthly_usd, words.WASTE_REMEDY: one.remedy,
            }
            for one in found
        ]  # fmt: skip
        numbers(rows, file="what-could-be-saved", key="waste")
    else:
        draw(f"<p>{esc(words.WASTE_NONE if looked_at else words.WASTE_NEVER)}</p>")
    if looked_at is not None:
        draw(f"<p>{quiet(f'{words.LOOKED} {when(looked_at)}')}</p>")
