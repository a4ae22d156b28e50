"""The options of a comparison, each priced at any traffic: sizes are chosen, drawn and given to the rules of estimates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from panel.catalogue.usage import Usage
from panel.cost import compare_words as words
from panel.cost.compare_load import (
    ECS_RESERVED_MB,
    EKS_RESERVED_MB,
    LAMBDA_LEAST_MB,
    LAMBDA_MOST_MB,
    Load,
    Traffic,
    load_of,
    used,
)
from panel.cost.compare_machines import (
    CHOICES,
    SIZES,
    Fleet,
    Size,
    Tasks,
    cheapest_fleet,
    machines,
    task_counts,
)
from panel.cost.compare_options import (
    EC2,
    EKS,
    FARGATE,
    TITLES,
    Shape,
    machine,
    node_group,
    on_fargate,
    on_instances,
    on_kubernetes,
    on_lambda,
)
from panel.cost.estimate import sketch_estimate
from panel.cost.prices import PriceList
from panel.cost.resources import Resource
from panel.cost.values import Estimate, Item, Unknown

#: What an option is made of, in the order in which it is shown.
PARTS = (
    "Processors and memory", "Disks", "Control plane", "Load balancer", "Public addresses", "Requests and data",
    "Logs", "Storage", "Other",
)  # fmt: skip

_NO_FLEET = "no type of instance in the price list carries it"
_PART_OF_TYPE = {
    "aws_eks_cluster": "Control plane",
    "aws_lb": "Load balancer",
    "aws_cloudfront_distribution": "Requests and data",
    "aws_cloudfront_function": "Requests and data",
    "aws_cloudwatch_log_group": "Logs",
    "aws_s3_bucket": "Storage",
    "aws_autoscaling_group": "Processors and memory",
    "aws_ecs_service": "Processors and memory",
    "aws_eks_node_group": "Processors and memory",
    "aws_lambda_function": "Processors and memory",
}


@dataclass(frozen=True)
class Option:
    """One way to run the workload.

    ``estimate`` is what it costs at the traffic asked about; ``known`` whether all of it could be priced.
    ``carried_by`` names its machines. ``assumptions`` are its own, ``notes`` what money does not show.
    """

    name: str
    title: str
    estimate: Estimate
    carried_by: str
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether nothing of it is without a price: only then it can be called the cheapest."""
        return not self.estimate.unknown

    @property
    def parts(self) -> Mapping[str, Decimal]:
        """Dollars a month by part, in the order of :data:`PARTS`."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for item in self.estimate.items:
            sums[part_of(item.resource_type, item.component)] += item.monthly_usd
        return {part: sums[part] for part in PARTS if part in sums}


@dataclass(frozen=True)
class _Draft:
    """An option before it is priced: its resources, what carries it, what is assumed, and what of it is not known."""

    drawn: Sequence[Resource]
    carried_by: str = ""
    text: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Point:
    """What the options cost at so many requests a month; None where an option cannot carry them or be priced whole.

    ``same_usd`` is what all of them cost alike: CloudFront, logs, storage.
    """

    requests_per_month: float
    usd: Mapping[str, float | None]
    carried_by: Mapping[str, str]
    same_usd: float


def part_of(resource_type: str, component: str) -> str:
    """Which of :data:`PARTS` an item of an estimate belongs to."""
    if component == "public IPv4 addresses":
        return "Public addresses"
    if component.startswith("disk"):
        return "Disks"
    return _PART_OF_TYPE.get(resource_type, "Other")


class Bench:
    """Prices the options at any traffic, and remembers what it found.

    Args: as of :func:`compare`.
    """

    def __init__(self, region: str, usage: Usage, shape: Shape, prices: PriceList) -> None:
        self._region, self._usage, self._shape, self._prices = region, usage, shape, prices
        self._each: dict[tuple[str, str], float | None] = {}
        self._priced: dict[tuple[str, Traffic], Option] = {}

    def option(self, name: str, traffic: Traffic) -> Option:
        """One option at this traffic."""
        if (name, traffic) not in self._priced:
            draft = self._draft(name, traffic)
            usage = used(self._usage, traffic, services=len(self._shape.services))
            priced = self._sketch(draft.drawn, usage)
            if draft.missing:
                gap = Unknown(TITLES[name], "", draft.missing)
                priced = replace(priced, unknown=(*priced.unknown, gap))
            made = Option(name, TITLES[name], priced, draft.carried_by, draft.text, words.NOTES[name])
            self._priced[name, traffic] = made
        return self._priced[name, traffic]

    def dollars(self, name: str, traffic: Traffic) -> Decimal | None:
        """What an option costs a month, not rounded; None where not all of it could be priced."""
        option = self.option(name, traffic)
        return sum((item.monthly_usd for item in option.estimate.items), Decimal(0)) if option.known else None

    def cheapest(self, traffic: Traffic) -> str | None:
        """The option that costs least, among those that could be priced whole; None where there is none."""
        known = [(usd, name) for name in TITLES if (usd := self.dollars(name, traffic)) is not None]
        return min(known, key=lambda pair: pair[0])[1] if known else None

    def point(self, traffic: Traffic) -> Point:
        """All options at this traffic."""
        usd = {name: self.dollars(name, traffic) for name in TITLES}
        carried = {name: self.option(name, traffic).carried_by for name in TITLES}
        known = {name: None if amount is None else float(amount) for name, amount in usd.items()}
        parts = [self.option(name, traffic).parts for name in TITLES if known[name] is not None]
        same = (
            sum(
                (usd for part, usd in parts[0].items() if all(own.get(part) == usd for own in parts)),
                Decimal(0),
            )
            if parts
            else 0
        )
        return Point(traffic.requests_per_month, known, carried, float(same))

    def gateway(self) -> float | None:
        """What one NAT gateway costs a month by itself; None where its price is not known."""
        idle = self._usage.model_copy(update={"nat_processed_gb": 0})
        return _whole(self._sketch((Resource("aws_nat_gateway.this", "aws_nat_gateway", {}),), idle))

    def _draft(self, name: str, traffic: Traffic) -> _Draft:
        load = load_of(traffic, self._usage)
        if name == EC2:
            return self._ec2(traffic, load)
        if name == FARGATE:
            return self._fargate(traffic, load)
        return self._eks(traffic, load) if name == EKS else self._lambda(traffic, load)

    def _ec2(self, traffic: Traffic, load: Load) -> _Draft:
        own = self._shape.fleet
        fleet = self._fleet(EC2, traffic, load, own)
        if fleet is None and own is not None and own.type not in SIZES:
            reason = (
                f"how much a {own.type} carries is not known here, so that its number is the environment's"
            )
            return _Draft(on_instances(self._shape, own), _fleet_text(own), missing=reason)
        if fleet is None:
            return _Draft((), missing=_NO_FLEET)
        text = words.of_fleet(EC2, fleet, own)
        return _Draft(on_instances(self._shape, fleet), _fleet_text(fleet), text)

    def _eks(self, traffic: Traffic, load: Load) -> _Draft:
        fleet = self._fleet(EKS, traffic, load, None)
        if fleet is None:
            return _Draft((), missing=_NO_FLEET)
        text = words.of_fleet(EKS, fleet, None)
        return _Draft(on_kubernetes(self._shape, fleet), _fleet_text(fleet), text)

    def _fargate(self, traffic: Traffic, load: Load) -> _Draft:
        count = len(self._shape.services)
        share = Load(load.per_second / count, load.processors / count, load.at_once / count)
        sizes = task_counts(traffic, share, least=max(traffic.zones, self._shape.tasks_each))
        if not sizes:
            return _Draft((), missing="no size of Fargate task holds the program")
        tasks = min(sizes, key=lambda one: (self._tasks_usd(one), one.units, one.memory_mb))
        carried = f"{tasks.count * count} × {tasks.units / 1024:g} vCPU, {tasks.memory_mb / 1024:g} GB"
        return _Draft(on_fargate(self._shape, tasks), carried, words.of_tasks(tasks, count))

    def _lambda(self, traffic: Traffic, load: Load) -> _Draft:
        if traffic.memory_mb > LAMBDA_MOST_MB:
            return _Draft((), missing=f"a function has {LAMBDA_MOST_MB:,} MB at most")
        memory = max(traffic.memory_mb, LAMBDA_LEAST_MB)
        drawn = on_lambda(self._shape, memory)
        return _Draft(drawn, f"functions of {memory:g} MB", words.of_function(traffic, load))

    def _fleet(self, name: str, traffic: Traffic, load: Load, own: Fleet | None) -> Fleet | None:
        """The environment's own fleet as long as it carries the load, else the one that costs least."""
        least = len(self._shape.services) * max(traffic.zones, self._shape.tasks_each)
        reserved_mb = ECS_RESERVED_MB if name == EC2 else EKS_RESERVED_MB

        def needed(size: Size) -> int | None:
            return machines(size, traffic, load, least_copies=least, reserved_mb=reserved_mb)

        if own is not None:
            if own.type not in SIZES:
                return None
            wanted = needed(SIZES[own.type])
            if wanted is not None and wanted <= own.count:
                return own
        types = dict.fromkeys([*CHOICES, *([own.type] if own else [])])
        return cheapest_fleet(types, needed, lambda kind: self._machine_usd(name, kind))

    def _machine_usd(self, name: str, kind: str) -> float | None:
        """What one more machine of a type costs a month, with its disk and address."""
        if (name, kind) not in self._each:
            one = machine(self._shape, kind) if name == EC2 else node_group(self._shape, Fleet(kind, 1))
            self._each[name, kind] = _whole(self._sketch(one, self._usage))
        return self._each[name, kind]

    def _tasks_usd(self, tasks: Tasks) -> float:
        """What these tasks cost a month, with their addresses."""
        key = ("task", f"{tasks.units}/{tasks.memory_mb}")
        if key not in self._each:
            lone = Shape(resources=(), public=self._shape.public)
            one = on_fargate(lone, Tasks(tasks.units, tasks.memory_mb, 1))
            self._each[key] = _whole(self._sketch(one, self._usage))
        return tasks.count * (self._each[key] or 0)

    def _sketch(self, drawn: Sequence[Resource], usage: Usage) -> Estimate:
        return sketch_estimate(drawn, region=self._region, usage=usage, prices=self._prices)


def _whole(priced: Estimate) -> float | None:
    """The sum of an estimate that lacks nothing."""
    return None if priced.unknown else float(_sum(priced.items))


def _sum(items: Sequence[Item]) -> Decimal:
    return sum((item.monthly_usd for item in items), Decimal(0))


def _fleet_text(fleet: Fleet) -> str:
    return f"{fleet.count} × {fleet.type}"
