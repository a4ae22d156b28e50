"""Reading the AWS Price List: its documents as AWS sends them, in pages, and what is no price list."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from panel.aws.price_list import listed_prices
from panel.errors import AwsError

FILTERS = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-2"}]
ASKED = {
    "ServiceCode": "AmazonEC2",
    "Filters": FILTERS,
    "FormatVersion": "aws_v1",
    "MaxResults": 100,
}


def product(usage_type: str, *steps: tuple[str, str], currency: str = "USD", unit: str = "Hrs") -> str:
    """A product as text, as the API puts it into its answer: steps are (begin of range, price)."""
    sku = "76QZ3RFK75ZTYQZE"
    dimensions = {
        f"{sku}.JRTCKXETXF.{number}": {
            "unit": unit, "beginRange": begin, "endRange": "Inf", "description": "per unit", "appliesTo": [],
            "rateCode": f"{sku}.JRTCKXETXF.{number}", "pricePerUnit": {currency: price},
        }
        for number, (begin, price) in enumerate(steps)
    }  # fmt: skip
    term = {
        "sku": sku, "offerTermCode": "JRTCKXETXF", "effectiveDate": "2026-09-01T00:00:00Z", "termAttributes": {},
        "priceDimensions": dimensions,
    }  # fmt: skip
    return json.dumps(
        {
            "product": {
                "productFamily": "NAT Gateway", "sku": sku,
                "attributes": {"usagetype": usage_type, "regionCode": "us-east-2", "operation": "NatGateway"},
            },
            "serviceCode": "AmazonEC2", "version": "20260910", "publicationDate": "2026-09-10T18:11:48Z",
            "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": term}, "Reserved": {"x": {"priceDimensions": {}}}},
        }
    )  # fmt: skip


class Told:
    """An account whose price list is stubbed at the API."""

    def __init__(self) -> None:
        self.pricing = boto3.client(
            "pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(self.pricing)

    def client(self, service: str, *, region: str | None = None) -> Any:
        """The stubbed client: only prices, and only where the API is."""
        assert (service, region) == ("pricing", "us-east-1")
        return self.pricing


@pytest.fixture
def told() -> Told:
    """An account."""
    return Told()


def test_prices_come_with_their_steps_and_dates_over_all_pages(told: Told) -> None:
    first = {"FormatVersion": "aws_v1", "NextToken": "more", "PriceList": [product("USE2-NatGateway-Hours", ("0", "0.0450000000"))]}  # fmt: skip
    second = {"FormatVersion": "aws_v1", "PriceList": [product("USE2-NatGateway-Bytes", ("0", "0.045"), ("1024", "0.040"), unit="GB")]}  # fmt: skip
    told.stub.add_response("get_products", first, ASKED)
    told.stub.add_response("get_products", second, ASKED | {"NextToken": "more"})
    with told.stub:
        found = listed_prices(told, "AmazonEC2", {"regionCode": "us-east-2"})  # type: ignore[arg-type]  # a fake account
    assert [(one.usage_type, one.usd, one.begin, one.unit) for one in found] == [
        ("USE2-NatGateway-Hours", Decimal("0.045"), 0, "Hrs"),
        ("USE2-NatGateway-Bytes", Decimal("0.045"), 0, "GB"),
        ("USE2-NatGateway-Bytes", Decimal("0.040"), 1024, "GB"),
    ]
    assert {(one.family, one.effective, one.published) for one in found} == {
        ("NAT Gateway", "2026-09-01", "2026-09-10")
    }


def test_what_has_no_price_in_dollars_is_none(told: Told) -> None:
    yuan = product("NatGateway-Hours", ("0", "0.4"), currency="CNY")
    told.stub.add_response("get_products", {"PriceList": [yuan, "{}"]}, ASKED)
    with told.stub:
        assert listed_prices(told, "AmazonEC2", {"regionCode": "us-east-2"}) == ()  # type: ignore[arg-type]  # a fake account


@pytest.mark.parametrize("document", ["not json", "[1]"])
def test_what_is_no_price_list_is_said_so(told: Told, document: str) -> None:
    told.stub.add_response("get_products", {"PriceList": [document]}, ASKED)
    with told.stub, pytest.raises(AwsError, match="no price list"):
        listed_prices(told, "AmazonEC2", {"regionCode": "us-east-2"})  # type: ignore[arg-type]  # a fake account


def test_a_refusal_names_the_service(told: Told) -> None:
    told.stub.add_client_error("get_products", "AccessDeniedException", "no pricing:GetProducts")
    with told.stub, pytest.raises(AwsError, match="read the prices of AmazonEC2"):
        listed_prices(told, "AmazonEC2", {"regionCode": "us-east-2"})  # type: ignore[arg-type]  # a fake account
