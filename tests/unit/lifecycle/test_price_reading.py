"""Prices are read once a day on AWS, kept with their dates, and counted with; nothing breaks where they are not told."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from panel.catalogue.schema import Catalogue
from panel.cost.estimate import catalogue_estimate, to_dict
from panel.cost.prices import packaged_prices
from panel.lifecycle.current_prices import Prices, stored_prices
from panel.lifecycle.price_reading import READING, PriceReading
from panel.store.stores import Stores
from panel.store.tables import now


class PriceListApi:
    """The Price List: usage types with their prices; ``refuse`` is the code of a refusal."""

    def __init__(self, **prices: str) -> None:
        self.prices, self.asked, self.refuse = prices, [], ""

    def client(self, service: str, *, region: str | None = None) -> PriceListApi:
        """It is its own client."""
        return self

    def get_paginator(self, operation: str) -> PriceListApi:
        """It is its own paginator."""
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        """One page with all products, whatever was asked for."""
        self.asked.append(asked)
        if self.refuse:
            raise ClientError({"Error": {"Code": self.refuse, "Message": "no"}}, "GetProducts")
        return [{"PriceList": [_product(name, usd) for name, usd in self.prices.items()]}]


def _product(usage_type: str, usd: str) -> str:
    dimension = {"unit": "Hrs", "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": usd}}
    return json.dumps(
        {
            "product": {"sku": usage_type, "productFamily": "", "attributes": {"usagetype": usage_type}},
            "publicationDate": "2026-11-20T10:00:00Z",
            "terms": {
                "OnDemand": {"t": {"effectiveDate": "2026-11-01", "priceDimensions": {"d": dimension}}}
            },
        }
    )


@pytest.fixture
def on_aws(catalogue: Catalogue) -> Catalogue:
    """The catalogue with AWS itself as its target."""
    return catalogue.model_copy(update={"target": "aws"})


@pytest.fixture
def api() -> PriceListApi:
    """A price list with few prices."""
    return PriceListApi(**{"USE2-BoxUsage:t3.micro": "0.0110000000", "USE2-NatGateway-Hours": "0.0450000000"})


def reading(catalogue: Catalogue, stores: Stores, api: PriceListApi, *, live: bool = True) -> PriceReading:
    """What the worker does now and then."""
    return PriceReading(lambda: catalogue, stores, lambda: api, live=live)  # type: ignore[arg-type, return-value]  # a fake account


def test_prices_are_kept_and_counted_with(on_aws: Catalogue, stores: Stores, api: PriceListApi) -> None:
    reading(on_aws, stores, api).look()
    note = stores.readings.get(READING)
    assert note is not None
    assert note.ok
    assert note.facts["kept"] == 2
    priced = catalogue_estimate(on_aws, "staging", prices=stored_prices(stores))
    (instances,) = [item for item in priced.items if item.component == "instances (t3.micro)"]
    assert (instances.unit_price_usd, instances.as_of, instances.live) == (
        Decimal("0.0110000000"), "2026-11-20", True,
    )  # fmt: skip
    prices = to_dict(priced)["prices"]
    assert isinstance(prices, dict)
    assert prices["live"] == 1
    assert prices["packaged"] == len(priced.items) - 1


def test_they_are_read_once_a_day(on_aws: Catalogue, stores: Stores, api: PriceListApi) -> None:
    look = reading(on_aws, stores, api).look
    look()
    asked = len(api.asked)
    look()
    assert len(api.asked) == asked
    stores.readings.note(READING, ok=True, at=now() - timedelta(days=1, minutes=1))
    look()
    assert len(api.asked) == 2 * asked


def test_a_refusal_is_noted_and_the_packaged_prices_count(
    on_aws: Catalogue, stores: Stores, api: PriceListApi
) -> None:
    api.refuse = "AccessDeniedException"
    look = reading(on_aws, stores, api).look
    look()
    look()
    assert len(api.asked) == 1  # not again before an hour has passed
    note = stores.readings.get(READING)
    assert note is not None
    assert not note.ok
    assert "AccessDeniedException" in note.detail
    assert stored_prices(stores) is packaged_prices()
    stores.readings.note(READING, ok=False, at=now() - timedelta(minutes=61))
    api.refuse = ""
    look()
    assert len(stores.prices.all()) == 2


def test_what_was_told_before_a_failure_stays(on_aws: Catalogue, stores: Stores, api: PriceListApi) -> None:
    reading(on_aws, stores, api).look()
    stores.readings.note(READING, ok=True, at=now() - timedelta(days=2))
    api.refuse = "ThrottlingException"
    reading(on_aws, stores, api).look()
    assert {row.component for row in stores.prices.all()} >= {"NAT gateway"}


def test_a_wild_price_is_named_and_not_counted_with(on_aws: Catalogue, stores: Stores) -> None:
    reading(on_aws, stores, PriceListApi(**{"USE2-NatGateway-Hours": "45"})).look()
    note = stores.readings.get(READING)
    assert note is not None
    assert "NAT gateway" in note.facts["left_out"][0]
    assert stores.prices.all() == []


def test_nothing_is_asked_on_the_embedded_aws_or_where_it_is_switched_off(
    catalogue: Catalogue, on_aws: Catalogue, stores: Stores, api: PriceListApi
) -> None:
    reading(catalogue, stores, api).look()
    reading(on_aws, stores, api, live=False).look()
    assert api.asked == []
    assert stores.readings.get(READING) is None


def test_the_store_is_asked_now_and_then_alone(on_aws: Catalogue, stores: Stores, api: PriceListApi) -> None:
    prices = Prices(stores)
    before = prices.current()
    reading(on_aws, stores, api).look()
    assert prices.current() is before
    assert Prices(stores).current() is not before
