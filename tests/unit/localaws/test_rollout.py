"""The decision is pure: what is wanted and what is seen in, the next steps out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.localaws.demand import Container, Revision, WantedService
from panel.localaws.rollout import Decision, Limits, Memory, Seen, Setback, decide
from panel.localaws.tasks import Phase, Task

OLD, NEW = Revision("family:1", "d1"), Revision("family:2", "d2")
LIMITS = Limits()
NOW = 1000.0


def wanted(revision: Revision = NEW, desired: int = 2) -> WantedService:
    return WantedService("main/app", desired, revision, Container("app", "r/app:1"), "group")


def task(name: str, revision: Revision = NEW, phase: Phase = "serving", age: float = 2.0) -> Task:
    return Task(
        id=name,
        revision=revision.key,
        image="r/app:1",
        digest="sha256:0",
        pid=1,
        created=0,
        address="127.64.0.1",
        port=1,
        since=NOW - age,
        phase=phase,
        phase_since=NOW - age,
        restarts=0,
        target_group="group",
        log="",
    )


def names(tasks: tuple[Task, ...]) -> list[str]:
    return [item.id for item in tasks]


def quiet(decision: Decision) -> bool:
    steps = (decision.bury, decision.admit, decision.start, decision.drain, decision.stop, decision.kill)
    return not any(steps)


def test_nothing_runs_so_all_are_started() -> None:
    assert decide(wanted(), [], Memory(), NOW, LIMITS).start == (NEW.key, NEW.key)


def test_a_steady_service_is_left_alone() -> None:
    decision = decide(wanted(), [Seen(task("a")), Seen(task("b"))], Memory(), NOW, LIMITS)
    assert quiet(decision)
    assert decision.established
    assert decision.memory.good_revision == NEW.key


def test_only_a_task_that_answers_is_admitted() -> None:
    seen = [Seen(task("a", phase="starting"), answers=True), Seen(task("b", phase="starting"), answers=False)]
    decision = decide(wanted(), seen, Memory(), NOW, LIMITS)
    assert names(decision.admit) == ["a"]
    assert not decision.established


def test_old_tasks_serve_until_every_new_one_does() -> None:
    memory = Memory(good_revision=OLD.key)
    old = [Seen(task("o1", OLD)), Seen(task("o2", OLD))]
    begun = decide(wanted(), old, memory, NOW, LIMITS)
    assert begun.start == (NEW.key, NEW.key)
    assert not begun.drain

    half = [*old, Seen(task("n1")), Seen(task("n2", phase="starting"), answers=False)]
    assert quiet(decide(wanted(), half, memory, NOW, LIMITS))

    done = [*old, Seen(task("n1")), Seen(task("n2", phase="starting"), answers=True)]
    decision = decide(wanted(), done, memory, NOW, LIMITS)
    assert names(decision.admit) == ["n2"]
    assert names(decision.drain) == ["o1", "o2"]


def test_a_drained_task_is_asked_to_end_after_a_moment_and_killed_at_last() -> None:
    rest = [Seen(task("a")), Seen(task("b"))]
    for phase, age, step in (
        ("draining", LIMITS.drain_s - 0.1, None),
        ("draining", LIMITS.drain_s, "stop"),
        ("stopping", LIMITS.kill_s - 0.1, None),
        ("stopping", LIMITS.kill_s, "kill"),
    ):
        leaving = task("o", OLD, phase, age)  # type: ignore[arg-type]  # the tuple's strings are phases
        decision = decide(wanted(), [*rest, Seen(leaving)], Memory(), NOW, LIMITS)
        assert quiet(decision) == (step is None)
        if step:
            assert names(getattr(decision, step)) == ["o"]


def test_a_new_revision_that_ends_is_tried_again_later_and_later_while_the_old_one_stays() -> None:
    memory = Memory(good_revision=OLD.key)
    old = [Seen(task("o1", OLD)), Seen(task("o2", OLD))]
    pauses = []
    for number in range(7):
        ended = [*old, Seen(task(f"n{number}", phase="starting"), ended="exited with code 1")]
        decision = decide(wanted(), ended, memory, NOW, LIMITS)
        memory = decision.memory
        assert names(decision.bury) == [f"n{number}"]
        assert decision.problems[0][1] == "A task of family:2 exited with code 1."
        assert not decision.start
        assert not decision.drain
        pauses.append(memory.setbacks[NEW.key].not_before - NOW)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    later = decide(wanted(), old, memory, NOW + 30, LIMITS)
    assert later.start == (NEW.key, NEW.key)


def test_the_last_good_revision_is_kept_at_its_number_while_the_new_one_fails() -> None:
    memory = Memory(good_revision=OLD.key, setbacks={NEW.key: Setback(3, NOW + 4)})
    decision = decide(wanted(), [Seen(task("o1", OLD))], memory, NOW, LIMITS)
    assert decision.start == (OLD.key,)


def test_a_task_that_never_answers_is_a_failure() -> None:
    late = task("n", phase="starting", age=LIMITS.startup_s + 1)
    decision = decide(wanted(desired=1), [Seen(late, answers=False)], Memory(), NOW, LIMITS)
    assert names(decision.stop) == ["n"]
    assert "did not become healthy within 60 s" in decision.problems[0][1]


def test_a_task_that_answers_at_the_last_moment_is_admitted() -> None:
    late = task("n", phase="starting", age=LIMITS.startup_s + 1)
    decision = decide(wanted(desired=1), [Seen(late, answers=True)], Memory(), NOW, LIMITS)
    assert names(decision.admit) == ["n"]


def test_a_task_that_stops_answering_is_taken_out_and_replaced() -> None:
    seen = [Seen(task("a")), Seen(task("b"), answers=False, unanswered=LIMITS.unanswered)]
    decision = decide(wanted(), seen, Memory(), NOW, LIMITS)
    assert names(decision.drain) == ["b"]
    assert decision.memory.setbacks[NEW.key].failures == 1
    assert decide(wanted(), seen[:1], decision.memory, NOW + 1, LIMITS).start == (NEW.key,)


def test_a_while_of_good_service_forgives() -> None:
    memory = Memory(setbacks={NEW.key: Setback(5, NOW)})
    steady = [Seen(task("a", age=LIMITS.steady_s))]
    assert decide(wanted(desired=1), steady, memory, NOW, LIMITS).memory.setbacks == {}
    brief = [Seen(task("a", age=LIMITS.steady_s - 1))]
    assert decide(wanted(desired=1), brief, memory, NOW, LIMITS).memory.setbacks == memory.setbacks


@pytest.mark.parametrize("gone", [True, False])
def test_a_service_gone_or_scaled_to_zero_ends_everything(gone: bool) -> None:
    seen = [Seen(task("a")), Seen(task("b", phase="starting"), answers=True), Seen(task("o", OLD))]
    decision = decide(None if gone else wanted(desired=0), seen, Memory(good_revision=OLD.key), NOW, LIMITS)
    assert names(decision.drain) == ["a", "o"]
    assert names(decision.stop) == ["b"]
    assert not decision.admit
    assert not decision.start


def test_scaling_down_keeps_those_that_serve() -> None:
    seen = [Seen(task("new", phase="starting"), answers=False), Seen(task("a")), Seen(task("b"))]
    decision = decide(wanted(desired=1), seen, Memory(), NOW, LIMITS)
    assert names(decision.stop) == ["new"]
    assert names(decision.drain) == ["b"]


def test_a_revision_overtaken_before_it_was_up_makes_room_at_once() -> None:
    newest = Revision("family:3", "d3")
    seen = [Seen(task("o1", OLD)), Seen(task("n1", NEW, "starting"), answers=True)]
    decision = decide(wanted(newest, 1), seen, Memory(good_revision=OLD.key), NOW, LIMITS)
    assert names(decision.stop) == ["n1"]
    assert not decision.admit
    assert not decision.drain
    assert decision.start == (newest.key,)


def test_the_end_of_a_task_on_its_way_out_is_no_failure() -> None:
    seen = [Seen(task("a")), Seen(task("o", OLD, "stopping"), ended="exited with code 0")]
    decision = decide(wanted(desired=1), seen, Memory(), NOW, LIMITS)
    assert names(decision.bury) == ["o"]
    assert not decision.problems


def test_several_ends_at_once_count_as_one_failure() -> None:
    seen = [Seen(task(name), ended="ended") for name in "ab"]
    assert decide(wanted(), seen, Memory(), NOW, LIMITS).memory.setbacks[NEW.key].failures == 1


looks = st.builds(
    lambda name, revision, phase, age, ended, answers: Seen(
        task(name, revision, phase, age), "ended" if ended else None, answers
    ),
    st.uuids().map(str),
    st.sampled_from([OLD, NEW]),
    st.sampled_from(["starting", "serving", "draining", "stopping"]),
    st.floats(0, 100),
    st.booleans(),
    st.sampled_from([True, False, None]),
)


@given(st.lists(looks, max_size=8), st.integers(0, 3), st.sampled_from(["", OLD.key, NEW.key]))
def test_no_decision_takes_the_last_serving_tasks_before_others_serve(
    seen: list[Seen], desired: int, good: str
) -> None:
    decision = decide(wanted(desired=desired), seen, Memory(good_revision=good), NOW, LIMITS)
    serving = {look.task.id for look in seen if look.task.phase == "serving" and look.ended is None}
    left = (serving | set(names(decision.admit))) - set(names(decision.drain))
    assert len(left) >= min(desired, len(serving))
    # Every step is about a task that lives, in the phase it is for, and about each but once.
    steps = [*decision.admit, *decision.drain, *decision.stop, *decision.kill]
    assert len({item.id for item in steps}) == len(steps)
    assert not {item.id for item in steps} & {item.id for item in decision.bury}
    assert all(item.phase in ("starting", "draining") for item in decision.stop)


def test_labels_are_what_people_know() -> None:
    revision = Revision("arn:aws:ecs:us-east-2:000000000000:task-definition/backend:7", "ecs-svc/1")
    assert revision.label == "backend:7"
    assert Revision.of(revision.key) == revision
    assert replace(task("a"), revision=revision.key).revision_label == "backend:7"
