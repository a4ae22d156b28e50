"""Estimates as values: what costs, what costs nothing, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from panel.cost.assumptions import Assumptions

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Item:
    """One component of one resource: ``quantity`` of ``unit`` a month at ``unit_price_usd``."""

    address: str
    resource_type: str
    component: str
    quantity: Decimal
    unit: str
    unit_price_usd: Decimal
    monthly_usd: Decimal
    source: str
    as_of: str


@dataclass(frozen=True)
class Unknown:
    """Something that may cost and whose cost is not known, with the reason in words."""

    address: str
    resource_type: str
    reason: str


@dataclass(frozen=True)
class Estimate:
    """What a month costs.

    ``monthly_usd`` and ``delta_usd`` are rounded to cents; ``delta_usd`` is the change from what stands now.
    ``free`` are the resource types in it that cost nothing by themselves.
    """

    monthly_usd: Decimal
    delta_usd: Decimal
    currency: str
    region: str
    items: tuple[Item, ...]
    unknown: tuple[Unknown, ...]
    free: tuple[str, ...]
    assumptions: Assumptions


def total(items: Iterable[Item]) -> Decimal:
    """The sum in dollars, rounded to cents once, at the end."""
    return sum((item.monthly_usd for item in items), Decimal(0)).quantize(_CENT, ROUND_HALF_UP)
