"""The home page with 200 environments: on the server, and until it is painted in Chromium.

Every environment has runs, live releases, an estimate, a report of its health and a day of it; one in ten is in trouble.
Server time is Streamlit's own account, with cached readers expired at each visit. The peer is the same page over two environments.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from panel.cost.estimate import to_dict
from panel.lifecycle.stages import STAGES
from panel.settings import Settings
from panel.store.health import Look
from panel.store.tables import now
from panel.wiring import Panel
from tests.benchmarks.measures import Findings, Measure, median, percentile
from tests.benchmarks.options import Options
from tests.benchmarks.page import _server, _server_ms
from tests.benchmarks.page_client import PageClient
from tests.benchmarks.review import _browser_page
from tests.benchmarks.running_panel import free_port, scratch_folder
from tests.benchmarks.start import _visitor

MANY, FEW = 200, 2
AIM_MS, AIM_PAINT_MS = 300.0, 2000.0
_REPEAT = 9
# Longer than the readers' caches keep things.
_PAUSE_S = 1.15
_LOOKS = 24
_CATALOGUE = """\
project: todo
region: us-east-2
domain: todo.example.com
target: aws
terraform: {state_bucket: todo-terraform-state}
services:
  backend: {kind: container, title: TODO list, source: backend, port: 5000, path_pattern: /api/*,
    health_path: /status, owner: {team: API team, contact: api@example.com}}
  frontend: {kind: static, title: TODO list, source: frontend, owner: {team: Web team, contact: web@example.com}}
environments:
"""
_ENTRY = """\
  %s:
    owner: {team: API team, contact: api-team@example.com}
    subnet_slot: 1
    instance: {type: t3.micro, count: 2}
    desired_tasks: 2
    monthly_budget_usd: 80
"""


def run(options: Options) -> Findings:
    """Measure both sizes."""
    times = options.times(_REPEAT)
    server: dict[int, list[float]] = {}
    painted: dict[int, list[float]] = {}
    visitor = ""
    with scratch_folder() as folder:
        for count in (FEW, MANY):
            place = folder / str(count)
            _fill(place, count)
            with _server(str(place), str(free_port())) as address:
                server[count] = _on_the_server(address, count, times)
                visitor, painted[count] = _in_a_browser(address, count, times)
    measures = [
        Measure("on the server, median", median(server[MANY]), "ms", f"{FEW} environments", median(server[FEW]), AIM_MS),
        Measure("on the server, 95th percentile", percentile(server[MANY], 0.95), "ms"),
    ]  # fmt: skip
    if painted[MANY]:
        few = median(painted[FEW])
        measures.append(
            Measure(
                f"until it is seen in {visitor}", median(painted[MANY]), "ms", f"{FEW} environments", few,
                AIM_PAINT_MS,
            )
        )  # fmt: skip
    data = {"server": server, "painted": painted}
    return Findings(measures, [f"{MANY} environments, {times} visits of each kind"], data)


def _fill(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    names = [f"team-{number:03d}" for number in range(count)]
    catalogue = folder / "environments.yaml"
    catalogue.write_text(_CATALOGUE + "".join(_ENTRY % name for name in names), encoding="utf-8")
    panel = Panel(Settings(data_dir=folder, catalogue=catalogue))
    estimate = to_dict(panel.estimate(names[0]))
    try:
        for number, name in enumerate(names):
            _environment(panel, name, estimate)
            if number % 10 == 9:
                panel.stores.runs.create(name, "update", "ben", STAGES["update"])
        began = now() - timedelta(hours=_LOOKS)
        for hour in range(_LOOKS + 1):
            at = began + timedelta(hours=hour)
            panel.stores.health.record_all(
                [
                    Look(name, verdict := _verdict(number, hour), _report(verdict), at)
                    for number, name in enumerate(names)
                ]
            )
    finally:
        panel.stores.database.close()


def _environment(panel: Panel, name: str, estimate: dict[str, Any]) -> None:
    run = panel.stores.runs.create(name, "create", "ana", STAGES["create"])
    for state in ("preparing", "planning", "planned", "approved", "applying", "deploying", "applied"):
        panel.stores.runs.transition(run.id or 0, state, "worker")
    panel.stores.environments.save(
        name, exists=True, ready=True, world="aws", url=f"https://{name}.todo.example.com", estimate=estimate,
        monthly_usd=estimate["monthly_usd"], created_at=now() - timedelta(days=9),
        outputs={"cluster_name": name, "services": {"backend": {"log_group": name}}},
    )  # fmt: skip
    for service, kind in (("backend", "container"), ("frontend", "static")):
        release = panel.stores.releases.start(name, service, kind, "4f2a91c", run_id=run.id or 0, world="aws")
        panel.stores.releases.finish(release.id or 0, "live", digest="sha256:" + "4f2a91c0" * 8)


def _verdict(number: int, hour: int) -> str:
    return "down" if number % 20 == 7 and hour >= _LOOKS - 2 else "healthy"


def _report(verdict: str) -> dict[str, Any]:
    """As long as a real one: two tasks, events and a probe for everything that is looked at."""
    owner = {"team": "API team", "contact": "api@example.com"}
    cause = {"text": "TODO list: people cannot load or save anything.", "service": "backend", "owner": owner,
             "evidence": "api: no answer within 10 s", "rule": "C1"}  # fmt: skip
    task = {"id": "4f2a91c0" * 4, "zone": "us-east-2a", "state": "RUNNING", "health": "healthy",
            "started_at": now().isoformat(), "version": "4f2a91c"}  # fmt: skip
    event = {"at": now().isoformat(), "text": "(service todo-backend) has reached a steady state."}
    probe = {"service": "backend", "verdict": "healthy", "detail": "200 in 14 ms", "evidence": "d" * 120,
             "checked_at": now().isoformat(), "elapsed_ms": 14}  # fmt: skip
    backend = {"verdict": verdict, "version": "4f2a91c", "digest": "", "desired": 2, "running": 2,
               "measures": {"latency_ms": 14}, "tasks": [task] * 4, "events": [event] * 20}  # fmt: skip
    return {
        "verdict": verdict, "causes": [cause] if verdict == "down" else [], "measures": {"latency_ms": 14},
        "services": {"backend": backend, "frontend": {"verdict": "healthy", "version": "4f2a91c"}},
        "probes": [{**probe, "name": f"probe-{number}"} for number in range(16)],
    }  # fmt: skip


def _on_the_server(address: str, count: int, times: int) -> list[float]:
    found = []
    with PageClient(address) as client:
        for visit in range(times + 1):
            time.sleep(_PAUSE_S)
            seen = client.open("home")
            if f"team-{count - 1:03d}" not in seen.text:
                raise SystemExit(f"the page does not show all environments: {seen.text[-1000:]}")
            if visit:  # the first one imports
                found.append(_server_ms(seen))
    return found


def _in_a_browser(address: str, count: int, times: int) -> tuple[str, list[float]]:
    with _visitor() as (visitor, _look):
        if "Chromium" not in visitor or "without" in visitor:
            return visitor, []
    found = []
    with _browser_page() as page:
        for visit in range(times + 1):
            page.goto("about:blank")
            time.sleep(_PAUSE_S)
            began = time.perf_counter()
            page.goto(f"{address}/")
            page.get_by_text(f"team-{count - 1:03d}", exact=True).first.wait_for(timeout=60_000)
            if visit:
                found.append((time.perf_counter() - began) * 1000)
    return visitor, found
