"""List prices: the table that the package carries, prices that AWS told since, each with its source and date.

A price that is not in the table is not known, and nothing here guesses one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

#: The region of prices that are the same everywhere.
EVERYWHERE = "global"

#: Type, component, region.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Price:
    """Dollars for one ``unit`` (hour, GB-month, request …), with the source it was read from and its date.

    ``live``: it was told by AWS itself, and is not of the packaged table.
    """

    resource_type: str
    component: str
    region: str
    unit: str
    usd: Decimal
    source: str
    as_of: str
    live: bool = False

    @property
    def key(self) -> Key:
        """What it is the price of."""
        return self.resource_type, self.component, self.region


class PriceList:
    """Prices by resource type, component and region."""

    def __init__(self, prices: Iterable[Price]) -> None:
        self._prices: Mapping[Key, Price] = {price.key: price for price in prices}
        self.regions = frozenset(price.region for price in self._prices.values()) - {EVERYWHERE}

    def find(self, resource_type: str, component: str, region: str) -> Price | None:
        """The price in the region, or the one that holds everywhere; None where the table has neither."""
        return self._prices.get((resource_type, component, region)) or self._prices.get(
            (resource_type, component, EVERYWHERE)
        )

    def over(self, live: Iterable[Price]) -> PriceList:
        """This list with ``live`` prices in the place of its own, and beside them."""
        return PriceList([*self._prices.values(), *live])

    def __iter__(self) -> Iterator[Price]:
        return iter(self._prices.values())


@lru_cache(maxsize=1)
def packaged_prices() -> PriceList:
    """The table that comes with the panel."""
    text = files("panel.cost").joinpath("aws-prices.csv").read_text(encoding="utf-8")
    return PriceList(
        Price(
            resource_type=row["resource_type"],
            component=row["component"],
            region=row["region"],
            unit=row["unit"],
            usd=Decimal(row["usd_per_unit"]),
            source=row["source"],
            as_of=row["as_of"],
        )
        for row in csv.DictReader(text.splitlines())
    )
