"""What counts as waste, by readings: what cannot be told is no finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from panel.aws.unused import IdleVolume, LogGroup, NatGateway, PublicAddress
from panel.cost.charges import Charge
from panel.cost.prices import Price, PriceList
from panel.cost.waste import (
    EnvironmentUse,
    KeptImage,
    Savings,
    endless_logs,
    idle_gateways,
    old_images,
    sleepless_environments,
    unused_addresses,
    unused_environments,
    unused_volumes,
)
from panel.cost.waste_words import REMEDIES, TITLES

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GB = 10**9
_PRICES = {
    ("aws_nat_gateway", "NAT gateway"): "0.045", ("aws_eip", "public IPv4 address, in use"): "0.005",
    ("aws_ebs_volume", "gp3 storage"): "0.08", ("aws_ecr_repository", "private repository storage"): "0.10",
    ("aws_cloudwatch_log_group", "logs storage (archived)"): "0.03",
}  # fmt: skip
SAVINGS = Savings(
    PriceList(Price(kind, part, "us-east-2", "unit", Decimal(usd), "a list", "") for (kind, part), usd in _PRICES.items()),
    "us-east-2",
)  # fmt: skip
QUIET = EnvironmentUse(
    name="staging", ready=True, protected=False, asleep=False, created_at=MOMENT - 60 * DAY, monthly_usd=71.4,
    machines_usd=22.0, has_hours=False, ttl_hours=None, measured=True, requests=60_480, own_requests=60_400,
    changed_at=MOMENT - 40 * DAY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, True),
        ({"requests": 66_000}, True),
        ({"requests": 70_000}, False),
        ({"requests": 150, "own_requests": 0}, True),
        ({"requests": 300, "own_requests": 0}, False),
        ({"requests": None}, False),
        ({"requests": None, "own_requests": 0}, True),
        ({"ready": False}, False),
        ({"protected": True}, False),
        ({"asleep": True}, False),
        ({"created_at": MOMENT - 6 * DAY, "changed_at": None}, False),
        ({"created_at": MOMENT - 7 * DAY, "changed_at": None}, True),
        ({"created_at": None}, False),
        ({"changed_at": MOMENT - 6 * DAY}, False),
        ({"changed_at": None}, True),
        ({"measured": False, "requests": None}, True),
        ({"measured": False, "requests": None, "changed_at": MOMENT - 29 * DAY}, False),
        ({"measured": False, "requests": None, "changed_at": None, "created_at": MOMENT - 29 * DAY}, False),
        ({"measured": False, "requests": None, "changed_at": None}, True),
    ],
)
def test_an_environment_that_nobody_uses(changes: dict[str, object], wanted: bool) -> None:
    use = replace(QUIET, **changes)  # type: ignore[arg-type]  # the table names fields

    found = list(unused_environments([use], MOMENT))

    assert [(one.key, one.environment, one.monthly_usd) for one in found] == (
        [("idle:staging", "staging", 71.4)] if wanted else []
    )


def test_the_panels_own_visits_are_said() -> None:
    (found,) = unused_environments([QUIET], MOMENT)
    assert found.detail.startswith("60,480 requests in 7 days, of which the panel itself made about 60,400")


def test_where_nothing_measures_that_is_said() -> None:
    (found,) = unused_environments([replace(QUIET, measured=False)], MOMENT)
    assert "since 14 Oct 2026" in found.detail and "not measured here" in found.detail


@pytest.mark.parametrize(
    ("changes", "saved"),
    [
        ({}, 15.45),
        ({"machines_usd": None}, None),
        ({"machines_usd": 0.0}, "nothing"),
        ({"has_hours": True}, "nothing"),
        ({"protected": True}, "nothing"),
        ({"asleep": True}, "nothing"),
        ({"ready": False}, "nothing"),
        ({"ttl_hours": 72}, "nothing"),
        ({"ttl_hours": 2000}, 15.45),
        ({"name": "gone"}, "nothing"),
    ],
)
def test_an_environment_that_could_sleep(changes: dict[str, object], saved: object) -> None:
    use = replace(QUIET, **changes)  # type: ignore[arg-type]  # the table names fields
    found = list(sleepless_environments([use], unused={"gone"}))
    assert [one.monthly_usd for one in found] == ([] if saved == "nothing" else [saved])


@pytest.mark.parametrize(
    ("sent", "age", "wanted"),
    [(0.0, 8, True), (0.0, 7, True), (0.0, 6, False), (1.0, 60, False), (None, 60, False)],
)
def test_a_gateway_through_which_nothing_went(sent: float | None, age: int, wanted: bool) -> None:
    gateway = NatGateway("nat-1", "shared", MOMENT - age * DAY, ("eipalloc-1",))
    found = list(idle_gateways([gateway], {"nat-1": sent}, MOMENT, SAVINGS))
    # 730 hours of gateway and of one address.
    assert [(one.key, one.monthly_usd) for one in found] == ([("nat:nat-1", 36.5)] if wanted else [])


def test_a_gateway_that_nobody_measured_is_no_finding() -> None:
    gateway = NatGateway("nat-1", "shared", MOMENT - 60 * DAY, ())
    assert list(idle_gateways([gateway], {}, MOMENT, SAVINGS)) == []


def test_addresses_that_nothing_has() -> None:
    addresses = [
        PublicAddress("eipalloc-1", "198.51.100.1", "shared", used=True),
        PublicAddress("eipalloc-2", "198.51.100.2", "staging", used=False),
    ]
    (found,) = unused_addresses(addresses, SAVINGS)
    assert (found.resource, found.environment, found.monthly_usd) == ("eipalloc-2", "staging", 3.65)


@pytest.mark.parametrize(("kind", "saved"), [("gp3", 2.4), ("io2", None)])
def test_disks_that_no_instance_has(kind: str, saved: float | None) -> None:
    volume = IdleVolume("vol-1", "staging", kind, 30, 3000, 125, MOMENT - 3 * DAY)
    (found,) = unused_volumes([volume], SAVINGS)
    assert (found.key, found.monthly_usd) == ("volume:vol-1", saved)
    assert "30 GB" in found.detail and "20 Nov 2026" in found.detail


def test_images_that_nothing_needs_are_one_finding_of_their_repository() -> None:
    images = [
        KeptImage("sha256:runs", 5 * GB, MOMENT - 90 * DAY), KeptImage("sha256:new", 5 * GB, MOMENT - 5 * DAY),
        KeptImage("sha256:old", 2 * GB, MOMENT - 31 * DAY), KeptImage("sha256:older", 3 * GB, MOMENT - 90 * DAY),
        KeptImage("sha256:timeless", 3 * GB, None),
    ]  # fmt: skip
    (found,) = old_images("todo/backend", images, {"sha256:runs"}, MOMENT, SAVINGS)
    assert (found.key, found.monthly_usd) == ("images:todo/backend", 0.5)
    assert found.detail.startswith("2 images of more than 30 days, 5.00 GB")
    assert list(old_images("todo/backend", images[:2], {"sha256:runs"}, MOMENT, SAVINGS)) == []


@pytest.mark.parametrize(
    ("kept_days", "size", "age", "wanted"),
    [(None, 50 * GB, 31, True), (30, 50 * GB, 400, False), (None, 0, 400, False), (None, 50 * GB, 29, False)],
)
def test_logs_that_are_kept_for_ever(kept_days: int | None, size: int, age: int, wanted: bool) -> None:
    group = LogGroup("/ecs/todo-staging/backend", size, kept_days, MOMENT - age * DAY)
    found = list(endless_logs([group], MOMENT, SAVINGS))
    assert [one.monthly_usd for one in found] == ([1.5] if wanted else [])


def test_what_has_no_price_saves_nobody_knows_how_much() -> None:
    elsewhere = Savings(PriceList([]), "us-east-2")
    assert elsewhere.of([Charge("gateway", "aws_nat_gateway", "NAT gateway", Decimal(730))]) is None


def test_every_kind_has_a_title_and_a_remedy() -> None:
    assert set(TITLES) == set(REMEDIES)
    assert all(text.format(resource="r", environment="e") for text in REMEDIES.values())
