"""A Terraform that hangs, does not listen, floods, breaks off in a line or cannot save its state."""

import json
import time

import pytest

from panel.engine.events import EventKind
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.errors import InterruptedRunError, TerraformError, TimeLimitError


def follow(execution, events=None):
    return execution.follow(
        poll_interval=0.02, timeout=60, on_event=(events if events is not None else []).append
    )


def start_apply(made):
    plan = follow(made.terraform.start(made.workspace, Operation.plan(), key="plan"))
    operation = Operation.apply(plan.plan_path, plan_digest=plan.plan_digest)
    return made.terraform.start(made.workspace, operation, key="apply")


def wait_for(condition):
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up, "it never came about"
        time.sleep(0.02)


def test_one_that_does_not_heed_its_time_limit_is_killed_and_says_so(bench):
    execution = start_apply(bench("deaf", apply_timeout_s=1.0, grace_s=0.5))
    with pytest.raises(TimeLimitError, match="time limit of 1 seconds") as caught:
        follow(execution)
    assert "stopped by force" in caught.value.message
    assert caught.value.detail == "under way: aws_ssm_parameter.a (create)"
    assert not execution.is_alive()


def test_one_that_does_not_heed_a_cancel_is_stopped_by_force(bench):
    execution = start_apply(bench("deaf"))
    wait_for(lambda: any(event.message == "not listening" for event in execution.events()))
    assert execution.cancel()
    time.sleep(0.2)
    assert execution.is_alive()
    assert execution.cancel(force=True)
    with pytest.raises(InterruptedRunError, match="stopped by force"):
        follow(execution)


def test_a_flood_of_output_is_read_to_its_end(bench):
    events = []
    outcome = follow(start_apply(bench("chatty")), events)
    assert outcome.succeeded
    assert outcome.log_complete
    assert sum(event.kind is EventKind.LOG for event in events) >= 4000


def test_one_that_dies_in_the_middle_of_a_line_has_failed_and_the_line_is_kept(bench):
    events = []
    outcome = follow(start_apply(bench("half-line")), events)
    assert outcome.status is Status.FAILED
    with pytest.raises(TerraformError, match="exit code 1"):
        outcome.check("staging")
    assert any(event.message.endswith("and th") for event in events)


def test_a_runner_that_dies_in_the_middle_of_a_line_is_interrupted(tmp_path):
    folder = tmp_path / "apply"
    folder.mkdir()
    resource = {"resource": {"addr": "a.one"}, "action": "create"}
    whole = json.dumps({"type": "apply_start", "@message": "a.one: Creating...", "hook": resource})
    (folder / "request.json").write_text(json.dumps({"operation": Operation(kind="apply").to_json()}))
    (folder / "process.json").write_text(json.dumps({"pid": 2**22 - 1, "create_time": 1.0}))
    (folder / "events.jsonl").write_text(f'{whole}\n{{"type": "apply_comp')
    events = []
    with pytest.raises(InterruptedRunError) as caught:
        follow(Execution(folder), events)
    assert [event.address for event in events] == ["a.one"]
    assert caught.value.detail == "under way: a.one (create)"


def test_a_state_that_could_not_be_saved_is_kept_for_its_owner_alone(bench):
    made = bench("unsaved")
    execution = start_apply(made)
    outcome = follow(execution)
    assert outcome.unsaved_state
    kept = execution.directory / "errored.tfstate"
    assert json.loads(kept.read_text())["serial"] == 7
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not (made.workspace.stack_path / "errored.tfstate").exists()
