"""What pages read of bills, budgets and waste."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from panel.catalogue.schema import Catalogue
from panel.cost.actuals import Alert, Day
from panel.errors import NotFoundError
from panel.lifecycle.cost_overview import NEVER_READ, NO_BILL, NOT_YET, CostOverview
from panel.store.cost_tables import BillDay, WasteFinding
from panel.store.stores import Stores

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Costs = Callable[..., CostOverview]


@pytest.fixture
def costs(stores: Stores, catalogue: Catalogue) -> Costs:
    def build(target: str = "aws", **settings: Any) -> CostOverview:
        of = catalogue.model_copy(update={"target": target})
        prices = {"staging": 71.4, "production": 140.0, "shared": 3.5}
        return CostOverview(lambda: of, stores, lambda _, name: prices[name], clock=lambda: NOON, **settings)

    return build


@pytest.fixture
def charged(stores: Stores) -> None:
    """Staging, the network, a preview that is gone, and what carries no tag; October and November."""
    lines = [
        ("staging", "2026-10-30", "EC2", 9.0), ("staging", "2026-11-21", "EC2", 60.0), ("staging", "2026-11-22", "S3", 5.0),
        ("shared", "2026-11-22", "Route 53", 0.5), ("preview-1", "2026-11-02", "EC2", 7.0), ("", "2026-11-03", "KMS", 1.0),
        ("staging", "2026-09-01", "EC2", 99.0),
    ]  # fmt: skip
    stores.bills.replace_days(
        [BillDay(environment=name, day=day, service=service, usd=usd) for name, day, service, usd in lines],
        begin="2026-09-01", end="2026-12-01",
    )  # fmt: skip
    stores.bills.keep_forecasts("2026-11", {"staging": 92.0}, at=NOON)
    stores.readings.note("bill", ok=True, facts={"read_at": NOON.isoformat(), "calls": {"2026-11": 34}})


@pytest.mark.usefixtures("charged")
def test_an_environment_against_its_budget(costs: Costs) -> None:
    view = costs().environment("staging")

    assert (view.to_date_usd, view.forecast_usd, view.estimate_usd, view.budget_usd) == (
        65.0,
        92.0,
        71.4,
        80.0,
    )
    assert list(view.by_service.items()) == [("EC2", 60.0), ("S3", 5.0)]
    assert view.days[0] == Day("2026-10-30", "EC2", 9.0, True)
    assert len(view.days) == 3
    assert view.alerts == (Alert(80, "actual", 65.0), Alert(100, "forecast", 92.0))
    assert (view.month, view.fetched_at, view.note) == ("2026-11", NOON, "")


@pytest.mark.usefixtures("charged")
def test_whatever_was_charged_is_listed(costs: Costs) -> None:
    views = {view.environment: view.to_date_usd for view in costs().all()}
    assert views == {"production": None, "staging": 65.0, "shared": 0.5, "preview-1": 7.0}
    assert costs().environment("preview-1").budget_usd is None


@pytest.mark.usefixtures("charged")
def test_the_whole_project(costs: Costs, stores: Stores) -> None:
    stores.environments.save("staging", exists=True, ready=True)
    stores.waste.replace(
        ["nat"], [WasteFinding(key="nat:1", kind="nat", resource="1", monthly_usd=32.85)], at=NOON
    )
    total = costs().total()
    assert total.to_date_usd == 73.5
    # Staging as AWS expects it; what AWS expects nothing of as it was charged.
    assert total.forecast_usd == 92.0 + 0.5 + 7.0 + 1.0
    assert (total.untagged_usd, total.budget_usd, total.saving_usd) == (1.0, 80.0, 32.85)
    assert total.estimate_usd == 71.4 + 3.5
    assert (total.calls, total.calls_usd) == (34, 0.34)


@pytest.mark.usefixtures("charged")
def test_the_embedded_aws_has_no_bill_whatever_the_store_holds(costs: Costs) -> None:
    view = costs("local").environment("staging")
    assert (view.note, view.to_date_usd, view.forecast_usd, view.days, view.fetched_at) == (
        NO_BILL,
        None,
        None,
        (),
        None,
    )
    assert costs("local").total().to_date_usd is None


def test_why_there_is_no_bill(costs: Costs, stores: Stores) -> None:
    assert costs().environment("staging").note == NOT_YET
    assert costs(bill_interval_h=0).environment("staging").note == NEVER_READ
    stores.readings.note("bill", ok=False, detail="Cost Explorer refused.")
    assert costs().environment("staging").note == "Cost Explorer refused."


def test_an_estimate_alerts_only_where_the_environment_exists(costs: Costs, stores: Stores) -> None:
    assert costs("local").environment("staging").alerts == ()
    stores.environments.save("staging", exists=True, ready=True, monthly_usd=85.0)
    assert costs("local").environment("staging").alerts == (Alert(100, "estimate", 85.0),)


def test_what_nobody_knows_is_not_found(costs: Costs) -> None:
    with pytest.raises(NotFoundError):
        costs().environment("nowhere")


def test_waste_says_how_to_remove_it(costs: Costs, stores: Stores) -> None:
    idle = WasteFinding(
        key="idle:staging", kind="idle", resource="staging", environment="staging", monthly_usd=71.4
    )
    stores.waste.replace(["idle"], [idle], at=NOON)
    (found,) = costs().waste()
    assert (found.title, found.since, found.monthly_usd) == ("Environment that nobody uses", NOON, 71.4)
    assert "panel env destroy staging" in found.remedy


@pytest.mark.usefixtures("charged")
def test_a_bill_that_was_read_again_counts_at_once(costs: Costs, stores: Stores) -> None:
    overview = costs()
    before = overview.total()
    assert Day("2026-11-22", "S3", 5.0, True) in before.days

    stores.bills.replace_days(
        [BillDay(environment="staging", day="2026-11-22", service="S3", usd=6.0, estimated=False)],
        begin="2026-11-22", end="2026-11-23",
    )  # fmt: skip
    stores.readings.note("bill", ok=True)

    assert Day("2026-11-22", "S3", 6.0, False) in overview.total().days
    assert {view.environment: view.to_date_usd for view in overview.all()}["staging"] == 66.0
