"""A project folder with a catalogue, its store, and a worker process that tests start, kill and start again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.aws.s3 import ensure_bucket
from panel.aws.session import Account, Aws
from panel.catalogue.edit import set_value
from panel.catalogue.load import load_catalogue
from panel.lifecycle.operations import Operations
from panel.settings import Settings, child_environment
from panel.store.database import Database
from panel.store.stores import Stores
from panel.store.tables import Run
from tests.integration.lifecycle.postgresql_cluster import cluster, new_database, programs

#: Seconds after which something that must happen counts as never happening.
PATIENCE_S = 45.0
ANA = Identity("ana", Role.ADMIN)
_PROGRAM = "tests.integration.lifecycle.worker_program"
_REPOSITORY = Path(__file__).parents[3]
_ENVIRONMENTS = [f"e{number:02}" for number in range(1, 51)]
_CATALOGUE = """\
project: todo
region: us-east-2
domain: todo.example.com
target: local
terraform: {state_bucket: todo-terraform-state}
services:
  backend: {kind: container, title: TODO list, source: backend, port: 5000, path_pattern: /api/*,
    health_path: /status, owner: {team: API team, contact: api@example.com}}
  frontend: {kind: static, title: TODO list, source: frontend, owner: {team: API team, contact: api@example.com}}
environments:
"""
_ENTRY = """\
  {name}: {{owner: {{team: API team, contact: api@example.com}}, subnet_slot: 1, desired_tasks: 2,
    instance: {{type: t3.micro, count: 2}}, monthly_budget_usd: 80}}
"""


class House:
    """One data directory: what people see of it, and the files that play Terraform."""

    ana = ANA

    def __init__(self, root: Path, approval_timeout_s: int = 600, database_url: str = "") -> None:
        self.root = root
        self._environment = {"PANEL_DATABASE_URL": database_url} if database_url else {}
        self._approval_timeout_s = approval_timeout_s
        for name in ("hold", "held", "fail", "plan", "backend", "frontend", "requirements"):
            (root / name).mkdir(parents=True)
        for source in ("backend/api.py", "frontend/index.html", "requirements/backend.txt"):
            (root / source).write_text("1")
        shutil.copytree(
            Settings().terraform_path, root / "terraform", ignore=shutil.ignore_patterns(".terraform*")
        )
        (root / "environments.yaml").write_text(
            _CATALOGUE + "".join(_ENTRY.format(name=name) for name in _ENVIRONMENTS)
        )
        settings = Settings(root=root, data_dir=root / "data")
        database = Database(database_url or settings.store_url)
        database.upgrade()
        self.stores = Stores(database)
        self.operations = Operations(
            lambda: load_catalogue(settings.catalogue_path), self.stores, Trail(self.stores.audit)
        )
        self._workers: list[subprocess.Popen[bytes]] = []

    def start(
        self, data: str = "data", *, silence_s: float = 60, **settings: object
    ) -> subprocess.Popen[bytes]:
        """Start a worker process; what it says is in ``worker.log``. Another data directory is another machine."""
        settings = {"worker_concurrency": 64} | settings
        told = {f"PANEL_{name.upper()}": str(value) for name, value in settings.items()}
        with (self.root / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", _PROGRAM, str(self.root), str(self._approval_timeout_s), data, str(silence_s)],
                cwd=_REPOSITORY,
                env=child_environment() | self._environment | told, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes] | None = None) -> None:
        """kill -9 of a worker: the newest, when none is named."""
        worker = worker or self._workers[-1]
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=PATIENCE_S)

    def close(self) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait(timeout=PATIENCE_S)
        self.stores.database.close()

    def until(self, happened: Callable[[], Any], what: str) -> Any:
        """Wait until something has happened."""
        give_up = time.monotonic() + PATIENCE_S
        while not (result := happened()):
            if time.monotonic() > give_up:
                log = (self.root / "worker.log").read_text()[-3000:]
                pytest.fail(f"never happened: {what}\n{self.calls()[-10:]}\n{log}")
            time.sleep(0.03)
        return result

    def hold(self, *names: str) -> None:
        """Let steps (ENVIRONMENT.STEP or ENVIRONMENT.STEP.after) wait."""
        for name in names:
            (self.root / "hold" / name).touch()

    def until_held(self, *names: str) -> None:
        """Wait until the steps have come to where they are held."""
        for name in names:
            self.until((self.root / "held" / name).exists, f"{name} is held")

    def release(self, *names: str) -> None:
        """Let steps go on."""
        for name in names:
            (self.root / "hold" / name).unlink()

    def fail(self, name: str, error: str) -> None:
        """Let the step ENVIRONMENT.STEP raise an error of this class."""
        (self.root / "fail" / name).write_text(error)

    def protect(self, name: str, protected: bool) -> None:
        """Protect an environment in environments.yaml, or no longer."""
        set_value(self.root / "environments.yaml", ("environments", name, "protected"), protected)

    def plans(self, subject: str, *actions: str) -> None:
        """What the plan of a stack does, as TYPE:ACTION."""
        (self.root / "plan" / subject).write_text("\n".join(actions))

    def changed(self, name: str, *what: str) -> None:
        """What is not as it was when the plan of an environment was reviewed."""
        self._lay("stale", name, what)

    def drifted(self, name: str, *types: str) -> None:
        """Resources of an environment that are not as its state says."""
        self._lay("drift", name, types)

    def _lay(self, folder: str, name: str, lines: Sequence[str]) -> None:
        (self.root / folder).mkdir(exist_ok=True)
        (self.root / folder / name).write_text("\n".join(lines))

    def run(self, number: int | None) -> Run:
        assert number is not None
        return self.stores.runs.get(number)

    def until_state(self, number: int | None, *states: str) -> Run:
        wanted = f"run {number} is {' or '.join(states)}"
        self.until(lambda: self.run(number).state in states or not self.run(number).active, wanted)
        run = self.run(number)
        assert run.state in states, f"{run.state}: {run.error} {run.error_detail}"
        return run

    def until_ended(self, number: int | None) -> Run:
        self.until(lambda: not self.run(number).active, f"run {number} has ended")
        return self.run(number)

    def calls(self) -> list[dict[str, Any]]:
        """What the worker began and ended, in order."""
        path = self.root / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def steps(self, number: int | None, what: str = "end") -> list[str]:
        """The steps of a run that ended (or began)."""
        return [call["name"] for call in self.calls() if (call["run"], call["what"]) == (number, what)]

    def done_by(self, number: int | None) -> set[int]:
        """The processes in which steps of a run ended."""
        return {call["pid"] for call in self.calls() if (call["run"], call["what"]) == (number, "end")}

    def asked(self, subject: str) -> list[str]:
        """What was asked of Terraform for a stack."""
        return [call["name"] for call in self.calls() if call.get("subject") == subject]

    def stage_states(self, number: int | None) -> dict[str, str]:
        assert number is not None
        return {stage.name: stage.state for stage in self.stores.runs.stages(number)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of its own, without a worker yet."""
    house = House(tmp_path / "project")
    yield house
    house.close()


@pytest.fixture(scope="module")
def busy_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with one worker for all tests of a file; each takes environments of its own."""
    house = House(tmp_path_factory.mktemp("house") / "project")
    house.start()
    yield house
    house.close()


@pytest.fixture
def house_at(tmp_path: Path) -> Iterator[Callable[[str], House]]:
    """Builds a house whose store and workflows are in the database at a URL."""
    built: list[House] = []

    def build(url: str) -> House:
        built.append(House(tmp_path / "project", database_url=url))
        return built[-1]

    yield build
    for house in built:
        house.close()


@pytest.fixture
def impatient_house(tmp_path: Path) -> Iterator[House]:
    """A house where a plan waits one second for its review."""
    house = House(tmp_path / "project", approval_timeout_s=1)
    yield house
    house.close()


@pytest.fixture(scope="module")
def fresh(busy_house: House) -> Callable[[], str]:
    """Gives an environment that no test has used."""
    names = iter(_ENVIRONMENTS)
    return lambda: next(names)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL cluster of its own; gives the pattern of its databases' URLs."""
    pytest.importorskip("psycopg", reason="no PostgreSQL driver is installed")
    folder = programs()
    if folder is None:
        pytest.skip("no PostgreSQL server programs on this machine")
    with cluster(folder, port=15050) as pattern:
        yield pattern


@pytest.fixture
def url(server: str) -> str:
    """An empty database of the test's own."""
    return new_database(server)


KEYS_BUCKET = "todo-keys-123456789012"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An empty account of moto's, with the keys bucket of the shared stack."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        account = Aws(Account("us-east-2", access_key="test", secret_key="test"))
        ensure_bucket(account, KEYS_BUCKET)
        yield account
