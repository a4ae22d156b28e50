"""A project with many environments, its store, and workers as processes of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.catalogue.load import load_catalogue
from panel.lifecycle.operations import Operations
from panel.settings import Settings, child_environment
from panel.store.database import Database
from panel.store.stores import Stores
from tests.benchmarks.running_panel import REPOSITORY, wait_for

ANA = Identity("ana", Role.ADMIN)
_LIMIT_S = 600.0
_RECENT = timedelta(minutes=1)
_CATALOGUE = """\
project: todo
region: us-east-2
domain: todo.example.com
target: local
terraform: {state_bucket: todo-terraform-state}
services:
  backend: {kind: container, title: TODO list, source: backend, port: 5000, path_pattern: /api/*,
    health_path: /status, owner: {team: API team, contact: api@example.com}}
environments:
"""
_ENTRY = """\
  {name}: {{owner: {{team: API team, contact: api@example.com}}, subnet_slot: 1, desired_tasks: 2,
    instance: {{type: t3.micro, count: 2}}, monthly_budget_usd: 80}}
"""
#: Costs a Terraform process and nothing else: the resource is built in, and no provider is started for it.
_STACK = """\
variable "environment_name" { type = string }
resource "terraform_data" "it" { input = var.environment_name }
"""


class Scene:
    """One project. ``environments`` is how many it has; ``database_url`` is empty for SQLite."""

    def __init__(self, root: Path, environments: int, database_url: str = "", *, real: bool = False) -> None:
        self.root = root
        self.names = [f"e{number:02}" for number in range(environments)]
        self._told = {"PANEL_DATABASE_URL": database_url} if database_url else {}
        for folder in ("backend", "hold", "held", "fail", "plan"):
            (root / folder).mkdir(parents=True)
        if real:
            for stack, text in (("environment", _STACK), ("shared", "# nothing\n")):
                (root / "terraform" / "stacks" / stack).mkdir(parents=True)
                (root / "terraform" / "stacks" / stack / "main.tf").write_text(text)
        else:
            shutil.copytree(
                Settings().terraform_path, root / "terraform", ignore=shutil.ignore_patterns(".terraform*")
            )
        (root / "environments.yaml").write_text(
            _CATALOGUE + "".join(_ENTRY.format(name=name) for name in self.names)
        )
        settings = Settings(root=root, data_dir=root / "data")
        database = Database(database_url or settings.store_url)
        database.upgrade()
        self.stores = Stores(database)
        # Before the workers do it all at once.
        self.stores.environments.save("shared", exists=True, ready=True, world="w1")
        self.operations = Operations(
            lambda: load_catalogue(settings.catalogue_path), self.stores, Trail(self.stores.audit)
        )
        self._workers: list[subprocess.Popen[bytes]] = []

    def start(self, workers: int, mode: str, endpoint: str = "-", **settings: object) -> None:
        """Start workers, each as if on a machine of its own, and wait until all are alive."""
        told = {f"PANEL_{name.upper()}": str(value) for name, value in settings.items()}
        for number in range(workers):
            with (self.root / "worker.log").open("ab") as log:
                self._workers.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.benchmarks.workers_program", str(self.root),
                         f"data-{number}" if number else "data", mode, endpoint],
                        cwd=REPOSITORY, env=child_environment() | self._told | told,
                        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    )
                )  # fmt: skip
        wait_for("workers", lambda: len(self.stores.workers.alive(within=_RECENT)) == workers, _LIMIT_S)
        # Each knows of the others from its next heartbeat on.
        time.sleep(6 if workers > 1 else 1)

    def plan_all(self) -> list[int]:
        """Order a plan of every environment."""
        return [self.operations.plan(ANA, name).id or 0 for name in self.names]

    def wait_until_ended(self, numbers: Sequence[int]) -> None:
        """Wait for these runs; all must have come to a plan."""
        wait_for("runs", lambda: not any(self.stores.runs.get(number).active for number in numbers), _LIMIT_S)
        for run in map(self.stores.runs.get, numbers):
            if run.state not in {"planned", "no_changes"}:
                raise SystemExit(f"run {run.id} is {run.state}: {run.error} {run.error_detail}")

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.wait(timeout=60)
        self.stores.database.close()


@contextmanager
def scene(root: Path, environments: int, database_url: str = "", *, real: bool = False) -> Iterator[Scene]:
    """A scene whose workers are ended afterwards."""
    made = Scene(root, environments, database_url, real=real)
    try:
        yield made
    finally:
        made.close()
