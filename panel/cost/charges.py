"""The words in which pricing rules speak: what is charged, what cannot be priced, and what a rule may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from panel.catalogue.usage import Usage
from panel.cost.assumptions import amount
from panel.cost.resources import Resource, World

# Beyond any size or count that a resource can have.
_LARGEST = 10**9


@dataclass(frozen=True)
class Charge:
    """A month's ``quantity`` of what the price list calls ``price_component`` of ``price_type``.

    ``component`` is the name people read.
    """

    component: str
    price_type: str
    price_component: str
    quantity: Decimal


@dataclass(frozen=True)
class Unpriced:
    """Something that costs and cannot be priced, with the reason in words."""

    reason: str


@dataclass(frozen=True)
class Scene:
    """What a pricing rule may look at besides the resource itself. ``asked``: the assumptions that rules asked for."""

    world: World
    usage: Usage
    asked: set[str] = field(default_factory=set)

    @property
    def hours(self) -> Decimal:
        """Hours of a month."""
        return self.amount("hours_per_month")

    def amount(self, name: str) -> Decimal:
        """An assumption's figure, exactly as written."""
        self.asked.add(name)
        return amount(self.usage, name)


Finding = Charge | Unpriced
Rule = Callable[[Resource, Scene], Iterable[Finding]]


def number(value: object) -> Decimal | None:
    """A size or count as Terraform writes it (also as text); None where it is not known or none AWS has."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found <= _LARGEST else None


def tiered(
    component: str, price_type: str, quantity: Decimal, tiers: Sequence[tuple[str, int | None]]
) -> Iterator[Charge]:
    """Charges of a price that falls with use: tiers are (price component, size), the last one without an end."""
    rest = quantity
    for price_component, size in tiers:
        part = rest if size is None else min(rest, Decimal(size))
        if part > 0:
            yield Charge(component, price_type, price_component, part)
        rest -= part
