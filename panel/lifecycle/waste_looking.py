"""Looking for waste: what was read of AWS and of the store, judged by the rules, kept with the time it was first seen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from panel.aws.session import Aws
from panel.aws.unused import (
    WINDOW,
    bytes_out,
    edge_requests,
    idle_volumes,
    log_groups,
    nat_gateways,
    public_addresses,
)
from panel.catalogue.schema import SHARED, Catalogue, ContainerService
from panel.cost import waste as rules
from panel.cost import waste_words as words
from panel.cost.prices import PriceList
from panel.cost.values import Estimate
from panel.cost.waste import EnvironmentUse, KeptImage, Savings
from panel.cost.waste import Waste as Found
from panel.errors import PanelError
from panel.lifecycle.cost_overview import WASTE
from panel.store.cost_tables import WasteFinding
from panel.store.looks import looks_since
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, now

#: How often it is looked for, and how often CloudWatch, which charges for it, is asked what was used.
EVERY = timedelta(hours=1)
METRICS_EVERY = timedelta(hours=12)
# What somebody orders for an environment, and not what happens to it by itself.
_ORDERED = ("create", "update", "deploy", "rollback", "promote", "refresh")
# The page and its settings, as the probe of a site reads them at every look.
_SITE_REQUESTS = 2
# Machines, their disks and their addresses: what scaling down to nothing takes away.
_MACHINES = "aws_autoscaling_group"

_log = logging.getLogger(__name__)


@dataclass
class _Look:
    """What one look has come to so far: findings, the kinds that were looked at, and what went wrong."""

    moment: datetime
    found: list[Found] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)

    def judge(self, kind: str, findings: Iterable[Found]) -> None:
        """Take what a rule says."""
        self.found += findings
        self.kinds.add(kind)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """What cannot be read is noted; the other kinds are looked at all the same."""
        try:
            yield
        except PanelError as error:
            self.troubles.append(str(error))
            _log.warning("Looking for waste: %s", error)


class WasteLooking:
    """Looks for waste when it is time.

    Args:
        catalogue: reads environments.yaml.
        stores: the store.
        aws: the account.
        world: id of the world the endpoint is now; empty when it was lost, None when it does not answer.
        estimate: what an environment would cost by the catalogue.
        prices: the prices to count with.
        clock: the present time.
    """

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        stores: Stores,
        aws: Callable[[], Aws],
        *,
        world: Callable[[], str | None],
        estimate: Callable[[str], Estimate],
        prices: Callable[[], PriceList],
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._catalogue = catalogue
        self._stores = stores
        self._aws = aws
        self._world = world
        self._estimate = estimate
        self._prices = prices
        self._clock = clock

    def look(self) -> None:
        """Look if it is time, and keep what is found; nothing while the endpoint is stopped or lost."""
        last, moment = self._stores.readings.get(WASTE), self._clock()
        if (last is not None and moment - last.at < EVERY) or not self._world():
            return
        facts: dict[str, Any] = dict(last.facts) if last is not None else {}
        measured_at = facts.get("measured_at")
        measures = not measured_at or moment - datetime.fromisoformat(str(measured_at)) >= METRICS_EVERY
        look = _Look(moment)
        self._environments(look, measures=measures)
        self._of_aws(look, measures=measures)
        self._images(look)
        findings = [
            WasteFinding(
                key=one.key, kind=one.kind, resource=one.resource, environment=one.environment,
                detail=one.detail, monthly_usd=one.monthly_usd,
            )
            for one in look.found
        ]  # fmt: skip
        self._stores.waste.replace(look.kinds, findings, at=moment)
        kept = {"measured_at": moment.isoformat() if measures else measured_at, "kinds": sorted(look.kinds)}
        detail = " ".join(dict.fromkeys(look.troubles))
        self._stores.readings.note(WASTE, ok=not detail, detail=detail, facts=kept, at=moment)

    def _environments(self, look: _Look, *, measures: bool) -> None:
        """Environments that nobody uses, or uses at night."""
        catalogue, emulated = self._catalogue(), self._aws().account.emulated
        records = {
            name: record for name, record in self._stores.environments.all().items()
            if name in catalogue.environments and record.exists
        }  # fmt: skip
        requests: Mapping[str, float | None] = {}
        judged = emulated
        if not emulated and measures:
            with look.trying():
                ids = {record.outputs.get("cloudfront_distribution_id") for record in records.values()}
                requests = edge_requests(self._aws(), sorted(str(one) for one in ids if one), look.moment)
                judged = True
        own = looks_since(self._stores.database, look.moment - WINDOW)
        uses = [
            self._use(catalogue, name, record, requests, own.get(name, 0), measured=not emulated)
            for name, record in records.items()
        ]
        found = (
            list(rules.unused_environments(uses, look.moment)) if judged else self._kept(words.IDLE, records)
        )
        look.judge(words.IDLE, found)
        look.judge(words.HOURS, rules.sleepless_environments(uses, {one.environment for one in found}))

    def _use(
        self, catalogue: Catalogue, name: str, record: EnvironmentRecord, requests: Mapping[str, float | None],
        looks: int, *, measured: bool,
    ) -> EnvironmentUse:  # fmt: skip
        entry, estimate = catalogue.environments[name], self._estimate(name)
        machines = sum(float(item.monthly_usd) for item in estimate.items if item.resource_type == _MACHINES)
        distribution = record.outputs.get("cloudfront_distribution_id")
        return EnvironmentUse(
            name=name, ready=record.ready, protected=entry.protected, asleep=record.asleep,
            created_at=record.created_at,
            monthly_usd=record.monthly_usd if record.monthly_usd is not None else float(estimate.monthly_usd),
            machines_usd=machines, has_hours=entry.working_hours is not None, ttl_hours=entry.ttl_hours,
            # Without a distribution there is nothing that counts its visitors.
            measured=measured and bool(distribution), requests=requests.get(str(distribution)),
            own_requests=looks * _requests_per_look(catalogue), changed_at=self._changed_at(name),
        )  # fmt: skip

    def _kept(self, kind: str, there: Collection[str]) -> list[Found]:
        """What was found before, of what is still there: between two looks at what was measured."""
        return [
            Found(one.kind, one.resource, one.environment, one.detail, one.monthly_usd)
            for one in self._stores.waste.all()
            if one.kind == kind and one.resource in there
        ]

    def _changed_at(self, name: str) -> datetime | None:
        runs = self._stores.history.latest(name, _ORDERED, limit=1)
        return runs[0].created_at if runs else None

    def _of_aws(self, look: _Look, *, measures: bool) -> None:
        """What lies about in the account."""
        catalogue, aws = self._catalogue(), self._aws()
        savings = Savings(self._prices(), catalogue.region)
        with look.trying():
            gateways = nat_gateways(aws, catalogue.project)
            held = {allocation for gateway in gateways for allocation in gateway.allocations}
            # The embedded AWS does not say which address a gateway has, and would have it look unused.
            if not (aws.account.emulated and gateways):
                addresses = [
                    one for one in public_addresses(aws, catalogue.project) if one.allocation_id not in held
                ]
                look.judge(words.ADDRESS, rules.unused_addresses(addresses, savings))
            if measures and not aws.account.emulated:
                sent = bytes_out(aws, gateways, look.moment)
                look.judge(words.NAT, rules.idle_gateways(gateways, sent, look.moment, savings))
            else:
                look.judge(words.NAT, self._kept(words.NAT, {one.id for one in gateways}))
        with look.trying():
            volumes = idle_volumes(aws, catalogue.project)
            look.judge(words.VOLUME, rules.unused_volumes(volumes, savings))
        with look.trying():
            groups = log_groups(aws, f"/ecs/{catalogue.project}-")
            look.judge(words.LOGS, rules.endless_logs(groups, look.moment, savings))

    def _images(self, look: _Look) -> None:
        """Images, as the worker last saw the registry."""
        catalogue = self._catalogue()
        savings = Savings(self._prices(), catalogue.region)
        there = [
            name
            for name, record in self._stores.environments.all().items()
            if record.exists and name != SHARED
        ]
        for service in catalogue.containers:
            stored = self._stores.images.of(service)
            if not stored:
                continue
            images = [KeptImage(one.digest, one.size, one.pushed_at) for one in stored]
            look.found += rules.old_images(
                stored[0].repository, images, self._needed(service, there), look.moment, savings
            )
        look.kinds.add(words.IMAGES)

    def _needed(self, service: str, environments: Collection[str]) -> set[str]:
        """Digests of what runs somewhere, is on its way there, or may be gone back to."""
        releases = self._stores.releases
        needed = {one.digest for one in releases.at_work() if one.service == service}
        for name in environments:
            needed |= {one.digest for one in releases.good(name, service)}
        return needed


def _requests_per_look(catalogue: Catalogue) -> int:
    """How many requests one look of the panel at an environment is."""
    asked = [
        one for one in catalogue.services.values() if isinstance(one, ContainerService) and one.version_path
    ]
    return (_SITE_REQUESTS if catalogue.site is not None else 0) + len(asked)
