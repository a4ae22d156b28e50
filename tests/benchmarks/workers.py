"""Runs per minute with 1, 2 and 4 workers on PostgreSQL: real Terraform, and plans that only wait.

Every worker has two places. A *waiting* plan takes a second and next to no processor, as one that waits for AWS does: that
line shows what the panel itself adds. A *Terraform* plan of one built-in resource starts Terraform's process and is all
processor: that line cannot grow beyond what the machine's cores allow.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.measures import Findings, Measure
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import scratch_folder
from tests.benchmarks.workers_scene import scene
from tests.integration.lifecycle.postgresql_cluster import cluster, new_database, programs
from tests.terraform.emulator import running_emulator

WORKERS = (1, 2, 4)
PLACES = 2
AIM_RATIO = 1.8
_RUNS = {"waiting": 40, "Terraform": 16}
_PORT = 15055


def run(_options: Options) -> Findings:
    """Measure every number of workers, each on an empty database."""
    folder = programs()
    if folder is None:
        return Findings([], ["PostgreSQL's programs are not on this machine: nothing was measured."])
    found: dict[str, dict[int, float]] = {kind: {} for kind in _RUNS}
    with cluster(folder, _PORT) as pattern:
        for kind in _RUNS:
            for workers in WORKERS:
                found[kind][workers] = _per_minute(kind, workers, new_database(pattern))
    measures = []
    for kind, rates in found.items():
        one = rates[1]
        measures += [
            Measure(
                f"{kind}, {workers} worker{'s' if workers > 1 else ''}", rate, "runs/min",
                peer="1 worker" if workers > 1 else "", peer_value=one if workers > 1 else None,
            )
            for workers, rate in rates.items()
        ]  # fmt: skip
    details = [
        f"{kind}: from 1 to 2 workers {rates[2] / rates[1]:.2f}× (aim ≥ {AIM_RATIO}×), to 4 {rates[4] / rates[1]:.2f}×"
        for kind, rates in found.items()
    ]
    return Findings(measures, details, {"runs_per_minute": found})


def _per_minute(kind: str, workers: int, url: str) -> float:
    real, number = kind == "Terraform", _RUNS[kind]
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        endpoint = "-"
        if real:
            (folder / "emulator").mkdir()
            emulator = stack.enter_context(running_emulator(Path(folder, "emulator")))
            endpoint = f"http://127.0.0.1:{emulator.port}"
        place = stack.enter_context(scene(folder / "project", number, url, real=real))
        place.start(workers, "terraform" if real else "played", endpoint, worker_concurrency=PLACES)
        began = time.monotonic()
        place.wait_until_ended(place.plan_all())
        return number / (time.monotonic() - began) * 60
