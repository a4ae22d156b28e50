"""The chain behind an apply's end, from its events."""

import json
from typing import Any

from tests.terraform.critical_path import Step, critical_path, steps_of


def event(kind: str, second: int, address: str = "") -> str:
    said: dict[str, Any] = {"type": kind, "@timestamp": f"2026-01-01T00:00:{second:02}.000000Z"}
    if address:
        said["hook"] = {"resource": {"addr": address}}
    return json.dumps(said)


def test_steps_are_timed_from_the_first_event() -> None:
    lines = [
        "not an event",
        event("version", 10),
        event("apply_start", 12, "a"),
        event("apply_start", 13, "b"),
        event("apply_complete", 15, "b"),
        event("apply_complete", 19, "a"),
    ]
    assert steps_of(lines) == [Step("b", 3.0, 5.0), Step("a", 2.0, 9.0)]


def test_an_action_that_never_ended_is_left_out() -> None:
    assert steps_of([event("apply_start", 1, "a")]) == []


def test_the_chain_goes_back_from_the_last_end_to_what_ended_before_each_begin() -> None:
    steps = [
        Step("quick", 0, 1),
        Step("group", 0, 2),
        Step("balancer", 2, 62),
        Step("zone", 1, 31),
        Step("rule", 62, 63),
    ]
    assert [step.address for step in critical_path(steps)] == ["group", "balancer", "rule"]


def test_nothing_applied_has_no_chain() -> None:
    assert critical_path([]) == []
