"""Several workers on one PostgreSQL; another data directory plays another machine."""

import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

HouseAt = Callable[[str], Any]
_STEPS = ["begin", "shared", "plan", "settle_plan", "decision", "apply", "deploying", "baselines", "image", "rollout", "site", "checks"]  # fmt: skip


def _workers_of(house: Any) -> list[str]:
    return [record.instance for record in house.stores.workers.alive(within=timedelta(minutes=1))]


def test_of_two_survivors_one_goes_on_with_each_run(url: str, house_at: HouseAt) -> None:
    house = house_at(url)
    house.hold("e01.plan", "e03.apply")
    numbers = {name: house.operations.create(house.ana, name).id for name in ("e01", "e02", "e03")}
    lost = house.start("one")
    house.until_held("e01.plan")
    for name in ("e02", "e03"):
        house.until_state(numbers[name], "planned")
    house.operations.approve(house.ana, numbers["e03"])
    house.until_held("e03.apply")
    house.kill(lost)

    house.release("e01.plan", "e03.apply")
    house.start("two", silence_s=5)
    house.start("three", silence_s=5)
    for name in ("e01", "e02"):
        house.until(lambda n=name: "settle_plan" in house.steps(numbers[n]), f"{name} waits")
        house.operations.approve(house.ana, numbers[name])
    ended = [house.until_ended(number) for number in numbers.values()]

    assert [run.state for run in ended] == ["applied"] * 3
    for number in numbers.values():
        assert house.steps(number) == _STEPS  # nothing that had ended was done again, by nobody
        assert len(house.done_by(number) - {lost.pid}) == 1
    house.until(lambda: len(house.stores.workers.all()) == 2, "the lost worker is taken off the page")


def test_a_worker_of_the_same_data_directory_goes_on_at_once(url: str, house_at: HouseAt) -> None:
    house = house_at(url)
    house.hold("e01.plan")
    first = house.start()
    number = house.operations.create(house.ana, "e01", auto_approve=True).id
    house.until_held("e01.plan")
    second = house.start()
    house.until(lambda: len(_workers_of(house)) == 2, "both are alive")
    assert len(set(_workers_of(house))) == 1
    house.kill(first)

    house.release("e01.plan")

    assert house.until_ended(number).state == "applied"
    assert house.done_by(number) == {first.pid, second.pid}


def test_a_worker_that_was_only_slow_does_no_harm(url: str, house_at: HouseAt) -> None:
    house = house_at(url)
    house.hold("e01.plan", "e02.apply.after")
    slow = house.start("one", silence_s=1)
    numbers = [house.operations.create(house.ana, name, auto_approve=True).id for name in ("e01", "e02")]
    house.until_held("e01.plan", "e02.apply.after")
    slow.send_signal(signal.SIGSTOP)
    house.release("e01.plan", "e02.apply.after")
    other = house.start("two", silence_s=5)
    assert [house.until_ended(number).state for number in numbers] == ["applied"] * 2
    moves = [house.stores.runs.transitions(number) for number in numbers]
    other.send_signal(signal.SIGTERM)
    assert other.wait(timeout=30) == 0

    slow.send_signal(signal.SIGCONT)
    again = house.operations.create(house.ana, "e03", auto_approve=True).id

    assert house.until_ended(again).state == "applied"  # it works, and on what is its own
    assert house.done_by(again) == {slow.pid}
    # It noticed the step that it was in; from then on it has written nothing.
    assert [house.stores.runs.transitions(number) for number in numbers] == moves
    for number in numbers:
        late = [call["name"] for call in house.calls() if call["run"] == number and call["pid"] == slow.pid]
        assert "checks" not in late
        assert house.steps(number).count("checks") == 1
        assert house.run(number).state == "applied"


def test_many_runs_are_shared_out_and_each_is_done_once(url: str, house_at: HouseAt) -> None:
    house = house_at(url)
    workers = [house.start(name) for name in ("one", "two")]
    house.until(lambda: len(_workers_of(house)) == 2, "both are alive")
    names = [f"e{place:02}" for place in range(1, 13)]
    numbers = [house.operations.create(house.ana, name, auto_approve=True).id for name in names]

    assert {house.until_ended(number).state for number in numbers} == {"applied"}

    doers = [house.done_by(number) for number in numbers]
    assert all(len(doer) == 1 for doer in doers)
    assert set().union(*doers) == {worker.pid for worker in workers}
    assert all(house.steps(number) == [step for step in _STEPS if step != "decision"] for number in numbers)
    shared = [
        (call["run"], call["what"]) for call in house.calls() if call["name"] == "plan" and call.get("subject") == "shared"
    ]  # fmt: skip
    assert len(shared) == 1  # applied by the first, found up to date by the others


@pytest.fixture
def draining(house: Any) -> tuple[Any, subprocess.Popen[bytes], int]:
    """A worker that was asked to end while a run plans."""
    house.hold("e01.plan")
    worker = house.start()
    number = house.operations.create(house.ana, "e01").id
    house.until_held("e01.plan")
    worker.send_signal(signal.SIGTERM)
    house.until(lambda: [record.state for record in house.stores.workers.all()] == ["draining"], "it drains")
    return house, worker, number


def test_a_draining_worker_takes_nothing_new_and_finishes_its_steps(draining: Any) -> None:
    house, worker, number = draining
    later = house.operations.create(house.ana, "e02").id

    house.release("e01.plan")
    assert worker.wait(timeout=30) == 0

    assert house.steps(number)[-1] == "plan"
    assert house.run(later).worker == ""
    assert house.stores.workers.all() == []
    house.start()
    for waiting in (number, later):
        house.until_state(waiting, "planned")
    assert house.steps(number, "begin").count("plan") == 1


def test_a_second_request_ends_a_draining_worker_at_once(draining: Any) -> None:
    house, worker, number = draining

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0

    house.release("e01.plan")
    house.start()
    house.until_state(number, "planned")
    assert house.steps(number, "begin").count("plan") == 2


def test_places_are_given_by_priority_and_waiting_for_a_person_takes_none(house: Any) -> None:
    house.hold("e01.plan")
    house.start(worker_concurrency=1)
    first = house.operations.create(house.ana, "e01").id
    house.until_held("e01.plan")
    numbers = {}
    for name, priority in (("e02", 10), ("e03", 20), ("e04", 30)):
        numbers[name] = house.operations.create(house.ana, name).id
        house.stores.runs.update(numbers[name], priority=priority)
    assert [house.run(number).state for number in numbers.values()] == ["queued"] * 3

    house.hold("e03.plan")
    house.release("e01.plan")
    for number in (first, numbers["e04"]):
        house.until_state(number, "planned")
    house.until_held("e03.plan")
    # An approved run needs a place again; while there is none, it stands first in the line.
    house.stores.runs.update(first, priority=30)
    house.operations.approve(house.ana, first)
    house.release("e03.plan")
    assert house.until_ended(first).state == "applied"
    house.until_state(numbers["e02"], "planned")

    begun = [call["run"] for call in house.calls() if (call["what"], call["name"]) == ("begin", "begin")]
    assert begun == [first, numbers["e04"], numbers["e03"], numbers["e02"]]
    order = [(call["run"], call["name"]) for call in house.calls() if call["what"] == "begin"]
    assert order.index((first, "apply")) < order.index((numbers["e02"], "begin"))
