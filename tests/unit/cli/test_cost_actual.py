"""What was charged and what could be saved, as a terminal tells it."""

from datetime import UTC, datetime

import pytest

from panel.catalogue.load import load_catalogue
from panel.store.cost_tables import BillDay, WasteFinding
from panel.store.tables import now

SEEN = datetime(2026, 11, 20, tzinfo=UTC)
COST = {
    "environment", "month", "to_date_usd", "forecast_usd", "estimate_usd", "budget_usd", "by_service", "days", "fetched_at",
    "note", "alerts", "exists",
}  # fmt: skip
TOTAL = {
    "month", "to_date_usd", "forecast_usd", "estimate_usd", "budget_usd", "untagged_usd", "saving_usd", "by_service",
    "fetched_at", "note", "calls", "calls_usd",
}  # fmt: skip
WASTE = {"kind", "title", "resource", "environment", "detail", "monthly_usd", "since", "remedy"}


@pytest.fixture
def on_aws(panel):
    """The catalogue's target is AWS, and the bill was read just now."""
    catalogue = load_catalogue(panel.settings.catalogue_path).model_copy(update={"target": "aws"})
    panel.catalogue = lambda: catalogue
    today = now().date().isoformat()
    lines = [
        ("staging", "Amazon EC2", 60.0),
        ("staging", "Amazon S3", 5.0),
        ("shared", "Route 53", 0.5),
        ("", "KMS", 1.0),
    ]
    panel.stores.bills.replace_days(
        [BillDay(environment=name, day=today, service=service, usd=usd) for name, service, usd in lines],
        begin=today, end="9999-12-31",
    )  # fmt: skip
    panel.stores.bills.keep_forecasts(today[:7], {"staging": 192.0}, at=now())
    panel.stores.readings.note("bill", ok=True, facts={"read_at": now().isoformat(), "calls": {today[:7]: 3}})
    return panel


@pytest.fixture
def found(panel):
    waste = WasteFinding(
        key="nat:nat-1",
        kind="nat",
        resource="nat-1",
        environment="shared",
        detail="Nothing.",
        monthly_usd=36.5,
    )
    panel.stores.waste.replace(["nat"], [waste], at=SEEN)


@pytest.mark.usefixtures("on_aws")
def test_one_environment_by_service_against_its_budget(terminal):
    answer = terminal("cost", "actual", "staging")
    assert answer.exit_code == 0, answer.stderr
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert lines[1:3] == ["Amazon EC2 60.00", "Amazon S3 5.00"]
    assert "Expected for the month: $ 192.00" in lines
    assert "Reached: 100 % of the budget (expected for the month)" in lines
    assert "The bill was read at" in answer.stderr


@pytest.mark.usefixtures("on_aws", "found")
def test_all_environments_and_what_carries_no_tag(terminal):
    answer = terminal("cost", "actual")
    rows = {" ".join(line.split()[:1]): line for line in answer.stdout.splitlines()}
    assert "$ 65.00" in rows["staging"] and "100 % (forecast)" in rows["staging"]
    assert "not known" in rows["production"]
    assert "$ 1.00" in rows["(no"] and "$ 66.50" in rows["all"]
    assert "Could be saved: $ 36.50 / month" in answer.stdout


@pytest.mark.usefixtures("on_aws")
def test_fields_of_the_documents(terminal):
    assert set(terminal.json("cost", "actual", "staging")) == COST
    every = terminal.json("cost", "actual")
    assert set(every["total"]) == TOTAL and every["total"]["calls"] == 3
    assert [one["environment"] for one in every["environments"]] == ["production", "staging", "shared"]
    (ec2, _s3) = every["environments"][1]["days"]
    assert set(ec2) == {"day", "service", "usd", "estimated"}
    assert set(every["environments"][1]["alerts"][0]) == {"percent", "basis", "usd"}


def test_the_embedded_aws_has_no_bill(terminal):
    answer = terminal("cost", "actual", "staging")
    assert answer.exit_code == 0 and "The embedded AWS has no bill." in answer.stderr
    assert "Estimate: $ " in answer.stdout
    asked = terminal("cost", "actual", "--refresh")
    assert asked.exit_code == 3 and "has no bill" in asked.stderr


def test_an_environment_that_nobody_knows(terminal):
    answer = terminal("cost", "actual", "nowhere")
    assert answer.exit_code == 2 and "no environment nowhere" in answer.stderr


@pytest.mark.usefixtures("on_aws")
def test_who_asks_now_is_told_that_it_costs(terminal, panel):
    asked = []
    panel.read_bill = lambda: asked.append("bill")
    answer = terminal("cost", "actual", "staging", "--refresh")
    assert asked == ["bill"] and "AWS charges a cent" in answer.stderr


@pytest.mark.usefixtures("found")
def test_what_could_be_saved_and_how(terminal):
    answer = terminal("cost", "waste")
    assert answer.stdout.splitlines()[0] == (
        "NAT gateway without traffic: nat-1 of shared, saves $ 36.50 / month, seen since 2026-11-20"
    )
    assert "nat_gateway: false" in answer.stdout and "Together $ 36.50 / month" in answer.stdout
    (one,) = terminal.json("cost", "waste")
    assert set(one) == WASTE and one["since"] == SEEN.isoformat()


def test_nothing_to_save(terminal):
    answer = terminal("cost", "waste")
    assert answer.stdout.splitlines() == ["Nothing was found that could be saved."]
    assert "has not looked yet" in answer.stderr
    assert terminal.json("cost", "waste") == []
