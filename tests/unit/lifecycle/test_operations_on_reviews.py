"""Decisions of several people, overriding a guardrail, doing again what did not come to its end, making way."""

from collections.abc import Callable
from typing import Any

import pytest

from panel.access.identity import SYSTEM, Identity, Role
from panel.audit.trail import Trail
from panel.catalogue.schema import Approvals, Catalogue
from panel.errors import (
    AccessDeniedError,
    BusyError,
    IllegalTransitionError,
    NotFoundError,
    ProtectedError,
    RefusedError,
)
from panel.lifecycle.approvals import approvals_of, still_needed
from panel.lifecycle.operations import RETRIABLE, Operations
from panel.store.stores import Stores
from panel.store.tables import RunPlan

_REASON = "the bucket was emptied yesterday"
CYD = Identity("cyd", Role.OPERATOR)


def _asking(desk: Any, catalogue: Catalogue, count: int, *, other: bool) -> Any:
    """The desk over a catalogue where staging asks for other people."""
    entry = catalogue.environments["staging"].model_copy(
        update={"approvals": Approvals(count=count, other_than_author=other)}
    )
    asking = catalogue.model_copy(update={"environments": {**catalogue.environments, "staging": entry}})
    desk.operations = Operations(lambda: asking, desk.stores, Trail(desk.stores.audit))
    return asking


def _blocked(desk: Any) -> int:
    number = desk.stores.runs.create("staging", "update", "ana", ["plan", "review", "apply"]).id
    for state in ("preparing", "planning"):
        desk.stores.runs.transition(number, state, "worker")
    desk.stores.runs.save_plan(RunPlan(run_id=number, stack="environment", guardrails=[
        {"rule": "stateful resources", "severity": "block", "address": "aws_s3_bucket.site", "reason": "x"},
        {"rule": "tags", "severity": "warn", "address": "aws_lb.this", "reason": "x"},
    ]))  # fmt: skip
    desk.stores.runs.transition(number, "blocked", "worker", awaiting=True, error="Blocked.", error_hint="h")
    return number


def test_a_plan_that_needs_two_is_approved_by_two(desk: Any) -> None:
    number = desk.planned(approvals_needed=2)

    first = desk.operations.approve(desk.operator, number, comment="fine")
    second = desk.operations.approve(desk.admin, number)

    assert (first.state, second.state, second.decided_by) == ("planned", "approved", "bob, ana")
    assert desk.acts() == [("bob", "approve", "staging"), ("ana", "approve", "staging")]


def test_the_author_is_told_that_somebody_else_must_approve(desk: Any) -> None:
    number = desk.planned(author_may_approve=False)

    with pytest.raises(RefusedError, match="somebody else must approve"):
        desk.operations.approve(desk.admin, number)
    assert desk.operations.approve(desk.operator, number).state == "approved"


@pytest.mark.parametrize(("count", "other", "words"), [
    (2, False, "take 2 approvals:"), (1, True, "take an approval by somebody other"), (3, True, "take 3 approvals by"),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["create", "update", "destroy", "sleep"])
def test_what_takes_others_cannot_be_approved_in_advance(
    kind: str, count: int, other: bool, words: str, desk: Any, catalogue: Catalogue
) -> None:
    desk.exists()
    _asking(desk, catalogue, count, other=other)
    more = {"confirm": "staging"} if kind == "destroy" else {}

    with pytest.raises(RefusedError, match=words):
        getattr(desk.operations, kind)(desk.admin, "staging", auto_approve=True, **more)
    assert (desk.acts(), desk.stores.runs.recent()) == ([], [])
    assert getattr(desk.operations, kind)(desk.admin, "staging", **more).state == "queued"


def test_a_schedule_was_approved_with_the_catalogue(desk: Any, catalogue: Catalogue) -> None:
    desk.exists()
    asking = _asking(desk, catalogue, 2, other=True)

    run = desk.operations.destroy(SYSTEM, "staging", confirm="staging", auto_approve=True)

    assert approvals_of(asking, run) == Approvals()
    desk.operations.cancel(desk.admin, run.id)
    assert approvals_of(asking, desk.operations.update(desk.admin, "staging")).count == 2


@pytest.mark.parametrize(
    ("needed", "author", "given", "words"),
    [
        (1, True, [], "One approval is needed."),
        (1, False, [], "One approval is needed, by somebody other than ana."),
        (2, True, [], "2 approvals are needed."),
        (2, True, ["bob"], "1 more approval is needed (bob has approved)."),
        (4, False, ["bob", "cyd"], "2 more approvals are needed (bob, cyd have approved), by somebody other than ana."),
        (1, True, ["bob"], "Nobody is needed any more."),
    ],
)  # fmt: skip
def test_who_is_still_needed_is_said(
    needed: int, author: bool, given: list[str], words: str, desk: Any
) -> None:
    number = desk.planned(approvals_needed=needed, author_may_approve=author)

    assert still_needed(desk.stores.runs.get(number), given) == words


def test_an_override_opens_the_block_for_the_usual_review(desk: Any) -> None:
    number = _blocked(desk)

    run = desk.operations.override(desk.admin, number, reason=f"  {_REASON}\n")

    assert (run.state, run.active, run.awaiting) == ("planned", True, True)
    assert (run.overridden_by, run.override_reason, run.error, run.error_hint) == ("ana", _REASON, "", "")
    entry = desk.stores.audit.chain()[-1]
    assert (entry.action, entry.detail["reason"]) == ("override", _REASON)
    assert entry.detail["guardrails"] == ["stateful resources: aws_s3_bucket.site"]
    assert desk.operations.approve(desk.operator, number).state == "approved"


@pytest.mark.parametrize("reason", ["", "ok", "  because   so "])
def test_an_override_takes_a_reason_that_says_something(reason: str, desk: Any) -> None:
    number = _blocked(desk)

    with pytest.raises(RefusedError, match="a reason of a few words"):
        desk.operations.override(desk.admin, number, reason=reason)
    assert (desk.stores.runs.get(number).state, desk.acts()) == ("blocked", [])


def test_an_override_takes_an_admin(desk: Any) -> None:
    number = _blocked(desk)

    with pytest.raises(AccessDeniedError, match="bob"):
        desk.operations.override(desk.operator, number, reason=_REASON)
    assert desk.stores.runs.get(number).state == "blocked"


def test_a_block_that_was_closed_is_not_overridden(desk: Any) -> None:
    number = _blocked(desk)
    desk.stores.runs.finish(number, "blocked", "worker")

    with pytest.raises(IllegalTransitionError, match="does not wait for an override"):
        desk.operations.override(desk.admin, number, reason=_REASON)


def test_a_blocked_plan_is_discarded_but_not_approved(desk: Any) -> None:
    number = _blocked(desk)

    with pytest.raises(IllegalTransitionError):
        desk.operations.approve(desk.admin, number)
    assert desk.operations.discard(desk.operator, number).state == "discarded"


@pytest.mark.parametrize("state", sorted(RETRIABLE))
def test_a_retry_orders_the_same_again_and_remembers_what_it_repeats(state: str, desk: Any) -> None:
    desk.exists()
    first = desk.ended("deploy", state, options={"services": ["backend"]})

    again = desk.operations.retry(desk.operator, first.id)

    assert (again.kind, again.options, again.retry_of, again.author) == (
        "deploy", {"services": ["backend"]}, first.id, "bob",
    )  # fmt: skip
    assert not again.auto_approve
    assert desk.stores.audit.chain()[-1].detail["repeats"] == first.id


@pytest.mark.parametrize(
    ("kind", "state"), [("update", "applied"), ("plan", "planned"), ("drift", "no_changes")]
)
def test_what_did_what_it_should_is_not_retried(kind: str, state: str, desk: Any) -> None:
    desk.exists()
    first = desk.ended(kind, state)

    with pytest.raises(IllegalTransitionError, match="nothing to retry"):
        desk.operations.retry(desk.admin, first.id)


def test_what_is_under_way_is_not_retried(desk: Any) -> None:
    number = desk.planned()

    with pytest.raises(IllegalTransitionError, match="nothing to retry"):
        desk.operations.retry(desk.admin, number)


def test_retrying_a_destruction_takes_the_name_again(desk: Any) -> None:
    desk.exists()
    first = desk.ended("destroy", "errored")

    with pytest.raises(RefusedError, match="does not match"):
        desk.operations.retry(desk.admin, first.id)
    with pytest.raises(RefusedError, match="takes its name again"):
        desk.operations.replan(desk.admin, first.id)
    assert desk.operations.retry(desk.admin, first.id, confirm="staging").kind == "destroy"


def test_what_is_protected_by_now_is_not_destroyed_by_a_retry(desk: Any) -> None:
    desk.exists("production")
    first = desk.ended("destroy", "stale", environment="production")

    for again in (desk.operations.retry, desk.operations.replan):
        with pytest.raises(ProtectedError):
            again(desk.admin, first.id)


@pytest.mark.parametrize("waits", ["planned", "blocked"])
def test_planning_again_discards_what_waits(waits: str, desk: Any) -> None:
    number = desk.planned() if waits == "planned" else _blocked(desk)

    again = desk.operations.replan(desk.operator, number)

    first = desk.stores.runs.get(number)
    assert (first.state, first.active, first.comment) == ("discarded", False, "planned again")
    assert (again.retry_of, again.state, again.kind) == (number, "queued", first.kind)


@pytest.mark.parametrize(
    ("kind", "state"), [("update", "stale"), ("update", "discarded"), ("plan", "planned"), ("drift", "no_changes")]
)  # fmt: skip
def test_what_has_ended_without_an_apply_is_planned_again(kind: str, state: str, desk: Any) -> None:
    desk.exists()
    first = desk.ended(kind, state)

    assert desk.operations.replan(desk.operator, first.id).retry_of == first.id


def test_what_was_applied_or_has_no_plan_is_not_planned_again(desk: Any) -> None:
    desk.exists()
    applied, deployed = desk.ended("update", "applied"), desk.ended("deploy", "errored")

    with pytest.raises(IllegalTransitionError, match="cannot be planned again"):
        desk.operations.replan(desk.admin, applied.id)
    with pytest.raises(IllegalTransitionError, match="has no plan"):
        desk.operations.replan(desk.admin, deployed.id)


def test_a_drift_check_makes_way_for_a_person_and_not_for_a_schedule(desk: Any) -> None:
    desk.exists()
    drift = desk.operations.drift(SYSTEM, "staging")
    with pytest.raises(BusyError):
        desk.operations.destroy(SYSTEM, "staging", confirm="staging", auto_approve=True)
    with pytest.raises(BusyError):
        desk.operations.drift(desk.operator, "staging")

    order = desk.operations.update(desk.operator, "staging")

    gone = desk.stores.runs.get(drift.id)
    assert (gone.state, gone.comment, gone.cancel_requested) == ("canceled", "made way", True)
    assert order.state == "queued"


def test_an_unlock_remembers_which_lock_was_meant(desk: Any) -> None:
    run = desk.operations.unlock(desk.admin, "staging", lock_id="1-2-3")

    assert run.options == {"lock_id": "1-2-3"}
    assert desk.stores.audit.chain()[-1].detail["lock_id"] == "1-2-3"


def test_people_who_approve_at_once_from_their_own_processes_are_counted_right(
    desk: Any,
    open_store: Callable[..., Stores],
    desk_of: Callable[[Stores], Any],
    at_once: Callable[..., Any],
) -> None:
    number = desk.planned(approvals_needed=2)
    people = [desk.admin, desk.operator, CYD]
    desks = [(desk_of(open_store()), who) for who in people * 2]

    at_once([lambda own=own, who=who: own.operations.approve(who, number) for own, who in desks])

    approvals = desk.stores.runs.approvals(number)
    assert (len(approvals), desk.stores.runs.get(number).state) == (2, "approved")
    assert Trail(desk.stores.audit).first_broken() is None


@pytest.mark.parametrize("act", ["retry", "replan", "override"])
def test_an_unknown_run_is_named(act: str, desk: Any) -> None:
    more = {"reason": _REASON} if act == "override" else {}

    with pytest.raises(NotFoundError, match="no run 77"):
        getattr(desk.operations, act)(desk.admin, 77, **more)
