"""Telling people that a budget is about to be passed, or is: once a month for each part of it, and nothing of recovery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from panel.cost.actuals import Alert
from panel.lifecycle.cost_overview import CostView
from panel.lifecycle.telling import Teller
from panel.store.stores import Stores

#: How the store's reading is named that says what was told.
BUDGET = "budget"
_NAMED = 3


class BudgetNews:
    """Finds what is worth telling of budgets.

    Args:
        stores: the store.
        costs: reads the costs of all environments.
        teller: tells it.
    """

    def __init__(self, stores: Stores, costs: Callable[[], list[CostView]], teller: Teller) -> None:
        self._stores = stores
        self._costs = costs
        self._teller = teller

    def look(self) -> None:
        """Tell of the budgets that have come nearer to their end since the last look.

        Of several parts that are passed at once the largest is told. Who hears that the whole budget is gone need not
        hear of eighty percent when the forecast falls again, so the most that was told is kept.
        """
        if not self._teller.reaches_anybody:
            return
        kept = self._stores.readings.get(BUDGET)
        told: dict[str, Any] = dict(kept.facts) if kept is not None else {}
        changed = {
            view.environment: self._tell(view, told.get(view.environment, {})) for view in self._costs()
        }
        after = {name: facts for name, facts in changed.items() if facts}
        if after != told:
            self._stores.readings.note(BUDGET, ok=True, facts=after)

    def _tell(self, view: CostView, told: Mapping[str, Any]) -> dict[str, Any]:
        """Tell what is new of one environment; returns all that was told of it, for the next look."""
        so_far = dict(told) if told.get("month") == view.month else {"estimate": told.get("estimate", "")}
        for alert in view.alerts:
            if alert.basis == "estimate":
                mark = f"{alert.percent}:{alert.usd:.0f}:{view.budget_usd:.2f}"
                if so_far.get("estimate") != mark:
                    self._say(view, alert, f"budget:{view.environment}:estimate:{mark}")
                    so_far["estimate"] = mark
            elif alert.percent > int(so_far.get(alert.basis, 0)):
                self._say(
                    view, alert, f"budget:{view.environment}:{view.month}:{alert.percent}:{alert.basis}"
                )
                so_far[alert.basis] = alert.percent
        kept = {name: value for name, value in so_far.items() if value and name != "month"}
        return {**kept, "month": view.month} if kept else {}

    def _say(self, view: CostView, alert: Alert, key: str) -> None:
        self._teller.tell(f"budget_{alert.basis}", key, view.environment, _facts(view, alert))


def _facts(view: CostView, alert: Alert) -> dict[str, str]:
    month = f"{date.fromisoformat(f'{view.month}-01'):%B %Y}"
    dearest = [f"{name} $ {usd:,.2f}" for name, usd in list(view.by_service.items())[:_NAMED]]
    charged, forecast = view.to_date_usd, view.forecast_usd
    facts = {
        "percent": f"{alert.percent}",
        "budget": f"$ {view.budget_usd:,.2f}",
        "amount": f"$ {alert.usd:,.2f}",
        "month": month,
        "services": f"Dearest: {', '.join(dearest)}." if dearest else "",
    }
    if alert.basis == "actual":
        facts["other"] = f"AWS expects $ {forecast:,.2f} for the whole month." if forecast is not None else ""
    elif alert.basis == "forecast":
        facts["other"] = f"Charged so far: $ {charged:,.2f}." if charged is not None else ""
    return facts
