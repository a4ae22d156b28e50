"""The command line over a real store in a temporary folder, with a stand-in worker that moves runs along."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result as ClickResult
from typer.testing import CliRunner

from panel.cli import state
from panel.cli.main import app
from panel.deploys import Part
from panel.deploys.comparison import ServiceChange
from panel.errors import IllegalTransitionError
from panel.health.sweep import not_created
from panel.health.verdict import Verdict
from panel.lifecycle.stages import SHIPPING, STAGES
from panel.localaws import LocalAwsStatus
from panel.settings import Settings
from panel.store.database import Database
from panel.store.runs import Line
from panel.store.tables import Run, RunPlan
from panel.wiring import Panel

CATALOGUE = """\
project: todo
region: us-east-2
domain: todo.example.com
target: local
terraform: {state_bucket: todo-terraform-state}
services:
  backend: {kind: container, title: TODO list, source: backend, port: 5000, path_pattern: /api/*,
    health_path: /status, owner: {team: API team, contact: api@example.com}}
  frontend: {kind: static, title: TODO list, source: frontend, owner: {team: Web team, contact: web@example.com}}
environments:
  production: {owner: {team: API team, contact: api@example.com}, subnet_slot: 0, protected: true,
    instance: {type: t3.micro, count: 2}, desired_tasks: 2, monthly_budget_usd: 80}
  staging: {owner: {team: API team, contact: api@example.com}, subnet_slot: 1, protected: false,
    instance: {type: t3.micro, count: 2}, desired_tasks: 2, monthly_budget_usd: 80}
"""
DIGEST = "sha256:" + "4f" * 32
URL = "http://staging.example.localhost"
CHANGES = [
    {"address": "aws_vpc.main", "module": "", "type": "aws_vpc", "name": "main", "action": "create", "attributes": []},
    {"address": "aws_s3_bucket.old", "module": "", "type": "aws_s3_bucket", "name": "old", "action": "delete",
     "attributes": []},
]  # fmt: skip
ESTIMATE = {"monthly_usd": 71.4, "delta_usd": 71.4, "currency": "USD", "items": [], "unknown": []}
GUARDRAILS = [
    {"rule": "budget", "severity": "pass", "reason": "within the budget", "address": ""},
    {"rule": "deletion", "severity": "warn", "reason": "deletes data", "address": "aws_s3_bucket.old"},
]


@dataclass
class StandInWorker:
    """Moves runs along as a worker does, without Terraform.

    Attributes:
        ending: the state runs end in.
        stop_at: the state in which a run stays for ever; empty for none.
        interrupt: send this process Ctrl-C where the run stops.
        dead: nobody works until it is started.
        starts: how often it was asked to start; starting one that died lets runs go on.
        error_detail: what a failed run tells.
        dies_after_looks: at which look at it, it turns out to have died; 0 for never.
        discards_after_looks: at which look at it since a run waits for review, somebody discards that run; 0 for never.
        changes: what deployments change, as it compares them.
        parts: what the stage at work is made of.
        release_end: how the release of a deployment that fails ends.
    """

    panel: StandInPanel
    ending: str = "applied"
    stop_at: str = ""
    interrupt: bool = False
    dead: bool = False
    starts: int = 0
    error_detail: str = ""
    dies_after_looks: int = 0
    discards_after_looks: int = 0
    changes: list[ServiceChange] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    release_end: str = ""
    #: Held, nobody takes a run: for those that only their rows are wanted of.
    rest: threading.Lock = field(default_factory=threading.Lock)
    _seen: set[int] = field(default_factory=set)

    def alive(self) -> bool:
        if self.dies_after_looks:
            self.dies_after_looks -= 1
            self.dead = not self.dies_after_looks
        if self.discards_after_looks:
            for run in (one for one in self.panel.stores.runs.pending() if one.state == "planned"):
                self.discards_after_looks -= 1
                if not self.discards_after_looks:
                    self.panel.operations.discard(self.panel.identity, run.id or 0)
        return not self.dead

    def work(self, over: threading.Event) -> None:
        while not over.wait(0.01):
            with self.rest:
                for run in self.panel.stores.runs.pending():
                    # Somebody may decide or cancel between the look and the step; the next look sees it.
                    with suppress(IllegalTransitionError):
                        if not self.dead:
                            self._step(run, run.id or 0)

    def until(self, seen: Callable[[Run], bool]) -> None:
        """Wait until the newest run is so."""
        for _ in range(3000):
            if seen(self.panel.stores.runs.recent(limit=1)[0]):
                return
            threading.Event().wait(0.01)
        raise AssertionError("the run never came to that")

    def _step(self, run: Run, number: int) -> None:
        if run.state == self.stop_at:
            if self.interrupt and number not in self._seen:
                self._seen.add(number)
                os.kill(os.getpid(), signal.SIGINT)
            return
        runs = self.panel.stores.runs
        if run.state == "queued":
            runs.transition(number, "preparing", "worker")
            runs.append(number, "shared", [Line("looking at \x1b[31mthe network\x1b[0m")])
        elif run.state == "preparing":
            if run.kind in SHIPPING:
                self._compare(run, number)
            else:
                runs.transition(number, "planning", "worker")
                runs.set_stage(number, "plan", "active")
        elif run.state == "planning":
            self._plan(run, number)
        elif run.state == "planned" and self.ending == "discarded":
            self._end(run, number)
        elif run.state == "planned" and run.auto_approve:
            runs.transition(number, "approved", run.author)
        elif run.state == "approved" and run.kind in SHIPPING:
            self._ship(number)
        elif run.state == "approved":
            runs.transition(number, "applying", "worker", progress_total=42, progress_done=31,
                            waiting_for="aws_route53_record.app")  # fmt: skip
            runs.set_stage(number, "destroy" if run.kind == "destroy" else "apply", "active")
        elif run.state in {"applying", "deploying"}:
            self._end(run, number)

    def _compare(self, run: Run, number: int) -> None:
        self.panel.stores.runs.update(number, changes=[change.to_dict() for change in self.changes])
        self.panel.stores.runs.set_stage(number, "compare", "done")
        if run.kind == "promote":
            self.panel.stores.runs.transition(number, "planned", "worker", awaiting=not run.auto_approve)
        else:
            self._ship(number)

    def _ship(self, number: int) -> None:
        runs = self.panel.stores.runs
        runs.transition(number, "deploying", "worker", parts=[part.to_dict() for part in self.parts])
        runs.set_stage(number, "image", "active")

    def _plan(self, run: Run, number: int) -> None:
        runs = self.panel.stores.runs
        runs.save_plan(RunPlan(run_id=number, stack="environment", changes=CHANGES, estimate=ESTIMATE,
                               guardrails=GUARDRAILS))  # fmt: skip
        runs.update(number, add=1, change=0, destroy=1, monthly_usd=71.4)
        runs.set_stage(number, "plan", "done", detail="+1 ~0 −1")
        if run.kind == "drift":
            drift = [{"address": "aws_lb.it", "type": "aws_lb", "action": "update", "attributes": ["name"]}]
            self.panel.stores.environments.save(run.environment, drift=drift)
            runs.update(number, drifted=1)
        if run.kind in {"plan", "drift"}:
            runs.finish(number, "planned", "worker")
        elif self.ending == "blocked":
            runs.finish(number, "blocked", "worker", error="The plan is blocked.", error_hint="Plan again.")
        else:
            runs.transition(number, "planned", "worker")

    def _end(self, run: Run, number: int) -> None:
        if self.ending == "applied" and run.kind != "destroy":
            self.panel.stores.environments.save(run.environment, exists=True, ready=True, url=URL, world="w",
                                                monthly_usd=71.4)  # fmt: skip
            release = self.panel.stores.releases.start(run.environment, "backend", "container", "4f2a91c",
                                                       run_id=number, digest=DIGEST)  # fmt: skip
            self.panel.stores.releases.finish(release.id or 0, "live")
        if self.release_end:
            begun = self.panel.stores.releases.start(run.environment, "backend", "container", "bad0bad",
                                                     run_id=number)  # fmt: skip
            self.panel.stores.releases.finish(begun.id or 0, self.release_end, detail="No task stayed up.")
        fields = {} if self.ending == "applied" else {
            "error": "Terraform failed.", "error_hint": "Correct it.", "error_detail": self.error_detail
        }  # fmt: skip
        self.panel.stores.runs.finish(number, self.ending, "worker", **fields)


class StandInLocal:
    """An embedded AWS that is only a status."""

    def __init__(self) -> None:
        self.state = "stopped"
        self.acts: list[str] = []

    def status(self) -> LocalAwsStatus:
        live = self.state == "running"
        return LocalAwsStatus(
            state=self.state, pid=12 if live else None, port=14731, endpoint="http://127.0.0.1:14731",
            started_at=datetime(2026, 1, 2, tzinfo=UTC) if live else None, version="1.5.33", runtime="docker",
            runtime_reason="An engine answers.", world="w" if live else None, agent_pid=None,
        )  # type: ignore[arg-type]  # fmt: skip  # the state is one of the literals

    def start(self) -> LocalAwsStatus:
        return self._become("start", "running")

    def stop(self) -> LocalAwsStatus:
        return self._become("stop", "stopped")

    def reset(self) -> LocalAwsStatus:
        return self._become("reset", self.state)

    def _become(self, act: str, state_after: str) -> LocalAwsStatus:
        self.acts.append(act)
        self.state = state_after
        return self.status()


class StandInPanel(Panel):
    """The real panel, except for what starts processes or asks AWS."""

    local: Any = None

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.local = StandInLocal()
        self.worker_process: Any = StandInWorker(self)
        self.report: Verdict | Exception | None = None
        self.start_error: Exception | None = None
        self.shut_downs = 0

    def world(self) -> str | None:
        return "w"

    def ensure_running(self) -> None:
        if self.start_error is not None:
            raise self.start_error
        worker = self.worker_process
        worker.starts += 1
        if worker.dead:
            worker.dead, worker.stop_at = False, ""

    def shut_down(self) -> None:
        self.shut_downs += 1

    def stop_endpoint(self) -> None:
        self.local.stop()

    def sweep(self, environment: str) -> Verdict:
        if isinstance(self.report, Exception):
            raise self.report
        return self.report or not_created(self.catalogue(), environment)


@dataclass
class Terminal:
    """Calls ``panel`` as from a shell."""

    panel: StandInPanel

    def __call__(self, *words: str, typed: str | None = None) -> ClickResult:
        state.use(lambda: self.panel, interactive=typed is not None)
        return CliRunner().invoke(app, words, input=typed)  # type: ignore[return-value]  # typer brings its own click

    def json(self, *words: str) -> Any:
        answer = self(*words, "--json")
        assert answer.exit_code == 0, answer.stderr
        return json.loads(answer.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "environments.yaml").write_text(CATALOGUE)
    return tmp_path


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the whole schema: making it anew for every test would take most of the tests' time."""
    path = tmp_path_factory.mktemp("store") / "panel.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture
def panel(folder: Path, empty_store: Path) -> Iterator[StandInPanel]:
    (folder / ".panel").mkdir()
    shutil.copy(empty_store, folder / ".panel" / "panel.db")
    opened = StandInPanel(Settings(root=folder, user="ana"))
    over = threading.Event()
    thread = threading.Thread(target=opened.worker_process.work, args=(over,))
    thread.start()
    yield opened
    over.set()
    thread.join()
    opened.stores.database.close()


@pytest.fixture
def terminal(panel: StandInPanel) -> Terminal:
    return Terminal(panel)


@pytest.fixture
def order(panel: StandInPanel) -> Callable[..., int]:
    """Order a run and wait until it is in a state."""

    def begin(kind: str, until: str, *, environment: str = "staging", auto_approve: bool = False) -> int:
        run = panel.stores.runs.create(environment, kind, "ana", STAGES[kind], auto_approve=auto_approve)
        for _ in range(1000):
            if panel.stores.runs.get(run.id or 0).state == until:
                return run.id or 0
            threading.Event().wait(0.01)
        raise AssertionError(f"the run never became {until}")

    return begin
