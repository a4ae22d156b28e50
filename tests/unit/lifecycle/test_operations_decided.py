"""Approving, discarding and canceling: what may be decided, by whom, and of two decisions one."""

from collections.abc import Callable
from typing import Any

import pytest

from panel.audit.trail import Trail
from panel.catalogue.schema import Catalogue
from panel.errors import (
    AccessDeniedError,
    IllegalTransitionError,
    NotFoundError,
    PanelError,
    RefusedError,
    StorageError,
)
from panel.lifecycle.operations import Operations
from panel.store.stores import Stores

_DECISIONS: dict[str, Callable[[Any, Any, int], object]] = {
    "approve": lambda desk, who, number: desk.operations.approve(who, number),
    "discard": lambda desk, who, number: desk.operations.discard(who, number),
    "cancel": lambda desk, who, number: desk.operations.cancel(who, number),
}


@pytest.mark.parametrize("decision", sorted(_DECISIONS))
def test_who_may_not_decide_is_told_and_the_run_stays(decision: str, desk: Any) -> None:
    number = desk.planned()

    with pytest.raises(AccessDeniedError, match="vic"):
        _DECISIONS[decision](desk, desk.viewer, number)
    run = desk.stores.runs.get(number)
    assert (run.state, run.cancel_requested, desk.acts()) == ("planned", False, [])


def test_an_approval_is_kept_with_the_plan_it_is_about(desk: Any) -> None:
    number = desk.planned()

    run = desk.operations.approve(desk.operator, number, comment="go")

    assert (run.state, run.decided_by, run.comment) == ("approved", "bob", "go")
    entry = desk.stores.audit.chain()[-1]
    assert (entry.actor, entry.action, entry.detail) == (
        "bob", "approve", {"run": number, "plan": "d1", "comment": "go"},
    )  # fmt: skip


def test_a_discarded_plan_frees_the_environment(desk: Any) -> None:
    number = desk.planned()

    run = desk.operations.discard(desk.operator, number, comment="too dear")

    assert (run.state, run.active, run.decided_by, run.comment) == ("discarded", False, "bob", "too dear")
    assert desk.operations.create(desk.admin, "staging").state == "queued"


@pytest.mark.parametrize("decision", ["approve", "discard"])
@pytest.mark.parametrize("way", [(), ("preparing",), ("preparing", "planning"), ("errored",), ("canceled",)])
def test_what_does_not_wait_cannot_be_decided(decision: str, way: tuple[str, ...], desk: Any) -> None:
    number = desk.operations.create(desk.admin, "staging").id
    for state in way:
        desk.stores.runs.transition(number, state, "worker")
    before = desk.acts()

    with pytest.raises(IllegalTransitionError, match=f"Run {number} of staging does not wait for review"):
        _DECISIONS[decision](desk, desk.admin, number)
    assert desk.acts() == before


def test_a_plan_that_was_only_a_plan_cannot_be_approved(desk: Any) -> None:
    number = desk.ended("plan", "planned").id

    with pytest.raises(IllegalTransitionError):
        desk.operations.approve(desk.admin, number)


@pytest.mark.parametrize("decision", ["approve", "discard"])
def test_the_second_decision_is_too_late(decision: str, desk: Any) -> None:
    number = desk.planned()
    desk.operations.approve(desk.admin, number)

    with pytest.raises(IllegalTransitionError):
        _DECISIONS[decision](desk, desk.operator, number)
    run = desk.stores.runs.get(number)
    assert (run.state, run.decided_by) == ("approved", "ana")


def test_a_run_that_is_being_canceled_cannot_be_approved(desk: Any) -> None:
    number = desk.planned()
    desk.stores.runs.update(number, cancel_requested=True)

    with pytest.raises(IllegalTransitionError, match="being canceled"):
        desk.operations.approve(desk.operator, number)


def test_two_approvals_at_once_are_one(
    desk: Any,
    at_once: Callable[..., list[Any]],
    open_store: Callable[..., Stores],
    desk_of: Callable[[Stores], Any],
) -> None:
    number = desk.planned()
    one, two = desk_of(open_store()), desk_of(open_store())

    at_once(
        [
            lambda: one.operations.approve(one.admin, number),
            lambda: two.operations.approve(two.operator, number),
        ]
    )

    approvals = [move for move in desk.stores.runs.transitions(number) if move.after == "approved"]
    run = desk.stores.runs.get(number)
    assert (len(approvals), run.state, run.decided_by) == (1, "approved", approvals[0].actor)


@pytest.mark.parametrize("attempt", range(4))
def test_of_an_approval_and_a_discard_at_once_one_counts(
    attempt: int,
    desk: Any,
    at_once: Callable[..., list[Any]],
    open_store: Callable[..., Stores],
    desk_of: Callable[[Stores], Any],
) -> None:
    number = desk.planned()
    one, two = desk_of(open_store()), desk_of(open_store())
    acts = [
        lambda: one.operations.approve(one.admin, number),
        lambda: two.operations.discard(two.operator, number),
    ]

    results = at_once(acts if attempt % 2 else acts[::-1])

    won = [result for result in results if not isinstance(result, PanelError)]
    lost = [result for result in results if isinstance(result, PanelError)]
    assert (len(won), len(lost)) == (1, 1)
    assert isinstance(lost[0], IllegalTransitionError)
    assert desk.stores.runs.get(number).state == won[0].state
    assert len(desk.stores.runs.transitions(number)) == 5


def test_canceling_asks_a_run_that_works_to_stop(desk: Any) -> None:
    number = desk.planned()
    desk.stores.runs.transition(number, "approved", "ana")

    run = desk.operations.cancel(desk.operator, number)

    assert (run.cancel_requested, run.state, run.active) == (True, "approved", True)
    assert desk.acts() == [("bob", "cancel", "staging")]


def test_canceling_a_plan_that_waits_ends_it_at_once(desk: Any) -> None:
    number = desk.planned()

    run = desk.operations.cancel(desk.operator, number)

    assert (run.state, run.active, run.decided_by) == ("canceled", False, "bob")


def test_force_comes_after_a_request_to_stop_and_is_kept_in_the_audit(desk: Any) -> None:
    number = desk.planned()
    desk.stores.runs.transition(number, "approved", "ana")
    with pytest.raises(RefusedError, match="not asked to stop yet") as caught:
        desk.operations.cancel(desk.operator, number, force=True)
    assert f"panel runs cancel {number}" in caught.value.hint
    assert desk.acts() == []

    desk.operations.cancel(desk.operator, number)
    run = desk.operations.cancel(desk.admin, number, force=True)

    assert (run.force_cancel, run.active) == (True, True)
    assert desk.acts() == [("bob", "cancel", "staging"), ("ana", "cancel by force", "staging")]


def test_canceling_what_no_worker_has_taken_up_ends_it_at_once(desk: Any) -> None:
    number = desk.operations.create(desk.admin, "staging").id

    run = desk.operations.cancel(desk.admin, number)

    assert (run.state, run.active) == ("canceled", False)
    assert desk.operations.create(desk.admin, "staging").state == "queued"


def test_what_has_ended_cannot_be_canceled(desk: Any) -> None:
    run = desk.ended("create", "applied")

    with pytest.raises(IllegalTransitionError, match=r"ended already \(applied\)"):
        desk.operations.cancel(desk.admin, run.id)
    assert desk.acts() == []


@pytest.mark.parametrize("decision", sorted(_DECISIONS))
def test_an_unknown_run_is_named(decision: str, desk: Any) -> None:
    with pytest.raises(NotFoundError, match="no run 77"):
        _DECISIONS[decision](desk, desk.admin, 77)


@pytest.mark.parametrize("decision", sorted(_DECISIONS))
def test_what_cannot_be_recorded_is_not_decided(
    decision: str, desk: Any, catalogue: Catalogue, full_trail: Trail
) -> None:
    number = desk.planned()
    desk.operations = Operations(lambda: catalogue, desk.stores, full_trail)

    with pytest.raises(StorageError):
        _DECISIONS[decision](desk, desk.admin, number)
    run = desk.stores.runs.get(number)
    assert (run.state, run.cancel_requested) == ("planned", False)
