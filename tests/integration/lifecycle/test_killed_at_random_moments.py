"""kill -9 at 20 random moments over plan and apply: nothing is applied twice, nothing is lost, no run is left hanging,
and every run tells the truth about its end."""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.lifecycle.moments import Scene
from tests.terraform.emulator import running_emulator

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

_NAMES = ("one", "two", "three", "four")
_ROUNDS = 5
_PARTS = 8
#: Eight resources a round, each of which leaves a mark when it is made.
_STACK = """
variable "rounds" { type = number }
variable "environment_name" { type = string }

locals {
  parts = toset(flatten([for round in range(1, var.rounds + 1) : [for part in range(1, 9) : "${round}-${part}"]]))
}

resource "terraform_data" "part" {
  for_each = local.parts

  provisioner "local-exec" {
    command     = "echo 'terraform_data.part[\\"${each.key}\\"]' >> MARKS/${var.environment_name} && sleep 0.2"
    interpreter = ["/bin/sh", "-c"]
  }
}

output "domain_name" { value = "x.example.com" }
output "cloudfront_domain_name" { value = "d1.cloudfront.net" }
"""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    root = tmp_path / "project"
    with running_emulator(tmp_path) as emulator:
        scene = Scene(
            root, f"http://127.0.0.1:{emulator.port}", _STACK.replace("MARKS", str(root / "marks")), _NAMES
        )
        yield scene
        scene.close()


def test_nothing_twice_nothing_lost_nothing_untrue(scene: Scene) -> None:
    seed = int(os.environ.get("PANEL_KILL_SEED", "20"))
    print(f"PANEL_KILL_SEED={seed}")
    chance = random.Random(seed)
    told: dict[str, Counter[str]] = {name: Counter() for name in _NAMES}
    seen = Counter[str]()
    scene.start()
    for number in range(1, _ROUNDS + 1):
        for name in _NAMES:
            scene.want(name, number)
        runs = {name: scene.update(name) for name in _NAMES}
        _wait_for_a_moment(scene, chance, number, runs)
        scene.kill()
        for name in _NAMES:
            seen[scene.stores.runs.get(runs[name]).state] += 1
            if chance.random() < 0.5 and scene.kill_terraform(name):
                seen["with its Terraform"] += 1
        scene.start()
        for name in _NAMES:
            _bring_to_an_end(scene, name, number, runs[name], told[name])
    print(dict(seen))
    assert sum(seen[state] for state in ("planning", "applying", "preparing", "planned", "approved")) >= 10
    assert scene.locks() == []
    assert scene.stores.runs.pending() == []
    assert not any(one.is_alive() for name in _NAMES for one in scene.executions(name))
    assert scene.stores.locks.all() == []


def _wait_for_a_moment(scene: Scene, chance: random.Random, number: int, runs: dict[str, int]) -> None:
    """A moment of one environment's run, by how far it has come, so that slow machines see as many of each."""
    name = chance.choice(_NAMES)
    before = _PARTS * (number - 1)
    wanted = chance.choice(["begin", "plan", "plan", "apply", "apply"])
    marks = chance.randint(1, _PARTS) if wanted == "apply" else 0

    def has_come() -> bool:
        run = scene.stores.runs.get(runs[name])
        planning = any(f"run-{runs[name]}-" in one.key for one in scene.executions(name))
        return (
            not run.active
            or wanted == "begin"
            or (wanted == "plan" and planning)
            or (wanted == "apply" and len(scene.made(name)) >= before + marks)
        )

    scene.until(has_come, f"run {runs[name]} of {name} has come to {wanted}")
    time.sleep(chance.uniform(0, {"begin": 0.5, "plan": 2.5, "apply": 0.2}[wanted]))


def _bring_to_an_end(scene: Scene, name: str, number: int, run_id: int, told: Counter[str]) -> None:
    """The run's end is true; where it was no success, another run makes up for it."""
    wanted = {f'terraform_data.part["{r}-{p}"]' for r in range(1, number + 1) for p in range(1, _PARTS + 1)}
    for _ in range(3):
        run = scene.ended(run_id)
        context = f"run {run_id} of {name}: {run.state} {run.error} {run.error_detail}"
        made, state = Counter(scene.made(name)), scene.state(name)
        # Nothing was made twice, but what a run that was cut off has told of, once for each time it told.
        told.update(re.findall(r"^(?:finished|under way): (\S+) \(create\)$", run.error_detail, re.MULTILINE))
        assert all(times <= 1 + told[address] for address, times in made.items()), context
        # Nothing is lost: what was made is in the state, or a run has named it.
        assert all(address in state or told[address] for address in made), context
        assert all(execution.ended_at for execution in scene.stores.executions.of_run(run_id)), context
        assert {stage.state for stage in scene.stores.runs.stages(run_id)} <= {"done", "skipped", "failed"}
        if run.state == "applied":
            assert state == wanted, context
            return
        assert run.state == "interrupted", context
        assert run.error and run.error_hint, context
        assert "The state is " in run.error_detail, context
        run_id = scene.update(name)
    pytest.fail(f"{name} never came up")
