"""What AWS tells, turned into our prices: found by usage type and step, mistakes kept out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from panel.aws.price_list import ListedPrice
from panel.cost.price_answers import SOURCE, answered
from panel.cost.price_questions import Question, plain, questions
from panel.cost.prices import EVERYWHERE, packaged_prices

INSTANCES, CLASSES = ["t3.micro"], ["db.t3.micro"]
ALL = questions(INSTANCES, CLASSES)


def told(usage_type: str, usd: str, *, begin: int = 0, family: str = "", sku: str = "S1") -> ListedPrice:
    """A price as the API tells it."""
    return ListedPrice(
        sku, usage_type, family, {}, "Hrs", Decimal(usd), Decimal(begin), "2026-09-01", "2026-09-10"
    )


def question(component: str) -> Question:
    """The question that one of our prices is an answer to."""
    (found,) = [one for one in ALL if component in {wanted.component for wanted in one.wanted}]
    return found


@pytest.mark.parametrize(
    ("usage_type", "without"),
    [
        ("USE2-NatGateway-Hours", "NatGateway-Hours"),
        ("EU-NatGateway-Hours", "NatGateway-Hours"),
        ("us-east-1-KMS-Keys", "KMS-Keys"),
        ("NatGateway-Hours", "NatGateway-Hours"),
        ("DNS-Queries", "DNS-Queries"),
        ("US-DataTransfer-Out-Bytes", "US-DataTransfer-Out-Bytes"),
        ("EBS:VolumeUsage.gp3", "EBS:VolumeUsage.gp3"),
    ],
)
def test_usage_types_lose_their_regions_short_name_alone(usage_type: str, without: str) -> None:
    assert plain(usage_type) == without


def test_what_is_asked_for_is_what_the_package_has_in_the_same_units() -> None:
    packaged = {(price.resource_type, price.component): price.unit for price in packaged_prices()}
    asked = {(wanted.resource_type, wanted.component): wanted.unit for one in ALL for wanted in one.wanted}
    assert {key for key in asked if key in packaged and packaged[key] != asked[key]} == set()
    assert len(asked.keys() & packaged.keys()) > 70


def test_nothing_is_asked_for_twice() -> None:
    asked = [(wanted.resource_type, wanted.component) for one in ALL for wanted in one.wanted]
    assert len(asked) == len(set(asked))


def test_prices_are_asked_for_in_a_region_or_for_everywhere() -> None:
    assert question("NAT gateway").asked("us-east-2")["regionCode"] == "us-east-2"
    assert "regionCode" not in question("hosted zone, first 25").asked("us-east-2")


def test_a_price_is_found_by_its_usage_type_with_source_and_date() -> None:
    listed = [told("USE2-NatGateway-Hours", "0.046"), told("USE2-NatGateway-Prvd-Hours", "0.1", sku="S2")]
    found = answered(question("NAT gateway"), listed, region="us-east-2", known=packaged_prices())
    (price,) = found.prices
    assert (price.component, price.region, price.unit, price.usd) == (
        "NAT gateway", "us-east-2", "hour", Decimal("0.046"),
    )  # fmt: skip
    assert price.live
    assert price.source.startswith(SOURCE)
    assert price.as_of == "2026-09-10"
    assert found.left_out == ()


def test_load_balancers_of_several_kinds_share_a_usage_type() -> None:
    listed = [
        told("LoadBalancerUsage", "0.0225", family="Load Balancer-Application"),
        told("LoadBalancerUsage", "0.03", family="Load Balancer-Network", sku="S2"),
        told("LoadBalancerUsage", "0.025", family="Load Balancer", sku="S3"),
    ]
    found = answered(
        question("Application Load Balancer"), listed, region="us-east-1", known=packaged_prices()
    )
    assert {price.component: price.usd for price in found.prices} == {
        "Application Load Balancer": Decimal("0.0225"),
        "Network Load Balancer": Decimal("0.03"),
        "Classic Load Balancer": Decimal("0.025"),
    }


def test_steps_are_counted_from_the_first_that_costs() -> None:
    listed = [
        told("Executions-CloudFrontFunctions", "0"),
        told("Executions-CloudFrontFunctions", "0.0000001", begin=2_000_000),
    ]
    (price,) = answered(question("invocations"), listed, region="us-east-2", known=packaged_prices()).prices
    assert (price.usd, price.region) == (Decimal("0.0000001"), EVERYWHERE)
    queries = [told("DNS-Queries", "0.0000002", begin=10**9), told("DNS-Queries", "0.0000004")]
    found = answered(
        question("standard queries, first 1B/month"), queries, region="us-east-2", known=packaged_prices()
    )
    assert [price.usd for price in found.prices] == [Decimal("0.0000004"), Decimal("0.0000002")]


def test_a_price_for_a_larger_unit_is_divided() -> None:
    listed = [told("USE2-EBS:VolumeP-Throughput.gp3", "40.96")]
    (price,) = answered(question("gp3 storage"), listed, region="us-east-2", known=packaged_prices()).prices
    assert (price.unit, price.usd) == ("MiBps-month", Decimal("0.04"))


@pytest.mark.parametrize(
    ("usd", "kept"), [("0.22", True), ("0.0091", True), ("0.24", False), ("0.0089", False)]
)
def test_a_price_that_is_wildly_off_is_kept_out_and_named(usd: str, kept: bool) -> None:
    found = answered(
        question("NAT gateway"),
        [told("USE2-NatGateway-Hours", usd)],
        region="us-east-2",
        known=packaged_prices(),
    )
    assert bool(found.prices) is kept
    assert kept or "NAT gateway" in found.left_out[0]


def test_where_the_package_knows_no_price_another_regions_tells_mistakes() -> None:
    listed = [told("EUC1-AWSSecretsManager-Secrets", "40")]
    found = answered(question("secret"), listed, region="eu-central-1", known=packaged_prices())
    assert found.prices == ()
    assert "0.4" in found.left_out[0]


def test_several_different_prices_for_one_thing_are_none() -> None:
    listed = [told("USE2-TimedStorage-ByteHrs", "0.1"), told("USE2-TimedStorage-ByteHrs", "0.2", sku="S2")]
    found = answered(
        question("private repository storage"), listed, region="us-east-2", known=packaged_prices()
    )
    assert found.prices == ()
    assert "different prices" in found.left_out[0]


def test_what_is_not_sold_there_is_left_to_the_package() -> None:
    assert answered(question("NAT gateway"), [], region="us-east-2", known=packaged_prices()).prices == ()


def test_live_prices_take_the_place_of_packaged_ones_and_fill_gaps() -> None:
    listed = [told("USE2-TimedStorage-ByteHrs", "0.1")]
    found = answered(
        question("private repository storage"), listed, region="us-east-2", known=packaged_prices()
    )
    both = packaged_prices().over(found.prices)
    assert packaged_prices().find("aws_ecr_repository", "private repository storage", "us-east-2") is None
    filled = both.find("aws_ecr_repository", "private repository storage", "us-east-2")
    assert filled is not None
    assert filled.live
    balancer = both.find("aws_lb", "Application Load Balancer", "us-east-2")
    assert balancer is not None
    assert not balancer.live
