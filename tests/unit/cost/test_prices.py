"""The price table: every price with a source and a date, and nothing invented."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from importlib.resources import files

from panel.cost.prices import packaged_prices


def rows() -> list[dict[str, str]]:
    """The packaged table as it is."""
    text = files("panel.cost").joinpath("aws-prices.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_every_price_has_unit_source_and_date_and_is_no_less_than_nothing() -> None:
    table = rows()
    assert len(table) > 400
    for row in table:
        assert Decimal(row["usd_per_unit"]) >= 0, row
        assert row["unit"], row
        assert len(row["source"]) > 10, row
        assert re.search(r"20\d\d-\d\d-\d\d", row["as_of"]), row


def test_no_price_is_in_the_table_twice() -> None:
    keys = [(row["resource_type"], row["component"], row["region"]) for row in rows()]
    assert len(keys) == len(set(keys))


def test_a_price_is_found_in_its_region_or_everywhere_and_not_elsewhere() -> None:
    prices = packaged_prices()
    balancer = prices.find("aws_lb", "Application Load Balancer", "us-east-2")
    assert balancer is not None
    assert balancer.usd == Decimal("0.0225")
    assert prices.find("aws_route53_zone", "hosted zone, first 25", "us-east-2") is not None
    assert prices.find("aws_lb", "Application Load Balancer", "eu-west-1") is None
    assert prices.find("aws_lb", "no such component", "us-east-2") is None
    assert prices.regions == {"us-east-1", "us-east-2", "sa-east-1"}
