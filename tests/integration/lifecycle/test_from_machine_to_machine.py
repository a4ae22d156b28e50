"""A machine is lost with everything on it; another one goes on with its runs: real Terraform, one PostgreSQL, one bucket.

Each test has an environment of its own; all four were begun on the machine that is gone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.aws.s3 import ensure_bucket, get_object, put_object, read_with_etag
from panel.aws.session import Account, Aws
from panel.catalogue.load import load_catalogue
from panel.catalogue.render import environment_state_key
from panel.engine.execution import Execution
from panel.engine.state import lock_key
from panel.lifecycle.operations import Operations
from panel.settings import child_environment
from panel.store.database import Database
from panel.store.stores import Stores
from panel.store.tables import Run, RunExecution, WorkerRecord, now
from tests.integration.lifecycle.postgresql_cluster import new_database
from tests.terraform.emulator import REGION, running_emulator
from tests.terraform.workbench import REPOSITORY

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(300)]

_ANA = Identity("ana", Role.ADMIN)
_PATIENCE_S = 90.0
_STATES, _PLANS = "todo-terraform-state", "todo-plans"
_PROGRAM = "tests.integration.lifecycle.machine_program"
_GONE, _SURVIVOR = "machine-one", "machine-two"
_MOVED, _EDITED, _CUT, _TAMPERED = "moved", "edited", "cut", "tampered"
_CATALOGUE = f"""\
project: todo
region: {REGION}
domain: todo.example.com
target: local
terraform: {{state_bucket: {_STATES}}}
services:
  backend: {{kind: container, title: TODO list, source: backend, port: 5000, path_pattern: /api/*,
    health_path: /status, owner: {{team: API team, contact: api@example.com}}}}
environments:
"""
_ENTRY = """\
  {name}: {{owner: {{team: API team, contact: api@example.com}}, subnet_slot: {slot}, desired_tasks: 2,
    instance: {{type: t3.micro, count: 2}}, monthly_budget_usd: 80}}
"""
#: Each part leaves a mark when it is made; the last of them waits where the test says so.
_STACK = """
variable "environment_name" { type = string }

resource "terraform_data" "part" {
  for_each = toset(["a", "b", "last"])

  provisioner "local-exec" {
    command     = "while [ -e MARKS/hold-${var.environment_name}-${each.key} ]; do sleep 0.05; done; echo ${each.key} >> MARKS/${var.environment_name}"
    interpreter = ["/bin/sh", "-c"]
  }
}

output "domain_name" { value = "x.example.com" }
output "cloudfront_domain_name" { value = "d1.cloudfront.net" }
"""
_PARTS = ("a", "b", "last")


def _machines_have_names() -> bool:
    """Whether a process can be given a host name of its own."""
    with suppress(OSError):
        tried = subprocess.run(["unshare", "--uts", "hostname", _GONE], capture_output=True, check=False)
        return tried.returncode == 0
    return False


class Machine:
    """A checkout of the project with a data directory, where a worker runs."""

    def __init__(self, root: Path, name: str, marks: Path) -> None:
        self.root = root / name
        self.name = name
        self.log = root / f"{name}.log"
        for folder in ("terraform/stacks/environment", "terraform/stacks/shared", "backend"):
            (self.root / folder).mkdir(parents=True)
        self.source = self.root / "terraform/stacks/environment/main.tf"
        self.source.write_text(_STACK.replace("MARKS", str(marks)))
        (self.root / "terraform/stacks/shared/main.tf").write_text("# nothing\n")
        names = (_MOVED, _EDITED, _CUT, _TAMPERED)
        entries = [_ENTRY.format(name=name, slot=slot) for slot, name in enumerate(names)]
        (self.root / "environments.yaml").write_text(_CATALOGUE + "".join(entries))
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self, endpoint: str, database_url: str, *, silence_s: float) -> None:
        """Start its worker."""
        program = [sys.executable, "-m", _PROGRAM, str(self.root), endpoint, str(silence_s)]
        if _machines_have_names():
            program = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name, *program]
        told = {"PANEL_DATABASE_URL": database_url, "PANEL_ARTIFACTS": f"s3://{_PLANS}/panel"}
        with self.log.open("ab") as log:
            self._worker = subprocess.Popen(
                program, cwd=REPOSITORY, env=child_environment() | told,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def lose_power(self) -> None:
        """kill -9 of the worker and of every Terraform with its children."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait(timeout=_PATIENCE_S)
        for path in (self.root / "data/workspaces").glob("*/executions/*"):
            if (execution := Execution(path)).is_alive():
                process = json.loads((path / "process.json").read_text())
                with suppress(ProcessLookupError):
                    os.killpg(process["pid"], signal.SIGKILL)
                while execution.is_alive():
                    time.sleep(0.02)

    def vanish(self) -> None:
        """Lose power, and everything that was on it."""
        self.lose_power()
        self.root.rename(self.root.with_name("out-of-reach"))

    def holds(self, text: str) -> list[Path]:
        """Its files whose path has a text in it."""
        return [path for path in self.root.rglob("*") if text in str(path)]


class Scene:
    """What people see: one store, one bucket of states, one of plans, and a machine that is gone."""

    def __init__(self, root: Path, endpoint: str, database_url: str) -> None:
        self._marks = root / "marks"
        self._marks.mkdir(parents=True)
        self.aws = Aws(Account(REGION, endpoint_url=endpoint, access_key="test", secret_key="test"))
        ensure_bucket(self.aws, _PLANS)
        self.lost, self.survivor = (Machine(root, name, self._marks) for name in (_GONE, _SURVIVOR))
        database = Database(database_url)
        database.upgrade()
        self.stores = Stores(database)
        catalogue = load_catalogue(self.survivor.root / "environments.yaml")
        self.operations = Operations(lambda: catalogue, self.stores, Trail(self.stores.audit))
        self.runs: dict[str, int] = {}

    def hold(self, name: str, part: str) -> Path:
        """Let a part of an environment wait while it is made, until the file is gone."""
        path = self._marks / f"hold-{name}-{part}"
        path.touch()
        return path

    def until(self, happened: Callable[[], Any], what: str) -> Any:
        """Wait until something has happened."""
        give_up = time.monotonic() + _PATIENCE_S
        while not (result := happened()):
            if time.monotonic() > give_up:
                logs = [one.log.read_text()[-3000:] for one in (self.lost, self.survivor) if one.log.exists()]
                pytest.fail(f"never happened: {what}\n" + "\n".join(logs))
            time.sleep(0.05)
        return result

    def order(self, name: str, *, reviewed: bool = True) -> None:
        """Order an environment."""
        self.runs[name] = self.operations.create(_ANA, name, auto_approve=not reviewed).id or 0

    def run(self, name: str) -> Run:
        return self.stores.runs.get(self.runs[name])

    def until_state(self, number: int, state: str) -> Run:
        """A run that has come to a state."""

        def has_come() -> bool:
            run = self.stores.runs.get(number)
            return run.state == state or not run.active

        self.until(has_come, f"run {number} is {state}")
        run = self.stores.runs.get(number)
        assert run.state == state, f"{run.state}: {run.error} {run.error_detail}"
        return run

    def approve(self, name: str) -> None:
        self.operations.approve(_ANA, self.runs[name])

    def until_taken_over(self, name: str) -> None:
        lost = self.executions(self.runs[name])["plan"].instance
        self.until(lambda: self.run(name).instance != lost, f"{name} is taken over")

    def made(self, name: str) -> list[str]:
        """The parts that were made, once for each time, whoever remembers it."""
        path = self._marks / name
        return sorted(path.read_text().split()) if path.exists() else []

    def state(self, name: str) -> list[str]:
        """The parts that the state knows."""
        found = read_with_etag(self.aws, _STATES, environment_state_key(name))
        resources = json.loads(found[0])["resources"] if found else []
        return sorted(one["index_key"] for item in resources for one in item["instances"])

    def lock(self, name: str) -> dict[str, Any] | None:
        """The lock of a state."""
        found = read_with_etag(self.aws, _STATES, lock_key(environment_state_key(name)))
        return json.loads(found[0]) if found else None

    def executions(self, number: int) -> dict[str, RunExecution]:
        """A run's executions by what they did."""
        return {one.action: one for one in self.stores.executions.of_run(number)}

    def nothing_applied(self, name: str) -> bool:
        """Whether nobody has begun to apply anything in an environment."""
        begun = self.executions(self.runs[name])
        return [*begun] == ["plan"] and not (self.made(name) or self.state(name) or self.lock(name))

    def silent_for(self, span: timedelta) -> None:
        """Let all workers have been heard of that much earlier."""
        with self.stores.database.write() as session:
            for record in self.stores.workers.all():
                kept = session.get_one(WorkerRecord, record.id)
                kept.heartbeat_at = now() - span
                session.add(kept)

    def close(self) -> None:
        """End the workers and whatever Terraform is left."""
        for machine in (self.lost, self.survivor):
            machine.lose_power()
        self.stores.database.close()


@pytest.fixture(scope="module")
def scene(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The first machine has planned three environments, is applying a fourth, and is gone; the second has started."""
    root = tmp_path_factory.mktemp("machines")
    url = new_database(server)
    with running_emulator(root) as emulator:
        endpoint = f"http://127.0.0.1:{emulator.port}"
        scene = Scene(root / "of", endpoint, url)
        held = scene.hold(_CUT, "last")
        for name in (_MOVED, _EDITED, _TAMPERED):
            scene.order(name)
        scene.order(_CUT, reviewed=False)
        try:
            scene.lost.start(endpoint, url, silence_s=60)
            for name in (_MOVED, _EDITED, _TAMPERED):
                scene.until_state(scene.runs[name], "planned")
            scene.until(lambda: scene.run(_CUT).progress_done == 2, "two parts are told of")
            scene.lost.vanish()
            held.unlink()
            scene.silent_for(timedelta(seconds=61))
            scene.survivor.start(endpoint, url, silence_s=1)
            yield scene
        finally:
            scene.close()


def test_a_plan_of_the_lost_machine_is_applied_by_another_exactly_as_reviewed(scene: Scene) -> None:
    scene.until_taken_over(_MOVED)
    waiting = scene.run(_MOVED)
    assert waiting.state == "planned"

    scene.approve(_MOVED)
    run = scene.until_state(scene.runs[_MOVED], "applied")

    assert scene.made(_MOVED) == scene.state(_MOVED) == [*_PARTS]
    assert (run.add, run.progress_done, run.progress_total, run.error) == (3, 3, 3, "")
    assert run.plan_digest == waiting.plan_digest
    begun = scene.executions(scene.runs[_MOVED])
    assert [*begun] == ["plan", "apply"]  # it was not planned again
    assert begun["plan"].instance != begun["apply"].instance == run.instance
    assert begun["apply"].path.startswith(str(scene.survivor.root))
    assert scene.survivor.holds(f"/fetched/{run.plan_digest}.tfplan")
    stages = {stage.name: stage.state for stage in scene.stores.runs.stages(scene.runs[_MOVED])}
    assert set(stages.values()) <= {"done", "skipped"}
    assert scene.stores.environments.get(_MOVED).ready
    assert scene.lock(_MOVED) is None


def test_a_source_that_changed_before_the_approval_makes_the_run_stale(scene: Scene) -> None:
    scene.until_taken_over(_EDITED)
    reviewed = scene.survivor.source.read_text()
    scene.survivor.source.write_text(reviewed + "# one line more\n")
    try:
        scene.approve(_EDITED)
        run = scene.until_state(scene.runs[_EDITED], "stale")
    finally:
        scene.survivor.source.write_text(reviewed)

    assert run.error_detail == "a source file was changed: stacks/environment/main.tf"
    assert run.error_detail in run.error
    assert scene.nothing_applied(_EDITED)


def test_a_plan_that_was_tampered_with_in_the_bucket_is_refused(scene: Scene) -> None:
    scene.until_taken_over(_TAMPERED)
    kept = "panel/runs/{}/environment/plan.tfplan"
    # A plan that Terraform itself would take: another environment's.
    other = get_object(scene.aws, _PLANS, kept.format(scene.runs[_MOVED]))
    put_object(scene.aws, _PLANS, kept.format(scene.runs[_TAMPERED]), other)

    scene.approve(_TAMPERED)
    run = scene.until_state(scene.runs[_TAMPERED], "stale")

    assert "is not the plan that was reviewed" in run.error
    assert scene.nothing_applied(_TAMPERED)
    assert not scene.survivor.holds(f"/{_TAMPERED}/fetched/")


def test_an_apply_that_was_cut_off_there_is_told_of_and_finished_here(scene: Scene) -> None:
    number = scene.runs[_CUT]
    run = scene.until_state(number, "interrupted")
    begun, lock = scene.executions(number)["apply"], scene.lock(_CUT)

    assert f"was begun on {begun.host} at " in run.error
    assert "Finished: 2, under way: 1" in run.error
    assert f"Look at {begun.host}." in run.error_hint
    assert lock is not None
    told, locked = run.error_detail.splitlines()[:-1], run.error_detail.splitlines()[-1]
    assert sorted(told) == [
        'finished: terraform_data.part["a"] (create)',
        'finished: terraform_data.part["b"] (create)',
        'under way: terraform_data.part["last"] (create)',
    ]
    assert f"The state is locked by {lock['Who']}, for an apply, since " in locked
    assert " s): unknown. " in locked or " min): unknown. " in locked
    assert f"The apply of run {number} on {begun.host} took it" in locked
    assert (scene.made(_CUT), scene.state(_CUT)) == (["a", "b"], [])
    if _machines_have_names():
        assert begun.host == _GONE
        assert lock["Who"].endswith(f"@{_GONE}")

    _unlock(scene, lock["ID"])
    again = scene.operations.replan(_ANA, number).id or 0
    planned = scene.until_state(again, "planned")
    scene.operations.approve(_ANA, again)
    ended = scene.until_state(again, "applied")

    assert planned.instance == ended.instance != begun.instance
    assert scene.state(_CUT) == [*_PARTS]
    # What Terraform had made and not saved yet when its machine went is made again; the run has named it. Nothing else is.
    assert Counter(scene.made(_CUT)) == {"a": 2, "b": 2, "last": 1}
    assert (ended.add, ended.progress_done, scene.lock(_CUT)) == (3, 3, None)


def _unlock(scene: Scene, lock_id: str) -> None:
    """Nobody can tell whether that machine still works: only a person who names the lock may have it removed."""
    guess = scene.until_state(scene.operations.unlock(_ANA, _CUT).id or 0, "blocked")
    assert f"--lock-id {lock_id}" in guess.error_hint
    assert "for days" not in guess.error
    assert scene.lock(_CUT) is not None

    scene.until_state(scene.operations.unlock(_ANA, _CUT, lock_id=lock_id).id or 0, "applied")
    assert scene.lock(_CUT) is None
