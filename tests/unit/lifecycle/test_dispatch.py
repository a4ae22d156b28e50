"""Which runs a worker takes, in which order, and when it takes none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from panel.lifecycle.dispatch import Dispatcher
from panel.store.stores import Stores
from panel.store.tables import Run, WorkerRecord


@dataclass
class FakeWorkflows:
    """Remembers what was started and woken; may refuse to start."""

    started: list[int] = field(default_factory=list)
    woken: list[tuple[int, str]] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    refuses: bool = False

    def start(self, run: Run) -> None:
        if self.refuses:
            raise ConnectionError("the database is away")
        self.started.append(run.id or 0)

    def wake(self, run_id: int, state: str, reason: str) -> None:
        self.woken.append((run_id, reason))

    def unfinished(self) -> set[int]:
        return self.left


@pytest.fixture
def workflows() -> FakeWorkflows:
    return FakeWorkflows()


@pytest.fixture
def dispatcher(stores: Stores, workflows: FakeWorkflows) -> Callable[..., Dispatcher]:
    def build(name: str = "a", *, capacity: int = 8, workers: int = 1) -> Dispatcher:
        record = WorkerRecord(id=name, host="box", pid=1, instance=f"box/{name}", capacity=capacity)
        return Dispatcher(stores, workflows, record, lambda: workers)

    return build


@pytest.fixture
def queue(stores: Stores) -> Callable[..., list[int]]:
    """Queued runs of these priorities, each of an environment of its own."""

    def build(*priorities: int) -> list[int]:
        numbers = []
        for place, priority in enumerate(priorities):
            number = stores.runs.create(f"e{place}", "create", "ana", ["plan"]).id or 0
            stores.runs.update(number, priority=priority)
            numbers.append(number)
        return numbers

    return build


def _reach(stores: Stores, number: int, *states: str, **fields: object) -> None:
    for state in states:
        stores.runs.transition(number, state, "worker", **fields)


def test_runs_are_taken_by_priority_then_by_age_while_there_is_room(
    stores: Stores, workflows: FakeWorkflows, dispatcher: Callable[..., Dispatcher], queue: Callable[..., list[int]]
) -> None:  # fmt: skip
    drift, plan, first, second = queue(10, 20, 30, 30)
    mine = dispatcher(capacity=3)

    mine.look()
    mine.look()

    assert workflows.started == [first, second, plan]
    assert stores.runs.get(drift).worker == ""
    assert (stores.runs.get(first).worker, stores.runs.get(first).instance) == ("a", "box/a")
    stores.runs.finish(first, "canceled", "ana")
    mine.look()
    assert workflows.started[-1] == drift


def test_each_worker_takes_its_part_of_the_queue_and_no_run_twice(
    workflows: FakeWorkflows, dispatcher: Callable[..., Dispatcher], queue: Callable[..., list[int]]
) -> None:
    numbers = queue(*[30] * 5)
    one, two = dispatcher("a", workers=2), dispatcher("b", workers=2)

    one.look()
    assert workflows.started == numbers[:3]
    two.look()
    one.look()
    two.look()

    assert sorted(workflows.started) == numbers


def test_a_run_that_waits_for_a_person_takes_no_place_until_it_is_approved(
    stores: Stores, workflows: FakeWorkflows, dispatcher: Callable[..., Dispatcher], queue: Callable[..., list[int]]
) -> None:  # fmt: skip
    waiting, other, drift = queue(30, 20, 10)
    mine = dispatcher(capacity=1)
    mine.look()
    _reach(stores, waiting, "preparing", "planning")
    _reach(stores, waiting, "planned", awaiting=True)
    mine.look()
    assert workflows.started == [waiting, other]

    _reach(stores, waiting, "approved")
    mine.look()
    assert workflows.woken == []  # no room: it stands first in the line
    stores.runs.finish(other, "canceled", "ana")
    mine.look()
    mine.look()

    assert workflows.woken == [(waiting, "approved-False")]
    assert drift not in workflows.started  # the approved run has the place


@pytest.mark.parametrize("state", ["discarded", "canceled"])
def test_a_decision_that_only_ends_a_run_needs_no_place(
    state: str, stores: Stores, workflows: FakeWorkflows,
    dispatcher: Callable[..., Dispatcher], queue: Callable[..., list[int]],
) -> None:  # fmt: skip
    (waiting,) = queue(30)
    mine = dispatcher(capacity=1)
    mine.look()
    _reach(stores, waiting, "preparing", "planning")
    _reach(stores, waiting, "planned", awaiting=True)
    busy = stores.runs.create("busy", "plan", "ana", ["plan"]).id or 0
    mine.look()
    assert workflows.started == [waiting, busy]

    if state == "discarded":
        _reach(stores, waiting, state)
    else:
        stores.runs.update(waiting, cancel_requested=True)
    mine.look()
    mine.look()

    assert [number for number, _ in workflows.woken] == [waiting]


def test_a_run_whose_start_failed_is_started_again_by_its_worker(
    stores: Stores, workflows: FakeWorkflows, dispatcher: Callable[..., Dispatcher], queue: Callable[..., list[int]]
) -> None:  # fmt: skip
    (number,) = queue(30)
    mine, other = dispatcher("a"), dispatcher("b")
    workflows.refuses = True
    with pytest.raises(ConnectionError):
        mine.look()
    workflows.refuses = False

    other.look()
    assert workflows.started == []
    mine.look()
    mine.look()

    assert workflows.started == [number]


def test_an_environment_whose_last_workflow_has_not_ended_is_left_alone(
    stores: Stores, workflows: FakeWorkflows, dispatcher: Callable[..., Dispatcher]
) -> None:
    before = stores.runs.create("staging", "plan", "ana", ["plan"]).id or 0
    stores.runs.finish(before, "interrupted", "somebody")
    workflows.left = {before, 4711}
    after = stores.runs.create("staging", "plan", "ana", ["plan"]).id or 0
    mine = dispatcher()

    mine.look()
    assert workflows.started == []
    workflows.left = set()
    mine.look()

    assert workflows.started == [after]


def test_a_run_that_was_taken_over_is_not_started(
    stores: Stores, workflows: FakeWorkflows, dispatcher: Callable[..., Dispatcher], queue: Callable[..., list[int]]
) -> None:  # fmt: skip
    (number,) = queue(30)
    stores.claims.claim(number, "gone", "box/gone")
    assert stores.claims.take_over(number, "gone", "a", "box/a")
    mine = dispatcher()
    mine.adopt(number)

    mine.look()

    assert workflows.started == []


def test_a_run_that_is_bound_to_a_checkout_waits_for_a_worker_there(
    stores: Stores, workflows: FakeWorkflows, dispatcher: Callable[..., Dispatcher]
) -> None:
    number = stores.runs.create("e0", "deploy", "ana", ["image"], pinned_instance="box/b").id or 0

    dispatcher("a").look()
    assert workflows.started == []
    assert not stores.claims.claim(number, "a", "box/a")
    dispatcher("b").look()

    assert workflows.started == [number]
    assert stores.runs.get(number).instance == "box/b"
