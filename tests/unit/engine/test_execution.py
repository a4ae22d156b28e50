"""Executions: started once, followed by anyone, honest about their end. Terraform is a fake script."""

import subprocess
import sys
import threading

import pytest

from panel.engine.events import EventKind
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.errors import (
    ConfigurationError,
    OperationError,
    ProviderError,
    RefusedError,
    TerraformError,
)
from tests.unit.engine.executing import follow, pid_of, planned, start_apply


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
