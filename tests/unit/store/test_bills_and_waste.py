"""The bill by day, forecasts and findings of waste, as the store keeps them."""

from datetime import UTC, datetime, timedelta

from panel.store.bills import UNTAGGED
from panel.store.cost_tables import BillDay, WasteFinding
from panel.store.health_rollup import HealthRollup
from panel.store.looks import looks_since
from panel.store.stores import Stores

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def line(day: str, usd: float, environment: str = "staging", service: str = "EC2", **fields: bool) -> BillDay:
    return BillDay(environment=environment, day=day, service=service, usd=usd, **fields)


def finding(kind: str, resource: str, usd: float | None = 1.0) -> WasteFinding:
    return WasteFinding(key=f"{kind}:{resource}", kind=kind, resource=resource, monthly_usd=usd)


def test_days_that_are_read_again_take_the_place_of_those_before(stores: Stores) -> None:
    stores.bills.replace_days(
        [line("2026-10-31", 9.0, estimated=False)], begin="2026-10-01", end="2026-11-01"
    )
    stores.bills.replace_days(
        [line("2026-11-01", 1.0), line("2026-11-01", 2.0, service="S3"), line("2026-11-02", 4.0)],
        begin="2026-11-01", end="2026-11-03",
    )  # fmt: skip
    stores.bills.replace_days(
        [line("2026-11-01", 1.5, estimated=False)], begin="2026-11-01", end="2026-11-03"
    )

    kept = [
        (one.day, one.service, one.usd, one.estimated) for one in stores.bills.days("staging", "2026-10-01")
    ]
    assert kept == [("2026-10-31", "EC2", 9.0, False), ("2026-11-01", "EC2", 1.5, False)]
    assert stores.bills.month("staging", "2026-11") == 1.5
    assert stores.bills.month("staging", "2026-12") is None


def test_what_carries_no_environment_is_kept_by_itself(stores: Stores) -> None:
    stores.bills.replace_days(
        [line("2026-11-01", 1.0), line("2026-11-01", 0.5, UNTAGGED)], begin="2026-11-01", end="2026-11-02"
    )
    assert stores.bills.months("2026-11") == {"staging": 1.0, UNTAGGED: 0.5}
    assert [one.environment for one in stores.bills.all_days("2026-11-01")] == [UNTAGGED, "staging"]


def test_forecasts_are_of_a_month_and_can_be_dropped(stores: Stores) -> None:
    stores.bills.keep_forecasts("2026-11", {"staging": 90.0, "production": 40.0}, at=MOMENT)
    stores.bills.keep_forecasts("2026-11", {"staging": 92.0}, at=MOMENT)
    stores.bills.drop_forecast("production", "2026-11")

    found = stores.bills.forecast("staging", "2026-11")
    assert found is not None and (found.usd, found.fetched_at) == (92.0, MOMENT)
    assert set(stores.bills.forecasts("2026-11")) == {"staging"}
    assert stores.bills.forecast("staging", "2026-12") is None


def test_old_days_and_forecasts_are_forgotten(stores: Stores) -> None:
    stores.bills.replace_days(
        [line("2025-09-30", 1.0), line("2025-10-01", 2.0)], begin="2025-09-01", end="2025-11-01"
    )
    stores.bills.keep_forecasts("2025-09", {"staging": 1.0}, at=MOMENT)
    stores.bills.keep_forecasts("2025-10", {"staging": 2.0}, at=MOMENT)
    stores.bills.forget_before("2025-10-01")
    assert [one.day for one in stores.bills.all_days("2025-01-01")] == ["2025-10-01"]
    assert stores.bills.forecast("staging", "2025-09") is None
    assert stores.bills.forecast("staging", "2025-10") is not None


def test_waste_keeps_when_it_was_first_seen_and_forgets_what_is_gone(stores: Stores) -> None:
    stores.waste.replace(
        ["nat", "address"], [finding("nat", "nat-1", 32.85), finding("address", "eip-1")], at=MOMENT
    )
    later = MOMENT + timedelta(hours=1)
    stores.waste.replace(["nat", "address"], [finding("nat", "nat-1", 33.0)], at=later)

    (kept,) = stores.waste.all()
    assert (kept.resource, kept.monthly_usd, kept.first_seen_at, kept.seen_at) == (
        "nat-1",
        33.0,
        MOMENT,
        later,
    )


def test_kinds_that_could_not_be_looked_at_stay(stores: Stores) -> None:
    stores.waste.replace(["nat", "volume"], [finding("nat", "nat-1"), finding("volume", "vol-1")], at=MOMENT)
    stores.waste.replace(["volume"], [], at=MOMENT)
    assert [one.resource for one in stores.waste.all()] == ["nat-1"]


def test_what_saves_most_comes_first_and_the_unknown_last(stores: Stores) -> None:
    found = [finding("logs", "a", None), finding("logs", "b", 1.0), finding("logs", "c", 5.0)]
    stores.waste.replace(["logs"], found, at=MOMENT)
    assert [one.resource for one in stores.waste.all()] == ["c", "b", "a"]


def test_looks_are_counted_since_a_moment(stores: Stores) -> None:
    for minutes in (-90, 0, 1, 2):
        stores.health.record("staging", "healthy", {}, at=MOMENT + timedelta(minutes=minutes))
    stores.health.record("production", "down", {"services": {"backend": {"verdict": "down"}}}, at=MOMENT)
    counted = looks_since(stores.database, MOMENT - timedelta(hours=1))
    assert counted == {"staging": 3, "production": 1}


def test_looks_count_once_also_after_their_points_were_merged(stores: Stores) -> None:
    for minutes in range(0, 600, 10):
        stores.health.record("staging", "healthy", {}, at=MOMENT + timedelta(minutes=minutes))
    HealthRollup(stores.database).roll_up(MOMENT + timedelta(hours=12))
    assert looks_since(stores.database, MOMENT) == {"staging": 60}
