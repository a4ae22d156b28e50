"""Answers of the AWS Price List, turned into our prices: one for each that was asked for, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panel.cost.price_questions import Question, Wanted, plain
from panel.cost.prices import EVERYWHERE, Price, PriceList

if TYPE_CHECKING:
    from panel.aws.price_list import ListedPrice

SOURCE = "AWS Price List API"

#: A price that many times another for the same thing is taken for a mistake, most likely about its unit.
WILD = 5


@dataclass(frozen=True)
class Answered:
    """Prices that can be counted with, and what was left out, each with its reason."""

    prices: tuple[Price, ...]
    left_out: tuple[str, ...]


def answered(question: Question, told: Iterable[ListedPrice], *, region: str, known: PriceList) -> Answered:
    """Our prices among what AWS told.

    Args:
        region: where the prices hold.
        known: the packaged prices, to recognise mistakes by.
    """
    listed = tuple(told)
    prices: list[Price] = []
    left_out: list[str] = []
    for wanted in question.wanted:
        found = _matching(wanted, listed)
        name = f"{wanted.resource_type}, {wanted.component}"
        if not found:
            continue  # not sold there, or called otherwise by now: the packaged price counts
        if len({one.usd for one in found}) > 1:
            left_out.append(f"{name}: AWS tells {len(found)} different prices")
            continue
        price = _price(question, wanted, found[0], region)
        if usual := _wildly_different(price, known):
            left_out.append(
                f"{name}: {price.usd:f} for a {price.unit} is more than {WILD} times off {usual.usd:f}"
            )
            continue
        prices.append(price)
    return Answered(tuple(prices), tuple(left_out))


def _matching(wanted: Wanted, listed: tuple[ListedPrice, ...]) -> list[ListedPrice]:
    """What AWS tells of it, at the step that is wanted."""
    products: dict[str, list[ListedPrice]] = {}
    for one in listed:
        if plain(one.usage_type) == wanted.usage_type and wanted.family in {"", one.family} and one.usd > 0:
            products.setdefault(one.sku, []).append(one)
    found = []
    for steps in products.values():
        ordered = sorted(steps, key=lambda one: one.begin)
        if len(ordered) > wanted.step:
            found.append(ordered[wanted.step])
    return found


def _price(question: Question, wanted: Wanted, told: ListedPrice, region: str) -> Price:
    return Price(
        resource_type=wanted.resource_type,
        component=wanted.component,
        region=question.region(region),
        unit=wanted.unit,
        usd=told.usd / wanted.units,
        source=f"{SOURCE}, {question.service}, {told.usage_type}",
        as_of=told.published or told.effective,
        live=True,
    )


def _wildly_different(price: Price, known: PriceList) -> Price | None:
    """The known price that it cannot be reconciled with: its region's own, else that of any region."""
    usual = known.find(price.resource_type, price.component, price.region)
    if usual is None:
        elsewhere = sorted(known.regions | {EVERYWHERE})
        usual = next(
            (
                found
                for name in elsewhere
                if (found := known.find(price.resource_type, price.component, name)) is not None
            ),
            None,
        )
    if usual is None or not usual.usd:
        return None
    return usual if not usual.usd / WILD <= price.usd <= usual.usd * WILD else None
