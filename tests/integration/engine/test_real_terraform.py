"""The engine with real Terraform: built in, or a binary of this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from panel.engine.events import EventKind
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.engine.state import lock_of_diagnostic, parse_lock, parse_state
from panel.errors import BusyError, EndpointError, InterruptedRunError, ProviderError, TerraformError

pytestmark = pytest.mark.terraform


@pytest.fixture
def tally(tmp_path):
    """A file that gets a line each time the slow resource is created."""
    return tmp_path / "tally"


def start_slow_apply(made, tally):
    plan = made.run(Operation.plan(), "plan").check()
    execution = made.start(made.apply_of(plan), "apply")
    made.wait_for("the slow resource", tally.exists)
    return execution


# Each of its five operations loads the provider's schema: seconds on a quiet machine, more on a busy one.
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("aws_provider")
def test_a_stack_is_created_left_alone_and_destroyed(project):
    made = project("pair", name="demo", password="canary-Passw0rd")
    plan = made.run(Operation.plan(), "plan").check()
    summary = plan.plan_summary()
    assert plan.has_changes
    assert str(summary.counts) == str(plan.counts) == "+2 ~0 −0"
    secret = next(item for item in summary.changes if item.type == "aws_ssm_parameter")
    assert {part.path: part.after for part in secret.attributes}["value"] == "(sensitive)"

    events = []
    applied = made.follow(made.start(made.apply_of(plan), "apply"), events).check()
    assert applied.outputs == {"user": "arn:aws:iam::000000000000:user/demo"}
    assert applied.sensitive_outputs == ("password",)
    done = [event for event in events if event.kind is EventKind.APPLY_COMPLETE]
    assert {event.address for event in done} == {
        "aws_ssm_parameter.secret",
        "module.person.aws_iam_user.this",
    }
    found = made.cloud.client("ssm").get_parameter(Name="/demo/password", WithDecryption=True)
    assert found["Parameter"]["Value"] == "canary-Passw0rd"
    assert parse_state(made.stored()).resources == 2

    again = made.run(Operation.plan(), "again").check()
    assert not again.has_changes
    assert [stage.name for stage in again.stages] == ["plan", "show"]

    destroy = made.run(Operation.plan(destroy=True), "destroy-plan").check()
    assert destroy.counts.destroy == 2
    made.run(made.apply_of(destroy), "destroy").check()
    assert parse_state(made.stored()).resources == 0

    for path in (made.workspace.path / "executions").rglob("*"):
        # A saved plan needs the values; it is for its owner alone.
        if path.is_file() and path.name != "plan.tfplan":
            assert b"canary" not in path.read_bytes(), path
    links = list((made.workspace.stack_path / ".terraform/providers").glob("*/*/*/*/*"))
    assert links and all(link.is_symlink() for link in links), "the provider must not be copied"


def test_a_canceled_apply_keeps_what_it_finished_and_frees_the_lock(project, tally):
    made = project("patient", seconds=60, tally=str(tally))
    execution = start_slow_apply(made, tally)
    assert made.stored(".tflock") is not None
    assert execution.cancel()
    outcome = made.follow(execution)
    assert outcome.status is Status.CANCELED
    assert made.stored(".tflock") is None
    assert b"done at once" in made.stored()


def test_killing_who_started_it_leaves_an_apply_alone(project, tally, tmp_path):
    made = project("patient", seconds=3, tally=str(tally))
    plan = made.run(Operation.plan(), "plan").check()
    script = tmp_path / "worker.py"
    script.write_text(
        textwrap.dedent(f"""
        from pathlib import Path
        from panel.engine.operation import Operation
        from panel.engine.terraform import Terraform
        from panel.engine.workspace import Workspace
        terraform = Terraform(data_dir=Path({str(made.data_dir)!r}), environment={made.cloud.environment!r})
        workspace = Workspace(Path({str(made.workspace.path)!r}), Path({str(made.workspace.stack_path)!r}), "")
        operation = Operation.apply(Path({str(plan.plan_path)!r}), plan_digest={plan.plan_digest!r})
        execution = terraform.start(workspace, operation, key="apply")
        execution.follow(poll_interval=0.05, timeout=100, on_event=print)
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.DEVNULL) as worker:
        made.wait_for("the slow resource", tally.exists)
        worker.kill()
    execution = made.terraform.find(made.workspace, "apply")
    assert execution.is_alive()
    again = made.start(made.apply_of(plan), "apply")
    assert made.follow(again).check().outputs == {"word": "done at once"}
    assert tally.read_text().split() == ["run"]


def test_a_killed_apply_is_interrupted_its_lock_legible_and_released(project, tally):
    made = project("patient", seconds=60, tally=str(tally))
    execution = start_slow_apply(made, tally)
    assert execution.cancel(force=True)
    with pytest.raises(InterruptedRunError, match="stopped by force") as caught:
        made.follow(execution)
    assert "finished: terraform_data.first (create)" in caught.value.detail
    assert "under way: terraform_data.slow (create)" in caught.value.detail

    lock = parse_lock(made.stored(".tflock"))
    assert lock.operation == "OperationTypeApply"
    blocked = made.run(Operation.plan(), "blocked")
    with pytest.raises(BusyError, match="locked"):
        blocked.check("demo")
    assert lock_of_diagnostic(blocked.diagnostics[0]).id == lock.id
    made.run(Operation.force_unlock(lock.id), "unlock").check()
    assert made.stored(".tflock") is None
    assert made.run(Operation.plan(), "after").check().has_changes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupt_of_the_runner_reaches_terraform(project, tally, number):
    """As when the machine shuts down: Terraform gets to save its state."""
    made = project("patient", seconds=60, tally=str(tally))
    execution = start_slow_apply(made, tally)
    process = json.loads((execution.directory / "process.json").read_text())
    os.kill(process["pid"], number)
    assert made.follow(execution).status is Status.CANCELED
    assert made.stored(".tflock") is None


def test_a_mistake_in_a_module_is_shown_with_file_and_line(project):
    made = project("broken")
    with pytest.raises(TerraformError, match=r"modules/bad/main\.tf:3") as caught:
        made.run(Operation.plan(), "plan").check("demo")
    assert "undeclared resource" in caught.value.message
    assert "input = terraform_data.nowhere.output" in caught.value.detail
    validated = made.run(Operation.validate(), "validate")
    assert validated.diagnostics[0].location == "modules/bad/main.tf:3"


def test_a_provider_that_is_nowhere_names_both_places(project):
    # A proxy that is not there: the registry is out of reach on every machine.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    made = project("unknown", environment=nowhere)
    with pytest.raises(ProviderError, match="registry") as caught:
        made.run(Operation.plan(), "plan").check("demo")
    assert "PANEL_PROVIDER_MIRROR" in caught.value.hint
    assert "example/nothing" in caught.value.detail


def test_an_endpoint_that_is_down_is_told_from_a_mistake(project):
    made = project(
        "patient",
        seconds=0,
        tally="x",
        environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"},
    )
    with pytest.raises(EndpointError, match="does not answer"):
        made.run(Operation.plan(), "plan").check("demo")


def test_outputs_and_addresses_are_read_from_the_state(project, tally):
    made = project("patient", seconds=0, tally=str(tally))
    plan = made.run(Operation.plan(), "plan").check()
    applied = made.run(made.apply_of(plan), "apply").check()
    assert made.run(Operation.output(), "output").check().outputs == applied.outputs
    assert made.run(Operation.state_list(), "list").check().addresses == (
        "terraform_data.first",
        "terraform_data.slow",
    )


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on PATH")
def test_a_binary_of_the_machine_does_the_same(project, tally):
    made = project("patient", binary="terraform", seconds=0, tally=str(tally))
    plan = made.run(Operation.plan(), "plan").check()
    assert plan.terraform_version == made.terraform.version()
    assert plan.plan_summary().terraform_version == made.terraform.version()
    assert made.run(made.apply_of(plan), "apply").check().outputs == {"word": "done at once"}


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on PATH")
def test_a_binary_of_the_machine_can_be_canceled(project, tally):
    made = project("patient", binary="terraform", seconds=60, tally=str(tally))
    execution = start_slow_apply(made, tally)
    execution.cancel()
    assert made.follow(execution).status is Status.CANCELED
    assert made.stored(".tflock") is None


def test_the_built_in_terraform_tells_its_version(project):
    assert project("patient", seconds=0, tally="x").terraform.version().startswith("1.")


def test_an_execution_is_all_in_its_folder(project, tally):
    made = project("patient", seconds=0, tally=str(tally))
    plan = made.run(Operation.plan(), "plan").check()
    moved = Execution(Path(shutil.copytree(plan.plan_path.parent, tally.with_name("moved"))))
    assert moved.outcome().plan_summary() == plan.plan_summary()
