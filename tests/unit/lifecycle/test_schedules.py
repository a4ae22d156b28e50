"""What a worker orders by the clock, over a real store, with a clock of its own and orders that are only noted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.catalogue.schema import Catalogue
from panel.errors import (
    AccessDeniedError,
    BusyError,
    NotFoundError,
    OperationError,
    ProtectedError,
    RefusedError,
)
from panel.lifecycle.extension import Extension
from panel.lifecycle.operations import Operations
from panel.lifecycle.overview_schedules import ScheduleOverview
from panel.lifecycle.scheduled_orders import ScheduledOrders
from panel.lifecycle.schedules import Schedules
from panel.lifecycle.telling import Teller
from panel.notify.outbox import Outbox
from panel.store.stores import Stores
from panel.store.tables import Notification, Run, now

HOUR = timedelta(hours=1)
ANA = Identity("ana", Role.OPERATOR)


#: The states on the way to an end, where there is one.
_WAY = {
    "no_changes": ["preparing", "planning"],
    "planned": ["preparing", "planning"],
    "blocked": ["preparing", "planning"],
    "applied": ["preparing", "planning", "planned", "approved", "applying"],
}


def ended(stores: Stores, run: Run, state: str, at: datetime, **fields: Any) -> None:
    """Bring a run to its end, as of a moment."""
    number = run.id or 0
    for step in _WAY.get(state, []):
        stores.runs.transition(number, step, "worker")
    stores.runs.finish(number, state, "worker", **fields)
    with stores.database.write() as session:
        kept = session.get_one(Run, number)
        kept.created_at, kept.ended_at = at, at


class Silent:
    """A channel that is there, and through which nothing is sent in these tests."""

    place = "nowhere"

    def send(self, message: Notification) -> Any:
        raise AssertionError(f"{message.event} was delivered")


@dataclass
class Orders:
    """Orders as they came; each makes a run in the store, as the real ones do, or fails as it is told to."""

    stores: Stores
    given: list[tuple[str, str]] = field(default_factory=list)
    refuse: dict[str, Exception] = field(default_factory=dict)

    def _order(self, kind: str, environment: str) -> Run:
        if environment in self.refuse:
            raise self.refuse[environment]
        self.given.append((kind, environment))
        return self.stores.runs.create(environment, kind, "system", ["plan"], auto_approve=kind != "drift")

    def drift(self, environment: str) -> Run:
        return self._order("drift", environment)

    def sleep(self, environment: str) -> Run:
        return self._order("sleep", environment)

    def wake(self, environment: str) -> Run:
        return self._order("wake", environment)

    def destroy(self, environment: str) -> Run:
        return self._order("destroy", environment)


@dataclass
class Bench:
    """The schedules of one worker, and its clock."""

    stores: Stores
    base: Catalogue
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime = field(default_factory=now)
    world: str | None = "w1"

    def __post_init__(self) -> None:
        self.orders = Orders(self.stores)
        self.schedules = self.worker()

    def worker(self) -> Schedules:
        """One more worker over the same store."""
        outbox = Outbox(self.stores.notifications, {"webhook": Silent()}, clock=lambda: self.now)
        return Schedules(
            self.catalogue, self.stores, self.orders, Teller(self.catalogue, outbox),
            lambda: self.world, clock=lambda: self.now, chance=lambda: 0.5,
        )  # fmt: skip

    def catalogue(self) -> Catalogue:
        raw = self.base.model_dump(by_alias=True)
        for name, keys in self.keys.items():
            raw["environments"][name] |= keys
        return Catalogue.model_validate(raw)

    def exists(self, name: str = "staging", **fields: Any) -> None:
        self.stores.environments.save(
            name, **({"exists": True, "ready": True, "world": "w1", "created_at": self.now} | fields)
        )

    def look(self, after: timedelta = timedelta()) -> list[tuple[str, str]]:
        """What is ordered by a look at a later moment."""
        self.now += after
        before = len(self.orders.given)
        self.schedules.look()
        return self.orders.given[before:]

    def end(self, state: str, name: str = "staging", **fields: Any) -> None:
        """End the run that is under way, at the bench's present time."""
        run = self.stores.runs.active(name)
        assert run is not None
        ended(self.stores, run, state, self.now, **fields)

    def told(self) -> list[str]:
        return [row.event for row in reversed(self.stores.notifications.recent())]

    def record(self, name: str = "staging") -> Any:
        return self.stores.environments.get(name)

    def view(self) -> Any:
        return ScheduleOverview(self.catalogue, self.stores, lambda: self.now).environment("staging")


@pytest.fixture
def bench(stores: Stores, catalogue: Catalogue) -> Bench:
    return Bench(stores, catalogue)


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


# Extending


@pytest.fixture
def extension(bench: Bench) -> Extension:
    return Extension(bench.catalogue, bench.stores, Trail(bench.stores.audit), clock=lambda: bench.now)


def test_an_extended_life_ends_later_and_is_warned_of_again(bench: Bench, extension: Extension) -> None:
    bench.keys["staging"] = {"ttl_hours": 48}
    bench.exists()
    begun = bench.now
    bench.look()
    bench.look(40 * HOUR)
    extension.extend(ANA, "staging", 72)
    bench.keys["staging"] = {"ttl_hours": 24}  # does not take it back
    bench.look()
    assert bench.record().expires_at == begun + 120 * HOUR
    assert bench.told() == ["expiring"]
    assert bench.look(79 * HOUR) == []
    assert bench.told() == ["expiring", "expiring"]
    assert bench.look(HOUR) == [("destroy", "staging")]
    entry = bench.stores.audit.recent("staging")[0]
    assert (entry.actor, entry.action, entry.detail["hours"]) == ("ana", "extend", 72)


def test_an_end_that_is_past_is_extended_from_now(bench: Bench, extension: Extension) -> None:
    bench.keys["staging"] = {"ttl_hours": 1}
    bench.exists()
    bench.look()
    bench.now += 10 * HOUR
    assert extension.extend(ANA, "staging", 5).expires_at == bench.now + 5 * HOUR


@pytest.mark.parametrize(
    ("keys", "fields", "who", "hours", "error"),
    [
        ({"ttl_hours": 48}, {}, Identity("vic", Role.VIEWER), 5, AccessDeniedError),
        ({"ttl_hours": 48}, {"exists": False}, ANA, 5, NotFoundError),
        ({}, {}, ANA, 5, RefusedError),
        ({"ttl_hours": 48}, {}, ANA, 0, RefusedError),
        ({"ttl_hours": 48}, {}, ANA, 721, RefusedError),
        ({"ttl_hours": 48}, {}, ANA, 700, RefusedError),  # with what is left, more than 30 days
    ],
)  # fmt: skip
def test_what_cannot_be_extended(
    keys: dict[str, Any], fields: dict[str, Any], who: Identity, hours: int, error: type[Exception],
    bench: Bench, extension: Extension,
) -> None:  # fmt: skip
    bench.keys["staging"] = keys
    bench.exists(**fields)
    before = bench.record().expires_at
    with pytest.raises(error):
        extension.extend(who, "staging", hours)
    assert bench.record().expires_at == before
    assert bench.stores.audit.recent("staging") == []


def test_what_is_being_destroyed_is_not_extended(bench: Bench, extension: Extension) -> None:
    bench.keys["staging"] = {"ttl_hours": 48}
    bench.exists()
    run = bench.stores.runs.create("staging", "destroy", "system", ["plan"])
    with pytest.raises(BusyError, match=f"run {run.id}"):
        extension.extend(ANA, "staging", 5)


# Working hours

_HOURS = {
    "working_hours": {
        "days": ["mon", "tue", "wed", "thu", "fri"],
        "from": "08:00",
        "to": "19:00",
        "timezone": "UTC",
    }
}
_MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_week_of_working_hours(bench: Bench) -> None:
    bench.keys["staging"] = dict(_HOURS)
    bench.now = _MONDAY
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
    bench.keys["staging"] = dict(_HOURS)
    bench.now = _MONDAY
    bench.exists()
    bench.look()
    assert bench.look(timedelta(days=7)) == []  # awake, and needed again


def test_an_order_of_somebody_keeps_it_awake_until_the_next_boundary(bench: Bench) -> None:
    bench.keys["staging"] = dict(_HOURS)
    bench.now = _MONDAY + 12 * HOUR
    bench.exists()
    bench.stores.runs.create("staging", "update", "ana", ["plan"])
    bench.end("applied")
    assert [bench.look(HOUR) for _ in range(3)] == [[], [], []]
    assert bench.look(timedelta(hours=19)) == [("sleep", "staging")]


def test_scaling_that_fails_is_tried_again_after_a_while(bench: Bench) -> None:
    bench.keys["staging"] = dict(_HOURS)
    bench.now = _MONDAY
    bench.exists(asleep=True)
    assert bench.look() == [("wake", "staging")]
    bench.end("blocked")
    assert bench.look(timedelta(minutes=14)) == []
    assert bench.look(timedelta(minutes=1)) == [("wake", "staging")]


def test_what_a_failed_change_left_behind_is_not_scaled_down(bench: Bench) -> None:
    bench.keys["staging"] = dict(_HOURS)
    bench.now = _MONDAY + 12 * HOUR
    bench.exists(ready=False)
    assert bench.look() == []


def test_an_environment_whose_working_hours_were_taken_away_is_woken(bench: Bench) -> None:
    bench.exists(asleep=True)
    assert bench.look() == [("wake", "staging")]


# What the page shows


@pytest.mark.parametrize(
    ("keys", "checks", "state", "text"),
    [
        ({}, [], "off", "It is not compared with what is real."),
        ({"drift_check": "daily"}, [], "never", "Not checked yet. Next check in 4 hours."),
        ({"drift_check": "daily"}, [("no_changes", 0)], "in_order", "In order when it was checked 2 hours ago. Next check in 4 hours."),
        ({}, [("planned", 2), ("planned", 2)], "drifted", "2 resources drifted from what was applied, first seen 3 hours ago."),
        ({}, [("no_changes", 0), ("errored", None)], "failed", "The last check did not succeed."),
        ({}, [("no_changes", 0), ("canceled", None)], "in_order", "In order when it was checked 2 hours ago."),
    ],
)  # fmt: skip
def test_drift_in_plain_words(
    keys: dict[str, Any], checks: list[tuple[str, int | None]], state: str, text: str, bench: Bench
) -> None:
    bench.keys["staging"] = keys
    bench.exists(created_at=bench.now - 100 * HOUR, drift_due_at=bench.now + 4 * HOUR)
    for number, (end, drifted) in enumerate(checks):
        run = bench.stores.runs.create("staging", "drift", "system", ["plan"])
        at = bench.now - (len(checks) - number + 1) * HOUR
        ended(bench.stores, run, end, at, drifted=drifted)
    if checks:
        found = [{"address": f"aws_vpc.{n}"} for n in range(checks[-1][1] or 0)]
        bench.stores.environments.save("staging", drift=found, drift_checked_at=bench.now - 2 * HOUR)
    drift = bench.view().drift
    assert (drift.state, drift.text) == (state, text)


@pytest.mark.parametrize(
    ("age", "text", "near"),
    [
        (None, "It will be destroyed 72 hours after its creation.", False),
        (1, "It is destroyed in 3 days, unless it is extended.", False),
        (54, "It is destroyed in 18 hours, unless it is extended.", True),
        (90, "Its life has ended: it is destroyed as soon as nothing stands in the way.", True),
    ],
)
def test_the_end_in_plain_words(age: int | None, text: str, near: bool, bench: Bench) -> None:
    bench.keys["staging"] = {"ttl_hours": 72}
    if age is not None:
        bench.exists()
        bench.look()
        bench.now += age * HOUR
    assert (bench.view().expiry.text, bench.view().expiry.near) == (text, near)


@pytest.mark.parametrize(
    ("later", "asleep", "text"),
    [
        (0, False, "Awake until 19:00."),
        (12, True, "Asleep until 08:00."),
        (12, False, "Outside its working hours, which begin at 08:00."),
        (0, True, "Asleep, and woken soon."),
    ],
)
def test_working_hours_in_plain_words(later: int, asleep: bool, text: str, bench: Bench) -> None:
    bench.keys["staging"] = dict(_HOURS)
    bench.now = _MONDAY + later * HOUR
    bench.exists(asleep=asleep)
    assert bench.view().hours.text == text


# The orders themselves


@pytest.fixture
def scheduled(bench: Bench) -> Callable[[], ScheduledOrders]:
    trail = Trail(bench.stores.audit)
    return lambda: ScheduledOrders(Operations(bench.catalogue, bench.stores, trail))


@pytest.mark.parametrize("kind", ["drift", "sleep", "wake", "destroy"])
def test_schedules_order_as_system_in_advance_and_audited(
    kind: str, bench: Bench, scheduled: Callable[[], ScheduledOrders]
) -> None:
    bench.keys["staging"] = {"approvals": {"count": 3, "other_than_author": True}}
    bench.exists()
    run = getattr(scheduled(), kind)("staging")
    assert (run.kind, run.author, run.auto_approve) == (kind, "system", kind != "drift")
    entry = bench.stores.audit.recent("staging")[0]
    assert (entry.actor, entry.role, entry.action) == ("system", "system", kind)
    with pytest.raises(BusyError):
        getattr(scheduled(), kind)("staging")


def test_a_protected_environment_is_never_destroyed_by_a_schedule(
    bench: Bench, scheduled: Callable[[], ScheduledOrders]
) -> None:
    bench.exists("production")
    with pytest.raises(ProtectedError):
        scheduled().destroy("production")
