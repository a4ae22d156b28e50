"""A project whose stack costs nothing, over an emulator, with a worker that is killed and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.aws.s3 import list_objects, read_with_etag
from panel.aws.session import Account, Aws
from panel.catalogue.edit import set_value
from panel.catalogue.load import load_catalogue
from panel.catalogue.render import environment_state_key
from panel.engine.execution import Execution
from panel.lifecycle.operations import Operations
from panel.settings import Settings, child_environment
from panel.store.database import Database
from panel.store.stores import Stores
from panel.store.tables import Run

ANA = Identity("ana", Role.ADMIN)
PATIENCE_S = 90.0
BUCKET = "todo-terraform-state"
_PROGRAM = Path(__file__).with_name("moments_program.py")
_CATALOGUE = f"""\
project: todo
region: us-east-2
domain: todo.example.com
target: local
terraform: {{state_bucket: {BUCKET}}}
services:
  backend: {{kind: container, title: TODO list, source: backend, port: 5000, path_pattern: /api/*,
    health_path: /status, owner: {{team: API team, contact: api@example.com}}}}
environments:
"""
_ENTRY = """\
  {name}:
    owner: {{team: API team, contact: api@example.com}}
    subnet_slot: {slot}
    desired_tasks: 2
    instance: {{type: t3.micro, count: 2}}
    monthly_budget_usd: 80
    variables: {{rounds: 1}}
"""


class Scene:
    """One project and its worker."""

    def __init__(self, root: Path, endpoint: str, stack: str, names: tuple[str, ...]) -> None:
        self.root = root
        self.names = names
        self._endpoint = endpoint
        self._extra: dict[str, str] = {}
        for folder in ("terraform/stacks/environment", "terraform/stacks/shared", "backend", "marks"):
            (root / folder).mkdir(parents=True)
        (root / "terraform/stacks/environment/main.tf").write_text(stack)
        (root / "terraform/stacks/shared/main.tf").write_text("# nothing\n")
        entries = [_ENTRY.format(name=name, slot=slot) for slot, name in enumerate(names)]
        (root / "environments.yaml").write_text(_CATALOGUE + "".join(entries))
        self.settings = Settings(root=root, data_dir=root / "data")
        database = Database(self.settings.store_url)
        database.upgrade()
        self.stores = Stores(database)
        self.operations = Operations(
            lambda: load_catalogue(self.settings.catalogue_path), self.stores, Trail(self.stores.audit)
        )
        self.aws = Aws(Account("us-east-2", endpoint_url=endpoint, access_key="test", secret_key="test"))
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self, **extra: str) -> None:
        """Start a worker; what it says is in ``worker.log``."""
        self._extra |= {f"CANARY_{name}": value for name, value in extra.items()}
        with (self.root / "worker.log").open("ab") as log:
            self._worker = subprocess.Popen(
                [sys.executable, str(_PROGRAM), str(self.root), self._endpoint],
                env=child_environment() | self._extra,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """kill -9 of the worker."""
        assert self._worker is not None
        self._worker.kill()
        self._worker.wait(timeout=PATIENCE_S)

    def kill_terraform(self, name: str) -> bool:
        """kill -9 of an environment's Terraform with all its children; whether there was one."""
        killed = False
        for execution in self.executions(name):
            if execution.is_alive():
                process = json.loads((execution.directory / "process.json").read_text())
                with suppress(ProcessLookupError):
                    os.killpg(process["pid"], signal.SIGKILL)
                    killed = True
        return killed

    def executions(self, name: str) -> list[Execution]:
        """All executions of an environment's workspace."""
        return [Execution(path) for path in (self.root / "data/workspaces" / name / "executions").glob("*")]

    def close(self) -> None:
        """End the worker and whatever Terraform is left."""
        if self._worker is not None and self._worker.poll() is None:
            self.kill()
        for name in self.names:
            self.kill_terraform(name)
        self.stores.database.close()

    def update(self, name: str) -> int:
        """Order an update that needs no review."""
        number = self.operations.update(ANA, name, auto_approve=True).id
        assert number is not None
        return number

    def want(self, name: str, rounds: int) -> None:
        """Let the environment have the resources of so many rounds."""
        set_value(self.root / "environments.yaml", ("environments", name, "variables", "rounds"), rounds)

    def until(self, happened: Callable[[], Any], what: str) -> Any:
        """Wait until something has happened."""
        give_up = time.monotonic() + PATIENCE_S
        while not (result := happened()):
            if time.monotonic() > give_up:
                log = (self.root / "worker.log").read_text()[-3000:]
                pytest.fail(f"never happened: {what}\n{log}")
            time.sleep(0.05)
        return result

    def ended(self, number: int) -> Run:
        """A run once it has ended."""
        self.until(lambda: not self.stores.runs.get(number).active, f"run {number} has ended")
        return self.stores.runs.get(number)

    def made(self, name: str) -> list[str]:
        """What was created in an environment, once for each time, whoever remembers it."""
        path = self.root / "marks" / name
        return path.read_text().split() if path.exists() else []

    def state(self, name: str) -> set[str]:
        """The resources that the state knows, as ``ADDRESS``, without those that are tainted."""
        found = read_with_etag(self.aws, BUCKET, environment_state_key(name))
        if found is None:
            return set()
        return {
            f"{item['type']}.{item['name']}[{json.dumps(one['index_key'])}]"
            for item in json.loads(found[0])["resources"]
            for one in item["instances"]
            if one.get("status") != "tainted"
        }

    def locks(self) -> list[str]:
        """The keys of all state locks."""
        return [item.key for item in list_objects(self.aws, BUCKET) if item.key.endswith(".tflock")]
