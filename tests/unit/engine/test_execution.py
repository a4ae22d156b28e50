"""Executions: started once, followed by anyone, honest about their end. Terraform is a fake script."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from panel.engine.events import EventKind
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.errors import (
    ConfigurationError,
    InterruptedRunError,
    OperationError,
    ProviderError,
    RefusedError,
    StorageError,
    TerraformError,
    TimeLimitError,
)


def follow(execution, events=None, timeout=60):
    return execution.follow(
        poll_interval=0.02, timeout=timeout, on_event=(events if events is not None else []).append
    )


def planned(bench, key="plan"):
    return follow(bench.terraform.start(bench.workspace, Operation.plan(), key=key))


def start_apply(bench, key="apply"):
    outcome = planned(bench)
    operation = Operation.apply(outcome.plan_path, plan_digest=outcome.plan_digest)
    execution = bench.terraform.start(bench.workspace, operation, key=key)
    wait_for(lambda: any(event.kind is EventKind.APPLY_START for event in execution.events()))
    return execution


def wait_for(condition, seconds=30):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it never came about"
        time.sleep(0.02)


def pid_of(execution):
    return json.loads((execution.directory / "process.json").read_text())["pid"]


def test_a_plan_gives_its_file_digest_and_masked_summary(bench):
    outcome = planned(bench()).check("staging")
    assert outcome.has_changes
    assert outcome.plan_path.read_text() == "a saved plan"
    assert len(outcome.plan_digest) == 64
    assert [stage.name for stage in outcome.stages] == ["init", "plan", "show"]
    assert str(outcome.plan_summary().counts) == "+1 ~0 −0"
    assert outcome.plan_path.stat().st_mode & 0o777 == 0o600
    assert outcome.plan_json_path.stat().st_mode & 0o777 == 0o600


def test_nothing_written_holds_a_sensitive_value(bench):
    made = bench()
    planned(made)
    for path in (made.workspace.path / "executions").rglob("*"):
        if path.is_file():
            assert b"canary" not in path.read_bytes(), path


def test_events_come_in_order_with_offsets_to_resume_from(bench):
    made = bench()
    execution = made.terraform.start(made.workspace, Operation.plan(), key="plan")
    events = []
    follow(execution, events)
    kinds = [event.kind for event in events]
    assert kinds[0] is EventKind.STAGE_START
    assert EventKind.PLANNED_CHANGE in kinds
    assert events[-1].stage == "show"
    rest = []
    execution.follow(poll_interval=0.02, timeout=60, on_event=rest.append, from_offset=events[3].offset)
    assert rest == events[4:]


def test_the_workspace_is_prepared_once_for_the_same_sources(bench):
    made = bench()
    planned(made, "one")
    planned(made, "two")
    assert made.lines("calls.log") == ["init", "plan", "show", "plan", "show"]


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("modules/queue/main.tf", True),  # it may call another module
        ("modules/new/main.tf", True),
        ("stacks/demo/versions.tf", True),  # another constraint of a provider
        ("stacks/demo/panel.s3.tfbackend", True),
        ("stacks/demo/.terraform/panel-init", True),
        ("../data/terraform/cli.tfrc", False),  # what was written there by hand is replaced
        ("modules/queue/README.md", False),
    ],
)
def test_what_preparing_depends_on_has_it_done_anew(bench, changed, again):
    made = bench()
    planned(made, "one")
    path = made.workspace.path / changed
    path.parent.mkdir(exist_ok=True)
    path.write_text("# another content\n")
    planned(made, "two")
    assert made.lines("calls.log").count("init") == (2 if again else 1)


@pytest.mark.parametrize(("note", "kept"), [("", False), ('{"version": 3, "backe', False), ("{}", True)])
def test_a_note_of_the_backend_that_was_cut_short_is_taken_away(bench, note, kept):
    made = bench()
    path = made.workspace.stack_path / ".terraform" / "terraform.tfstate"
    path.parent.mkdir()
    path.write_text(note)
    planned(made, "one")
    assert path.exists() == kept


def test_another_terraform_has_the_workspace_prepared_anew(bench):
    made = bench()
    planned(made, "one")
    made.binary.write_text(made.binary.read_text() + "\n")
    planned(made, "two")
    assert made.lines("calls.log").count("init") == 2


def test_apply_gives_the_outputs_that_are_not_sensitive(bench):
    outcome = follow(start_apply(bench())).check()
    assert outcome.outputs == {"url": "http://app"}
    assert outcome.sensitive_outputs == ("key",)
    assert outcome.counts.add == 1


def test_a_plan_file_that_was_tampered_with_is_not_applied(bench):
    made = bench()
    outcome = planned(made)
    outcome.plan_path.write_text("another plan")
    operation = Operation.apply(outcome.plan_path, plan_digest=outcome.plan_digest)
    applied = follow(made.terraform.start(made.workspace, operation, key="apply"))
    assert applied.status is Status.FAILED
    with pytest.raises(OperationError, match="not the plan that was reviewed"):
        applied.check("staging")
    assert made.lines("applied.log") == []


def test_the_same_key_never_starts_a_second_process(bench):
    made = bench("slow")
    execution = start_apply(made)
    operation = execution.operation
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(made.terraform.start(made.workspace, operation, key="apply"))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.release()
    assert {pid_of(item) for item in found} == {pid_of(execution)}
    assert follow(found[0]).succeeded
    assert follow(made.terraform.start(made.workspace, operation, key="apply")).succeeded
    assert made.lines("applied.log") == ["applied"]


def test_a_key_stands_for_one_operation(bench):
    made = bench()
    planned(made, "one")
    with pytest.raises(RefusedError, match="another operation"):
        made.terraform.start(made.workspace, Operation.plan(destroy=True), key="one")


@pytest.mark.parametrize("key", ["", "../escape", "a b", ".hidden"])
def test_a_key_that_is_no_plain_name_is_refused(bench, key):
    made = bench()
    with pytest.raises(ConfigurationError, match="no key"):
        made.terraform.start(made.workspace, Operation.plan(), key=key)


def test_two_runners_on_one_folder_work_once(bench):
    """As when a worker dies between starting the runner and hearing of it, and its heir starts another."""
    made = bench()
    outcome = planned(made)
    operation = Operation.apply(outcome.plan_path, plan_digest=outcome.plan_digest)
    first = made.terraform.start(made.workspace, operation, key="model")
    follow(first)
    (made.workspace.stack_path / "applied.log").unlink()
    folder = first.directory.with_name("raced")
    folder.mkdir()
    (folder / "request.json").write_text((first.directory / "request.json").read_text())
    command = [sys.executable, "-P", "-m", "panel.engine.runner", str(folder)]
    runners = [subprocess.Popen(command) for _ in range(3)]
    assert sorted(runner.wait(30) for runner in runners) == [0, 75, 75]
    assert made.lines("applied.log") == ["applied"]
    assert Execution(folder).outcome().succeeded


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


def test_diagnostics_name_file_and_line_of_the_source(bench):
    made = bench("broken")
    outcome = planned(made)
    with pytest.raises(TerraformError, match=r"stacks/demo/main\.tf:7") as caught:
        outcome.check("staging")
    assert "Unsupported argument" in caught.value.detail
    assert "Traceback" not in caught.value.detail


def test_a_failed_plan_prepares_the_workspace_anew(bench):
    made = bench("broken")
    planned(made, "one")
    planned(made, "two")
    assert made.lines("calls.log") == ["init", "plan", "init", "plan"]


def test_a_missing_provider_names_both_ways_and_the_setting(bench):
    with pytest.raises(ProviderError, match=r"no local mirror.*registry") as caught:
        planned(bench("no-provider")).check("staging")
    assert "PANEL_PROVIDER_MIRROR" in caught.value.hint


def test_errors_in_plain_text_become_a_diagnostic(bench):
    made = bench()
    execution = made.terraform.start(made.workspace, Operation.force_unlock("id"), key="unlock")
    diagnostic = follow(execution).diagnostics[0]
    assert diagnostic.summary == "Failed to unlock state"
    assert diagnostic.detail == "no lock with this id"


def test_state_list_gives_addresses(bench):
    made = bench()
    outcome = follow(made.terraform.start(made.workspace, Operation.state_list(), key="list"))
    assert outcome.addresses == ("aws_ssm_parameter.a",)


def test_the_version_of_a_named_binary(bench):
    assert bench().terraform.version() == "1.11.4"


def test_a_named_binary_that_is_not_there_is_a_setting_to_correct(bench):
    made = bench()
    made.binary.unlink()
    with pytest.raises(ConfigurationError, match="PANEL_TERRAFORM"):
        made.terraform.start(made.workspace, Operation.plan(), key="plan")


def test_downloads_into_the_shared_cache_wait_for_each_other(bench):
    made = [bench("slow-init", name=f"workspace-{number}") for number in range(3)]
    started = [item.terraform.start(item.workspace, Operation.plan(), key="plan") for item in made]
    for execution in started:
        assert follow(execution).succeeded
    log = made[0].workspace.path.parent / "init.log"
    assert log.read_text().split() == ["begin", "end"] * 3


def test_the_version_is_remembered_for_the_same_program(bench):
    made = bench()
    made.terraform.version()
    remembered = made.data_dir / "terraform" / "version.json"
    remembered.write_text(remembered.read_text().replace("1.11.4", "1.11.5"))
    assert bench().terraform.version() == "1.11.5"
    made.binary.write_text(made.binary.read_text().replace("1.11.4", "1.9.0"))
    with pytest.raises(ConfigurationError, match=r"1\.9\.0 is too old"):
        bench().terraform.version()


def test_find_knows_only_what_was_started(bench):
    made = bench()
    assert made.terraform.find(made.workspace, "plan") is None
    planned(made, "plan")
    assert made.terraform.find(made.workspace, "plan").key == "plan"


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
