"""Points over time: merged into fewer, dropped when they are old, and read as if nothing had happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panel.store.health import Look
from panel.store.health_rollup import HealthRollup, bucket
from panel.store.health_tables import HealthPoint
from panel.store.stores import Stores

NOW = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)


def look(stores: Stores, at: datetime, verdict: str = "healthy", latency: float = 20.0, *names: str) -> None:
    report: dict[str, Any] = {"measures": {"latency_ms": latency}}
    stores.health.record_all([Look(name, verdict, report, at) for name in names or ("staging",)])


def steps(stores: Stores, environment: str = "staging") -> dict[int, int]:
    """How many points are kept of each step."""
    with stores.database.read() as session:
        rows = session.connection().exec_driver_sql(
            f"SELECT step, count(*) FROM health_point WHERE environment = '{environment}' GROUP BY step"
        )
        return {int(step): int(count) for step, count in rows}


def figures(points: list[HealthPoint]) -> list[tuple[Any, ...]]:
    return [(p.at, p.step, p.looks, p.healthy, p.down, p.latency_max_ms, p.measures) for p in points]


def test_old_looks_become_one_point_of_five_minutes(stores: Stores) -> None:
    begin = NOW.replace(hour=8, second=0)
    for number, (verdict, latency) in enumerate([("healthy", 10.0), ("down", 70.0), ("healthy", 40.0)]):
        look(stores, begin + timedelta(seconds=30 * number), verdict, latency)

    done = HealthRollup(stores.database).roll_up(NOW)

    assert done.merged == 3
    assert steps(stores) == {300: 1}
    assert figures(stores.health.points("staging", since=begin, step=300)) == [
        (begin, 300, 3, 2, 1, 70.0, {"latency_ms": 40.0})
    ]


def test_charts_look_the_same_before_and_after(stores: Stores) -> None:
    begin = NOW - timedelta(days=5)
    for number in range(5 * 24 * 2):
        at = begin + timedelta(minutes=30 * number)
        look(stores, at, "down" if number % 7 == 0 else "healthy", float(number % 40), "staging", "other")
    wanted = {step: figures(stores.health.points("staging", since=begin, step=step)) for step in (300, 3600)}

    HealthRollup(stores.database).roll_up(NOW)

    kept = steps(stores)
    assert set(kept) == {0, 300, 3600}
    assert kept == steps(stores, "other")
    hours = figures(stores.health.points("staging", since=begin, step=3600))
    assert [row[:6] for row in hours] == [row[:6] for row in wanted[3600]]
    assert [row[6]["latency_ms"] for row in hours] == pytest.approx(
        [row[6]["latency_ms"] for row in wanted[3600]], abs=0.01
    )
    recent = NOW - timedelta(days=2)
    assert figures(stores.health.points("staging", since=recent, step=300)) == [
        row for row in wanted[300] if row[0] >= bucket(recent, 300)
    ]


def test_the_last_hours_stay_as_they_are(stores: Stores) -> None:
    for minutes in (1, 60, 175):
        look(stores, NOW - timedelta(minutes=minutes))

    HealthRollup(stores.database).roll_up(NOW)

    assert steps(stores) == {0: 3}


def test_a_stretch_is_merged_as_a_whole_or_not_at_all(stores: Stores) -> None:
    edge = NOW - timedelta(hours=3)  # 09:00:30: the stretch that began at 09:00 is not over
    for seconds in (-60, -31, -30, 0, 30):
        look(stores, edge + timedelta(seconds=seconds))

    HealthRollup(stores.database).roll_up(NOW)

    assert steps(stores) == {300: 1, 0: 3}


def test_done_twice_is_done_once_and_late_looks_join(stores: Stores) -> None:
    begin = NOW - timedelta(hours=5)
    rollup = HealthRollup(stores.database)
    look(stores, begin, "healthy", 10.0)
    look(stores, begin + timedelta(seconds=30), "healthy", 10.0)
    rollup.roll_up(NOW)
    assert rollup.roll_up(NOW).merged == 0

    look(stores, begin + timedelta(seconds=60), "down", 40.0)
    rollup.roll_up(NOW)

    (point,) = stores.health.points("staging", since=begin, step=300)
    assert (point.looks, point.healthy, point.down) == (3, 2, 1)
    assert (point.latency_max_ms, point.measures) == (40.0, {"latency_ms": 20.0})


def test_a_round_ends_after_so_many_slices_and_the_next_goes_on(stores: Stores) -> None:
    for number in range(5):
        look(stores, NOW - timedelta(hours=6, minutes=10 * number))
    rollup = HealthRollup(stores.database, slices=2)

    rounds = [rollup.roll_up(NOW) for _ in range(4)]

    assert [(done.merged, done.more) for done in rounds] == [(2, True), (2, True), (1, False), (0, False)]


def test_more_environments_than_fit_into_one_slice(stores: Stores) -> None:
    names = [f"e{number}" for number in range(95)]
    look(stores, NOW - timedelta(hours=4), "healthy", 10.0, *names)

    assert HealthRollup(stores.database).roll_up(NOW).merged == 95
    assert {tuple(steps(stores, name)) for name in names} == {(300,)}


def test_ninety_days_are_kept(stores: Stores) -> None:
    for days in (100, 91, 89, 1):
        look(stores, NOW - timedelta(days=days), "down" if days == 91 else "healthy")

    done = HealthRollup(stores.database).roll_up(NOW)

    assert done.dropped >= 2
    ages = {
        (NOW - point.at).days
        for point in stores.health.points("staging", since=NOW - timedelta(days=200), step=3600)
    }
    assert ages == {89, 1}
    spans = stores.health.spans("staging", since=NOW - timedelta(days=200))
    assert all(span.ended_at is None or span.ended_at > NOW - timedelta(days=90) for span in spans)
    assert spans, "what reaches into the last ninety days stays"


def test_a_measure_that_only_some_looks_have_is_the_mean_of_those(stores: Stores) -> None:
    begin = NOW - timedelta(minutes=10)
    reports: list[dict[str, Any]] = [{"cpu_percent": 30.0}, {}, {"cpu_percent": 60.0, "requests": 5}]
    for number, measures in enumerate(reports):
        at = bucket(begin, 300) + timedelta(seconds=30 * number)
        stores.health.record("staging", "healthy", {"measures": measures}, at=at)

    (point,) = stores.health.points("staging", since=begin, step=300)
    assert point.measures == {"cpu_percent": 45.0, "requests": 5.0}
    assert point.latency_max_ms is None
