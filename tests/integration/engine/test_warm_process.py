"""The life of a warm process: shared, limited, canceled, killed, and never left over. No provider is loaded here."""

import json
import os
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.engine.warm.client import end_warm
from panel.engine.warm.place import LOG, RECORD
from panel.engine.warm.requests import ask
from panel.errors import InterruptedRunError
from tests.integration.engine.conftest import Cloud, wait_for
from tests.integration.engine.warm_project import (
    WarmProject,
    end_left_over,
    family,
    make_project,
    wait_for_end,
)

VARIABLES = {"words": {"first": "one", "second": "two"}, "key": "of-the-stack"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, cloud: Cloud) -> Iterator[WarmProject]:
    """A project whose warm process several tests use, one after the other."""
    folder = tmp_path_factory.mktemp("warm")
    yield make_project(folder, cloud, "pieces", VARIABLES)
    end_left_over(folder / "data")


@pytest.fixture
def project(tmp_path: Path, cloud: Cloud) -> Iterator[Callable[..., WarmProject]]:
    """Makes a project of one's own, with limits."""

    def make(**limits: float) -> WarmProject:
        return make_project(tmp_path, cloud, "pieces", VARIABLES, **limits)

    yield make
    end_left_over(tmp_path / "data")


def ready(project: WarmProject) -> psutil.Process:
    """Its warm process, started unless it lives."""
    return project.process() if project.terraform.has_warm(project.workspace) else project.warm_up()


def test_a_second_start_finds_the_first(shared):
    first = ready(shared)
    shared.terraform.warm_up(shared.workspace)
    assert shared.process() == first


def test_while_it_is_at_work_another_execution_is_not_taken(shared):
    ready(shared)
    execution = shared.begin_waiting("long")
    assert shared.begin(Operation.plan(), "meanwhile") is None
    assert not Execution(execution.directory.with_name("meanwhile")).is_started()
    shared.unlock_state()
    assert shared.follow(execution).succeeded


def test_a_key_is_never_used_twice(shared):
    ready(shared)
    done = shared.warm(Operation.validate(), "once")
    again = shared.begin(Operation.validate(), "once")
    assert again is not None
    assert again.outcome() == done


def test_a_canceled_plan_frees_the_lock_and_leaves_the_process_alone(shared):
    process = ready(shared)
    execution = shared.begin_waiting("canceled")
    assert execution.cancel()
    assert shared.follow(execution).status is Status.CANCELED
    shared.unlock_state()
    assert shared.warm(Operation.plan(), "after-the-canceled").succeeded
    assert shared.process() == process


def test_a_fault_is_told_as_the_result_alone_since_a_cold_run_follows(shared):
    left = family(ready(shared))
    shared.lock_state()
    outcome = shared.warm(Operation.plan(), "locked")
    shared.unlock_state()
    assert outcome.status is Status.FAILED
    assert "state lock" in outcome.diagnostics[0].summary
    events = (shared.workspace.path / "executions" / "locked" / "events.jsonl").read_text()
    assert '"@level":"error"' not in events
    wait_for_end(left)


def test_outputs_and_addresses_are_read_and_only_what_changes_nothing_is_done(shared):
    ready(shared)
    plan = shared.warm(Operation.plan(), "to-apply").check()
    assert shared.begin(shared.apply_of(plan), "apply-warm") is None
    assert shared.begin(Operation.force_unlock("x"), "unlock-warm") is None
    applied = shared.cold(shared.apply_of(plan), "apply").check()
    assert shared.warm(Operation.output(), "output").check().outputs == applied.outputs
    assert "module.first.terraform_data.this" in shared.warm(Operation.state_list(), "list").addresses


def test_what_is_asked_for_by_the_socket_is_checked(shared, tmp_path):
    ready(shared)
    place = shared.place
    assert place is not None
    socket = place.socket()
    assert socket is not None
    real = shared.workspace.path / "executions" / "asked"
    real.mkdir(parents=True)
    stack = str(shared.workspace.stack_path)
    apply = Operation.apply(tmp_path / "x", plan_digest="x").to_json()
    (real / "request.json").write_text(json.dumps({"operation": apply, "stack_path": stack}))
    elsewhere = tmp_path / "workspaces" / "mine" / "executions" / "x"
    elsewhere.mkdir(parents=True)
    plan = Operation.plan().to_json()
    (elsewhere / "request.json").write_text(json.dumps({"operation": plan, "stack_path": stack}))
    for directory in (real, elsewhere, tmp_path, "/nowhere", 7):
        answer = ask(socket, {"ask": "run", "directory": str(directory)}, timeout_s=60)
        assert answer is not None and not answer["taken"], directory
    assert ask(socket, {"ask": "anything else"}, timeout_s=60) == {"taken": False}
    (real / "request.json").write_text(json.dumps({"operation": plan, "stack_path": str(tmp_path)}))
    answer = ask(socket, {"ask": "run", "directory": str(real)}, timeout_s=60)
    assert answer is not None and not answer["taken"]
    assert not Execution(real).is_started()


def test_it_is_its_owners_alone_and_writes_no_secret(shared):
    process = ready(shared)
    shared.warm(Operation.plan(), "secrets").check()
    place = shared.place
    assert place is not None
    socket = place.socket()
    assert socket is not None
    for path in (place.folder, socket.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0
    assert not any("canary" in word for one in family(process) for word in one.cmdline())
    for path in (*place.folder.rglob("*"), *(shared.workspace.path / "executions").rglob("*")):
        # A saved plan needs the values; it is for its owner alone.
        if path.is_file() and path.name != "plan.tfplan":
            assert b"canary" not in path.read_bytes(), path


def test_killed_in_the_middle_of_a_plan_it_leaves_nothing_and_another_takes_its_place(project):
    made = project()
    process = made.warm_up()
    left = family(process)
    execution = made.begin_waiting("cut")
    process.kill()
    with pytest.raises(InterruptedRunError):
        made.follow(execution)
    wait_for_end(left)
    made.unlock_state()
    assert made.begin(Operation.plan(), "cold") is None
    assert made.cold(Operation.plan(), "cold").succeeded
    made.terraform.warm_up(made.workspace)
    wait_for("another", lambda: made.terraform.has_warm(made.workspace))
    assert made.warm(Operation.plan(), "next").succeeded
    # Asked to end, it is gone with all that it has started.
    left = family(made.process())
    end_warm(made.data_dir)
    wait_for_end(left)
    assert made.place is None


def test_stopped_by_force_it_is_gone(project):
    made = project()
    left = family(made.warm_up())
    execution = made.begin_waiting("forced")
    assert execution.cancel(force=True)
    with pytest.raises(InterruptedRunError, match="stopped by force"):
        made.follow(execution)
    wait_for_end(left)


def test_one_that_is_at_work_is_asked_to_end_after_it(project):
    made = project()
    left = family(made.warm_up())
    execution = made.begin_waiting("last")
    end_warm(made.data_dir, within_s=0)
    assert execution.is_alive()
    made.unlock_state()
    assert made.follow(execution).succeeded
    wait_for_end(left)


def test_it_ends_after_so_many_executions(project):
    made = project(commands=1)
    left = family(made.warm_up())
    assert made.warm(Operation.validate(), "only").succeeded
    wait_for_end(left)


@pytest.mark.parametrize("limits", [{"idle_s": 0.2}, {"memory_mb": 1}])
def test_it_ends_without_work_and_above_its_memory(project, limits):
    made = project(**limits)
    made.prepare()
    made.terraform.warm_up(made.workspace)
    wait_for("a warm process", lambda: made.place is not None)
    wait_for_end(family(made.process()))
    assert not any(made.data_dir.rglob(RECORD))


def test_it_ends_when_its_data_directory_is_removed(project):
    made = project()
    left = family(made.warm_up())
    shutil.rmtree(made.data_dir)
    wait_for_end(left)


def test_one_that_cannot_start_is_not_tried_again_and_again(project):
    made = project()
    made.prepare()
    made.terraform.warm_up(made.workspace)
    wait_for("a warm process", lambda: made.place is not None)
    place = made.place
    assert place is not None
    os.killpg(made.process().pid, signal.SIGKILL)
    wait_for("its end", lambda: place.process() is None)
    (place.folder / RECORD).unlink(missing_ok=True)
    (place.folder / "starting.json").write_text(json.dumps({"pid": 1, "create_time": 4e9}))
    made.terraform.warm_up(made.workspace)
    assert place.process() is None
    assert (place.folder / LOG).exists()


def test_without_one_and_with_a_binary_of_the_machine_everything_is_cold(project):
    made = project(idle_s=0)
    made.prepare()
    made.terraform.warm_up(made.workspace)
    assert not made.terraform.has_warm(made.workspace)
    assert made.begin(Operation.plan(), "plan") is None
    assert made.place is None
