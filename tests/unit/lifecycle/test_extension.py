"""A life that is extended: its new end, its limits, and who may."""

from typing import Any

import pytest

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.errors import (
    AccessDeniedError,
    BusyError,
    NotFoundError,
    RefusedError,
)
from panel.lifecycle.extension import Extension
from tests.unit.lifecycle.schedule_bench import ANA, HOUR, Bench


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
