"""The lock of a state: whose it is, when it is taken away, and what is told of it."""

import json
import socket
from typing import Any

import pytest

from panel.engine.diagnostics import parse_diagnostic
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.errors import (
    BusyError,
    InterruptedRunError,
)


def test_the_lock_of_a_killed_terraform_is_removed(bench: Any) -> None:
    bench.begun_before("apply", alive=False)
    bench.lock(operation="OperationTypeApply")
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert not bench.locked()
    assert any("Removed the state lock" in text and "its process is gone" in text for text in bench.texts())


def test_the_lock_that_a_killed_plan_left_does_not_stop_the_next_try(bench: Any) -> None:
    bench.ends("plan", bench.lost())
    bench.ends("plan-2", bench.outcome())
    seen = []

    def start(key: str) -> None:
        seen.append(bench.locked())
        if key == bench.job.key("plan"):
            bench.process(key, alive=False)
            bench.lock()

    bench.terraform.before = start
    bench.runner.plan(bench.job)

    assert seen == [False, False]


def test_the_lock_of_a_living_terraform_stays(bench: Any) -> None:
    bench.begun_before("apply", alive=True)
    bench.lock(operation="OperationTypeApply")
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert bench.locked()


def _locked_out(bench: Any) -> Any:
    diagnostic = parse_diagnostic(
        {"severity": "error", "summary": "Error acquiring the state lock", "detail": "Who: root"}, folder=""
    )
    return bench.outcome(status=Status.FAILED, exit_code=1, diagnostics=(diagnostic,))


def test_a_lock_that_a_killed_terraform_got_after_we_looked_does_not_stop_the_plan(bench: Any) -> None:
    bench.begun_before("apply", alive=False)
    first = bench.ends("plan", _locked_out(bench))
    first.at_end = lambda: bench.lock(operation="OperationTypeApply")
    bench.ends("plan-2", bench.outcome())

    bench.runner.plan(bench.job)

    assert bench.keys() == ["plan", "plan-2"]
    assert not bench.locked()
    assert any("Planning again" in text for text in bench.texts())


def test_a_lock_of_somebody_else_that_came_meanwhile_stops_the_plan(bench: Any) -> None:
    first = bench.ends("plan", _locked_out(bench))
    first.at_end = lambda: bench.lock(who="root@another-machine")

    with pytest.raises(BusyError):
        bench.runner.plan(bench.job)

    assert bench.keys() == ["plan"]
    assert bench.locked()


@pytest.mark.parametrize("who", ["root@another-machine", "", f"somebody-else@{socket.gethostname()}"])
def test_the_lock_of_anybody_else_stays(who: str, bench: Any) -> None:
    bench.begun_before("apply", alive=False)
    bench.lock(who=who, operation="OperationTypeApply")
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert bench.locked()
    assert not any("Removed" in text for text in bench.texts())


def test_an_apply_that_died_tells_of_the_lock_it_left(bench: Any) -> None:
    bench.planned()
    execution = bench.ends("apply", InterruptedRunError("Apply is gone.", detail="finished: a.one (create)"))
    execution.at_end = lambda: (
        bench.process(bench.job.key("apply"), alive=False), bench.lock(operation="OperationTypeApply")
    )  # fmt: skip

    with pytest.raises(InterruptedRunError) as caught:
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    assert caught.value.detail.startswith("finished: a.one (create)\nThe state is locked by ")
    assert "orphaned" in caught.value.detail
    assert bench.locked()


def test_the_lock_of_an_apply_that_was_stopped_by_force_is_taken_care_of(bench: Any) -> None:
    bench.planned()
    execution = bench.ends("apply", InterruptedRunError("Apply was stopped by force."))
    execution.goes_on_until_canceled = True
    execution.at_end = lambda: (
        bench.process(bench.job.key("apply"), alive=False), bench.lock(operation="OperationTypeApply")
    )  # fmt: skip
    bench.stores.runs.update(bench.job.run_id, cancel_requested=True, force_cancel=True)

    with pytest.raises(InterruptedRunError, match="by force") as caught:
        bench.runner.apply(bench.job, bench.plan_path, "reviewed")

    assert execution.forced
    assert not bench.locked()
    assert "The state is not locked." in caught.value.detail


def test_an_unlock_says_what_it_did(bench: Any) -> None:
    bench.begun_before("apply", alive=False)
    bench.lock(operation="OperationTypeApply")

    assert "Removed the state lock of staging" in bench.runner.unlock(bench.job)
    assert not bench.locked()
    assert bench.runner.unlock(bench.job) == "The state of staging is not locked."
    assert len(bench.texts()) == 2


def test_what_went_on_after_its_run_was_closed_is_told_in_its_log(bench: Any) -> None:
    bench.begun_before("apply", alive=False)
    folder = bench.process(bench.job.key("apply"), alive=False)
    moment = "2026-01-02T03:04:05+00:00"
    result = {
        "operation": Operation.apply(bench.plan_path, plan_digest="d").to_json(), "status": "succeeded",
        "exit_code": 0, "started_at": moment, "ended_at": moment, "counts": {"add": 3},
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(result))

    bench.runner.look_at_locks(bench.job.backend.bucket)
    assert bench.texts() == []  # its run is under way: whoever works on it follows it
    bench.stores.runs.finish(bench.job.run_id, "interrupted", "worker")
    bench.runner.look_at_locks(bench.job.backend.bucket)
    bench.runner.look_at_locks(bench.job.backend.bucket)

    (text,) = bench.texts()
    assert "closed as interrupted: its apply ended as succeeded (+3 ~0 −0)" in text
