"""A health sweep of 200 environments of two services against an AWS that takes 50 ms a call and throttles.

The sweep is the worker's own, with its usual settings, budget and store (SQLite). The first one of a worker knows nothing
yet; the later ones are what a day is made of. The peer looks at one environment after another, as a terminal does: its own
probes side by side, no call shared, the SDK's own way with refusals. It is measured on a sample and scaled.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.lifecycle.context import Context
from panel.lifecycle.sweeps import Sweeps, sweep_environment
from panel.settings import Settings
from panel.store.database import Database
from panel.store.stores import Stores
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import REPOSITORY, scratch_folder
from tests.benchmarks.sweep_endpoint import BALANCERS, CALL_S, OTHERS, outputs_of

ENVIRONMENTS, SAMPLE = 200, 20
AIM_S, AIM_RATIO = 10.0, 0.1
_REPEAT = 3
# As far apart as a worker's sweeps usually are.
_PAUSE_S = 30.0
_OWNER = {"team": "API team", "contact": "api@example.com"}


def run(options: Options) -> Findings:
    """Sweep all with one worker's means, several times, then some one by one."""
    times = options.times(_REPEAT)
    with scratch_folder() as folder, _endpoint() as address:
        context = _context(folder, address)
        sweeps = Sweeps(context)
        swept = []
        for number in range(1 + times):
            swept.append(_swept(address, context, sweeps))
            if number < times:
                time.sleep(_PAUSE_S)
        time.sleep(_PAUSE_S)  # its burst is whole again for the peer too
        peer = _one_by_one(address, context)
    first, later = swept[0], swept[1:]
    seconds = median([one["seconds"] for one in later])
    scaled = peer["seconds"] * ENVIRONMENTS / SAMPLE
    calls = median([one["calls_per_environment"] for one in later])
    own = (f"one after another, {SAMPLE} measured and scaled", scaled)
    return Findings(
        [
            Measure(f"sweep of {ENVIRONMENTS} environments, median", seconds, "s", *own, AIM_RATIO, aim_is_ratio=True),
            Measure("the same against the clock", seconds, "s", aim=AIM_S),
            Measure("first sweep of a worker", first["seconds"], "s", *own),
            Measure("calls to AWS per environment", calls, "calls", "one after another", peer["calls"] / SAMPLE),
            Measure("calls of the first sweep per environment", first["calls_per_environment"], "calls"),
            Measure("throttled calls", median([one["refused"] for one in later]), "calls"),
            Measure("throttled calls of the first sweep", first["refused"], "calls"),
        ],
        _details(first, later, peer, context.settings),
        {"first": first, "later": later, "peer": peer},
    )  # fmt: skip


def _swept(address: str, context: Context, sweeps: Sweeps) -> dict[str, Any]:
    _ask(address, "/-/reset" if not context.stores.health.looked() else "/-/counts")
    before = _ask(address, "/-/counts")
    begun, cpu = time.monotonic(), time.process_time()
    sweeps.look()
    seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
    after = _ask(address, "/-/counts")
    facts = context.stores.readings.all()["sweep"].facts
    verdicts = [state.verdict for state in context.stores.health.latest().values()]
    if len(verdicts) != ENVIRONMENTS or facts["environments"] != ENVIRONMENTS:
        raise SystemExit(f"only {len(verdicts)} of {ENVIRONMENTS} environments were looked at")
    refused = sum(after["refused"].values()) - sum(before["refused"].values())
    counted = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
    return {**facts, "seconds": seconds, "cpu_s": cpu, "refused": refused, "verdicts": counted}


def _one_by_one(address: str, context: Context) -> dict[str, Any]:
    _ask(address, "/-/reset")
    names = [*context.catalogue().environments][:SAMPLE]
    for service in ("ecs", "elbv2", "cloudfront", "s3", "acm", "logs", "cloudwatch"):
        context.aws().client(service)  # making clients takes seconds, and is done once
    begun = time.monotonic()
    for name in names:
        sweep_environment(context, name)
    seconds = time.monotonic() - begun
    counts = _ask(address, "/-/counts")
    return {
        "seconds": seconds, "calls": sum(counts["asked"].values()), "refused": sum(counts["refused"].values()),
    }  # fmt: skip


def _details(
    first: dict[str, Any], later: list[dict[str, Any]], peer: dict[str, Any], settings: Settings
) -> list[str]:
    ranged = ", ".join(f"{one['seconds']:.2f}" for one in later)
    cpu_s = median([one["cpu_s"] for one in later])
    limits = f"load balancers {BALANCERS[0]:.0f} calls at once, then {BALANCERS[1]:.0f} a second, other operations {OTHERS[0]:.0f} and {OTHERS[1]:.0f}"
    own = f"{settings.api_calls_per_s:g} calls a second, {settings.sweep_concurrency} looks at a time"
    return [
        f"later sweeps: {ranged} s, {cpu_s:.1f} s of processor time each; verdicts {first['verdicts']}",
        f"calls by service, first: {first['by_service']}, last: {later[-1]['by_service']}",
        f"one after another: {peer['seconds'] / SAMPLE:.2f} s each, {peer['refused']} of {peer['calls']} calls throttled",
        f"simulated: {CALL_S * 1000:.0f} ms a call and a page; {limits}; the panel's settings: {own}",
        "figures of CloudWatch are not asked, as on the embedded AWS; on AWS they add 8 calls to a sweep every 5 minutes",
    ]


@contextmanager
def _endpoint() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.sweep_endpoint", str(ENVIRONMENTS)],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.strip():
            raise SystemExit("the simulated endpoint did not start")
        yield f"http://127.0.0.1:{int(line)}"
    finally:
        process.terminate()
        process.wait(20)


def _context(folder: Path, address: str) -> Context:
    database = Database(f"sqlite:///{folder / 'panel.db'}")
    database.upgrade()
    stores, catalogue = Stores(database), _catalogue()
    for name in catalogue.environments:
        stores.environments.save(name, exists=True, ready=True, world="simulated", outputs=outputs_of(name))
    aws = Aws(Account("us-east-2", address, "benchmark", "benchmark"))
    return cast(
        Context,
        SimpleNamespace(
            settings=Settings(data_dir=folder), catalogue=lambda: catalogue, stores=stores, aws=lambda: aws,
            emulated_endpoint=address, world=lambda: "simulated",
        ),
    )  # fmt: skip


def _catalogue() -> Catalogue:
    environment = {"owner": _OWNER, "subnet_slot": 1, "instance": {"type": "t3.micro", "count": 2},
                   "desired_tasks": 2, "monthly_budget_usd": 80.0}  # fmt: skip
    service = {"title": "TODO list", "owner": _OWNER}
    backend = {"kind": "container", "source": "backend", "port": 5000, "path_pattern": "/api/*",
               "health_path": "/status", "version_path": "/api/status"}  # fmt: skip
    return Catalogue.model_validate({
        "project": "todo", "region": "us-east-2", "domain": "todo.example.com", "target": "local",
        "terraform": {"state_bucket": "todo-state"},
        "services": {"backend": service | backend, "frontend": service | {"kind": "static", "source": "frontend"}},
        "environments": {"e0": environment},
    }).model_copy(update={"environments": _many(environment)})  # fmt: skip


def _many(environment: dict[str, Any]) -> dict[str, Any]:
    """More environments than subnets: what a sweep asks does not depend on them."""
    from panel.catalogue.schema import Environment

    one = Environment.model_validate(environment)
    return {f"e{number}": one for number in range(ENVIRONMENTS)}


def _ask(address: str, path: str) -> Any:
    with urllib.request.urlopen(address + path, timeout=30) as answer:
        return json.loads(answer.read())
