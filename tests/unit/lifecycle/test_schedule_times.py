"""The times themselves: drift checks spread, the end of a life, working hours over changes of the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from panel.catalogue.schema import WorkingHours
from panel.lifecycle.schedule_drift import INTERVALS, due_at, next_check
from panel.lifecycle.schedule_expiry import destroy_at, end_of, is_warning_due, retry_at, warning_time
from panel.lifecycle.schedule_hours import order_for, renders_asleep, spell_at, until_text
from panel.store.tables import EnvironmentRecord, Run

HOUR = timedelta(hours=1)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(begin: str, end: str, zone: str = "UTC", days: Sequence[str] = WEEKDAYS) -> WorkingHours:
    return WorkingHours.model_validate({"days": list(days), "from": begin, "to": end, "timezone": zone})


# Working hours


@pytest.mark.parametrize(
    ("given", "moment", "needed", "since", "until"),
    [
        (hours("08:00", "19:00"), "2026-11-23 08:00", True, "2026-11-23 08:00", "2026-11-23 19:00"),
        (hours("08:00", "19:00"), "2026-11-23 19:00", False, "2026-11-23 19:00", "2026-11-24 08:00"),
        (hours("08:00", "19:00"), "2026-11-23 07:59", False, "2026-11-20 19:00", "2026-11-23 08:00"),
        (hours("08:00", "19:00"), "2026-11-22 12:00", False, "2026-11-20 19:00", "2026-11-23 08:00"),
        # Past midnight: the day is the one it begins on.
        (hours("22:00", "06:00", days=["fri"]), "2026-11-21 05:59", True, "2026-11-20 22:00", "2026-11-21 06:00"),
        (hours("22:00", "06:00", days=["fri"]), "2026-11-20 05:59", False, "2026-11-14 06:00", "2026-11-20 22:00"),
        (hours("12:00", "11:00", days=["mon"]), "2026-11-24 10:59", True, "2026-11-23 12:00", "2026-11-24 11:00"),
        # Nearly the whole day: one minute is left between two.
        (hours("08:00", "07:59", days=WEEKDAYS), "2026-11-24 07:59", False, "2026-11-24 07:59", "2026-11-24 08:00"),
        # São Paulo, three hours behind UTC, all the year since 2019.
        (hours("08:00", "19:00", "America/Sao_Paulo"), "2026-11-23 10:59", False, "2026-11-20 22:00", "2026-11-23 11:00"),
        (hours("08:00", "19:00", "America/Sao_Paulo"), "2026-11-23 21:59", True, "2026-11-23 11:00", "2026-11-23 22:00"),
        # There, midnight itself did not exist on this day: the clock went from 00:00 to 01:00.
        (hours("00:00", "06:00", "America/Sao_Paulo", ["sun"]), "2018-11-04 03:00", True, "2018-11-04 03:00", "2018-11-04 08:00"),
        # Berlin goes to summer time in the night to a Sunday: 02:30 does not exist, and counts as before.
        (hours("02:30", "10:00", "Europe/Berlin", ["sun"]), "2026-03-29 01:30", True, "2026-03-29 01:30", "2026-03-29 08:00"),
        (hours("08:00", "18:00", "Europe/Berlin"), "2026-03-27 16:59", True, "2026-03-27 07:00", "2026-03-27 17:00"),
        (hours("08:00", "18:00", "Europe/Berlin"), "2026-03-30 06:00", True, "2026-03-30 06:00", "2026-03-30 16:00"),
        # And back: 02:30 comes twice. Needed from the first, until the second.
        (hours("02:30", "10:00", "Europe/Berlin", ["sun"]), "2026-10-25 00:30", True, "2026-10-25 00:30", "2026-10-25 09:00"),
        (hours("22:00", "02:30", "Europe/Berlin", ["sat"]), "2026-10-25 01:29", True, "2026-10-24 20:00", "2026-10-25 01:30"),
    ],
)  # fmt: skip
def test_when_an_environment_is_needed(
    given: WorkingHours, moment: str, needed: bool, since: str, until: str
) -> None:
    spell = spell_at(given, at(moment))
    assert (spell.needed, spell.since, spell.until) == (needed, at(since), at(until))


@pytest.mark.parametrize(
    "zone", ["America/Sao_Paulo", "Europe/Berlin", "UTC", "Asia/Kathmandu", "America/New_York"]
)
@pytest.mark.parametrize(("begin", "end"), [("08:00", "19:00"), ("22:00", "06:00"), ("02:15", "02:45")])
def test_spells_follow_each_other_without_a_gap_through_a_whole_year(zone: str, begin: str, end: str) -> None:
    given = hours(begin, end, zone, ["mon", "wed", "sat", "sun"])
    moment, spells = at("2026-01-01 00:00"), []
    while moment < at("2027-01-02 00:00"):
        spell = spell_at(given, moment)
        assert spell.since <= moment < spell.until
        spells.append(spell)
        moment = spell.until
    for one, following in pairwise(spells):
        assert (following.since, following.needed) == (one.until, not one.needed)


@pytest.mark.parametrize(
    ("moment", "words"),
    [("2026-11-23 20:00", "08:00"), ("2026-11-23 10:00", "19:00"), ("2026-11-20 20:00", "Mon 08:00")],
)
def test_when_a_spell_ends_is_said_in_the_time_of_its_zone(moment: str, words: str) -> None:
    assert until_text(hours("08:00", "19:00"), at(moment)) == words
    assert until_text(hours("05:00", "16:00", "America/Sao_Paulo"), at(moment)) == (
        words.replace("08:00", "05:00").replace("19:00", "16:00")
    )


def run(kind: str, state: str = "applied", author: str = "system", ago: timedelta = HOUR) -> Run:
    return Run(
        id=1,
        environment="staging",
        kind=kind,
        state=state,
        author=author,
        created_at=NOW - ago,
        ended_at=NOW - ago,
    )


NIGHT = hours("14:00", "10:00", days=[*WEEKDAYS, "sun"])  # at noon it has been closed for two hours
DAY = hours("08:00", "19:00")


@pytest.mark.parametrize(
    ("given", "asleep", "recent", "order"),
    [
        (DAY, False, [], ""),
        (DAY, True, [], "wake"),
        (NIGHT, False, [], "sleep"),
        (NIGHT, True, [], ""),
        (None, True, [], "wake"),
        (None, False, [], ""),
        # Somebody's order holds until the next boundary, and no longer.
        (NIGHT, False, [run("update", author="ana")], ""),
        (NIGHT, False, [run("update", author="ana", ago=3 * HOUR)], "sleep"),
        (NIGHT, False, [run("plan", author="ana")], "sleep"),
        (NIGHT, False, [run("wake")], "sleep"),
        (NIGHT, False, [run("sleep", "canceled")], ""),
        (NIGHT, False, [run("sleep", "errored")], "sleep"),
        (DAY, True, [run("wake", "canceled")], ""),
        (DAY, True, [run("wake", "canceled", ago=5 * HOUR)], "wake"),
    ],
)
def test_only_the_present_and_peoples_orders_count(
    given: WorkingHours | None, asleep: bool, recent: list[Run], order: str
) -> None:
    assert order_for(given, asleep, recent, NOW) == order


@pytest.mark.parametrize(
    ("kind", "awake", "asleep"),
    [("sleep", True, True), ("wake", False, False), ("update", False, False), ("create", False, False),
     ("plan", False, False), ("drift", False, True), ("refresh", False, True), ("destroy", False, True)],
)  # fmt: skip
def test_which_runs_plan_an_environment_scaled_down(kind: str, awake: bool, asleep: bool) -> None:
    assert renders_asleep(kind, asleep=False) is awake
    assert renders_asleep(kind, asleep=True) is asleep


# Drift


@pytest.mark.parametrize("word", INTERVALS)
def test_two_hundred_environments_are_spread_over_the_interval(word: str) -> None:
    interval = INTERVALS[word]
    due = sorted(next_check(f"preview-{n}", interval, NOW, lambda: 0.5) for n in range(200))
    assert timedelta() < due[0] - NOW and due[-1] - NOW <= 1.6 * interval
    tenths = [int((moment - NOW - interval / 2) / (interval / 10)) for moment in due]
    assert max(tenths.count(tenth) for tenth in set(tenths)) < 45


@pytest.mark.parametrize("word", INTERVALS)
def test_checks_follow_each_other_by_about_the_interval(word: str) -> None:
    interval, moment, chances = INTERVALS[word], NOW, iter([0.0, 1.0, 0.3, 0.9, 0.0] * 8)
    moments = [moment := next_check("staging", interval, moment, lambda: next(chances)) for _ in range(40)]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert all(0.94 * interval <= gap <= 1.06 * interval for gap in gaps)


def test_a_check_made_up_for_moves_nothing_and_the_next_is_not_at_its_heels() -> None:
    usual = next_check("staging", HOUR, NOW, lambda: 0)
    late = usual + timedelta(days=3, minutes=50)
    following = next_check("staging", HOUR, late, lambda: 0)
    assert (following - usual) % HOUR == timedelta()
    assert HOUR / 2 < following - late <= 1.5 * HOUR


@pytest.mark.parametrize(
    ("word", "due", "kept"),
    [
        ("off", NOW, None),
        ("hourly", NOW - timedelta(days=2), "same"),
        ("hourly", NOW + HOUR, "same"),
        ("hourly", NOW + timedelta(days=3), "new"),
        ("weekly", NOW + timedelta(days=3), "same"),
        ("daily", None, "new"),
    ],
)
def test_a_due_time_changes_only_with_what_the_catalogue_says(
    word: str, due: datetime | None, kept: str | None
) -> None:
    found = due_at("staging", word, due, NOW, lambda: 0.5)
    if kept == "new":
        assert found is not None and NOW < found <= NOW + 1.6 * INTERVALS[word]
    else:
        assert found == (due if kept == "same" else None)


# The end of a life


@pytest.mark.parametrize(("ttl", "ahead"), [(1, HOUR / 4), (8, 2 * HOUR), (96, 24 * HOUR), (1000, 24 * HOUR)])
def test_how_far_ahead_owners_are_warned(ttl: int, ahead: timedelta) -> None:
    assert warning_time(ttl) == ahead


@pytest.mark.parametrize(
    ("ttl", "age", "stored", "extended", "end"),
    [
        (72, 0, None, None, 72),
        (None, 5, 72, None, None),
        (72, 5, 67, None, 67),
        # A longer life counts at once; a shorter one too, but leaves the time of a warning.
        (96, 5, 67, None, 91),
        (24, 5, 67, None, 19),
        (24, 23, 49, None, 6),
        (24, 50, 22, None, 6),
        (24, 50, 5, None, 5),  # said before: it does not move away again with every look
        (24, 500, None, None, 6),  # ttl_hours is new, and the environment is old
        # What somebody extended to holds against a shorter life, and gives way to a longer one.
        (24, 5, 100, 100, 100),
        (200, 5, 100, 100, 195),
        # Times of an environment of the same name that is gone.
        (24, 1, -10, -5, 23),
    ],
)
def test_the_end_of_a_life(
    ttl: int | None, age: int, stored: int | None, extended: int | None, end: int | None
) -> None:
    record = EnvironmentRecord(
        name="staging", created_at=NOW - age * HOUR,
        expires_at=None if stored is None else NOW + stored * HOUR,
        extended_until=None if extended is None else NOW + extended * HOUR,
    )  # fmt: skip
    found = end_of(record, ttl, NOW)
    assert (None if found is None else (found - NOW) / HOUR) == end


@pytest.mark.parametrize(
    ("left", "warned", "due", "destroyed"),
    [
        (25, None, False, None),
        (24, None, True, None),
        (-100, None, True, None),
        (10, -5, False, 10),
        (10, -500, True, 10),  # that was another end
        (-3, -20, False, -3),
        (-3, -2, False, -1),  # nobody was at work when the warning was due: an hour is left
    ],
)  # fmt: skip
def test_warned_once_for_each_end_and_destroyed_at_it(
    left: int, warned: int | None, due: bool, destroyed: int | None
) -> None:
    record = EnvironmentRecord(
        name="staging",
        expires_at=NOW + left * HOUR,
        expiry_warned_at=None if warned is None else NOW + warned * HOUR,
    )
    assert is_warning_due(record, 200, NOW) is due
    found = destroy_at(record, 200)
    assert (None if found is None else (found - NOW) / HOUR) == destroyed


@pytest.mark.parametrize(
    ("states", "minutes"),
    [
        ([], None),
        (["applied", "errored"], None),
        (["errored"], 15),
        (["blocked", "errored"], 30),
        (["interrupted", "canceled", "errored", "applied", "errored"], 60),
        (["errored"] * 20, 720),
    ],
)
def test_what_failed_is_tried_again_less_and_less_often(states: list[str], minutes: int | None) -> None:
    again = retry_at([run("destroy", state, ago=timedelta()) for state in states])
    assert (None if again is None else (again - NOW) / timedelta(minutes=1)) == minutes
