"""What AWS' free tier would take off an estimate, as lines of their own: never subtracted, since an account has one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

from panel.cost.values import FreeTierLine, Item

#: Kinds of allowances.
ALWAYS, TWELVE_MONTHS = "always", "12 months"

#: Accounts opened from this day on have credits in place of the allowances of the first twelve months.
LEGACY_UNTIL = "2025-07-15"
#: So that the last of the allowances of the first twelve months ended on this day.
LEGACY_ENDED = "2026-07-15"

_EXACT = Decimal("0.000001")
#: Type of the resource, then type and component of the price.
_Drawn = tuple[str, str, str]


@dataclass(frozen=True)
class Allowance:
    """What an account has for nothing each month: ``quantity`` of ``unit``, over all of ``prices``.

    ``prices`` are the names of prices as the price list has them; one that ends in ``*`` stands for all that begin so.
    ``used_by``: the types of resources that may draw on it; none for all of them.
    """

    component: str
    kind: str
    quantity: Decimal
    unit: str
    prices: tuple[tuple[str, str], ...]
    used_by: frozenset[str]
    source: str
    as_of: str

    def covers(self, drawn: _Drawn) -> bool:
        """Whether items of this type of resource with this price draw on it."""
        resource_type, price_type, price_component = drawn
        return (not self.used_by or resource_type in self.used_by) and any(
            kind == price_type and _fits(name, price_component) for kind, name in self.prices
        )


def free_tier(items: Iterable[Item]) -> tuple[FreeTierLine, ...]:
    """What lies within each allowance and what that would cost, those of always first, the largest first."""
    # Thousands of items have a handful of prices.
    drawn: dict[_Drawn, tuple[Decimal, Decimal]] = {}
    for item in items:
        key = item.resource_type, item.price_type, item.price_component
        quantity, usd = drawn.get(key, (Decimal(0), Decimal(0)))
        drawn[key] = quantity + item.quantity, usd + item.monthly_usd
    lines = [line for allowance in allowances() if (line := _line(allowance, drawn)) is not None]
    return tuple(sorted(lines, key=lambda line: (line.kind != ALWAYS, -line.monthly_usd, line.component)))


def _line(allowance: Allowance, drawn: Mapping[_Drawn, tuple[Decimal, Decimal]]) -> FreeTierLine | None:
    drawing = [amounts for key, amounts in drawn.items() if allowance.covers(key)]
    used = sum((quantity for quantity, _ in drawing), Decimal(0))
    if not used:
        return None
    within = min(used, allowance.quantity)
    # Which of several prices the allowance is spent on is AWS' business: in proportion is neither the best nor the worst.
    saved = sum((usd for _, usd in drawing), Decimal(0)) * within / used
    return FreeTierLine(
        component=allowance.component,
        quantity=within,
        unit=allowance.unit,
        monthly_usd=saved.quantize(_EXACT),
        allowance=allowance.quantity,
        kind=allowance.kind,
        source=allowance.source,
        as_of=allowance.as_of,
    )


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


@lru_cache(maxsize=1)
def allowances() -> tuple[Allowance, ...]:
    """The table that comes with the panel: one row for each price that draws on an allowance."""
    text = files("panel.cost").joinpath("aws-free-tier.csv").read_text(encoding="utf-8")
    found: dict[str, Allowance] = {}
    for row in csv.DictReader(text.splitlines()):
        name = row["component"]
        before = found[name].prices if name in found else ()
        found[name] = Allowance(
            component=name,
            kind=row["kind"],
            quantity=Decimal(row["allowance"]),
            unit=row["unit"],
            prices=(*before, (row["resource_type"], row["price_component"])),
            used_by=frozenset(row["used_by"].split()),
            source=row["source"],
            as_of=row["as_of"],
        )
    return tuple(found.values())
