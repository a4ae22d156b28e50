"""The rules of waste: what costs and seems to serve nobody, and what its removal would save. Pure.

Each rule looks at what was read and yields findings. What cannot be told is no finding: a gateway that nobody measures
is not taken for one without traffic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from panel.aws.unused import WINDOW, IdleVolume, LogGroup, NatGateway, PublicAddress
from panel.cost.charges import Charge
from panel.cost.charges import Finding as Priced
from panel.cost.compute import disk
from panel.cost.prices import PriceList
from panel.cost.waste_words import ADDRESS, HOURS, IDLE, IMAGES, LOGS, NAT, VOLUME

#: Where nobody measures requests, an environment in which nothing was done for so long counts as unused.
QUIET = timedelta(days=30)
#: Images and logs younger than this are not looked at.
OLD = timedelta(days=30)
#: The hours of a week, and those of them in which people work: five days of ten hours.
_WEEK_H, _WORK_H = 168, 50
# What lives shorter than this is gone before its nights would be worth saving.
_SHORT_LIFE_H = 14 * 24
# Visits of the panel that were not counted (checks of roll-outs, somebody's own look), and of robots.
_OWN_MARGIN, _NOISE = 1.1, 200
_HOURS_PER_MONTH = Decimal(730)
_GB = Decimal(10**9)
_CENTS = 2


@dataclass(frozen=True)
class Waste:
    """Something that costs and seems to serve nobody; ``monthly_usd`` is what its removal saves, None: not known."""

    kind: str
    resource: str
    environment: str
    detail: str
    monthly_usd: float | None

    @property
    def key(self) -> str:
        """What makes it this finding and no other."""
        return f"{self.kind}:{self.resource}"


@dataclass(frozen=True)
class EnvironmentUse:
    """One environment that exists, and what is known of its use.

    Attributes:
        created_at: when it was created; None where that is not known.
        monthly_usd: what a month of it costs; None where that is not known.
        machines_usd: the part of it that is gone while it is scaled down to nothing.
        measured: whether the endpoint measures requests at all.
        requests: how many were answered within the window; None where it cannot be told.
        own_requests: how many of them the panel itself has made, to see whether it works.
        changed_at: when a person last ordered something for it, or something was released to it.
    """

    name: str
    ready: bool
    protected: bool
    asleep: bool
    created_at: datetime | None
    monthly_usd: float | None
    machines_usd: float | None
    has_hours: bool
    ttl_hours: int | None
    measured: bool
    requests: float | None
    own_requests: float
    changed_at: datetime | None


@dataclass(frozen=True)
class KeptImage:
    """An image in the registry, ``size`` in bytes."""

    digest: str
    size: int
    pushed_at: datetime | None


class Savings:
    """What things cost a month in one region."""

    def __init__(self, prices: PriceList, region: str) -> None:
        self._prices = prices
        self._region = region

    def of(self, charges: Iterable[Priced]) -> float | None:
        """Dollars a month; None where the price of a part is not known."""
        total = Decimal(0)
        for charge in charges:
            if not isinstance(charge, Charge):
                return None
            price = self._prices.find(charge.price_type, charge.price_component, self._region)
            if price is None:
                return None
            total += charge.quantity * price.usd
        return round(float(total), _CENTS)


def unused_environments(uses: Iterable[EnvironmentUse], moment: datetime) -> Iterator[Waste]:
    """Environments that are ready and that nobody visits; protected and sleeping ones are left alone."""
    for use in uses:
        window = WINDOW if use.measured else QUIET
        if not use.ready or use.protected or use.asleep or not _older(use.created_at, moment - window):
            continue
        if use.changed_at is not None and use.changed_at > moment - window:
            continue
        detail = _visits(use) if use.measured else _quiet(use)
        if detail:
            yield Waste(IDLE, use.name, use.name, detail, use.monthly_usd)


def _visits(use: EnvironmentUse) -> str:
    requests, own = use.requests, use.own_requests
    if requests is None:
        # Where nothing is measured although the panel itself was there, the measure says nothing.
        return "" if own else f"No request in {WINDOW.days} days."
    if requests > own * _OWN_MARGIN + _NOISE:
        return ""
    return (
        f"{requests:,.0f} requests in {WINDOW.days} days, of which the panel itself made about {own:,.0f} to see "
        "whether it works."
    )


def _quiet(use: EnvironmentUse) -> str:
    since = use.changed_at or use.created_at
    when = f" since {since:%d %b %Y}" if since is not None else ""
    return (
        f"Nothing was ordered for it or released to it{when}; how often it is visited is not measured here."
    )


def sleepless_environments(uses: Iterable[EnvironmentUse], unused: Collection[str] = ()) -> Iterator[Waste]:
    """Environments that could be scaled down at night and on weekends; those that are ``unused`` could be gone."""
    for use in uses:
        short = use.ttl_hours is not None and use.ttl_hours <= _SHORT_LIFE_H
        if not use.ready or use.protected or use.has_hours or use.asleep or short or use.name in unused:
            continue
        saved = (
            round(use.machines_usd * (1 - _WORK_H / _WEEK_H), _CENTS)
            if use.machines_usd is not None
            else None
        )
        if saved == 0:
            continue
        detail = f"Its machines run {_WEEK_H} hours a week. If it is needed Monday to Friday for ten hours, {_WORK_H} would do."
        yield Waste(HOURS, use.name, use.name, detail, saved)


def idle_gateways(
    gateways: Iterable[NatGateway], sent: Mapping[str, float | None], moment: datetime, savings: Savings
) -> Iterator[Waste]:
    """NAT gateways, a week old at least, through which nothing went.

    Args:
        sent: bytes that each of them sent within the window; None where that is not measured.
    """
    for gateway in gateways:
        if sent.get(gateway.id) != 0 or not _older(gateway.created_at, moment - WINDOW):
            continue
        charges = [
            Charge("NAT gateway", "aws_nat_gateway", "NAT gateway", _HOURS_PER_MONTH),
            _address(len(gateway.allocations)),
        ]
        detail = f"Nothing was sent through it in {WINDOW.days} days. Its address would be free as well."
        yield Waste(NAT, gateway.id, gateway.environment, detail, savings.of(charges))


def unused_addresses(addresses: Iterable[PublicAddress], savings: Savings) -> Iterator[Waste]:
    """Addresses that are held, and that nothing has."""
    for address in addresses:
        if not address.used:
            detail = f"{address.ip} belongs to the account and to nothing in it."
            yield Waste(
                ADDRESS, address.allocation_id, address.environment, detail, savings.of([_address(1)])
            )


def unused_volumes(volumes: Iterable[IdleVolume], savings: Savings) -> Iterator[Waste]:
    """Disks that no instance has."""
    for volume in volumes:
        since = f" since {volume.created_at:%d %b %Y}" if volume.created_at is not None else ""
        block = {
            "type": volume.kind, "size": volume.size_gb, "iops": volume.iops, "throughput": volume.throughput,
        }  # fmt: skip
        detail = f"{volume.size_gb} GB of {volume.kind}, there{since}, in no instance."
        yield Waste(VOLUME, volume.id, volume.environment, detail, savings.of(disk(block, Decimal(1))))


def old_images(
    repository: str, images: Iterable[KeptImage], needed: Collection[str], moment: datetime, savings: Savings
) -> Iterator[Waste]:
    """The images of one repository that nothing runs and nobody would go back to, together.

    Args:
        needed: digests of what runs, and of what one may go back to.
    """
    old = [
        image for image in images
        if image.digest not in needed and _older(image.pushed_at, moment - OLD)
    ]  # fmt: skip
    if not old:
        return
    size = Decimal(sum(image.size for image in old)) / _GB
    number = "1 image" if len(old) == 1 else f"{len(old)} images"
    detail = (
        f"{number} of more than {OLD.days} days, {size:.2f} GB, that nothing runs and no release needs. The registry "
        "keeps the newest ones by a rule of its own; what images share is counted with each of them, so less may be saved."
    )
    charge = Charge("image storage", "aws_ecr_repository", "private repository storage", size)
    yield Waste(IMAGES, repository, "", detail, savings.of([charge]))


def endless_logs(groups: Iterable[LogGroup], moment: datetime, savings: Savings) -> Iterator[Waste]:
    """Log groups, a month old at least, whose lines are kept for ever; empty ones cost nothing."""
    for group in groups:
        if (
            group.kept_days is not None
            or not group.stored_bytes
            or not _older(group.created_at, moment - OLD)
        ):
            continue
        size = Decimal(group.stored_bytes) / _GB
        charge = Charge("log storage", "aws_cloudwatch_log_group", "logs storage (archived)", size)
        detail = f"{size:.2f} GB, and more every day: nothing in it is ever deleted."
        yield Waste(LOGS, group.name, "", detail, savings.of([charge]))


def _address(count: int) -> Charge:
    return Charge("public IPv4 addresses", "aws_eip", "public IPv4 address, in use", _HOURS_PER_MONTH * count)


def _older(moment: datetime | None, than: datetime) -> bool:
    return moment is not None and moment <= than
