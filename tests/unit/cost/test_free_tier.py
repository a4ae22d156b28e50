"""The free tier: lines of their own, never taken off the estimate, each with its source and date."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from panel.cost.estimate import estimate, to_dict
from panel.cost.free_tier import ALWAYS, LEGACY_ENDED, LEGACY_UNTIL, TWELVE_MONTHS, allowances
from panel.cost.prices import packaged_prices
from panel.cost.values import Estimate, FreeTierLine
from tests.unit.cost.plans import REGION, plan, priced, resource, sample


def lines(of: Estimate, kind: str) -> dict[str, FreeTierLine]:
    """What lies within the allowances of one kind, by component."""
    return {line.component: line for line in of.free_tier if line.kind == kind}


def test_every_allowance_has_source_and_date_and_a_price_that_it_takes_off() -> None:
    prices = list(packaged_prices())
    assert {one.kind for one in allowances()} == {ALWAYS, TWELVE_MONTHS}
    for one in allowances():
        assert len(one.source) > 10
        assert re.search(r"20\d\d-\d\d-\d\d", one.as_of)
        for kind, name in one.prices:
            found = [
                price
                for price in prices
                if price.resource_type == kind
                and (price.component.startswith(name[:-1]) if name.endswith("*") else price.component == name)
            ]
            units = {price.unit.removesuffix("-month") for price in found}
            assert units == {one.unit.removesuffix("-month")}, (one.component, name)


def test_what_is_always_free_for_a_small_site_is_said_and_not_taken_off() -> None:
    found = priced(
        resource("aws_cloudfront_distribution.this"), cloudfront_out_gb=10, cloudfront_https_requests=100_000
    )
    always = lines(found, ALWAYS)
    assert always["CloudFront data"].monthly_usd == Decimal("0.85")
    assert always["CloudFront data"].quantity == 10
    assert always["CloudFront requests"].monthly_usd == Decimal("0.10")
    assert found.monthly_usd == Decimal("0.95")


def test_no_more_than_the_allowance_is_within_it() -> None:
    (line,) = priced(
        resource("aws_cloudfront_function.routing"), cloudfront_https_requests=5_000_000
    ).free_tier
    assert (line.quantity, line.allowance, line.monthly_usd) == (2_000_000, 2_000_000, Decimal("0.20"))


def test_one_allowance_serves_all_that_draw_on_it() -> None:
    alarms = [resource(f"aws_cloudwatch_metric_alarm.a{number}", period=60) for number in range(14)]
    (line,) = priced(*alarms).free_tier
    assert (line.component, line.quantity, line.monthly_usd) == ("alarms", 10, Decimal("1.00"))


def test_logs_at_different_prices_share_theirs_in_proportion() -> None:
    found = priced(resource("aws_cloudwatch_log_group.a"), log_ingested_gb=8, log_stored_gb=2)
    (line,) = found.free_tier
    assert line.quantity == 5
    assert line.monthly_usd == Decimal("2.03")  # half of 8 x 0.50 + 2 x 0.03


@pytest.mark.parametrize(
    ("drawn", "allowed"),
    [
        (resource("aws_lb.this", subnets=["a", "b"]), False),
        (resource("aws_nat_gateway.this"), False),
        (resource("aws_instance.this", instance_type="t2.micro", associate_public_ip_address=True), True),
    ],
)
def test_addresses_are_free_with_instances_alone(drawn: dict[str, object], allowed: bool) -> None:
    assert ("public IPv4 addresses of instances" in lines(priced(drawn), TWELVE_MONTHS)) is allowed


def test_a_larger_type_than_the_free_one_is_not_within_it() -> None:
    small = resource("aws_instance.a", instance_type="t2.micro")
    larger = resource("aws_instance.a", instance_type="t3.micro")
    assert "instances (t2.micro)" in lines(priced(small), TWELVE_MONTHS)
    assert "instances (t2.micro)" not in lines(priced(larger), TWELVE_MONTHS)


def test_staging_has_both_kinds_those_of_always_first() -> None:
    found = estimate(sample("environment"), region=REGION)
    kinds = [line.kind for line in found.free_tier]
    assert kinds == sorted(kinds, key=lambda kind: kind != ALWAYS)
    assert {"CloudFront data", "CloudFront requests", "logs, intake and storage"} <= set(lines(found, ALWAYS))
    assert {"disks", "load balancers", "bucket storage"} <= set(lines(found, TWELVE_MONTHS))
    assert lines(found, TWELVE_MONTHS)["load balancers"].monthly_usd == Decimal("16.425")


def test_nothing_priced_nothing_within() -> None:
    assert estimate(plan(), region=REGION).free_tier == ()


def test_the_json_tells_them_apart_from_the_estimate() -> None:
    found = to_dict(estimate(sample("environment"), region=REGION))
    free_tier = found["free_tier"]
    assert isinstance(free_tier, list)
    assert list(free_tier[0]) == [
        "component", "quantity", "unit", "monthly_usd", "allowance", "kind", "source", "as_of",
    ]  # fmt: skip


def test_the_last_of_the_twelve_months_are_over_a_year_after_the_last_accounts_of_that_kind() -> None:
    year, rest = LEGACY_UNTIL.split("-", 1)
    assert f"{int(year) + 1}-{rest}" == LEGACY_ENDED
