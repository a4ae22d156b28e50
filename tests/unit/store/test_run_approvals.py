"""Approvals in the store: a person counts once, the author perhaps not at all, and the last one needed approves."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from panel.errors import IllegalTransitionError, PanelError, RefusedError
from panel.store.stores import Stores


def _planned(stores: Stores, needed: int = 1, *, author: bool = True) -> int:
    number = stores.runs.create("staging", "update", "ana", ["plan", "review", "apply"]).id
    assert number is not None
    stores.runs.transition(number, "preparing", "worker")
    stores.runs.transition(number, "planning", "worker")
    stores.runs.transition(number, "planned", "worker", approvals_needed=needed, author_may_approve=author)
    return number


def test_the_last_approval_that_is_needed_approves(stores: Stores) -> None:
    number = _planned(stores, 2)

    first = stores.runs.approve(number, "bob", comment="looks right")
    assert (first.state, first.decided_by) == ("planned", "")
    second = stores.runs.approve(number, "cyd", comment="go")

    assert (second.state, second.decided_by, second.comment) == ("approved", "bob, cyd", "go")
    assert [(one.actor, one.comment) for one in stores.runs.approvals(number)] == [
        ("bob", "looks right"), ("cyd", "go"),
    ]  # fmt: skip
    last = stores.runs.transitions(number)[-1]
    assert (last.before, last.after, last.actor) == ("planned", "approved", "cyd")


def test_one_person_counts_once(stores: Stores) -> None:
    number = _planned(stores, 2)
    stores.runs.approve(number, "bob")

    with pytest.raises(RefusedError, match=r"bob has approved run .* already") as caught:
        stores.runs.approve(number, "bob")
    assert "1 more" in caught.value.hint
    assert (stores.runs.get(number).state, len(stores.runs.approvals(number))) == ("planned", 1)


def test_the_author_does_not_count_where_another_is_asked_for(stores: Stores) -> None:
    number = _planned(stores, author=False)

    with pytest.raises(RefusedError, match="ordered by ana: somebody else"):
        stores.runs.approve(number, "ana")
    assert stores.runs.approvals(number) == []
    assert stores.runs.approve(number, "bob").state == "approved"


@pytest.mark.parametrize(("needed", "author"), [(2, True), (1, False)])
def test_nothing_gets_past_the_approvals_by_another_door(needed: int, author: bool, stores: Stores) -> None:
    number = _planned(stores, needed, author=author)

    with pytest.raises(RefusedError):
        stores.runs.transition(number, "approved", "ana")
    assert (stores.runs.get(number).state, stores.runs.approvals(number)) == ("planned", [])


def test_what_approves_in_advance_is_kept_as_an_approval(stores: Stores) -> None:
    number = _planned(stores)

    stores.runs.transition(number, "approved", "ana", comment="approved in advance", decided_by="ana")

    assert [(one.actor, one.comment) for one in stores.runs.approvals(number)] == [
        ("ana", "approved in advance")
    ]


@pytest.mark.parametrize("end", ["approved", "discarded", "canceled"])
def test_what_was_decided_is_not_approved_any_more(end: str, stores: Stores) -> None:
    number = _planned(stores)
    stores.runs.transition(number, end, "ana")

    with pytest.raises(IllegalTransitionError, match="does not wait for review"):
        stores.runs.approve(number, "bob")


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_people_who_click_at_once_count_once_each(
    needed: int, stores: Stores, open_store: Callable[..., Stores]
) -> None:
    number = _planned(stores, needed)
    # Three people, each clicking twice, from processes of their own.
    clicks = [(open_store(), name) for name in ("bob", "cyd", "dan") * 2]
    gate, results = threading.Barrier(len(clicks)), list[Any]()

    def click(own: Stores, name: str) -> None:
        gate.wait()
        try:
            results.append(own.runs.approve(number, name).state)
        except PanelError as error:
            results.append(type(error))

    threads = [threading.Thread(target=click, args=one) for one in clicks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    approvers = [one.actor for one in stores.runs.approvals(number)]
    run = stores.runs.get(number)
    assert (len(approvers), len(set(approvers)), run.state) == (needed, needed, "approved")
    assert results.count("approved") == 1
    assert results.count("planned") == needed - 1
    assert [move.after for move in stores.runs.transitions(number)].count("approved") == 1
    assert sorted(run.decided_by.split(", ")) == sorted(approvers)
