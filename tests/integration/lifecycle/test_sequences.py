"""The workflows in a worker process: which steps, in which order, and how each run ends."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from panel.catalogue.schema import SHARED
from panel.errors import BusyError, ProtectedError

_SHIPPING = ["deploying", "baselines", "image", "rollout", "site", "checks"]
Fresh = Callable[[], str]


def test_a_creation_waits_for_its_review_and_goes_on_to_the_end(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    number = busy_house.operations.create(busy_house.ana, name).id

    waiting = busy_house.until_state(number, "planned")
    assert waiting.plan_digest == f"digest-run-{number}-environment-plan"
    assert (waiting.add, waiting.change, waiting.destroy, waiting.progress_total) == (1, 0, 0, 1)
    assert busy_house.stage_states(number)["review"] == "waiting"
    assert busy_house.steps(number) == ["begin", "shared", "plan", "settle_plan"]
    busy_house.operations.approve(busy_house.ana, number, comment="go")
    ended = busy_house.until_ended(number)

    assert (ended.state, ended.error, ended.awaiting) == ("applied", "", False)
    assert busy_house.steps(number) == [
        "begin", "shared", "plan", "settle_plan", "decision", "apply", *_SHIPPING,
    ]  # fmt: skip
    assert set(busy_house.stage_states(number).values()) == {"done"}
    record = busy_house.stores.environments.get(name)
    assert (record.exists, record.ready, record.world) == (True, True, "w1")
    assert record.url == "http://d1.cloudfront.localhost:14760/"
    applied = [call for call in busy_house.calls() if call.get("key") == f"run-{number}-environment-apply"]
    assert [call["digest"] for call in applied] == [waiting.plan_digest]


def test_the_states_of_a_run_are_kept_with_who_brought_them_about(busy_house: Any, fresh: Fresh) -> None:
    number = busy_house.operations.create(busy_house.ana, fresh()).id
    busy_house.until_state(number, "planned")
    busy_house.operations.approve(busy_house.ana, number, comment="go")
    busy_house.until_ended(number)

    moves = busy_house.stores.runs.transitions(number)
    assert [move.after for move in moves] == [
        "queued", "preparing", "planning", "planned", "approved", "applying", "deploying", "applied",
    ]  # fmt: skip
    assert [(move.actor, move.comment) for move in moves if move.after == "approved"] == [("ana", "go")]


def test_the_shared_network_is_applied_once_for_all(busy_house: Any, fresh: Fresh) -> None:
    first = busy_house.operations.create(busy_house.ana, fresh(), auto_approve=True).id
    assert busy_house.until_ended(first).state == "applied"
    asked = busy_house.asked(SHARED)
    second = busy_house.operations.create(busy_house.ana, fresh(), auto_approve=True).id
    assert busy_house.until_ended(second).state == "applied"

    assert asked[:2] == ["plan", "apply"]
    assert busy_house.asked(SHARED) == asked


@pytest.mark.parametrize("action", ["update", "delete"])
def test_a_shared_network_that_others_use_is_not_changed_in_passing(
    action: str, busy_house: Any, fresh: Fresh
) -> None:
    busy_house.stores.environments.save(SHARED, fingerprint="of another source")
    busy_house.plans(SHARED, f"aws_vpc:{action}")
    applied = busy_house.asked(SHARED).count("apply")

    number = busy_house.operations.create(busy_house.ana, fresh(), auto_approve=True).id
    ended = busy_house.until_ended(number)
    (busy_house.root / "plan" / SHARED).unlink()

    assert ended.state == "blocked"
    assert "shared network would change" in ended.error
    assert "panel env apply shared" in ended.error_hint
    assert busy_house.asked(SHARED).count("apply") == applied
    assert busy_house.stores.runs.plan(number, "shared").changes[0]["action"] == action


def test_a_discarded_plan_touches_nothing(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    number = busy_house.operations.create(busy_house.ana, name).id
    busy_house.until_state(number, "planned")

    busy_house.operations.discard(busy_house.ana, number, comment="too dear")
    busy_house.until(lambda: not busy_house.run(number).awaiting, "the workflow has heard of it")

    run = busy_house.run(number)
    assert (run.state, run.comment, run.decided_by, run.active) == ("discarded", "too dear", "ana", False)
    assert "apply" not in busy_house.steps(number, "begin")
    assert not busy_house.stores.environments.get(name).exists
    assert {"waiting", "active", "pending"}.isdisjoint(busy_house.stage_states(number).values())
    again = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id
    assert busy_house.until_ended(again).state == "applied"


def test_canceling_a_run_that_waits_ends_it(busy_house: Any, fresh: Fresh) -> None:
    number = busy_house.operations.create(busy_house.ana, fresh()).id
    busy_house.until_state(number, "planned")

    busy_house.operations.cancel(busy_house.ana, number)

    assert busy_house.until_ended(number).state == "canceled"
    assert "apply" not in busy_house.steps(number, "begin")


@pytest.mark.parametrize(("during", "never"), [("plan", "apply"), ("apply", "image"), ("image", "site")])
def test_canceling_between_stages_ends_the_run_before_the_next(
    during: str, never: str, busy_house: Any, fresh: Fresh
) -> None:
    name = fresh()
    busy_house.hold(f"{name}.{during}")
    number = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id
    busy_house.until_held(f"{name}.{during}")

    busy_house.operations.cancel(busy_house.ana, number)
    busy_house.release(f"{name}.{during}")
    ended = busy_house.until_ended(number)

    assert (ended.state, ended.active) == ("canceled", False)
    assert during in busy_house.steps(number)
    assert never not in busy_house.steps(number, "begin")
    assert "stays" in ended.error


def test_what_was_approved_in_advance_does_not_wait(busy_house: Any, fresh: Fresh) -> None:
    number = busy_house.operations.create(busy_house.ana, fresh(), auto_approve=True).id

    ended = busy_house.until_ended(number)

    assert (ended.state, ended.decided_by) == ("applied", "ana")
    assert "decision" not in busy_house.steps(number)
    assert busy_house.stage_states(number)["review"] == "done"


def test_without_changes_nothing_is_reviewed_or_applied(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    busy_house.plans(name)
    number = busy_house.operations.create(busy_house.ana, name).id

    assert busy_house.until_ended(number).state == "applied"
    assert busy_house.steps(number) == ["begin", "shared", "plan", "settle_plan", *_SHIPPING]
    states = busy_house.stage_states(number)
    assert (states["review"], states["apply"], states["checks"]) == ("skipped", "skipped", "done")
    assert busy_house.stores.environments.get(name).outputs["domain_name"] == f"{name}.example.com"


def test_a_plan_alone_ends_with_the_plan(busy_house: Any, fresh: Fresh) -> None:
    number = busy_house.operations.plan(busy_house.ana, fresh()).id

    ended = busy_house.until_ended(number)

    assert (ended.state, ended.awaiting) == ("planned", False)
    assert busy_house.steps(number) == ["begin", "plan", "settle_plan"]
    assert busy_house.stores.runs.plan(number, "environment").changes[0]["action"] == "create"


def test_a_deployment_and_a_destruction_of_what_exists(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    created = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id
    assert busy_house.until_ended(created).state == "applied"

    deployed = busy_house.operations.deploy(busy_house.ana, name).id
    assert busy_house.until_ended(deployed).state == "applied"
    assert busy_house.steps(deployed) == ["begin", "compare", "settle_changes", *_SHIPPING]

    destroyed = busy_house.operations.destroy(busy_house.ana, name, confirm=name).id
    busy_house.until_state(destroyed, "planned")
    busy_house.operations.approve(busy_house.ana, destroyed)
    assert busy_house.until_ended(destroyed).state == "applied"
    assert busy_house.steps(destroyed) == [
        "begin", "plan", "settle_plan", "decision", "destroy", "cleanup", "gone",
    ]  # fmt: skip
    record = busy_house.stores.environments.get(name)
    assert (record.exists, record.ready, record.url, record.outputs) == (False, False, "", {})


def test_the_way_out_of_protection_is_an_update_and_then_the_destruction(
    busy_house: Any, fresh: Fresh
) -> None:
    name = fresh()
    busy_house.protect(name, True)
    created = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id
    assert busy_house.until_ended(created).state == "applied"
    with pytest.raises(ProtectedError):
        busy_house.operations.destroy(busy_house.ana, name, confirm=name)

    busy_house.protect(name, False)
    early = busy_house.operations.destroy(busy_house.ana, name, confirm=name, auto_approve=True).id
    refused = busy_house.until_ended(early)
    assert (refused.state, "destroy" in busy_house.steps(early, "begin")) == ("blocked", False)
    assert "AWS still protects its load balancer: nothing was destroyed" in refused.error
    assert f"panel env update {name}" in refused.error_hint
    assert busy_house.stores.environments.get(name).ready

    updated = busy_house.operations.update(busy_house.ana, name, auto_approve=True).id
    assert busy_house.until_ended(updated).state == "applied"
    destroyed = busy_house.operations.destroy(busy_house.ana, name, confirm=name, auto_approve=True).id
    assert busy_house.until_ended(destroyed).state == "applied"
    assert not busy_house.stores.environments.get(name).exists


def test_a_step_that_fails_ends_the_run_with_its_reason(busy_house: Any, fresh: Fresh) -> None:
    names = {step: fresh() for step in ("plan", "apply", "baselines", "image", "rollout", "site", "checks")}
    for step, name in names.items():
        busy_house.fail(f"{name}.{step}", "AwsError")
    numbers = {
        step: busy_house.operations.create(busy_house.ana, name, auto_approve=True).id
        for step, name in names.items()
    }

    for step, number in numbers.items():
        ended = busy_house.until_ended(number)
        assert (ended.state, ended.error, ended.error_hint, ended.error_detail) == (
            "errored", f"It broke in {step}.", "Mend it.", "line 3",
        )  # fmt: skip
        assert busy_house.steps(number, "begin")[-1] == step
        lines = busy_house.stores.runs.lines(number)
        assert [line.level for line in lines if f"It broke in {step}." in line.text] == ["error"]
        assert not {"active", "waiting", "pending"} & set(busy_house.stage_states(number).values())

    (busy_house.root / "fail" / f"{names['apply']}.apply").unlink()
    again = busy_house.operations.create(busy_house.ana, names["apply"], auto_approve=True).id
    assert busy_house.until_ended(again).state == "applied"


def test_a_shared_network_that_fails_ends_the_run_that_needed_it(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    busy_house.fail(f"{name}.shared", "TerraformError")
    number = busy_house.operations.create(busy_house.ana, name).id

    ended = busy_house.until_ended(number)

    assert (ended.state, ended.error, ended.error_hint) == ("errored", "It broke in shared.", "Mend it.")
    assert "plan" not in busy_house.steps(number, "begin")


def test_the_kind_of_error_says_how_a_run_ended(busy_house: Any, fresh: Fresh) -> None:
    ends = {
        "RefusedError": "stale",
        "InterruptedRunError": "interrupted",
        "CanceledRunError": "canceled",
        "TimeLimitError": "errored",
    }
    numbers = {}
    for error in ends:
        name = fresh()
        busy_house.fail(f"{name}.apply", error)
        numbers[error] = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id

    ended = {error: busy_house.until_ended(number) for error, number in numbers.items()}

    assert {error: run.state for error, run in ended.items()} == ends
    assert {run.error for run in ended.values()} == {"It broke in apply."}
    # Before the review a refusal is a block: there is nothing that could be stale.
    early = fresh()
    busy_house.fail(f"{early}.plan", "RefusedError")
    number = busy_house.operations.create(busy_house.ana, early, auto_approve=True).id
    assert busy_house.until_ended(number).state == "blocked"


def test_what_nobody_foresaw_is_an_error_with_advice(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    busy_house.fail(f"{name}.plan", "nothing of the panel's")
    number = busy_house.operations.create(busy_house.ana, name).id

    ended = busy_house.until_ended(number)

    assert (ended.state, ended.error_detail) == ("errored", "plan stumbled")
    assert "ValueError" in ended.error
    assert ended.error_hint


def test_a_guardrail_blocks_before_anybody_is_asked(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    busy_house.plans(name, "aws_s3_bucket:delete")
    number = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id

    ended = busy_house.until_ended(number)

    assert ended.state == "blocked"
    assert "aws_s3_bucket.it" in ended.error
    assert "apply" not in busy_house.steps(number, "begin")


def test_environments_are_worked_on_side_by_side(busy_house: Any, fresh: Fresh) -> None:
    first, second = fresh(), fresh()
    busy_house.hold(f"{first}.plan", f"{second}.plan")
    numbers = [
        busy_house.operations.create(busy_house.ana, name, auto_approve=True).id for name in (first, second)
    ]

    busy_house.until_held(f"{first}.plan", f"{second}.plan")
    busy_house.release(f"{first}.plan", f"{second}.plan")

    assert [busy_house.until_ended(number).state for number in numbers] == ["applied", "applied"]


def test_runs_of_one_environment_never_overlap(busy_house: Any, fresh: Fresh) -> None:
    name, other = fresh(), fresh()
    busy_house.hold(f"{name}.apply.after")
    first = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id
    busy_house.until_held(f"{name}.apply.after")
    with pytest.raises(BusyError, match=f"Run {first} of {name}"):
        busy_house.operations.create(busy_house.ana, name)

    # Even where the store was told that the first has ended, the queue lets nobody in before it really has.
    busy_house.stores.runs.finish(first, "interrupted", "somebody")
    second = busy_house.operations.create(busy_house.ana, name, auto_approve=True).id
    elsewhere = busy_house.operations.create(busy_house.ana, other, auto_approve=True).id
    assert busy_house.until_ended(elsewhere).state == "applied"
    assert busy_house.steps(second, "begin") == []
    busy_house.release(f"{name}.apply.after")
    assert busy_house.until_ended(second).state == "applied"

    calls = [(call["run"], call["what"], call["name"]) for call in busy_house.calls()]
    assert calls.index((first, "end", "apply")) < calls.index((second, "begin", "begin"))
    assert busy_house.run(first).state == "interrupted"


def test_the_worker_gives_signs_of_life_and_sweeps(busy_house: Any) -> None:
    def seen() -> Any:
        return busy_house.stores.workers.alive(within=timedelta(minutes=1))

    (worker,) = busy_house.until(seen, "a worker is alive")

    assert worker.memory_mb > 1
    assert worker.host
    busy_house.until((busy_house.root / "swept").exists, "a sweep")
    first = worker.heartbeat_at
    busy_house.until(lambda: seen()[0].heartbeat_at > first, "another heartbeat")


def test_a_second_worker_of_the_same_data_directory_is_refused(busy_house: Any) -> None:
    busy_house.until(
        lambda: busy_house.stores.workers.alive(within=timedelta(minutes=1)), "a worker is alive"
    )

    second = busy_house.start()

    assert second.wait(timeout=60) == BusyError.exit_code
    assert "A worker is alive already" in (busy_house.root / "worker.log").read_text()


def test_a_plan_that_nobody_reviews_is_discarded_in_the_end(impatient_house: Any) -> None:
    worker: subprocess.Popen[bytes] = impatient_house.start()
    number = impatient_house.operations.create(impatient_house.ana, "e01").id

    ended = impatient_house.until_ended(number)

    assert (ended.state, ended.comment) == ("discarded", "nobody decided in time")
    impatient_house.until(lambda: not impatient_house.run(number).awaiting, "the workflow has ended")
    worker.terminate()
    assert worker.wait(timeout=60) == 0
    assert impatient_house.stores.workers.alive(within=timedelta(minutes=1)) == []
