"""The AWS Price List: what AWS itself says its services cost. Reading it costs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from panel.aws.session import Aws, translated
from panel.errors import AwsError

# The API answers in few regions, for all of them.
_REGION = "us-east-1"
_PAGE = 100


@dataclass(frozen=True)
class ListedPrice:
    """One on-demand price: ``usd`` for one ``unit`` from the ``begin``-th unit of a month on.

    Attributes:
        sku: AWS' number of the product.
        usage_type: what the bill calls it, such as ``USE2-NatGateway-Hours``.
        family: kind of product, such as ``NAT Gateway``.
        attributes: all that AWS says of the product.
        effective, published: days, as ISO dates; empty where AWS does not say.
    """

    sku: str
    usage_type: str
    family: str
    attributes: Mapping[str, str]
    unit: str
    usd: Decimal
    begin: Decimal
    effective: str
    published: str


def listed_prices(aws: Aws, service: str, filters: Mapping[str, str]) -> tuple[ListedPrice, ...]:
    """Every on-demand price in dollars of the products of ``service`` with all of these attributes.

    Args:
        service: its code, such as ``AmazonEC2``.
        filters: attributes that must be exactly so, such as ``regionCode``.

    Raises:
        AwsError: AWS refuses, or what it says is no price list.
        EndpointError: AWS did not answer.
    """
    client: Any = aws.client("pricing", region=_REGION)
    wanted = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()]
    found: list[ListedPrice] = []
    with translated(f"read the prices of {service}"):
        pages = client.get_paginator("get_products").paginate(
            ServiceCode=service, Filters=wanted, FormatVersion="aws_v1", PaginationConfig={"PageSize": _PAGE}
        )
        for page in pages:
            for document in page.get("PriceList", ()):
                found += _prices(_product(document, service))
    return tuple(found)


def _product(document: object, service: str) -> Mapping[str, Any]:
    """One product, which comes as text inside the answer."""
    try:
        read = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        read = None
    if not isinstance(read, Mapping):
        raise AwsError(
            f"The panel could not read the prices of {service}: what AWS answered is no price list.",
            hint="The packaged prices count meanwhile.",
        )
    return read


def _prices(product: Mapping[str, Any]) -> Iterator[ListedPrice]:
    described = _mapping(product.get("product"))
    attributes = {str(name): str(value) for name, value in _mapping(described.get("attributes")).items()}
    for term in _mapping(_mapping(product.get("terms")).get("OnDemand")).values():
        for dimension in _mapping(_mapping(term).get("priceDimensions")).values():
            usd = _number(_mapping(_mapping(dimension).get("pricePerUnit")).get("USD"))
            if usd is None:
                continue  # told in another currency
            yield ListedPrice(
                sku=str(described.get("sku", "")),
                usage_type=attributes.get("usagetype", ""),
                family=str(described.get("productFamily", "")),
                attributes=attributes,
                unit=str(dimension.get("unit", "")),
                usd=usd,
                begin=_number(dimension.get("beginRange")) or Decimal(0),
                effective=str(term.get("effectiveDate", ""))[:10],
                published=str(product.get("publicationDate", ""))[:10],
            )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found >= 0 else None
