"""A panel over a store full of realistic rows: one environment in every state, sixty runs, a plan of 42 resources."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import Catalogue
from panel.cost.estimate import catalogue_estimate, to_dict
from panel.cost.prices import PriceList, packaged_prices
from panel.lifecycle.cost_overview import CostOverview
from panel.lifecycle.health_overview import HealthOverview
from panel.lifecycle.operations import Operations
from panel.lifecycle.overview import Overview
from panel.lifecycle.release_overview import ReleaseOverview
from panel.lifecycle.stages import STAGES
from panel.settings import Settings
from panel.store.database import Database
from panel.store.runs import Line
from panel.store.stores import Stores
from panel.store.tables import Run, RunPlan, WorkerRecord, now
from panel.ui import state

ENTRY = Path(state.__file__).parents[1] / "streamlit_app.py"
HOSTILE = '<script>document.title="owned"</script><img src=x onerror="alert(1)">'
DIGEST = "sha256:4f2a91c07be5d3a8" + "0" * 48
ENVIRONMENTS = (
    "production", "staging", "review", "applying", "ready", "degraded", "down", "failed", "lost", "queued",
    "a-very-long-name-20",
)  # fmt: skip
_CATALOGUE = """\
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
"""
_ENTRY = """\
  {name}:
    owner: {{team: API team, contact: api-team@example.com}}
    subnet_slot: {slot}
    instance: {{type: t3.micro, count: 2}}
    desired_tasks: 2
    protected: {protected}
    monthly_budget_usd: {budget}
"""


@dataclass
class SamplePanel:
    """What pages use of the panel, without workers and without AWS."""

    settings: Settings
    stores: Stores
    world: str | None = "w1"
    identity: Identity = field(default_factory=lambda: Identity("ana", Role.ADMIN))
    local: Any = None
    started: int = 0

    def __post_init__(self) -> None:
        self.trail = Trail(self.stores.audit)
        self.operations = Operations(self.catalogue, self.stores, self.trail)
        self.overview = Overview(
            self.catalogue, self.stores, lambda: self.world,
            lambda catalogue, name: float(catalogue_estimate(catalogue, name).monthly_usd),
        )  # fmt: skip
        self.releases = ReleaseOverview(self.catalogue, self.stores)
        self.costs = CostOverview(self.catalogue, self.stores, lambda _catalogue, _name: 71.4)
        self.health_overview = HealthOverview(self.catalogue, self.stores)

    def catalogue(self) -> Catalogue:
        return load_catalogue(self.settings.catalogue_path)

    def prices(self) -> PriceList:
        return packaged_prices()

    def estimate(self, name: str) -> Any:
        return catalogue_estimate(self.catalogue(), name)

    def ensure_running(self) -> None:
        self.started += 1
        beat(self)

    def run(self, environment: str, kind: str = "create", *path: str, author: str = "ana") -> Run:
        """A run that went through these states."""
        run = self.stores.runs.create(environment, kind, author, STAGES[kind])
        for after in path:
            self.stores.runs.transition(run.id, after, "worker-1" if after != "approved" else author)
        return self.stores.runs.get(run.id)

    def stages(self, run: Run, done: int, state_of_next: str, **fields: Any) -> None:
        """So many stages are done, the next one is in this state."""
        names = STAGES[run.kind]
        for name in names[:done]:
            self.stores.runs.set_stage(run.id, name, "active")
            self.stores.runs.set_stage(run.id, name, "done")
        self.stores.runs.set_stage(run.id, names[done], state_of_next)
        if fields:
            self.stores.runs.update(run.id, **fields)


class Orders:
    """In the place of the operations: keeps what was asked for, answers with the newest run."""

    def __init__(self, panel: SamplePanel) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._panel = panel

    def __getattr__(self, verb: str) -> Callable[..., Run]:
        def act(_who: Identity, *about: Any, **named: Any) -> Run:
            self.asked.append((verb, *about, *named.values()))
            return self._panel.stores.runs.recent(limit=1)[0]

        return act


def beat(panel: SamplePanel) -> None:
    """A worker's sign of life."""
    panel.stores.workers.beat(
        WorkerRecord(id="worker-1", host="localhost", pid=4711, version="0.1.0", memory_mb=140)
    )


def changes(count: int = 42) -> list[dict[str, Any]]:
    """A plan's changes: most create, one of each other action where there is room."""
    return [
        {
            "address": f"module.environment.aws_route53_record.app[{index}]", "module": "module.environment",
            "type": "aws_route53_record", "name": "app", "action": "create", "replace_paths": [],
            "attributes": [
                {"path": "name", "before": None, "after": f"app{index}.example.com", "known": True, "sensitive": False},
                {"path": "records", "before": None, "after": ["10.0.0.1", HOSTILE], "known": True, "sensitive": False},
                {"path": "fqdn", "before": None, "after": None, "known": False, "sensitive": False},
                {"path": "secret", "before": "s3cr3t-old", "after": "s3cr3t-new", "known": True, "sensitive": True},
            ],
        }
        for index in range(count)
    ]  # fmt: skip


def risky() -> list[dict[str, Any]]:
    """An update, a replacement and a destruction."""
    attributes = [
        {"path": "desired_count", "before": 2, "after": 3, "known": True, "sensitive": False},
        {"path": "family", "before": "same", "after": "same", "known": True, "sensitive": False},
    ]
    return [
        {"address": f"aws_ecs_service.{action}", "module": "", "type": "aws_ecs_service", "name": action,
         "action": action, "attributes": attributes, "replace_paths": ["desired_count"] if action == "replace" else []}
        for action in ("update", "replace", "delete")
    ]  # fmt: skip


def report(verdict: str) -> dict[str, Any]:
    """A health report."""
    bad = verdict != "healthy"
    owner = {"team": "API team", "contact": "api@example.com"}
    return {
        "verdict": verdict,
        "causes": [{"text": "1 of 2 tasks of backend runs.", "service": "backend", "owner": owner,
                    "evidence": "ECS: runningCount 1, desiredCount 2"}] if bad else [],
        "services": {
            "backend": {"verdict": verdict, "version": "4f2a91c", "digest": DIGEST, "desired": 2,
                        "running": 1 if bad else 2},
            "frontend": {"verdict": "healthy", "version": "r12", "digest": "", "desired": 0, "running": 0},
        },
        "probes": [
            {"name": name, "service": "backend", "verdict": verdict if name == "ECS tasks" else "healthy",
             "detail": detail, "evidence": "", "checked_at": now().isoformat(), "elapsed_ms": 12.5}
            for name, detail in (("Site", "200 in 14 ms"), ("API", "200 in 16 ms"), ("ECS tasks", "2 of 2 running"),
                                 ("Target group", "2 healthy targets"), ("CloudFront", "Deployed"))
        ],
    }  # fmt: skip


def _exists(panel: SamplePanel, name: str, verdict: str, *, world: str = "w1") -> None:
    run = panel.run(
        name, "create", "preparing", "planning", "planned", "approved", "applying", "deploying", "applied"
    )
    for stage in STAGES["create"]:
        panel.stores.runs.set_stage(run.id, stage, "done")
    estimate = to_dict(panel.estimate(name))
    panel.stores.environments.save(
        name, exists=True, ready=True, world=world, url=f"http://{name}.cloudfront.localhost:4566",
        outputs={"site_bucket": f"todo-{name}-site", "state_bucket": f"todo-{name}-state", "cluster_name": f"todo-{name}",
                 "load_balancer_dns_name": f"todo-{name}.elb.example.com"},
        estimate=estimate, monthly_usd=estimate["monthly_usd"], created_at=now() - timedelta(days=3),
    )  # fmt: skip
    for service, kind, version in (("backend", "image", "4f2a91c"), ("frontend", "site", "r12")):
        release = panel.stores.releases.start(
            name, service, kind, version, run_id=run.id, digest=DIGEST, author="ana", world=world
        )
        panel.stores.releases.finish(release.id, "live")
    for _ in range(12):
        panel.stores.health.record(name, "healthy", report("healthy"))
    panel.stores.health.record(name, verdict, report(verdict))


def add_plan(panel: SamplePanel, run: Run, found: list[dict[str, Any]], stack: str = "environment") -> None:
    """Keep a plan with an estimate and guardrails."""
    guardrails = [
        {"rule": f"rule-{n}", "severity": "pass", "reason": "fine", "address": ""} for n in range(9)
    ]
    guardrails.append({"rule": "public-bucket", "severity": "warn", "reason": "A bucket can be read by all of CloudFront.",
                       "address": "aws_s3_bucket.site"})  # fmt: skip
    estimate = {"monthly_usd": 71.4, "delta_usd": 71.4, "currency": "USD", "items": [], "unknown": []}
    panel.stores.runs.save_plan(
        RunPlan(run_id=run.id, stack=stack, changes=found, estimate=estimate, guardrails=guardrails)
    )


def _under_way(panel: SamplePanel) -> None:
    run = panel.run("review", "create", "preparing", "planning", "planned")
    panel.stages(run, 2, "waiting", add=45, change=1, destroy=2, plan_digest="abc")
    add_plan(panel, run, [*changes(), *risky()])
    add_plan(panel, run, changes(12), "shared")
    run = panel.run(
        "applying", "create", "preparing", "planning", "planned", "approved", "applying", author="ben"
    )
    panel.stages(run, 3, "active", progress_done=31, progress_total=42, monthly_usd=71.4,
                 waiting_for="aws_route53_record.app (usually 30 s)")  # fmt: skip
    add_plan(panel, run, changes())
    panel.stores.runs.append(run.id, "apply", [
        Line(f"aws_route53_record.app[{n}]: Creation complete after {n} s", source="apply", position=n) for n in range(80)
    ] + [Line(HOSTILE, level="warn", source="apply", position=90)])  # fmt: skip
    panel.run("queued", "create", author="ben")


def _ended_badly(panel: SamplePanel) -> None:
    run = panel.run("failed", "create", "preparing", "planning", "planned", "approved", "applying")
    panel.stages(run, 3, "active", progress_done=12, progress_total=42)
    panel.stores.runs.finish(
        run.id, "errored", "worker-1",
        error="Terraform could not apply failed: 1 error. creating EC2 VPC: VpcLimitExceeded: the maximum is reached.",
        error_hint="Remove a VPC or ask AWS for a higher limit, then create again.",
        error_detail=f"Error: creating EC2 VPC\n  on modules/network/main.tf line 12, in resource aws_vpc.this\n{HOSTILE}",
    )  # fmt: skip


def open_sample(folder: Path) -> SamplePanel:
    """The panel over what is in the folder."""
    settings = Settings(root=folder, data_dir=folder / "data", catalogue=folder / "environments.yaml")
    database = Database(settings.store_url)
    database.upgrade()
    return SamplePanel(settings, Stores(database))


def build_sample(folder: Path) -> SamplePanel:
    """The panel with everything in it."""
    lines = [
        _ENTRY.format(
            name=name,
            slot=min(slot, 6),
            protected=str(name == "production").lower(),
            budget=50 if slot == 4 else 80,
        )
        for slot, name in enumerate(ENVIRONMENTS)
    ]
    (folder / "environments.yaml").write_text(_CATALOGUE + "".join(lines))
    panel = open_sample(folder)
    for name, verdict, of_world in (
        ("ready", "healthy", "w1"), ("degraded", "degraded", "w1"), ("down", "down", "w1"), ("lost", "healthy", "w0"),
        ("a-very-long-name-20", "healthy", "w1"),
    ):  # fmt: skip
        _exists(panel, name, verdict, world=of_world)
    for _ in range(50):
        run = panel.run("ready", "update", "preparing", "planning", "no_changes", "applied")
        panel.stores.runs.update(run.id, add=0, change=0, destroy=0)
    _under_way(panel)
    _ended_badly(panel)
    panel.trail.record("ana", "admin", "create", "ready", note=HOSTILE)
    return panel


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sample, filled once: tests work on copies of it."""
    folder = tmp_path_factory.mktemp("sample")
    build_sample(folder).stores.database.close()
    return folder


@pytest.fixture
def sample(tmp_path: Path, filled: Path) -> Iterator[SamplePanel]:
    """The panel, handed to the pages."""
    panel = open_sample(Path(shutil.copytree(filled, tmp_path / "sample")))
    state.use(lambda: panel)
    yield panel
    st.cache_resource.clear()
    st.cache_data.clear()
    panel.stores.database.close()


@pytest.fixture
def orders(sample: SamplePanel) -> Any:
    """What pages ask for is kept instead of being done."""
    sample.operations = Orders(sample)  # type: ignore[assignment]  # it has whatever act a page asks for
    return sample.operations


@pytest.fixture
def open_page(sample: SamplePanel) -> Callable[..., AppTest]:
    """Open a page from the entry point, as a browser does."""

    def opened(name: str = "home", **query: str) -> AppTest:
        app = AppTest.from_file(str(ENTRY), default_timeout=30)
        for key, value in query.items():
            app.query_params[key] = value
        if name != "home":
            # The harness switches between files only; these pages are functions, known by their address.
            app._page_hash = calc_hash(name)
        return app.run()

    return opened
