"""The prices to count with: those of the package, with those in their place that AWS told and the store keeps."""

from __future__ import annotations

import time
from decimal import Decimal

from panel.cost.prices import Price, PriceList, packaged_prices
from panel.store.stores import Stores

# An estimate may count with prices of a minute ago.
_FRESH_S = 60.0


class Prices:
    """The packaged prices with those in their place that AWS told; the store is asked at most once a minute."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._kept: tuple[float, PriceList] | None = None

    def current(self) -> PriceList:
        """What to count with now."""
        kept = self._kept
        if kept is None or time.monotonic() - kept[0] > _FRESH_S:
            kept = self._kept = (time.monotonic(), stored_prices(self._stores))
        return kept[1]


def stored_prices(stores: Stores) -> PriceList:
    """The packaged prices with those in their place that the store has from AWS."""
    told = stores.prices.all()
    if not told:
        return packaged_prices()
    return packaged_prices().over(
        Price(
            resource_type=row.resource_type,
            component=row.component,
            region=row.region,
            unit=row.unit,
            usd=Decimal(row.usd),
            source=row.source,
            as_of=row.as_of,
            live=True,
        )
        for row in told
    )
