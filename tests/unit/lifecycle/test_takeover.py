"""When a worker counts as gone, and what becomes of its runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from panel.lifecycle.durable import Standing
from panel.lifecycle.presence import Presence
from panel.lifecycle.takeover import Takeover
from panel.store.stores import Stores
from panel.store.tables import Run, WorkerRecord

_HERE, _FAR = "box/1", "far/2"


@dataclass
class FakeWorkflows:
    """How each workflow stands, and what was asked."""

    stands: dict[int, Standing] = field(default_factory=dict)
    resumed: list[int] = field(default_factory=list)
    started: list[int] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    left: set[int] = field(default_factory=set)

    def standing(self, run_id: int) -> Standing:
        return self.stands.get(run_id, Standing.UNDER_WAY)

    def resume(self, run_id: int) -> None:
        self.resumed.append(run_id)

    def start(self, run: Run) -> None:
        self.started.append(run.id or 0)

    def unfinished(self) -> set[int]:
        return self.left

    def give_up(self, run_id: int) -> None:
        self.given_up.append(run_id)

    def forget_queue(self, token: str) -> None:
        return


@dataclass
class House:
    """A worker ``box:1:me`` that looks after others; time passes when it is told to."""

    stores: Stores
    presence: Presence
    workflows: FakeWorkflows
    now: float = 1000.0

    def survivor(self, name: str = "box:1:me", instance: str = _HERE) -> Takeover:
        record = WorkerRecord(id=name, host="box", pid=1, instance=instance)
        self.stores.workers.beat(record.model_copy())
        return Takeover(
            self.stores, self.workflows, record, self.presence, lambda _run: None,
            silence_s=60, clock=lambda: self.now,
        )  # fmt: skip

    def worker(self, name: str, instance: str) -> None:
        self.stores.workers.beat(WorkerRecord(id=name, host="x", pid=2, instance=instance))

    def run_of(
        self, worker: str, instance: str, *, environment: str = "staging", state: str = "planning"
    ) -> int:
        number = self.stores.runs.create(environment, "create", "ana", ["plan"]).id or 0
        self.stores.claims.claim(number, worker, instance)
        for after in {"queued": (), "planning": ("preparing", "planning")}[state]:
            self.stores.runs.transition(number, after, "worker")
        return number

    def holder(self, number: int) -> str:
        return self.stores.runs.get(number).worker


@pytest.fixture
def house(stores: Stores, tmp_path: Path) -> Iterator[House]:
    presence = Presence(tmp_path / "data")
    yield House(stores, presence, FakeWorkflows())
    presence.release()


def test_a_worker_of_this_directory_is_gone_when_its_lock_is_free(house: House) -> None:
    number = house.run_of("box:2:peer", _HERE)
    house.worker("box:2:peer", _HERE)
    house.presence.take("peer", alone=False)
    me = house.survivor()
    me.look()
    assert house.holder(number) == "box:2:peer"

    house.presence.release()
    me.look()
    me.look()

    assert house.holder(number) == "box:1:me"
    assert house.stores.runs.get(number).instance == _HERE
    assert house.workflows.resumed == [number]
    assert [worker.id for worker in house.stores.workers.all()] == ["box:1:me"]


@pytest.mark.parametrize("instance", [_HERE, _FAR])
def test_one_that_only_is_silent_is_gone_after_a_minute_by_our_own_clock(house: House, instance: str) -> None:
    house.presence.take("peer", alone=False)  # it is suspended, where it is of this directory
    number = house.run_of("x:2:peer", instance)
    house.worker("x:2:peer", instance)
    me = house.survivor()
    for passed, beats in ((59, True), (59, False), (1, False)):
        me.look()
        house.now += passed
        if beats:
            house.worker("x:2:peer", instance)
    me.look()
    assert house.holder(number) == "x:2:peer"

    house.now += 2
    me.look()

    assert house.holder(number) == "box:1:me"


def test_of_two_survivors_one_takes_over(house: House) -> None:
    number = house.run_of("far:2:peer", _FAR)
    one, two = house.survivor(), house.survivor("box:9:too", "other/3")

    one.look()
    two.look()

    assert house.workflows.resumed == [number]


def test_one_that_left_in_order_leaves_what_is_at_rest_to_anybody_and_terraform_to_its_machine(
    house: House,
) -> None:
    at_rest = house.run_of("far:2:peer", _FAR)
    at_work = house.run_of("far:2:peer", _FAR, environment="production")
    house.stores.executions.begin(
        at_work, "k", stack="environment", action="apply", instance=_FAR, host="far", path=""
    )
    me = house.survivor()

    me.look()
    assert [house.holder(at_rest), house.holder(at_work)] == ["box:1:me", "far:2:peer"]
    house.now += 61
    me.look()

    assert house.holder(at_work) == "box:1:me"


def test_what_nobody_can_go_on_with_is_interrupted_and_says_why(house: House) -> None:
    lost, older, ended = (
        house.run_of("gone:1:x", _HERE, environment=name) for name in ("lost", "older", "ended")
    )
    house.workflows.stands = {
        lost: Standing.MISSING, older: Standing.OTHER_VERSION, ended: Standing.ENDED,
    }  # fmt: skip

    house.survivor().look()

    runs = {number: house.stores.runs.get(number) for number in (lost, older, ended)}
    assert {run.state for run in runs.values()} == {"interrupted"}
    assert "another version of the panel" in runs[older].error
    assert all("cut off" in runs[number].error and runs[number].error_hint for number in (lost, ended))
    assert house.workflows.resumed == []


def test_one_that_was_taken_and_never_started_is_started(house: House) -> None:
    number = house.run_of("gone:1:x", _HERE, state="queued")
    house.workflows.stands[number] = Standing.MISSING

    house.survivor().look()

    assert house.workflows.started == [number]
    assert house.stores.runs.get(number).active


def test_a_run_of_ours_whose_workflow_ended_without_a_word_is_closed(house: House) -> None:
    number = house.run_of("box:1:me", _HERE)
    decided = house.run_of("box:1:me", _HERE, environment="production")
    house.stores.runs.finish(decided, "canceled", "ana", awaiting=True)
    house.workflows.stands = {number: Standing.ENDED, decided: Standing.ENDED}

    house.survivor().look()

    assert house.stores.runs.get(number).state == "interrupted"
    assert not house.stores.runs.get(decided).awaiting


def test_a_workflow_that_was_left_over_by_one_that_is_gone_is_given_up(house: House) -> None:
    mine, gone = house.run_of("box:1:me", _HERE), house.run_of("gone:1:x", _HERE, environment="production")
    for number in (mine, gone):
        house.stores.runs.finish(number, "errored", "worker")
    house.workflows.left = {mine, gone, 4711}

    house.survivor().look()

    assert sorted(house.workflows.given_up) == sorted([gone, 4711])


def test_a_queued_run_that_nobody_has_is_nobodys_to_take_over(house: House) -> None:
    number = house.stores.runs.create("staging", "plan", "ana", ["plan"]).id
    house.survivor().look()
    assert house.holder(number or 0) == ""


def test_a_run_stays_with_the_checkout_it_is_to_build_until_that_is_pushed(house: House) -> None:
    stages = ["compare", "image", "rollout"]
    number = house.stores.runs.create("staging", "deploy", "ana", stages, pinned_instance=_FAR).id or 0
    house.stores.claims.claim(number, "far:2:gone", _FAR)
    house.stores.runs.transition(number, "preparing", "worker")
    me = house.survivor()

    def look_after_a_while() -> str:
        me.look()
        house.now += 61
        me.look()
        return house.holder(number)

    assert look_after_a_while() == "far:2:gone"
    house.stores.runs.set_stage(number, "image", "active")
    assert look_after_a_while() == "far:2:gone"
    house.stores.runs.set_stage(number, "image", "done")
    assert look_after_a_while() == "box:1:me"


@pytest.mark.parametrize("ended", [False, True])
def test_a_bound_run_that_shall_stop_is_ended_by_anybody(ended: bool, house: House) -> None:
    number = house.stores.runs.create("staging", "deploy", "ana", ["image"], pinned_instance=_FAR).id or 0
    house.stores.claims.claim(number, "far:2:gone", _FAR)
    house.stores.runs.transition(number, "preparing", "worker")
    if ended:
        house.stores.runs.finish(number, "canceled", "ana", awaiting=True)
    else:
        house.stores.runs.request_cancel(number, "ana")
    me = house.survivor()
    me.look()
    house.now += 61
    me.look()

    assert house.holder(number) == "box:1:me"
