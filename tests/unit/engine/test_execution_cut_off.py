"""Executions that are killed, canceled or too slow, or whose disk is full: their end is told as it was."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.errors import (
    InterruptedRunError,
    OperationError,
    StorageError,
    TimeLimitError,
)
from tests.unit.engine.executing import follow, pid_of, planned, start_apply, wait_for


def test_killing_who_started_and_follows_leaves_the_apply_alone(bench, tmp_path):
    made = bench("slow")
    outcome = planned(made)
    script = tmp_path / "worker.py"
    script.write_text(
        textwrap.dedent(f"""
        from pathlib import Path
        from panel.engine.operation import Operation
        from panel.engine.terraform import Terraform
        from panel.engine.workspace import Workspace
        terraform = Terraform(binary={str(made.binary)!r}, data_dir=Path({str(made.data_dir)!r}), environment={{}})
        workspace = Workspace(Path({str(made.workspace.path)!r}), Path({str(made.workspace.stack_path)!r}),
                              {made.workspace.source_revision!r})
        operation = Operation.apply(Path({str(outcome.plan_path)!r}), plan_digest={outcome.plan_digest!r})
        execution = terraform.start(workspace, operation, key="apply")
        execution.follow(poll_interval=0.02, timeout=60, on_event=print)
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.DEVNULL) as worker:
        wait_for(lambda: made.lines("applied.log"))
        worker.kill()
    execution = made.terraform.find(made.workspace, "apply")
    assert execution.is_alive()
    made.release()
    assert follow(execution).succeeded
    assert made.lines("applied.log") == ["applied"]


def test_a_process_that_died_without_a_result_is_interrupted(bench):
    made = bench("slow")
    execution = start_apply(made)
    os.killpg(pid_of(execution), signal.SIGKILL)
    with pytest.raises(InterruptedRunError, match="is gone") as caught:
        follow(execution)
    assert "under way: aws_ssm_parameter.a (create)" in caught.value.detail
    assert "nlock" in caught.value.hint
    assert execution.outcome() is None
    again = made.terraform.start(made.workspace, execution.operation, key="apply")
    with pytest.raises(InterruptedRunError):
        follow(again)
    assert made.lines("applied.log") == ["applied"]


def test_what_a_dead_process_left_running_is_ended(bench):
    made = bench("slow")
    execution = start_apply(made)
    wait_for(lambda: made.lines("providers.log"))
    (provider,) = (psutil.Process(int(line)) for line in made.lines("providers.log"))
    os.kill(pid_of(execution), signal.SIGKILL)
    assert provider.is_running()
    with pytest.raises(InterruptedRunError):
        follow(execution)
    wait_for(lambda: not provider.is_running() or provider.status() == psutil.STATUS_ZOMBIE)


def test_another_process_with_the_same_number_is_not_mistaken_for_it(bench):
    made = bench()
    execution = made.terraform.start(made.workspace, Operation.plan(), key="plan")
    follow(execution)
    (execution.directory / "result.json").unlink()
    (execution.directory / "process.json").write_text(json.dumps({"pid": os.getpid(), "create_time": 1.0}))
    assert not execution.is_alive()
    with pytest.raises(InterruptedRunError):
        follow(execution)


def test_a_graceful_cancel_lets_terraform_say_how_it_ended(bench):
    execution = start_apply(bench("slow"))
    assert execution.cancel()
    outcome = follow(execution)
    assert outcome.status is Status.CANCELED
    assert outcome.diagnostics[0].summary == "execution halted"
    with pytest.raises(OperationError, match="canceled"):
        outcome.check("staging")
    assert not execution.cancel()


def test_a_forced_cancel_is_told_from_an_accident(bench):
    execution = start_apply(bench("slow"))
    assert execution.cancel(force=True)
    with pytest.raises(InterruptedRunError, match="stopped by force"):
        follow(execution)


def test_terraform_is_stopped_when_its_time_limit_passes(bench):
    outcome = follow(start_apply(bench("slow", apply_timeout_s=1.5)))
    assert outcome.status is Status.TIMED_OUT
    with pytest.raises(TimeLimitError, match="longer than its time limit"):
        outcome.check("staging")


def test_following_gives_up_in_time_and_leaves_the_process_alone(bench):
    made = bench("slow")
    execution = start_apply(made)
    with pytest.raises(TimeLimitError, match="not ended within"):
        follow(execution, timeout=0.2)
    assert execution.is_alive()
    made.release()
    assert follow(execution).succeeded


def test_a_folder_that_cannot_be_written_is_named(bench):
    made = bench()
    (made.workspace.path / "executions").write_text("in the way")
    with pytest.raises(StorageError, match="executions"):
        made.terraform.start(made.workspace, Operation.plan(), key="plan")


def test_a_disk_that_is_full_loses_log_lines_but_not_the_apply(bench, tmp_path):
    made = bench("chatty")
    outcome = planned(made)
    script = tmp_path / "worker.py"
    # No file of this process and its children may grow beyond 600 kB: the log of a chatty apply would.
    script.write_text(
        textwrap.dedent(f"""
        import resource
        from pathlib import Path
        from panel.engine.operation import Operation
        from panel.engine.terraform import Terraform
        from panel.engine.workspace import Workspace
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        terraform = Terraform(binary={str(made.binary)!r}, data_dir=Path({str(made.data_dir)!r}), environment={{}})
        workspace = Workspace(Path({str(made.workspace.path)!r}), Path({str(made.workspace.stack_path)!r}),
                              {made.workspace.source_revision!r})
        operation = Operation.apply(Path({str(outcome.plan_path)!r}), plan_digest={outcome.plan_digest!r})
        terraform.start(workspace, operation, key="apply")
        """)
    )
    subprocess.run([sys.executable, str(script)], check=True, timeout=60)
    applied = follow(made.terraform.find(made.workspace, "apply"))
    assert applied.succeeded
    assert applied.outputs == {"url": "http://app"}
    assert not applied.log_complete


def test_the_last_sign_of_life_is_known(bench):
    made = bench()
    before = time.time() - 1
    execution = made.terraform.start(made.workspace, Operation.plan(), key="plan")
    follow(execution)
    assert before <= execution.last_activity().timestamp() <= time.time() + 1
    assert Execution(Path(made.data_dir / "nothing")).last_activity() is None
