"""Runs in the store: one at a time per environment, legal transitions only, stages, log lines, plans."""

import threading
from collections.abc import Callable

import pytest

from panel.errors import BusyError, IllegalTransitionError, NotFoundError
from panel.store.runs import FINAL, TRANSITIONS, Line
from panel.store.states import CLOSABLE
from panel.store.stores import Stores
from panel.store.tables import RunPlan

_STATES = sorted(set(TRANSITIONS) | FINAL)
#: A shortest legal way from the beginning to each state.
_WAYS: dict[str, tuple[str, ...]] = {
    "queued": (),
    "preparing": ("preparing",),
    "planning": ("preparing", "planning"),
    "planned": ("preparing", "planning", "planned"),
    "no_changes": ("preparing", "planning", "no_changes"),
    "approved": ("preparing", "planning", "planned", "approved"),
    "applying": ("preparing", "planning", "planned", "approved", "applying"),
    "deploying": ("preparing", "deploying"),
    "applied": ("preparing", "deploying", "applied"),
    "errored": ("errored",),
    "canceled": ("canceled",),
    "discarded": ("preparing", "planning", "planned", "discarded"),
    "stale": ("preparing", "planning", "planned", "stale"),
    "interrupted": ("interrupted",),
    "blocked": ("preparing", "blocked"),
}


def _brought_to(stores: Stores, state: str, stages: tuple[str, ...] = ("plan", "review", "apply")) -> int:
    number = stores.runs.create("staging", "create", "ana", stages).id
    assert number is not None
    for step in _WAYS[state]:
        stores.runs.transition(number, step, "worker")
    return number


def test_a_new_run_is_queued_with_its_stages_and_its_author(stores: Stores) -> None:
    run = stores.runs.create("staging", "create", "ana", ["plan", "apply"], options={"services": ["backend"]})

    found = stores.runs.get(run.id)
    assert (found.state, found.active, found.author, found.options) == (
        "queued", True, "ana", {"services": ["backend"]},
    )  # fmt: skip
    assert [(stage.name, stage.state) for stage in stores.runs.stages(run.id)] == [
        ("plan", "pending"), ("apply", "pending"),
    ]  # fmt: skip
    assert [(move.before, move.after, move.actor) for move in stores.runs.transitions(run.id)] == [
        ("", "queued", "ana")
    ]


def test_a_second_run_of_an_environment_is_refused_by_name(stores: Stores) -> None:
    first = stores.runs.create("staging", "create", "ana", ["plan"])

    with pytest.raises(BusyError, match=rf"Run {first.id} of staging .*create, by ana"):
        stores.runs.create("staging", "destroy", "bob", ["plan"])
    assert stores.runs.create("production", "create", "bob", ["plan"]).active


def test_of_many_at_once_one_wins_and_the_others_are_told(
    stores: Stores, open_store: Callable[..., Stores]
) -> None:
    # The rule is the database's own: each writer has its connections, as another process would.
    writers = [open_store() for _ in range(6)]
    gate, won, told = threading.Barrier(len(writers)), [], []

    def click(own: Stores, name: str) -> None:
        gate.wait()
        try:
            won.append(own.runs.create("staging", "create", name, ["plan"]).id)
        except BusyError as error:
            told.append(error.message)

    threads = [threading.Thread(target=click, args=(own, f"p{i}")) for i, own in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert len(told) == 5
    assert all(f"Run {won[0]} of staging" in message for message in told)
    assert len(stores.runs.recent()) == 1


@pytest.mark.parametrize("state", sorted(FINAL))
def test_the_next_run_may_begin_once_the_last_has_ended(state: str, stores: Stores) -> None:
    number = _brought_to(stores, state)

    assert not stores.runs.get(number).active
    assert stores.runs.active("staging") is None
    assert stores.runs.create("staging", "update", "ana", ["plan"]).active


_LEGAL = [(before, after) for before in _STATES for after in sorted(TRANSITIONS.get(before, ()))]


@pytest.mark.parametrize(("before", "after"), _LEGAL, ids="-".join)
def test_a_legal_transition_is_done_and_recorded(before: str, after: str, stores: Stores) -> None:
    number = _brought_to(stores, before)
    reason = {"override_reason": "we agreed on it"} if (before, after) == ("blocked", "planned") else {}

    run = stores.runs.transition(number, after, "ana", comment="because", **reason)

    assert (run.state, run.comment, run.active) == (after, "because", after not in FINAL)
    last = stores.runs.transitions(number)[-1]
    assert (last.before, last.after, last.actor, last.comment) == (before, after, "ana", "because")


@pytest.mark.parametrize("before", _STATES)
def test_every_other_transition_is_refused_and_a_repetition_is_harmless(before: str, stores: Stores) -> None:
    number = _brought_to(stores, before)
    moves = len(stores.runs.transitions(number))

    for after in set(_STATES) - TRANSITIONS.get(before, frozenset()) - {before}:
        with pytest.raises(IllegalTransitionError, match=f"Run {number} of staging"):
            stores.runs.transition(number, after, "ana")
    assert stores.runs.transition(number, before, "ana", comment="again").comment == ""

    assert stores.runs.get(number).state == before
    assert len(stores.runs.transitions(number)) == moves


def test_nothing_follows_a_final_state_and_every_other_state_has_an_end(stores: Stores) -> None:
    assert not FINAL & set(TRANSITIONS)
    assert all(TRANSITIONS[state] & FINAL for state in TRANSITIONS)
    assert set().union(*TRANSITIONS.values()) <= set(TRANSITIONS) | FINAL


def test_a_block_opens_with_a_reason_only(stores: Stores) -> None:
    number = _brought_to(stores, "blocked")

    with pytest.raises(IllegalTransitionError, match="override with a reason"):
        stores.runs.transition(number, "planned", "ana")
    assert stores.runs.get(number).state == "blocked"


@pytest.mark.parametrize("state", sorted(CLOSABLE))
def test_what_was_closed_in_an_open_state_does_not_go_on(state: str, stores: Stores) -> None:
    number = _brought_to(stores, state)
    moves = len(stores.runs.transitions(number))
    stores.runs.finish(number, state, "worker")
    stores.runs.finish(number, "errored", "worker")

    for after in TRANSITIONS[state]:
        with pytest.raises(IllegalTransitionError, match="has ended already"):
            stores.runs.transition(number, after, "ana", override_reason="we agreed on it")
    run = stores.runs.get(number)
    assert (run.state, run.active, len(stores.runs.transitions(number))) == (state, False, moves)


@pytest.mark.parametrize("before", sorted(TRANSITIONS))
def test_a_run_ends_only_where_its_state_leads(before: str, stores: Stores) -> None:
    ends = (TRANSITIONS[before] & (FINAL | CLOSABLE)) | ({before} & CLOSABLE)

    for after in _STATES:
        number = _brought_to(stores, before)
        if after in ends:
            assert stores.runs.finish(number, after, "worker").state == after
        else:
            with pytest.raises(IllegalTransitionError):
                stores.runs.finish(number, after, "worker")
            assert stores.runs.get(number).state == before
            stores.runs.finish(number, "errored", "worker")


@pytest.mark.parametrize("column", ["state", "active", "author", "approvals_needed", "override_reason"])
def test_what_only_a_transition_sets_cannot_be_set_beside_it(column: str, stores: Stores) -> None:
    number = _brought_to(stores, "planned")

    with pytest.raises(ValueError, match=column):
        stores.runs.update(number, **{column: "approved"})
    assert stores.runs.get(number).state == "planned"


@pytest.mark.parametrize("column", ["state", "active", "kind"])
def test_a_transition_smuggles_nothing_in(column: str, stores: Stores) -> None:
    number = _brought_to(stores, "planning")

    with pytest.raises(ValueError, match=column):
        stores.runs.transition(number, "planned", "worker", **{column: "approved"})
    with pytest.raises(ValueError, match=column):
        stores.runs.finish(number, "errored", "worker", **{column: "applied"})
    assert stores.runs.get(number).state == "planning"


@pytest.mark.parametrize("state", sorted(FINAL - {"applied"}))
def test_an_end_closes_what_was_under_way_and_what_never_began(state: str, stores: Stores) -> None:
    number = _brought_to(stores, "planned")
    stores.runs.set_stage(number, "plan", "done")
    stores.runs.set_stage(number, "review", "waiting")
    stores.runs.update(number, waiting_for="aws_lb.main")

    run = stores.runs.finish(number, state, "worker")

    assert [stage.state for stage in stores.runs.stages(number)] == ["done", "failed", "skipped"]
    assert (run.active, run.waiting_for) == (False, "")
    assert run.ended_at is not None
    assert all(stage.ended_at for stage in stores.runs.stages(number)[:2])


def test_a_good_end_leaves_no_stage_open(stores: Stores) -> None:
    number = _brought_to(stores, "deploying", ("image", "site", "checks"))
    stores.runs.set_stage(number, "image", "done")
    stores.runs.set_stage(number, "site", "active")

    stores.runs.finish(number, "applied", "worker")

    assert [stage.state for stage in stores.runs.stages(number)] == ["done", "done", "skipped"]


def test_finishing_twice_keeps_the_first_end(stores: Stores) -> None:
    number = _brought_to(stores, "planning")
    stores.runs.finish(number, "errored", "worker", error="It broke.")

    again = stores.runs.finish(number, "interrupted", "worker", error="Something else.")

    assert (again.state, again.error) == ("errored", "It broke.")


def test_a_stage_keeps_its_first_start_and_tells_the_run_where_it_is(stores: Stores) -> None:
    number = _brought_to(stores, "planning")
    stores.runs.set_stage(number, "plan", "active")
    started = stores.runs.stages(number)[0].started_at

    stores.runs.set_stage(number, "plan", "active", detail="again")
    stores.runs.set_stage(number, "no such stage", "active")

    stage = stores.runs.stages(number)[0]
    assert (stage.started_at, stage.detail, stage.ended_at) == (started, "again", None)
    assert stores.runs.get(number).stage == "plan"


def test_lines_read_twice_are_kept_once_and_in_order(stores: Stores) -> None:
    number = _brought_to(stores, "planning")
    output = [Line(f"line {i}", source="plan", position=i * 10) for i in range(1, 6)]

    stores.runs.append(number, "plan", output[:3])
    stores.runs.append(number, "plan", output)
    stores.runs.append(number, "plan", [output[4], output[4]])

    assert [line.text for line in stores.runs.lines(number)] == [f"line {i}" for i in range(1, 6)]


def test_sources_do_not_hide_each_others_lines_and_the_panels_own_all_count(stores: Stores) -> None:
    number = _brought_to(stores, "planning")
    stores.runs.append(number, "plan", [Line("of the plan", source="plan", position=100)])
    stores.runs.append(number, "plan", [Line("of the apply", source="apply", position=5)])
    stores.runs.append(number, "plan", [Line("same words"), Line("same words")])

    assert [line.text for line in stores.runs.lines(number)] == [
        "of the plan", "of the apply", "same words", "same words",
    ]  # fmt: skip


def test_lines_are_paged_on_from_a_line_or_from_the_end(stores: Stores) -> None:
    number = _brought_to(stores, "planning")
    stores.runs.append(number, "plan", [Line(str(i)) for i in range(10)])

    first = stores.runs.lines(number, limit=4)
    following = stores.runs.lines(number, after=first[-1].id, limit=4)
    newest = stores.runs.lines(number, limit=3, newest=True)

    assert [line.text for line in first] == list("0123")
    assert [line.text for line in following] == list("4567")
    assert [line.text for line in newest] == list("789")


def test_runs_are_listed_newest_first_and_paged(stores: Stores) -> None:
    numbers = []
    for name in ("a", "b", "a", "b"):
        numbers.append(stores.runs.create(name, "plan", "ana", ["plan"]).id)
        stores.runs.finish(numbers[-1], "canceled", "worker")
    under_way = stores.runs.create("a", "plan", "ana", ["plan"]).id

    assert [run.id for run in stores.runs.recent()] == [under_way, *reversed(numbers)]
    assert [run.id for run in stores.runs.recent("b")] == [numbers[3], numbers[1]]
    assert [run.id for run in stores.runs.recent(active=True)] == [under_way]
    assert [run.id for run in stores.runs.recent(before=numbers[2], limit=1)] == [numbers[1]]


def test_a_worker_is_shown_what_is_under_way_and_what_still_waits_for_word(stores: Stores) -> None:
    waiting = _brought_to(stores, "planned")
    stores.runs.update(waiting, awaiting=True)
    stores.runs.transition(waiting, "discarded", "ana")
    ended = stores.runs.create("staging", "plan", "ana", ["plan"]).id
    stores.runs.finish(ended, "canceled", "worker")
    queued = stores.runs.create("staging", "plan", "ana", ["plan"]).id

    assert [run.id for run in stores.runs.pending()] == [waiting, queued]


def test_a_plan_replaces_the_one_of_an_earlier_try(stores: Stores) -> None:
    number = _brought_to(stores, "planning")
    stores.runs.save_plan(RunPlan(run_id=number, stack="shared", changes=[{"address": "s"}]))
    stores.runs.save_plan(RunPlan(run_id=number, stack="environment", changes=[{"address": "a"}]))
    stores.runs.save_plan(RunPlan(run_id=number, stack="environment", changes=[{"address": "b"}]))

    assert stores.runs.plan(number, "environment").changes == [{"address": "b"}]
    assert stores.runs.plan(number, "shared").changes == [{"address": "s"}]
    assert stores.runs.plan(number, "other") is None


def test_an_unknown_run_is_named(stores: Stores) -> None:
    for ask in (stores.runs.get, lambda n: stores.runs.transition(n, "canceled", "a")):
        with pytest.raises(NotFoundError, match="no run 77"):
            ask(77)
