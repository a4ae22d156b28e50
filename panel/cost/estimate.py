"""Estimates: of a Terraform plan, and of an environment that only the catalogue knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from panel.catalogue.schema import Catalogue
from panel.cost import compute, network, observation, storage
from panel.cost.assumptions import DEFAULT, Assumptions
from panel.cost.charges import Charge, Rule, Scene
from panel.cost.free import is_free
from panel.cost.plan_json import read_plan
from panel.cost.prices import PriceList, packaged_prices
from panel.cost.resources import Resource, World
from panel.cost.sketch import environment_resources, shared_resources
from panel.cost.values import Estimate, Item, Unknown, total

RULES: Mapping[str, Rule] = {**compute.RULES, **network.RULES, **storage.RULES, **observation.RULES}

_CURRENCY = "USD"
# Finer than a cent, so that many small items still add up.
_EXACT = Decimal("0.000001")


def estimate(plan_json: Mapping[str, object], *, region: str, assumptions: Assumptions = DEFAULT) -> Estimate:
    """What a month costs once the plan is applied, and by how much that changes.

    Args:
        plan_json: what ``terraform show -json`` says of a plan, or of a state.
        region: region of the resources that do not name their own.
        assumptions: how much everything is used.

    Raises:
        ConfigurationError: ``plan_json`` is not the JSON of a plan or state; the message names the place.
    """
    planned = read_plan(plan_json)
    before = _priced(World(planned.before), region, assumptions).items
    return _priced(World(planned.after), region, assumptions).estimate(total(before))


def catalogue_estimate(
    catalogue: Catalogue, environment: str, *, assumptions: Assumptions = DEFAULT
) -> Estimate:
    """What a month of an environment costs by its sizes in the catalogue, whether or not it exists.

    The same rules and prices as for its plan are applied to the parts that cost, so both agree.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    world = World(environment_resources(catalogue, environment))
    return _priced(world, catalogue.region, assumptions).estimate(Decimal(0))


def shared_estimate(catalogue: Catalogue, *, assumptions: Assumptions = DEFAULT) -> Estimate:
    """What a month of the network, zone and registry that all environments share costs, by the catalogue."""
    return _priced(World(shared_resources(catalogue)), catalogue.region, assumptions).estimate(Decimal(0))


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
        "assumptions": priced.assumptions.to_dict(),
    }


@dataclass(frozen=True)
class _Priced:
    region: str
    assumptions: Assumptions
    items: tuple[Item, ...]
    unknown: tuple[Unknown, ...]
    free: tuple[str, ...]

    def estimate(self, before: Decimal) -> Estimate:
        monthly = total(self.items)
        return Estimate(
            monthly_usd=monthly,
            delta_usd=monthly - before,
            currency=_CURRENCY,
            region=self.region,
            items=self.items,
            unknown=self.unknown,
            free=self.free,
            assumptions=self.assumptions,
        )


def _priced(world: World, region: str, assumptions: Assumptions) -> _Priced:
    scene, prices = Scene(world, assumptions), packaged_prices()
    items: list[Item] = []
    unknown: list[Unknown] = []
    for resource in sorted(world.resources, key=lambda one: one.address):
        for line in _lines(resource, scene, prices, region):
            if isinstance(line, Item):
                items.append(line)
            else:
                unknown.append(line)
    charged = {item.address for item in items} | {gap.address for gap in unknown}
    free = {resource.type for resource in world.resources if resource.address not in charged}
    return _Priced(region, assumptions, tuple(items), tuple(unknown), tuple(sorted(free)))


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
    )
