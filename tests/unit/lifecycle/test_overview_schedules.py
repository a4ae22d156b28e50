"""What the pages say of schedules, in plain words."""

from typing import Any

import pytest

from tests.unit.lifecycle.schedule_bench import HOUR, MONDAY, OFFICE_HOURS, Bench, ended


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
    bench.keys["staging"] = dict(OFFICE_HOURS)
    bench.now = MONDAY + later * HOUR
    bench.exists(asleep=asleep)
    assert bench.view().hours.text == text
