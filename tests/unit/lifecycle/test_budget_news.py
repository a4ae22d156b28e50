"""Budgets are told of once a month for each part, the largest only, and nothing is told of recovery."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from panel.catalogue.schema import Catalogue
from panel.cost.actuals import alerts_of
from panel.lifecycle.budget_news import BudgetNews
from panel.lifecycle.cost_overview import CostView
from panel.lifecycle.telling import Teller
from panel.notify.channels import Outcome
from panel.notify.outbox import Outbox
from panel.store.stores import Stores
from panel.store.tables import Notification


class Ear:
    """A channel: these tests read the outbox."""

    place = "an ear"

    def send(self, message: Notification) -> Outcome:
        raise AssertionError(message.subject)


@dataclass
class Newsroom:
    """A worker that looks at the budget of staging, $ 80 a month, told of at 80 and 100 percent."""

    stores: Stores
    catalogue: Catalogue
    channels: dict[str, Any] = field(default_factory=lambda: {"webhook": Ear()})
    view: CostView = field(
        default_factory=lambda: CostView(
            environment="staging", estimate_usd=None, budget_usd=80.0, to_date_usd=None, forecast_usd=None,
            month="2026-11", by_service={"Amazon EC2": 30.0, "Load Balancing": 9.0, "S3": 1.5, "Route 53": 0.5}, days=(),
            fetched_at=None, note="", alerts=(), exists=True,
        )
    )  # fmt: skip

    def look(self, **fields: Any) -> list[str]:
        """A worker looks at these figures; subjects of what is told."""
        view = replace(self.view, **fields)
        view = replace(
            view,
            alerts=alerts_of(
                [80, 100],
                80.0,
                actual=view.to_date_usd,
                forecast=view.forecast_usd,
                estimate=view.estimate_usd,
            ),
        )
        before = len(self.stores.notifications.recent())
        teller = Teller(lambda: self.catalogue, Outbox(self.stores.notifications, self.channels))
        BudgetNews(self.stores, lambda: [view], teller).look()
        told = self.stores.notifications.recent()
        return [message.subject for message in told[: len(told) - before][::-1]]


@pytest.fixture
def room(stores: Stores, catalogue: Catalogue) -> Newsroom:
    return Newsroom(stores, catalogue)


USED = "staging: {} % of its budget is used up"
ADVICE = (
    "What costs: panel cost actual staging. What could be saved: panel cost waste. Make it smaller, give it working hours, "
    "destroy it if nobody needs it, or raise monthly_budget_usd in environments.yaml."
)
EXPECTED = "staging: its bill is expected to reach {} % of its budget"


def test_each_part_is_told_once_a_month(room: Newsroom) -> None:
    assert room.look(to_date_usd=63.0) == []
    assert room.look(to_date_usd=64.0) == [USED.format(80)]
    assert room.look(to_date_usd=70.0) == []
    assert room.look(to_date_usd=81.0) == [USED.format(100)]
    assert room.look(to_date_usd=99.0) == []
    assert room.look(to_date_usd=65.0, month="2026-12") == [USED.format(80)]


def test_of_several_parts_at_once_the_largest_is_told_and_recovery_is_not(room: Newsroom) -> None:
    assert room.look(to_date_usd=20.0, forecast_usd=92.0) == [EXPECTED.format(100)]
    assert room.look(to_date_usd=21.0, forecast_usd=70.0) == []
    assert room.look(to_date_usd=22.0, forecast_usd=40.0) == []
    assert room.look(to_date_usd=23.0, forecast_usd=85.0) == []


def test_what_is_charged_is_told_after_it_was_expected(room: Newsroom) -> None:
    assert room.look(to_date_usd=20.0, forecast_usd=92.0) == [EXPECTED.format(100)]
    assert room.look(to_date_usd=66.0, forecast_usd=92.0) == [USED.format(80)]
    assert room.look(to_date_usd=80.0, forecast_usd=92.0) == [USED.format(100)]


def test_a_message_says_amount_budget_forecast_dearest_services_and_what_to_do(room: Newsroom) -> None:
    room.look(to_date_usd=41.0, forecast_usd=92.0)
    (message,) = room.stores.notifications.recent()
    assert message.body.splitlines() == [
        "AWS expects $ 92.00 for November 2026, and its budget is $ 80.00 a month.",
        "Charged so far: $ 41.00.",
        "Dearest: Amazon EC2 $ 30.00, Load Balancing $ 9.00, S3 $ 1.50.",
        ADVICE,
        "Whom to call: API team <api-team@example.com>",
    ]  # fmt: skip
    assert message.key == "budget:staging:2026-11:100:forecast#webhook"


def test_without_a_bill_the_estimate_is_told_once_for_each_change(room: Newsroom) -> None:
    told = ["staging: its estimate reaches 80 % of its budget"]
    assert room.look(estimate_usd=71.4) == told
    assert room.look(estimate_usd=71.4) == []
    # Prices that have moved by a few cents are no change, and neither is another month.
    assert room.look(estimate_usd=71.2) == []
    assert room.look(estimate_usd=71.4, month="2026-12") == []
    assert room.look(estimate_usd=76.0) == told
    assert room.look(estimate_usd=90.0) == ["staging: its estimate reaches 100 % of its budget"]
    assert room.look(estimate_usd=20.0) == []


def test_what_nobody_could_be_told_is_told_later(room: Newsroom) -> None:
    channels, room.channels = room.channels, {}
    assert room.look(to_date_usd=81.0) == []
    room.channels = channels
    assert room.look(to_date_usd=81.0) == [USED.format(100)]
