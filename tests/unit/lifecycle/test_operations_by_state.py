"""Every act in every state of a run: what it leads to, or why not. And any sequence of acts leads nowhere else."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from panel.access.identity import Identity, Role
from panel.errors import IllegalTransitionError, PanelError, RefusedError
from panel.lifecycle.operations import RETRIABLE
from panel.store.states import CLOSABLE, FINAL, TRANSITIONS, WAITING, may_follow
from panel.store.tables import Run

_REASON = "the bucket was emptied yesterday"
_WAYS: dict[str, tuple[str, ...]] = {
    "queued": (),
    "preparing": ("preparing",),
    "planning": ("preparing", "planning"),
    "planned": ("preparing", "planning", "planned"),
    "blocked": ("preparing", "planning", "blocked"),
    "no_changes": ("preparing", "planning", "no_changes"),
    "approved": ("preparing", "planning", "planned", "approved"),
    "applying": ("preparing", "planning", "planned", "approved", "applying"),
    "deploying": ("preparing", "deploying"),
}
#: Open states, and ended ones with their ``!``.
_STATES = [*_WAYS, *(f"{state}!" for state in sorted(FINAL | CLOSABLE))]
_ACTS: dict[str, Callable[[Any, Any, int], Run]] = {
    "approve": lambda operations, who, number: operations.approve(who, number),
    "discard": lambda operations, who, number: operations.discard(who, number),
    "override": lambda operations, who, number: operations.override(who, number, reason=_REASON),
    "cancel": lambda operations, who, number: operations.cancel(who, number),
    "force": lambda operations, who, number: operations.cancel(who, number, force=True),
    "retry": lambda operations, who, number: operations.retry(who, number),
    "replan": lambda operations, who, number: operations.replan(who, number),
}


def _leads_to(state: str, act: str) -> str | type[Exception]:
    """The state a run comes to by an act; of a retry and a re-plan, what became of the old one."""
    ended, name = state.endswith("!"), state.rstrip("!")
    refused: str | type[Exception] = IllegalTransitionError
    if ended:
        return name if act in {"retry", "replan"} and name in RETRIABLE else refused
    table: dict[str, dict[str, str]] = {
        "approve": {"planned": "approved"},
        "override": {"blocked": "planned"},
        "discard": dict.fromkeys(WAITING, "discarded"),
        "replan": dict.fromkeys(WAITING, "discarded"),
        "cancel": {**{open_: open_ for open_ in _WAYS}, **dict.fromkeys([*WAITING, "queued"], "canceled")},
    }
    return RefusedError if act == "force" else table.get(act, {}).get(state, refused)


@pytest.mark.parametrize("state", _STATES)
def test_every_act_in_every_state(state: str, desk: Any) -> None:
    desk.exists()

    for act in sorted(_ACTS):
        number, said = _brought_to(desk, state), len(desk.acts())
        expected = _leads_to(state, act)
        if isinstance(expected, str):
            _ACTS[act](desk.operations, desk.admin, number)
            assert desk.stores.runs.get(number).state == expected, act
            assert len(desk.acts()) == said + 1, act
        else:
            with pytest.raises(expected):
                _ACTS[act](desk.operations, desk.admin, number)
            run = desk.stores.runs.get(number)
            assert (run.state, run.active) == (state.rstrip("!"), not state.endswith("!")), act
            assert len(desk.acts()) == said, act
        _assert_legal(desk, number)
        _close_all(desk)


def _brought_to(desk: Any, state: str) -> int:
    if state.endswith("!"):
        number = desk.ended("update", state.rstrip("!")).id
    else:
        number = desk.stores.runs.create("staging", "update", "ana", ["plan", "review", "apply"]).id
        for step in _WAYS[state]:
            desk.stores.runs.transition(number, step, "worker")
    return int(number)


def _assert_legal(desk: Any, number: int) -> None:
    """The run came by legal transitions to where it is."""
    moves = desk.stores.runs.transitions(number)
    assert [move.after for move in moves][-1] == desk.stores.runs.get(number).state
    for before, after in pairwise(moves):
        assert before.after == after.before
        assert may_follow(after.before, after.after)


_PEOPLE = [Identity("ana", Role.ADMIN), Identity("bob", Role.OPERATOR), Identity("cyd", Role.ADMIN)]
#: What a worker does with a run by itself, as states it brings it to; people's states are not among them.
_WORK = sorted({*TRANSITIONS, *FINAL} - {"approved", "queued", "discarded"})
_steps = some.lists(
    some.one_of(
        some.tuples(some.sampled_from(sorted(_ACTS)), some.sampled_from(_PEOPLE)),
        some.tuples(some.sampled_from(["work", "finish"]), some.sampled_from(_WORK)),
    ),
    max_size=14,
)


# One store for all examples: each leaves it without an open run.
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_steps, start=some.sampled_from(["queued", "planned", "blocked"]), needed=some.integers(1, 3),
       author=some.booleans())  # fmt: skip
def test_no_sequence_of_acts_reaches_what_is_illegal(
    desk: Any, steps: list[tuple[str, Any]], start: str, needed: int, author: bool
) -> None:
    desk.exists()
    number = int(desk.stores.runs.create("staging", "update", "ana", ["plan", "review", "apply"]).id)
    for step in _WAYS[start]:
        asked = {"approvals_needed": needed, "author_may_approve": author} if step in WAITING else {}
        desk.stores.runs.transition(number, step, "worker", **asked)

    for verb, what in steps:
        before = desk.stores.runs.get(number)
        try:
            if verb in _ACTS:
                _ACTS[verb](desk.operations, what, number)
            elif verb == "work":
                desk.stores.runs.transition(number, what, "worker")
            else:
                desk.stores.runs.finish(number, what, "worker")
        except PanelError:
            after = desk.stores.runs.get(number)
            assert (after.state, after.active, after.decided_by) == (
                before.state, before.active, before.decided_by,
            )  # fmt: skip
        _assert_legal(desk, number)
        _assert_counted(desk, number)

    _close_all(desk)
    assert desk.stores.runs.active("staging") is None
    assert {run.state for run in desk.stores.runs.recent("staging")} <= FINAL | CLOSABLE


def _assert_counted(desk: Any, number: int) -> None:
    run, approvals = desk.stores.runs.get(number), desk.stores.runs.approvals(number)
    people = {one.actor for one in approvals}
    assert len(people) == len(approvals) <= run.approvals_needed
    assert run.author_may_approve or run.author not in people
    came_by = [move.after for move in desk.stores.runs.transitions(number)]
    assert ("approved" in came_by) == (len(people) == run.approvals_needed)


def _close_all(desk: Any) -> None:
    """People cancel what is open, and the worker heeds it."""
    while (run := desk.stores.runs.active("staging")) is not None:
        if desk.operations.cancel(_PEOPLE[0], run.id).active:
            desk.stores.runs.finish(run.id, "canceled", "worker")
