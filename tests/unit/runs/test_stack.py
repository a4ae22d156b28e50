"""Planning and applying one stack: tried anew, canceled, refused, unlocked."""

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from panel.aws.s3 import bucket_exists, ensure_bucket, get_object, put_object
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
    _planned(bench)
    bench.ends("apply", InterruptedRunError("Apply is gone."))

    with pytest.raises(InterruptedRunError, match="Apply is gone"):
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")
    assert bench.keys() == ["plan", "apply"]


def test_exactly_the_reviewed_plan_is_applied(bench: Any) -> None:
    _planned(bench)
    bench.ends("apply", bench.outcome(OperationKind.APPLY, outputs={"url": "https://staging"}))

    assert bench.runner.apply(bench.job, bench.plan_path, "reviewed").outputs == {"url": "https://staging"}
    assert bench.terraform.started[-1][1] == Operation.apply(bench.plan_path, plan_digest="reviewed")


def test_a_plan_file_that_was_changed_is_refused(bench: Any) -> None:
    _planned(bench)
    bench.ends("apply", bench.outcome(OperationKind.APPLY))
    bench.plan_path.write_text(json.dumps({"digest": "another"}))

    with pytest.raises(OperationError, match="not the plan that was reviewed") as caught:
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")
    assert "staging" in caught.value.message


def test_one_run_never_applies_two_plans(bench: Any) -> None:
    _planned(bench)
    bench.ends("apply", bench.outcome(OperationKind.APPLY))
    bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    with pytest.raises(RefusedError, match="another operation"):
        bench.runner.apply(bench.job, bench.plan_path, "another")


def test_an_edit_after_the_review_does_not_reach_the_apply(bench: Any, tmp_path: Path) -> None:
    _planned(bench)
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


def test_the_lock_of_a_killed_terraform_is_removed(bench: Any) -> None:
    _lock(bench, f"root@{socket.gethostname()}")
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert not _locked(bench)
    assert any("Removed the state lock" in text for text in bench.texts())


def test_the_lock_that_a_killed_plan_left_does_not_stop_the_next_try(bench: Any) -> None:
    bench.ends("plan", bench.lost())
    bench.ends("plan-2", bench.outcome())
    seen = []

    def start(key: str) -> None:
        seen.append(_locked(bench))
        if key == bench.job.key("plan"):
            _lock(bench, f"root@{socket.gethostname()}")

    bench.terraform.before = start
    bench.runner.plan(bench.job)

    assert seen == [False, False]


def test_the_lock_of_a_living_terraform_stays(bench: Any) -> None:
    _lock(bench, f"root@{socket.gethostname()}")
    folder = bench.job.workspace / "executions" / "run-0-environment-apply"
    folder.mkdir(parents=True)
    me = psutil.Process()
    (folder / "process.json").write_text(json.dumps({"pid": os.getpid(), "create_time": me.create_time()}))
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert _locked(bench)


@pytest.mark.parametrize("holder", ["root@another-machine", "", f"root@x{socket.gethostname()}"])
def test_the_lock_of_anybody_else_stays(holder: str, bench: Any) -> None:
    _lock(bench, holder)
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert _locked(bench)
    assert not any("Removed" in text for text in bench.texts())


def _planned(bench: Any) -> None:
    bench.ends("plan", bench.outcome())
    bench.runner.plan(bench.job)


def _lock(bench: Any, holder: str) -> None:
    ensure_bucket(bench.aws, "todo-states")
    lock = {"ID": "1", "Who": holder, "Operation": "OperationTypeApply", "Created": "2026-01-02T03:04:05Z"}
    put_object(bench.aws, "todo-states", f"{bench.job.backend.key}.tflock", json.dumps(lock).encode())


def _locked(bench: Any) -> bool:
    try:
        return bool(get_object(bench.aws, "todo-states", f"{bench.job.backend.key}.tflock"))
    except NotFoundError:
        return False
