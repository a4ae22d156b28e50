"""``panel cost compare``: side by side, as JSON, as CSV; what is asked is what is compared."""

from __future__ import annotations

import csv

from panel.cost.compare_options import TITLES


def test_options_stand_side_by_side_with_break_evens_and_assumptions(terminal):
    said = terminal("cost", "compare", "staging").stdout
    for title in TITLES.values():
        assert title.upper() in said
    assert "At 100,000 requests a month Lambda + CloudFront costs least." in said
    assert "requests a month ECS on EC2 costs less than Lambda + CloudFront" in said
    assert "2 × t3.micro, as the environment has them, carry it." in said
    assert "Left out:" in said


def test_the_figures_asked_for_are_those_compared(terminal):
    asked = ("--requests", "2000000", "--ms", "20", "--computing", "80", "--memory", "512", "--response-kb", "4",
             "--busy", "40", "--zones", "3", "--region", "sa-east-1")  # fmt: skip
    found = terminal.json("cost", "compare", *asked)
    assert found["region"] == "sa-east-1"
    assert found["traffic"] | {"requests_per_month": 2_000_000, "ms_per_request": 20, "computing_percent": 80,
        "memory_mb": 512, "response_kb": 4, "busy_percent": 40, "zones": 3} == found["traffic"]  # fmt: skip
    assert [option["name"] for option in found["options"]] == list(TITLES)
    estimate = terminal.json("cost", "estimate", "staging")["monthly_usd"]
    staging = terminal.json("cost", "compare", "staging")
    assert staging["options"][0]["monthly_usd"] == estimate


def test_the_costs_over_traffic_are_csv_for_a_spreadsheet(terminal):
    rows = list(csv.DictReader(terminal("cost", "compare", "--csv").stdout.splitlines()))
    assert list(rows[0]) == ["requests_per_month", *TITLES]
    assert float(rows[0]["requests_per_month"]) == 10_000
    assert float(rows[-1]["ecs-ec2"]) > float(rows[0]["ecs-ec2"])


def test_what_lacks_a_price_is_named(terminal):
    said = terminal("cost", "compare", "--memory", "12000").stdout
    assert "Not compared: Lambda + CloudFront: a function has 10,240 MB at most." in said


def test_wrong_figures_and_two_formats_are_refused(terminal):
    assert terminal("cost", "compare", "--ms", "0").exit_code == 2
    assert terminal("cost", "compare", "--json", "--csv").exit_code == 2
    assert terminal("cost", "compare", "nowhere").exit_code == 2
