"""``panel cost actual`` and ``panel cost waste``: what was charged, and what could be saved. Registered by :mod:`panel.cli.cost`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panel.cli import options, output, state

if TYPE_CHECKING:
    from panel.lifecycle.cost_overview import CostTotal, CostView, WasteView


def actual(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="An environment; 'shared' is the network of all.")
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask AWS now, which costs some cents, in place of the store.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Tell what AWS charged this month, what it expects, and what of the budgets is left; from the last reading."""
    panel = state.get_panel()
    if refresh:
        output.say(
            "Asking Cost Explorer now: AWS charges a cent for each question, one or more for each environment."
        )
        panel.read_bill()
    if name is not None:
        view = panel.costs.environment(name)
        if json:
            output.json_result(cost_to_dict(view))
        else:
            _show(view)
        return
    views, total = panel.costs.all(), panel.costs.total()
    if json:
        output.json_result(
            {"total": total_to_dict(total), "environments": [cost_to_dict(view) for view in views]}
        )
    else:
        _show_all(views, total)


def waste(json: options.Json = False) -> None:
    """List what costs and seems to serve nobody, what its removal saves, and how to remove it."""
    panel = state.get_panel()
    found = panel.costs.waste()
    if json:
        output.json_result([waste_to_dict(one) for one in found])
        return
    for one in found:
        saved = output.money(one.monthly_usd) if one.monthly_usd is not None else "an unknown amount"
        of = f" of {one.environment}" if one.environment and one.environment != one.resource else ""
        output.result(f"{one.title}: {one.resource}{of}, saves {saved}, seen since {one.since:%Y-%m-%d}")
        output.result(f"  {one.detail}")
        output.result(f"  {one.remedy}")
    known = sum(one.monthly_usd or 0 for one in found)
    output.result(
        f"Together {output.money(known)} could be saved."
        if found
        else "Nothing was found that could be saved."
    )
    output.say(_looked(panel.stores.readings.get("waste")))
    if panel.catalogue().target == "local":
        output.say(
            "On the embedded AWS nothing of it costs anything: the amounts are what it would cost on AWS."
        )


def cost_to_dict(view: CostView) -> dict[str, Any]:
    """What one environment was charged, as scripts read it."""
    return {
        **asdict(view),
        "by_service": dict(view.by_service),
        "fetched_at": output.iso(view.fetched_at),
    }


def total_to_dict(total: CostTotal) -> dict[str, Any]:
    """What the whole project was charged, as scripts read it; days are with the environments."""
    document = {
        **asdict(total),
        "by_service": dict(total.by_service),
        "fetched_at": output.iso(total.fetched_at),
    }
    del document["days"]
    return document


def waste_to_dict(one: WasteView) -> dict[str, Any]:
    """A finding as scripts read it."""
    return {**asdict(one), "since": output.iso(one.since)}


def _show(view: CostView) -> None:
    rows = [[service, f"{usd:,.2f}"] for service, usd in view.by_service.items()]
    if rows:
        output.table(["SERVICE", f"USD IN {view.month}"], rows, right=frozenset({1}))
    output.result(f"Charged in {view.month}: {_usd(view.to_date_usd)}")
    output.result(f"Expected for the month: {_usd(view.forecast_usd)}")
    output.result(f"Estimate: {output.money(view.estimate_usd)}")
    output.result(f"Budget: {output.money(view.budget_usd) if view.budget_usd is not None else 'none'}")
    for alert in view.alerts:
        output.result(f"Reached: {alert.percent} % of the budget ({_BASES[alert.basis]})")
    _notes(view.note, view)


def _show_all(views: list[CostView], total: CostTotal) -> None:
    rows = [
        [view.environment, *(_usd(usd) for usd in (view.to_date_usd, view.forecast_usd, view.estimate_usd)),
         "none" if view.budget_usd is None else _usd(view.budget_usd), ", ".join(f"{alert.percent} % ({alert.basis})" for alert in view.alerts)]
        for view in views
    ]  # fmt: skip
    if total.untagged_usd:
        rows.append(["(no tag)", _usd(total.untagged_usd), "", "", "", ""])
    rows.append(["all that exist", _usd(total.to_date_usd), _usd(total.forecast_usd), _usd(total.estimate_usd),
                 _usd(total.budget_usd), ""])  # fmt: skip
    header = ["ENVIRONMENT", f"CHARGED IN {total.month}", "EXPECTED", "ESTIMATE", "BUDGET", "REACHED"]
    output.table(header, rows, right=frozenset({1, 2, 3, 4}))
    if total.saving_usd:
        output.result(f"Could be saved: {output.money(total.saving_usd)} (panel cost waste)")
    _notes(total.note, total)


def _notes(note: str, read: CostView | CostTotal) -> None:
    if note:
        output.say(note)
    if read.fetched_at is not None:
        output.say(
            f"The bill was read at {read.fetched_at:%Y-%m-%d %H:%M} UTC; AWS settles a day's cost a day or two later."
        )


def _looked(reading: Any) -> str:
    if reading is None:
        return "A worker has not looked yet: it does within an hour."
    trouble = f" {reading.detail}" if reading.detail else ""
    return f"Looked at {reading.at:%Y-%m-%d %H:%M} UTC.{trouble}"


_BASES = {"actual": "charged", "forecast": "expected for the month", "estimate": "by the estimate"}


def _usd(usd: float | None) -> str:
    return "not known" if usd is None else f"$ {usd:,.2f}"
