"""Planning and applying one stack: tried anew, canceled, refused, unlocked."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from panel.aws.s3 import bucket_exists, ensure_bucket, put_object
from panel.engine.diagnostics import parse_diagnostic
from panel.engine.events import Event, EventKind
from panel.engine.operation import Operation, OperationKind
from panel.engine.outcome import Status
from panel.errors import (
    CanceledRunError,
    InterruptedRunError,
    NotFoundError,
    OperationError,
    RefusedError,
    TerraformError,
    TimeLimitError,
)


def test_a_plan_makes_the_state_bucket_renders_the_stack_and_logs(
    bench: Any, event: Callable[..., Event]
) -> None:
    bench.ends(
        "plan", bench.outcome(plan_digest="d"), event(EventKind.PLANNED_CHANGE, "lb will be created", 10)
    )

    outcome = bench.runner.plan(bench.job)

    assert outcome.plan_digest == "d"
    assert bucket_exists(bench.aws, "todo-states")
    assert (bench.job.workspace / "stacks" / "environment" / "main.tf").read_text() == "# a stack\n"
    assert bench.terraform.started == [(bench.job.key("plan"), Operation.plan())]
    assert bench.texts() == [
        "Created the state bucket todo-states (private, versioned).",
        "lb will be created",
    ]


def test_a_destruction_is_planned_as_one(bench: Any) -> None:
    bench.ends("plan", bench.outcome())

    bench.runner.plan(replace(bench.job, destroy=True))

    assert bench.terraform.started[0][1] == Operation.plan(destroy=True)


def test_planning_twice_in_one_run_starts_once_and_logs_once(bench: Any, event: Callable[..., Event]) -> None:
    bench.ends("plan", bench.outcome(), event(EventKind.LOG, "planning", 10))

    bench.runner.plan(bench.job)
    bench.runner.plan(bench.job)

    assert bench.keys() == ["plan"]
    assert bench.texts().count("planning") == 1


def test_a_plan_that_was_cut_off_is_planned_anew(bench: Any) -> None:
    bench.ends("plan", bench.lost())
    bench.ends("plan-2", bench.outcome(plan_digest="second"))

    assert bench.runner.plan(bench.job).plan_digest == "second"
    assert bench.keys() == ["plan", "plan-2"]
    assert "planning again" in bench.texts()[-1]


def test_a_plan_that_is_always_cut_off_ends_by_saying_so(bench: Any) -> None:
    for key in ("plan", "plan-2", "plan-3"):
        bench.ends(key, bench.lost())

    with pytest.raises(InterruptedRunError, match="staging was cut off 3 times") as caught:
        bench.runner.plan(bench.job)
    assert caught.value.hint
    assert bench.keys() == ["plan", "plan-2", "plan-3"]


def test_an_apply_that_was_cut_off_is_not_tried_again(bench: Any) -> None:
    bench.planned()
    bench.ends("apply", InterruptedRunError("Apply is gone."))

    with pytest.raises(InterruptedRunError, match="Apply is gone"):
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")
    assert bench.keys() == ["plan", "apply"]


def test_exactly_the_reviewed_plan_is_applied(bench: Any) -> None:
    bench.planned()
    bench.ends("apply", bench.outcome(OperationKind.APPLY, outputs={"url": "https://staging"}))

    assert bench.runner.apply(bench.job, bench.plan_path, "reviewed").outputs == {"url": "https://staging"}
    assert bench.terraform.started[-1][1] == Operation.apply(bench.plan_path, plan_digest="reviewed")


def test_a_plan_file_that_was_changed_is_refused(bench: Any) -> None:
    bench.planned()
    bench.ends("apply", bench.outcome(OperationKind.APPLY))
    bench.plan_path.write_text(json.dumps({"digest": "another"}))

    with pytest.raises(OperationError, match="not the plan that was reviewed") as caught:
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")
    assert "staging" in caught.value.message


def test_one_run_never_applies_two_plans(bench: Any) -> None:
    bench.planned()
    bench.ends("apply", bench.outcome(OperationKind.APPLY))
    bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    with pytest.raises(RefusedError, match="another operation"):
        bench.runner.apply(bench.job, bench.plan_path, "another")


def test_an_edit_after_the_review_does_not_reach_the_apply(bench: Any, tmp_path: Path) -> None:
    bench.planned()
    bench.ends("apply", bench.outcome(OperationKind.APPLY))
    (tmp_path / "terraform" / "stacks" / "environment" / "main.tf").write_text("# edited\n")

    bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    assert (bench.job.workspace / "stacks" / "environment" / "main.tf").read_text() == "# a stack\n"


def test_a_plan_of_another_machine_cannot_be_applied_here(bench: Any) -> None:
    with pytest.raises(RefusedError, match="not on this machine"):
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"status": Status.CANCELED}, CanceledRunError, "plan of staging was canceled"),
        ({"status": Status.TIMED_OUT}, TimeLimitError, "longer than its time limit"),
        ({"status": Status.FAILED, "failure": "no such file"}, OperationError, "no such file"),
    ],
)
def test_a_bad_end_says_what_and_of_which_environment(
    fields: dict[str, Any], error: type[Exception], words: str, bench: Any
) -> None:
    bench.ends("plan", bench.outcome(**fields))

    with pytest.raises(error, match=words) as caught:
        bench.runner.plan(bench.job)
    assert "staging" in str(caught.value)


def test_terraforms_diagnostics_are_the_errors_detail(bench: Any) -> None:
    diagnostic = parse_diagnostic(
        {"severity": "error", "summary": "Invalid value", "detail": "Too short.",
         "range": {"filename": "main.tf", "start": {"line": 3}}},
        folder="stacks/environment",
    )  # fmt: skip
    bench.ends("plan", bench.outcome(status=Status.FAILED, exit_code=1, diagnostics=(diagnostic,)))

    with pytest.raises(TerraformError) as caught:
        bench.runner.plan(bench.job)
    assert "Too short." in caught.value.detail
    assert "main.tf" in caught.value.detail


def test_a_request_to_cancel_reaches_terraform(bench: Any) -> None:
    execution = bench.ends("plan", bench.outcome(status=Status.CANCELED))
    execution.goes_on_until_canceled = True
    bench.stores.runs.update(bench.job.run_id, cancel_requested=True)

    with pytest.raises(CanceledRunError):
        bench.runner.plan(bench.job)
    assert execution.canceled.is_set()


def test_outputs_are_read_from_the_state(bench: Any) -> None:
    ensure_bucket(bench.aws, "todo-states")
    state = {
        "lineage": "l",
        "serial": 4,
        "outputs": {"url": {"value": "x"}, "key": {"value": "k", "sensitive": True}},
    }
    put_object(bench.aws, "todo-states", bench.job.backend.key, json.dumps(state).encode())

    assert bench.runner.outputs(bench.job) == {"url": "x"}


def test_outputs_of_a_stack_without_a_state_are_not_empty_but_missing(bench: Any) -> None:
    ensure_bucket(bench.aws, "todo-states")

    with pytest.raises(NotFoundError):
        bench.runner.outputs(bench.job)


def test_executions_are_noted_before_they_start_and_when_they_end(bench: Any) -> None:
    bench.ends("plan", bench.lost())
    bench.ends("plan-2", bench.outcome())
    noted = []
    bench.terraform.before = lambda key: noted.append(
        [(one.key, one.status) for one in bench.stores.executions.of_run(bench.job.run_id)][-1] == (key, "")
    )

    bench.runner.plan(bench.job)

    assert noted == [True, True]
    ended = bench.stores.executions.of_run(bench.job.run_id)
    assert [(one.action, one.status, one.instance) for one in ended] == [
        ("plan", "interrupted", f"{socket.gethostname()}/here"),
        ("plan", "succeeded", f"{socket.gethostname()}/here"),
    ]
    assert all(one.ended_at for one in ended)


def test_a_plan_that_another_machine_began_is_made_anew_here(bench: Any) -> None:
    bench.begun_elsewhere("plan")
    bench.ends("plan-2", bench.outcome(plan_digest="here"))

    assert bench.runner.plan(bench.job).plan_digest == "here"
    assert bench.keys() == ["plan-2"]


def test_an_apply_that_another_machine_began_is_never_begun_again(bench: Any) -> None:
    bench.planned()
    bench.begun_elsewhere("apply")
    bench.said_by(
        "apply",
        "a.one: Creating...",
        "a.two: Creating...",
        "a.one: Creation complete after 1s [id=x]",
        "a.two: Still creating... [10s elapsed]",
    )
    bench.lock(who="root@gone", operation="OperationTypeApply")

    with pytest.raises(InterruptedRunError, match="begun on gone") as caught:
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    assert bench.keys() == ["plan"]
    assert "Finished: 1, under way: 1" in caught.value.message
    assert "panel env unlock staging" in caught.value.hint
    assert "finished: a.one (create)\nunder way: a.two (create)" in caught.value.detail
    assert "locked by root@gone, for an apply, since" in caught.value.detail


def test_what_ended_elsewhere_is_no_success_here_either(bench: Any) -> None:
    bench.planned()
    bench.begun_elsewhere("apply")
    bench.stores.executions.end(bench.job.run_id, bench.job.key("apply"), "succeeded")

    with pytest.raises(InterruptedRunError, match="ended there as succeeded"):
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")


def test_a_plan_that_was_stopped_by_force_is_canceled_not_made_again(bench: Any) -> None:
    bench.ends("plan", bench.lost()).goes_on_until_canceled = True
    bench.stores.runs.update(bench.job.run_id, cancel_requested=True, force_cancel=True)

    with pytest.raises(CanceledRunError, match="nothing was changed"):
        bench.runner.plan(bench.job)
    assert bench.keys() == ["plan"]


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [(Status.CANCELED, CanceledRunError, "canceled"), (Status.TIMED_OUT, TimeLimitError, "time limit")],
)
def test_an_apply_that_was_stopped_says_how_far_it_came(
    status: Status, error: type[Exception], words: str, bench: Any, event: Callable[..., Event]
) -> None:
    bench.planned()
    one, two = {"address": "a.one", "action": "create"}, {"address": "a.two", "action": "create"}
    bench.ends(
        "apply", bench.outcome(OperationKind.APPLY, status=status),
        event(EventKind.APPLY_START, offset=1, **one), event(EventKind.APPLY_START, offset=2, **two),
        event(EventKind.APPLY_COMPLETE, offset=3, **one), event(EventKind.APPLY_ERRORED, offset=4, **two),
    )  # fmt: skip

    with pytest.raises(error, match=words) as caught:
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    assert "Finished: 1, under way: 1" in str(caught.value)
    assert caught.value.detail == "finished: a.one (create)\nunder way: a.two (create)"


def test_one_that_does_not_heed_its_time_limit_is_stopped_by_force(bench: Any) -> None:
    execution = bench.ends("plan", TimeLimitError("The plan has not ended."))

    with pytest.raises(TimeLimitError, match="stopped by force"):
        bench.runner.plan(bench.job)
    assert execution.forced
