"""Waste is looked for every hour; what cannot be read is said, and what was found before stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.cost.estimate import catalogue_estimate
from panel.cost.prices import packaged_prices
from panel.lifecycle.waste_looking import WasteLooking
from panel.store.stores import Stores
from panel.store.tables import RegistryImage

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TAGS = [{"Key": "Project", "Value": "todo"}, {"Key": "Environment", "Value": "shared"}]
GATEWAY = {
    "NatGatewayId": "nat-1", "CreateTime": NOON - 30 * DAY, "Tags": TAGS,
    "NatGatewayAddresses": [{"AllocationId": "eipalloc-1"}],
}  # fmt: skip


@dataclass
class PlayedAccount:
    """What lies about in an account: each list is the answer of the call of that name."""

    emulated: bool = False
    answers: dict[str, Any] = field(
        default_factory=lambda: {
            "describe_nat_gateways": {"NatGateways": [GATEWAY]},
            "describe_addresses": {
                "Addresses": [
                    {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.1", "Tags": TAGS},
                    {"AllocationId": "eipalloc-2", "PublicIp": "198.51.100.2", "Tags": TAGS},
                    {"AllocationId": "eipalloc-3", "PublicIp": "198.51.100.3", "Tags": []},
                ]
            },
            "describe_volumes": {
                "Volumes": [{"VolumeId": "vol-1", "VolumeType": "gp3", "Size": 30, "Tags": TAGS}]
            },
            "describe_log_groups": {"logGroups": []},
        }
    )
    measured: dict[str, float] = field(default_factory=lambda: {"nat-1": 0.0, "EDIST": 20_160})
    refused: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    @property
    def account(self) -> Account:
        return Account("us-east-2", endpoint_url="http://127.0.0.1:1" if self.emulated else None)

    def client(self, service: str, *, region: str | None = None) -> Any:
        return self

    def describe_addresses(self, **_: Any) -> Any:
        return self._answer("describe_addresses")

    def get_paginator(self, operation: str) -> Any:
        if operation == "get_metric_data":
            return SimpleNamespace(paginate=self._metrics)
        return SimpleNamespace(paginate=lambda **_: [self._answer(operation)])

    def _answer(self, operation: str) -> Any:
        self.asked.append(operation)
        if operation in self.refused:
            raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, operation)
        return self.answers[operation]

    def _metrics(self, MetricDataQueries: list[Mapping[str, Any]], **_: Any) -> Any:
        self._answer_metrics()
        found = []
        for query in MetricDataQueries:
            (value, *_more) = [one["Value"] for one in query["MetricStat"]["Metric"]["Dimensions"]]
            known = self.measured.get(value)
            points = [] if known is None else [known]
            found.append({"Id": query["Id"], "Timestamps": [NOON - DAY] * len(points), "Values": points})
        return [{"MetricDataResults": found}]

    def _answer_metrics(self) -> None:
        self.asked.append("get_metric_data")
        if "get_metric_data" in self.refused:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")


@dataclass
class Round:
    """A worker that goes round."""

    stores: Stores
    catalogue: Catalogue
    account: PlayedAccount = field(default_factory=PlayedAccount)
    moment: datetime = NOON
    world: str | None = "aws"

    def look(self, after: timedelta = timedelta()) -> set[str]:
        """Some time later a worker that was just started looks; what is known then."""
        self.moment += after
        del self.account.asked[:]
        WasteLooking(
            lambda: self.catalogue, self.stores, lambda: cast(Aws, self.account), world=lambda: self.world,
            estimate=lambda name: catalogue_estimate(self.catalogue, name), prices=packaged_prices,
            clock=lambda: self.moment,
        ).look()  # fmt: skip
        return {found.key for found in self.stores.waste.all()}

    def exists(self, name: str, **fields: Any) -> None:
        self.stores.environments.save(
            name, exists=True, ready=True, created_at=NOON - 60 * DAY, monthly_usd=71.4,
            outputs={"cloudfront_distribution_id": "EDIST"}, **fields,
        )  # fmt: skip


@pytest.fixture
def tour(stores: Stores, catalogue: Catalogue) -> Round:
    return Round(stores, catalogue)


IN_THE_ACCOUNT = {"nat:nat-1", "address:eipalloc-2", "volume:vol-1"}


def test_what_lies_about_in_the_account(tour: Round) -> None:
    assert tour.look() == IN_THE_ACCOUNT
    nat = next(found for found in tour.stores.waste.all() if found.kind == "nat")
    assert (nat.environment, nat.monthly_usd) == ("shared", 36.5)


def test_it_is_looked_for_every_hour_and_measured_twice_a_day(tour: Round) -> None:
    tour.look()
    assert tour.account.asked.count("get_metric_data") == 1
    assert tour.look(HOUR / 2) == IN_THE_ACCOUNT and tour.account.asked == []
    assert tour.look(HOUR / 2) == IN_THE_ACCOUNT
    assert "describe_volumes" in tour.account.asked and "get_metric_data" not in tour.account.asked
    tour.look(11 * HOUR)
    assert "get_metric_data" in tour.account.asked


def test_what_is_gone_is_no_finding_any_more(tour: Round) -> None:
    tour.look()
    tour.account.answers["describe_nat_gateways"] = {"NatGateways": []}
    tour.account.answers["describe_volumes"] = {"Volumes": []}
    # The address that the gateway had is free now.
    assert tour.look(HOUR) == {"address:eipalloc-1", "address:eipalloc-2"}


def test_what_cannot_be_read_is_said_and_stays(tour: Round) -> None:
    tour.look()
    tour.account.refused = {"describe_volumes"}
    tour.account.answers["describe_nat_gateways"] = {"NatGateways": []}
    assert tour.look(HOUR) == {"address:eipalloc-1", "address:eipalloc-2", "volume:vol-1"}
    reading = tour.stores.readings.get("waste")
    assert reading is not None and not reading.ok and "list the disks" in reading.detail
    assert tour.account.asked.count("describe_volumes") == 1


def test_an_environment_that_only_the_panel_visits(tour: Round) -> None:
    tour.exists("staging")
    for minute in range(50):
        tour.stores.health.record("staging", "healthy", {}, at=NOON - DAY + timedelta(minutes=minute))
    tour.account.measured["EDIST"] = 100.0
    assert "idle:staging" in tour.look()
    tour.account.measured["EDIST"] = 5000.0
    assert "idle:staging" not in tour.look(12 * HOUR)


def test_measures_that_may_not_be_read_make_nothing_idle(tour: Round) -> None:
    tour.exists("staging")
    tour.account.refused = {"get_metric_data"}
    found = tour.look()
    assert "idle:staging" not in found and "nat:nat-1" not in found
    assert "hours:staging" in found


def test_an_environment_without_hours_could_sleep_a_protected_one_not(tour: Round) -> None:
    tour.exists("staging")
    tour.exists("production")
    assert {key for key in tour.look() if key.startswith("hours")} == {"hours:staging"}
    (hours,) = [found for found in tour.stores.waste.all() if found.kind == "hours"]
    machines = sum(
        float(item.monthly_usd) for item in catalogue_estimate(tour.catalogue, "staging").items
        if item.resource_type == "aws_autoscaling_group"
    )  # fmt: skip
    assert hours.monthly_usd == pytest.approx(machines * 118 / 168, abs=0.01) and machines > 0


def test_the_embedded_aws_measures_nothing_so_that_orders_count(tour: Round) -> None:
    tour.account.emulated = True
    tour.exists("staging")
    found = tour.look()
    assert "idle:staging" in found and "nat:nat-1" not in found
    assert "get_metric_data" not in tour.account.asked
    # It does not say which address a gateway has.
    assert not [key for key in found if key.startswith("address")]
    ordered = tour.stores.runs.create("staging", "deploy", "ana", ["image"])
    with tour.stores.database.write() as session:
        ordered.created_at = NOON - 29 * DAY
        session.merge(ordered)
    assert "idle:staging" not in tour.look(HOUR)


def test_images_that_a_release_needs_are_left_alone(tour: Round) -> None:
    tour.exists("staging")
    tour.stores.images.replace(
        "backend",
        [
            RegistryImage(service="backend", digest=f"sha256:{name}", repository="todo/backend", size=10**9,
                          pushed_at=NOON - 90 * DAY)
            for name in ("live", "before", "nobody")
        ],
    )  # fmt: skip
    for name in ("before", "live"):
        run = tour.stores.runs.create("staging", "deploy", "ana", ["image"]).id or 0
        release = tour.stores.releases.start(
            "staging", "backend", "container", name, run_id=run, digest=f"sha256:{name}"
        )
        tour.stores.releases.finish(release.id or 0, "live")
        tour.stores.runs.finish(run, "errored", "worker")
    tour.look()
    (images,) = [found for found in tour.stores.waste.all() if found.kind == "images"]
    assert images.resource == "todo/backend" and images.detail.startswith(
        "1 image of more than 30 days, 1.00 GB"
    )


@pytest.mark.parametrize("world", [None, ""])
def test_nothing_is_looked_for_while_the_endpoint_is_away(tour: Round, world: str | None) -> None:
    tour.world = world
    assert tour.look() == set()
    assert tour.account.asked == [] and tour.stores.readings.get("waste") is None
