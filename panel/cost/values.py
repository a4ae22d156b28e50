"""Estimates as values: what costs, what costs nothing, what an allowance may take off, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from panel.catalogue.usage import Usage

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Item:
    """One component of one resource: ``quantity`` of ``unit`` a month at ``unit_price_usd``.

    ``price_type`` and ``price_component`` are the price's names in the price list; ``live``: AWS told it itself.
    """

    address: str
    resource_type: str
    component: str
    quantity: Decimal
    unit: str
    unit_price_usd: Decimal
    monthly_usd: Decimal
    source: str
    as_of: str
    price_type: str = ""
    price_component: str = ""
    live: bool = False


@dataclass(frozen=True)
class FreeTierLine:
    """What an allowance of AWS would take off the estimate if nothing else in the account used it.

    It is never subtracted from the estimate: who else draws on the account's allowance is not known.
    ``quantity`` of ``unit`` a month lie within the ``allowance`` and would cost ``monthly_usd``. ``kind``:
    ``always``, or ``12 months`` for the first twelve of accounts opened before the day in ``free_tier.LEGACY_UNTIL``.
    """

    component: str
    quantity: Decimal
    unit: str
    monthly_usd: Decimal
    allowance: Decimal
    kind: str
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
    ``free`` are the resource types in it that cost nothing by themselves. ``free_tier`` is taken off nowhere.
    ``assumed``: the names of those assumptions that it rests on.
    """

    monthly_usd: Decimal
    delta_usd: Decimal
    currency: str
    region: str
    items: tuple[Item, ...]
    unknown: tuple[Unknown, ...]
    free: tuple[str, ...]
    assumptions: Usage
    free_tier: tuple[FreeTierLine, ...] = ()
    assumed: frozenset[str] = frozenset()


def total(items: Iterable[Item]) -> Decimal:
    """The sum in dollars, rounded to cents once, at the end."""
    return sum((item.monthly_usd for item in items), Decimal(0)).quantize(_CENT, ROUND_HALF_UP)
