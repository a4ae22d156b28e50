"""Estimates: of a Terraform plan, and of an environment that only the catalogue knows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from panel.catalogue.schema import SHARED, Catalogue
from panel.catalogue.usage import Usage
from panel.cost import compute, network, observation, storage
from panel.cost.assumptions import DEFAULT, figures, origins, usage_of
from panel.cost.charges import Charge, Rule, Scene
from panel.cost.free import is_free
from panel.cost.free_tier import free_tier
from panel.cost.plan_json import read_plan
from panel.cost.prices import PriceList, packaged_prices
from panel.cost.resources import Resource, World
from panel.cost.sketch import environment_resources, shared_resources
from panel.cost.values import Estimate, Item, Unknown, total

RULES: Mapping[str, Rule] = {**compute.RULES, **network.RULES, **storage.RULES, **observation.RULES}

_CURRENCY = "USD"
# Finer than a cent, so that many small items still add up.
_EXACT = Decimal("0.000001")
_DATE = re.compile(r"20\d\d-\d\d-\d\d")


def estimate(
    plan_json: Mapping[str, object],
    *,
    region: str,
    assumptions: Usage = DEFAULT,
    prices: PriceList | None = None,
) -> Estimate:
    """What a month costs once the plan is applied, and by how much that changes.

    Args:
        plan_json: what ``terraform show -json`` says of a plan, or of a state.
        region: region of the resources that do not name their own.
        assumptions: how much everything is used.
        prices: the prices to count with; those of the package by default.

    Raises:
        ConfigurationError: ``plan_json`` is not the JSON of a plan or state; the message names the place.
    """
    planned = read_plan(plan_json)
    counting = _Counting(region, assumptions, prices or packaged_prices())
    before = counting.priced(World(planned.before)).items
    return counting.estimate(World(planned.after), total(before))


def catalogue_estimate(
    catalogue: Catalogue,
    environment: str,
    *,
    assumptions: Usage | None = None,
    prices: PriceList | None = None,
) -> Estimate:
    """What a month of an environment costs by its sizes in the catalogue, whether or not it exists.

    The same rules and prices as for its plan are applied to the parts that cost, so both agree.

    Args:
        assumptions: how much it is used; as environments.yaml says by default.
        prices: the prices to count with; those of the package by default.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    world = World(environment_resources(catalogue, environment))
    usage = assumptions or usage_of(catalogue, environment)
    return _Counting(catalogue.region, usage, prices or packaged_prices()).estimate(world, Decimal(0))


def shared_estimate(
    catalogue: Catalogue, *, assumptions: Usage | None = None, prices: PriceList | None = None
) -> Estimate:
    """What a month of the network, zone and registry that all environments share costs, by the catalogue."""
    usage = assumptions or usage_of(catalogue, SHARED)
    counting = _Counting(catalogue.region, usage, prices or packaged_prices())
    return counting.estimate(World(shared_resources(catalogue)), Decimal(0))


def sketch_estimate(
    resources: Iterable[Resource], *, region: str, usage: Usage, prices: PriceList | None = None
) -> Estimate:
    """What a month of these resources costs, drawn by hand and used so much: for comparisons."""
    counting = _Counting(region, usage, prices or packaged_prices())
    return counting.estimate(World(resources), Decimal(0))


def by_component(priced: Estimate) -> tuple[tuple[str, Decimal], ...]:
    """Dollars a month by component, the dearest first: for a chart."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for item in priced.items:
        sums[item.component] += item.monthly_usd
    return tuple(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def to_dict(priced: Estimate) -> dict[str, object]:
    """The estimate as plain JSON values, with the field names that others rely on."""
    return {
        "monthly_usd": float(priced.monthly_usd),
        "delta_usd": float(priced.delta_usd),
        "currency": priced.currency,
        "region": priced.region,
        "items": [
            {
                "address": item.address,
                "resource_type": item.resource_type,
                "component": item.component,
                "quantity": float(item.quantity),
                "unit": item.unit,
                "unit_price_usd": float(item.unit_price_usd),
                "monthly_usd": float(item.monthly_usd),
                "source": item.source,
                "as_of": item.as_of,
            }
            for item in priced.items
        ],
        "unknown": [
            {"address": gap.address, "resource_type": gap.resource_type, "reason": gap.reason}
            for gap in priced.unknown
        ],
        "free": list(priced.free),
        "assumptions": figures(priced.assumptions),
        "assumption_origins": origins(priced.assumptions),
        "assumed": sorted(priced.assumed),
        "free_tier": [
            {
                "component": line.component,
                "quantity": float(line.quantity),
                "unit": line.unit,
                "monthly_usd": float(line.monthly_usd),
                "allowance": float(line.allowance),
                "kind": line.kind,
                "source": line.source,
                "as_of": line.as_of,
            }
            for line in priced.free_tier
        ],
        "prices": prices_used(priced),
    }


def prices_used(priced: Estimate) -> dict[str, object]:
    """How many items have a price that AWS told, how many one of the package, and the oldest date among them."""
    live = sum(item.live for item in priced.items)
    dates = sorted(date for item in priced.items for date in _DATE.findall(item.as_of))
    return {"live": live, "packaged": len(priced.items) - live, "as_of": dates[0] if dates else ""}


@dataclass(frozen=True)
class _Priced:
    items: tuple[Item, ...]
    unknown: tuple[Unknown, ...]
    free: tuple[str, ...]
    assumed: frozenset[str]


@dataclass(frozen=True)
class _Counting:
    """What an estimate is counted with."""

    region: str
    usage: Usage
    prices: PriceList

    def estimate(self, world: World, before: Decimal) -> Estimate:
        """A month of this world, where a month cost ``before`` so far."""
        found = self.priced(world)
        monthly = total(found.items)
        return Estimate(
            monthly_usd=monthly,
            delta_usd=monthly - before,
            currency=_CURRENCY,
            region=self.region,
            items=found.items,
            unknown=found.unknown,
            free=found.free,
            assumptions=self.usage,
            free_tier=free_tier(found.items),
            assumed=found.assumed,
        )

    def priced(self, world: World) -> _Priced:
        """Every resource's items and unknowns, by address."""
        scene = Scene(world, self.usage)
        items: list[Item] = []
        unknown: list[Unknown] = []
        for resource in sorted(world.resources, key=lambda one: one.address):
            for line in _lines(resource, scene, self.prices, self.region):
                if isinstance(line, Item):
                    items.append(line)
                else:
                    unknown.append(line)
        charged = {item.address for item in items} | {gap.address for gap in unknown}
        free = {resource.type for resource in world.resources if resource.address not in charged}
        return _Priced(tuple(items), tuple(unknown), tuple(sorted(free)), frozenset(scene.asked))


def _lines(resource: Resource, scene: Scene, prices: PriceList, region: str) -> Iterator[Item | Unknown]:
    """One resource's items; whatever cannot be priced comes out as an unknown with its reason."""
    rule = RULES.get(resource.type)
    if rule is None:
        if not is_free(resource.type):
            yield Unknown(resource.address, resource.type, f"no price is known for {resource.type}")
        return
    where = resource.text("region") or region
    for finding in rule(resource, scene):
        if not isinstance(finding, Charge):
            yield Unknown(resource.address, resource.type, finding.reason)
        elif finding.quantity:
            yield _line(resource, finding, prices, where)


def _line(resource: Resource, charge: Charge, prices: PriceList, region: str) -> Item | Unknown:
    price = prices.find(charge.price_type, charge.price_component, region)
    if price is None:
        reason = f"the price list has no price for {charge.component} in {region}"
        return Unknown(resource.address, resource.type, reason)
    return Item(
        address=resource.address,
        resource_type=resource.type,
        component=charge.component,
        quantity=charge.quantity,
        unit=price.unit,
        unit_price_usd=price.usd,
        monthly_usd=(charge.quantity * price.usd).quantize(_EXACT),
        source=price.source,
        as_of=price.as_of,
        price_type=charge.price_type,
        price_component=charge.price_component,
        live=price.live,
    )
