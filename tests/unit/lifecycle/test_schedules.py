"""What a worker orders by the clock, over a real store, with a clock of its own and orders that are only noted."""

from datetime import timedelta
from itertools import pairwise

from panel.errors import (
    BusyError,
    OperationError,
)
from tests.unit.lifecycle.schedule_bench import HOUR, MONDAY, OFFICE_HOURS, Bench


def test_an_environment_without_schedules_is_left_alone(bench: Bench) -> None:
    bench.exists()
    bench.exists("forgotten")  # not in the catalogue any more
    assert [bench.look(timedelta(days=day)) for day in range(5)] == [[]] * 5
    assert bench.told() == []


# Drift


def test_drift_is_checked_again_and_again_while_nothing_else_goes_on(bench: Bench) -> None:
    bench.keys["staging"] = {"drift_check": "hourly"}
    bench.exists()
    assert bench.look() == []  # due at its own place in the hour
    orders = 0
    for _ in range(24 * 6):
        if bench.look(timedelta(minutes=10)):
            orders += 1
            assert bench.look(timedelta(minutes=1)) == []  # it is under way
            bench.end("no_changes")
    assert 23 <= orders <= 25


def test_missed_checks_are_made_up_for_once(bench: Bench) -> None:
    bench.keys["staging"] = {"drift_check": "hourly"}
    bench.exists()
    bench.look()
    assert bench.look(timedelta(days=3)) == [("drift", "staging")]
    bench.end("no_changes")
    assert bench.look(timedelta(minutes=1)) == []


def test_two_workers_check_once(bench: Bench) -> None:
    bench.keys["staging"] = {"drift_check": "daily"}
    bench.exists()
    bench.look()
    bench.now += timedelta(days=2)
    one, other = bench.worker(), bench.worker()
    record = bench.record()
    entry = bench.catalogue().environments["staging"]
    for worker in (one, other):  # both saw the record before either of them acted
        worker._check_drift("staging", entry, record, bench.now)
        active = bench.stores.runs.active("staging")
        if active is not None:
            bench.end("no_changes")
    assert bench.orders.given == [("drift", "staging")]


def test_a_check_that_could_not_be_ordered_stays_due(bench: Bench) -> None:
    bench.keys["staging"] = {"drift_check": "hourly"}
    bench.exists()
    bench.look()
    bench.orders.refuse["staging"] = BusyError("Another run started at the same moment.")
    assert bench.look(2 * HOUR) == []
    bench.orders.refuse.clear()
    assert bench.look(timedelta(minutes=1)) == [("drift", "staging")]


def test_nothing_is_ordered_while_a_run_is_under_way_or_the_endpoint_is_stopped_or_lost(bench: Bench) -> None:
    bench.keys["staging"] = {"drift_check": "hourly", "ttl_hours": 1}
    bench.exists()
    bench.look()
    bench.world = None
    assert bench.look(2 * HOUR) == []
    bench.world = "w2"
    assert bench.look() == []
    bench.world = "w1"
    bench.stores.runs.create("staging", "update", "ana", ["plan"])
    assert bench.look() == []


def test_what_one_environment_refuses_does_not_keep_the_others_waiting(bench: Bench) -> None:
    bench.keys = {"production": {"drift_check": "hourly"}, "staging": {"drift_check": "hourly"}}
    bench.exists("production")
    bench.exists()
    bench.look()
    bench.orders.refuse["production"] = OperationError("The disk is full.")
    assert bench.look(2 * HOUR) == [("drift", "staging")]


# The end of a life


def test_a_life_ends_after_a_warning(bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 96}
    bench.exists()
    bench.look()
    assert bench.record().expires_at == bench.now + 96 * HOUR
    assert bench.look(71 * HOUR) == []
    assert bench.told() == []
    assert bench.look(HOUR) == []
    assert bench.look(HOUR) == []
    assert bench.told() == ["expiring"]
    assert bench.look(22 * HOUR) == []
    assert bench.look(HOUR) == [("destroy", "staging")]
    assert bench.look(HOUR) == []
    assert bench.told() == ["expiring"]


def test_a_shorter_life_is_taken_over_and_still_warned_of(bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 1000}
    bench.exists()
    bench.look()
    bench.keys["staging"] = {"ttl_hours": 8}
    assert bench.look(100 * HOUR) == []
    assert bench.record().expires_at == bench.now + 2 * HOUR
    assert bench.told() == ["expiring"]
    assert bench.look(2 * HOUR) == [("destroy", "staging")]


def test_without_an_end_nothing_is_destroyed(bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 8}
    bench.exists()
    bench.look()
    bench.keys["staging"] = {"ttl_hours": None}
    assert bench.look(100 * HOUR) == []
    assert bench.record().expires_at is None


def test_who_was_not_warned_in_time_has_an_hour_left(bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 48}
    bench.exists()
    bench.look()
    assert bench.look(200 * HOUR) == []  # no worker was alive
    assert bench.told() == ["expiring"]
    assert bench.look(timedelta(minutes=59)) == []
    assert bench.look(timedelta(minutes=1)) == [("destroy", "staging")]


def test_a_run_under_way_postpones_the_end_and_that_is_told_once(bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 48}
    bench.exists()
    bench.look()
    bench.look(40 * HOUR)
    bench.stores.runs.create("staging", "update", "ana", ["plan"])
    assert [bench.look(8 * HOUR), bench.look(HOUR)] == [[], []]
    assert bench.told() == ["expiring", "expiry_postponed"]
    bench.end("applied")
    assert bench.look() == [("destroy", "staging")]


def test_a_destruction_that_fails_is_tried_again_less_and_less_often(bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 1}
    bench.exists()
    bench.look()
    bench.look(timedelta(minutes=50))
    tries = []
    for minute in range(0, 24 * 60, 5):
        if bench.look(timedelta(minutes=5)):
            tries.append(minute)
            bench.end("errored" if len(tries) % 2 else "blocked")
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == [15, 30, 60, 120, 240, 480]


def test_an_environment_of_the_same_name_does_not_inherit_the_end(bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 48, "drift_check": "hourly"}
    bench.exists()
    bench.look()
    bench.look(40 * HOUR)
    bench.stores.environments.save("staging", exists=False, ready=False, created_at=None, asleep=True)
    bench.look(8 * HOUR)
    record = bench.record()
    assert (record.expires_at, record.expiry_warned_at, record.drift_due_at, record.asleep) == (
        None,
        None,
        None,
        False,
    )
    bench.exists()
    bench.look(HOUR)
    assert bench.record().expires_at == bench.now + 47 * HOUR


# Working hours


def test_a_week_of_working_hours(bench: Bench) -> None:
    bench.keys["staging"] = dict(OFFICE_HOURS)
    bench.now = MONDAY
    bench.exists()
    given = []
    for _ in range(7 * 24 * 2):
        for kind, _name in bench.look(HOUR / 2):
            given.append(f"{kind} {bench.now:%a %H:%M}")
            bench.end("applied")
            bench.stores.environments.save("staging", asleep=kind == "sleep")
    assert given == [
        "sleep Mon 19:00", "wake Tue 08:00", "sleep Tue 19:00", "wake Wed 08:00", "sleep Wed 19:00",
        "wake Thu 08:00", "sleep Thu 19:00", "wake Fri 08:00", "sleep Fri 19:00", "wake Mon 08:00",
    ]  # fmt: skip


def test_a_worker_that_was_off_for_a_weekend_catches_up_with_the_present_alone(bench: Bench) -> None:
    bench.keys["staging"] = dict(OFFICE_HOURS)
    bench.now = MONDAY
    bench.exists()
    bench.look()
    assert bench.look(timedelta(days=7)) == []  # awake, and needed again


def test_an_order_of_somebody_keeps_it_awake_until_the_next_boundary(bench: Bench) -> None:
    bench.keys["staging"] = dict(OFFICE_HOURS)
    bench.now = MONDAY + 12 * HOUR
    bench.exists()
    bench.stores.runs.create("staging", "update", "ana", ["plan"])
    bench.end("applied")
    assert [bench.look(HOUR) for _ in range(3)] == [[], [], []]
    assert bench.look(timedelta(hours=19)) == [("sleep", "staging")]


def test_scaling_that_fails_is_tried_again_after_a_while(bench: Bench) -> None:
    bench.keys["staging"] = dict(OFFICE_HOURS)
    bench.now = MONDAY
    bench.exists(asleep=True)
    assert bench.look() == [("wake", "staging")]
    bench.end("blocked")
    assert bench.look(timedelta(minutes=14)) == []
    assert bench.look(timedelta(minutes=1)) == [("wake", "staging")]


def test_what_a_failed_change_left_behind_is_not_scaled_down(bench: Bench) -> None:
    bench.keys["staging"] = dict(OFFICE_HOURS)
    bench.now = MONDAY + 12 * HOUR
    bench.exists(ready=False)
    assert bench.look() == []


def test_an_environment_whose_working_hours_were_taken_away_is_woken(bench: Bench) -> None:
    bench.exists(asleep=True)
    assert bench.look() == [("wake", "staging")]
