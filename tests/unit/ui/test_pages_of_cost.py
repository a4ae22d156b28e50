"""Pages about money: spending with and without a bill, what could be saved, other ways to run it, the Cost tab."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from panel.cost.actuals import Day, month_before
from panel.cost.compare import Traffic, compare
from panel.cost.compare_months import MonthChange, month_change
from panel.lifecycle.cost_overview import CostView
from panel.store.cost_tables import BillDay, WasteFinding
from panel.store.tables import now
from panel.ui import cost_text
from panel.ui.components.cost_charts import Charged, by_environment, count, gathered, largest_first
from panel.ui.components.cost_compare import _turning_points
from panel.ui.components.cost_numbers import to_csv
from panel.ui.components.cost_parts import bars, budget, change, stacked
from panel.ui.components.estimate import assumed, by_component, by_part, free_tier, lines, sources, unknowns

Open = Callable[..., AppTest]
HOSTILE = '<script>document.title="owned"</script>'
TODAY = now().date()
MONTH = f"{TODAY:%Y-%m}"


def body(app: AppTest) -> str:
    """Everything the page says."""
    assert not app.exception
    return "".join(str(element.value) for element in (*app.main.get("html"), *app.markdown))


def with_bill(sample: Any) -> None:
    """A bill of this month and the last, a forecast, on AWS."""
    path = sample.settings.catalogue_path
    path.write_text(path.read_text().replace("target: local", "target: aws"))
    begin, end = month_before(TODAY), TODAY + timedelta(days=1)
    days = [
        BillDay(
            environment=environment, day=(begin + timedelta(days=index)).isoformat(), service=service, usd=usd
        )
        for index in range((end - begin).days)
        for environment, usd in (("ready", 9.0), ("down", 1.5), ("", 0.25))
        for service in (f"Service {number}" for number in range(7))
    ]
    sample.stores.bills.replace_days(days, begin=begin.isoformat(), end=end.isoformat())
    sample.stores.bills.keep_forecasts(MONTH, {"ready": 2000.0}, at=now())
    sample.stores.readings.note(
        "bill", ok=True, detail="", facts={"read_at": now().isoformat(), "calls": {MONTH: 46}}
    )


# -------------------------------------------------------------------------------------------------- the page


def test_without_a_bill_estimates_are_shown_and_it_is_said(open_page: Open) -> None:
    text = body(open_page("cost"))
    assert "The embedded AWS has no bill." in text
    assert cost_text.NO_BILL_SHOWN in text
    assert "environment?environment=ready&amp;tab=Cost" in text
    assert cost_text.CHARGED not in text
    assert "over budget" in text


def test_with_a_bill_it_stands_beside_estimate_forecast_and_budget(sample: Any, open_page: Open) -> None:
    with_bill(sample)
    text = body(open_page("cost"))
    assert "46 questions to Cost Explorer this month, $ 0.46" in text
    assert "$ 2 0" in text
    assert "carries no environment" in text
    assert "2,000.00" in text
    assert "without an environment&#x27;s tag" in text


def test_a_bill_that_could_not_be_read_says_why(sample: Any, open_page: Open) -> None:
    with_bill(sample)
    sample.stores.readings.note("bill", ok=False, detail=f"Access was denied. {HOSTILE}", facts={})
    text = body(open_page("cost"))
    assert "Access was denied." in text
    assert "<script>" not in text


def test_days_of_one_environment_are_by_service(sample: Any, open_page: Open) -> None:
    with_bill(sample)
    app = open_page("cost")
    app.selectbox(key="cost-of").set_value("ready").run()
    text = body(app)
    assert "Service 0" in text
    assert "all others" in text
    assert "<script>" not in text


def test_the_numbers_are_one_click_away(open_page: Open) -> None:
    app = open_page("cost")
    assert not app.dataframe
    app.session_state["numbers-environments"] = True
    app.run()
    assert len(app.dataframe) == 1


def test_what_could_be_saved_has_its_sum_and_what_to_do(sample: Any, open_page: Open) -> None:
    query = {"show": cost_text.SAVING_TAB}
    assert cost_text.WASTE_NEVER in body(open_page("cost", **query))
    sample.stores.readings.note("waste", ok=True, detail="", facts={})
    assert cost_text.WASTE_NONE in body(open_page("cost", **query))
    found = [
        WasteFinding(
            key="idle:ready",
            kind="idle",
            resource="ready",
            environment="ready",
            detail=HOSTILE,
            monthly_usd=53.0,
        ),
        WasteFinding(
            key="images:b", kind="images", resource="todo-backend", detail="31 images", monthly_usd=None
        ),
    ]
    sample.stores.waste.replace(["idle", "images"], found, at=now())
    st.cache_data.clear()
    text = body(open_page("cost", **query))
    assert "$ 53.00 a month could be saved, and some whose saving is not known." in text
    assert "panel env destroy ready" in text
    assert "<script>" not in text
    assert "Environment that nobody uses" in body(open_page("environment", environment="ready", tab="Cost"))


# ----------------------------------------------------------------------------------------- other ways to run it


def test_other_ways_are_compared_with_the_environments_own_figures(open_page: Open) -> None:
    text = body(open_page("cost", show=cost_text.COMPARE_TAB, environment="ready"))
    assert "<strong>Lambda + CloudFront</strong> costs least" in text
    assert "requests a month ECS on EC2 costs less than Lambda + CloudFront" in text
    assert "2 × t3.micro, as the environment has them, carry it." in text
    assert "53.03" in text


def test_what_is_typed_is_compared(open_page: Open) -> None:
    app = open_page("cost", show=cost_text.COMPARE_TAB, environment="ready")
    app.number_input(key="compare-requests-ready").set_value(500_000_000).run()
    assert "At 500 million requests a month <strong>ECS on EC2</strong> costs least" in body(app)
    app.number_input(key="compare-memory-ready").set_value(12_000).run()
    text = body(app)
    assert "Lambda + CloudFront lacks a price and is not compared: a function has 10,240 MB at most." in text
    assert cost_text.NOT_WHOLE in text


def test_turning_points_are_told_in_words() -> None:
    plain = compare(Traffic(), region="us-east-2")
    one = plain.break_evens[0]
    assert _turning_points(plain, ()).startswith("No traffic from 10 000 to 1 billion")
    assert _turning_points(plain, [one]).startswith(f"Above {count(one.requests_per_month)} requests")
    assert "changes 3 times" in _turning_points(plain, [one, one, one])


# ---------------------------------------------------------------------------------------------- the Cost tab


def test_the_tab_without_a_bill_shows_the_estimate(open_page: Open) -> None:
    text = body(open_page("environment", environment="ready", tab="Cost"))
    assert "The embedded AWS has no bill." in text
    for word in (
        cost_text.MADE_OF,
        cost_text.BY_COMPONENT,
        "public IPv4 addresses",
        "Free tier: up to",
        "What is assumed",
    ):
        assert word in text


def test_the_tab_with_a_bill_shows_its_days(sample: Any, open_page: Open) -> None:
    with_bill(sample)
    text = body(open_page("environment", environment="ready", tab="Cost"))
    assert "$ 2 000.00" in text
    assert "Service 0" in text
    assert "over budget" in text


def test_estimates_of_older_runs_still_have_their_tab(sample: Any, open_page: Open) -> None:
    old = {
        "monthly_usd": 71.4,
        "items": [{"component": "load balancer", "monthly_usd": 16.4}],
        "unknown": [{"reason": "who knows"}],
    }
    sample.stores.environments.save("ready", estimate=old, monthly_usd=71.4)
    text = body(open_page("environment", environment="ready", tab="Cost"))
    assert "who knows" in text
    assert "$ 16.40" in text
    sample.stores.environments.save("down", estimate={"monthly_usd": 71.4}, monthly_usd=71.4)
    assert cost_text.MADE_OF in body(open_page("environment", environment="down", tab="Cost"))


# ------------------------------------------------------------------------------------------------- the pieces


def day(text: str, usd: float, *, service: str = "EC2", estimated: bool = False) -> Day:
    """A day of a bill."""
    return Day(text, service, usd, estimated)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], None),
        ([day("2026-11-01", 1), day("2026-11-02", 1)], None),
        # The last day is not over: the first two are compared.
        ([day("2026-10-01", 1), day("2026-10-02", 2), day("2026-10-03", 4), day("2026-11-01", 5), day("2026-11-02", 6),
          day("2026-11-03", 1)], MonthChange(2, 11, 3)),
        ([day("2026-10-31", 1), day("2026-11-01", 5), day("2026-11-02", 6)], MonthChange(1, 5, 0)),
        ([day("2026-10-01", 1), day("2026-11-01", 5)], None),
    ],
)  # fmt: skip
def test_months_are_compared_day_for_day(days: list[Day], expected: MonthChange | None) -> None:
    assert month_change(days, "2026-11") == expected


def test_january_is_compared_with_december() -> None:
    days = [day("2025-12-01", 2), day("2026-01-01", 3), day("2026-01-02", 1)]
    assert month_change(days, "2026-01") == MonthChange(1, 3, 2)


def view(**changes: Any) -> CostView:
    """What an environment costs."""
    fields: dict[str, Any] = {
        "environment": "staging", "estimate_usd": 50.0, "budget_usd": 80.0, "to_date_usd": None, "forecast_usd": None,
        "month": "2026-11", "by_service": {}, "days": (), "fetched_at": None, "note": "", "alerts": (), "exists": True,
    }  # fmt: skip
    return CostView(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "said", "not_said"),
    [
        ({"estimate_usd": 60.0}, "75 % of $ 80.00", "over budget"),
        ({"estimate_usd": 90.0}, "over budget", "may pass it"),
        (
            {"to_date_usd": 20.0, "forecast_usd": 60.0, "estimate_usd": 500.0},
            "75 % of $ 80.00",
            "budget</span>",
        ),
        ({"to_date_usd": 20.0, "forecast_usd": 90.0}, "may pass it", "over budget"),
        ({"to_date_usd": 81.0, "forecast_usd": 90.0}, "over budget", "may pass it"),
        ({"budget_usd": None}, "no budget", "%"),
        ({"estimate_usd": None}, "", "%"),
    ],
)
def test_a_budget_says_how_it_stands(changes: dict[str, Any], said: str, not_said: str) -> None:
    found = budget(view(**changes))
    assert said in found
    assert not_said not in found


def test_change_against_the_month_before() -> None:
    more = (day("2026-10-01", 10), day("2026-11-01", 12.5), day("2026-11-02", 1))
    assert "+$ 2.50 (+25 %)" in change(view(days=more))
    assert "new" in change(view(days=(day("2026-10-02", 1), *more[1:])))
    assert change(view()) == ""


def test_parts_beyond_the_shades_stand_together() -> None:
    charged = [Charged("2026-11-01", f"part {number}", 10.0 - number, estimated=False) for number in range(9)]
    names = largest_first(charged)
    assert names == ["part 0", "part 1", "part 2", "part 3", "part 4", "all others"]
    sums = {one.name: one.usd for one in gathered(charged, names)}
    assert sums["all others"] == 5 + 4 + 3 + 2
    bar = stacked([(one.name, one.usd) for one in charged])
    assert bar.count("<i ") == 6
    assert "all others" in bar


def test_days_of_several_bills_are_one_entry_each() -> None:
    found = by_environment(
        {"a": [day("2026-11-01", 1), day("2026-11-01", 2, service="S3", estimated=True)], "b": []}
    )
    assert found == [Charged("2026-11-01", "a", 3, estimated=True)]


def test_bars_are_as_long_as_their_share_and_say_their_amount() -> None:
    found = bars([("a<b", 10.0), ("c", 2.5)])
    assert "a&lt;b" in found
    assert "width:25.0%" in found
    assert "$ 2.50" in found
    assert bars([]) == ""


def test_csv_keeps_numbers_and_runs_no_formula() -> None:
    text = to_csv([{"name": '=cmd|"x"', "usd": -1.5}, {"name": "plain", "usd": None}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{"name": '\'=cmd|"x"', "usd": "-1.5"}, {"name": "plain", "usd": ""}]


def test_pieces_of_an_estimate_that_lack_what_newer_ones_have() -> None:
    items = [
        {"component": "instances (t3.micro)", "monthly_usd": 15.0},
        {"monthly_usd": 1.0},
        {"component": "nothing", "monthly_usd": 0.001},
    ]
    assert by_component(items) == [("instances (t3.micro)", 15.0), ("", 1.0)]
    assert by_part(items) == [("Other", pytest.approx(16.001))]
    assert [row["$ / month"] for row in lines(items)] == [15.0, 1.0, 0.001]
    assert "(1)" in sources(items)
    assert (unknowns(()), free_tier(()), assumed({})) == ("", "", "")


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        (999, "999"),
        (10_000, "10 000"),
        (1_000_000, "1 million"),
        (38_233_804, "38.2 million"),
        (2e9, "2 billion"),
    ],
)
def test_requests_are_told_for_people(requests: float, said: str) -> None:
    assert count(requests) == said
