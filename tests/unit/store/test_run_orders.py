"""Orders in the store that touch another run in the same transaction: making way, planning again, canceling."""

import pytest

from panel.errors import BusyError, IllegalTransitionError, RefusedError
from panel.store.runs import TRANSITIONS
from panel.store.stores import Stores

_WAYS = {
    "queued": (),
    "preparing": ("preparing",),
    "planning": ("preparing", "planning"),
    "planned": ("preparing", "planning", "planned"),
    "blocked": ("preparing", "planning", "blocked"),
    "no_changes": ("preparing", "planning", "no_changes"),
    "approved": ("preparing", "planning", "planned", "approved"),
    "applying": ("preparing", "applying"),
    "deploying": ("preparing", "deploying"),
}


def _run(stores: Stores, state: str, kind: str = "update") -> int:
    number = stores.runs.create("staging", kind, "ana", ["plan"]).id
    assert number is not None
    for step in _WAYS[state]:
        stores.runs.transition(number, step, "worker")
    return number


@pytest.mark.parametrize("state", ["queued", "preparing", "planning"])
def test_a_drift_check_makes_way_for_an_order(state: str, stores: Stores) -> None:
    drift = _run(stores, state, "drift")

    order = stores.runs.create("staging", "update", "bob", ["plan"], preempts="drift", priority=30)

    gone = stores.runs.get(drift)
    assert (gone.state, gone.active, gone.cancel_requested, gone.comment) == (
        "canceled", False, True, "made way",
    )  # fmt: skip
    assert stores.runs.transitions(drift)[-1].actor == "bob"
    assert (order.state, order.priority, order.active) == ("queued", 30, True)


def test_nothing_else_makes_way(stores: Stores) -> None:
    plan = _run(stores, "planning", "plan")

    with pytest.raises(BusyError, match=f"Run {plan} of staging"):
        stores.runs.create("staging", "update", "bob", ["plan"], preempts="drift")
    assert stores.runs.get(plan).state == "planning"


def test_a_drift_check_of_another_environment_stays(stores: Stores) -> None:
    drift = _run(stores, "planning", "drift")

    stores.runs.create("production", "update", "bob", ["plan"], preempts="drift")

    assert stores.runs.get(drift).active


@pytest.mark.parametrize("state", ["planned", "blocked"])
def test_planning_again_discards_what_waits_and_queues_the_next(state: str, stores: Stores) -> None:
    first = _run(stores, state)

    again = stores.runs.create("staging", "update", "bob", ["plan"], replaces=first, retry_of=first)

    gone = stores.runs.get(first)
    assert (gone.state, gone.comment, gone.decided_by) == ("discarded", "planned again", "bob")
    assert (again.state, again.retry_of) == ("queued", first)


@pytest.mark.parametrize("state", sorted(set(_WAYS) - {"planned", "blocked"}))
def test_what_does_not_wait_is_not_replaced_and_nothing_is_queued(state: str, stores: Stores) -> None:
    first = _run(stores, state)

    with pytest.raises(IllegalTransitionError, match="does not wait for a decision"):
        stores.runs.create("staging", "update", "bob", ["plan"], replaces=first)
    assert [run.id for run in stores.runs.recent()] == [first]
    assert stores.runs.get(first).state == state


@pytest.mark.parametrize("state", sorted(TRANSITIONS))
def test_a_run_can_be_canceled_in_every_state(state: str, stores: Stores) -> None:
    number = _run(stores, state)

    run = stores.runs.request_cancel(number, "bob")

    at_once = state in {"queued", "planned", "blocked"}
    assert run.cancel_requested
    assert (run.state, run.active) == (("canceled", False) if at_once else (state, True))


def test_force_comes_after_a_request_to_stop(stores: Stores) -> None:
    number = _run(stores, "applying")

    with pytest.raises(RefusedError, match="not asked to stop yet"):
        stores.runs.request_cancel(number, "bob", force=True)
    assert not stores.runs.get(number).cancel_requested
    stores.runs.request_cancel(number, "bob")
    assert stores.runs.request_cancel(number, "bob", force=True).force_cancel
    # A graceful request afterwards takes nothing back.
    assert stores.runs.request_cancel(number, "cyd").force_cancel


def test_what_has_ended_is_not_canceled(stores: Stores) -> None:
    number = _run(stores, "applying")
    stores.runs.finish(number, "applied", "worker")

    with pytest.raises(IllegalTransitionError, match=r"ended already \(applied\)"):
        stores.runs.request_cancel(number, "bob")
