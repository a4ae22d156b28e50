"""From the click to the worker's start, on SQLite: an order is given, and a worker that idles takes it up.

Measured from the return of the order (the row is written) to the run's start as the worker noted it. Orders come at
random moments of the worker's look at the store.
"""

from __future__ import annotations

import random
import time

from panel.store.tables import Run
from tests.benchmarks.measures import Findings, Measure, median, percentile
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import scratch_folder, wait_for
from tests.benchmarks.workers_scene import ANA, scene

AIM_S = 0.5
_TIMES = 40
_ENVIRONMENTS = 10


def run(options: Options) -> Findings:
    """Order plans one after the other, and look when each was begun."""
    waits: list[float] = []
    with scratch_folder() as folder, scene(folder / "project", _ENVIRONMENTS) as place:
        place.start(1, "played")
        for number in range(options.times(_TIMES)):
            time.sleep(random.uniform(0, 0.6))
            ordered = place.operations.plan(ANA, place.names[number % _ENVIRONMENTS])
            place.wait_until_ended([ordered.id or 0])
            begun = place.stores.runs.get(ordered.id or 0)
            waits.append(_wait_of(begun))
        wait_for("rest", lambda: not place.stores.runs.pending())
    return Findings(
        [Measure("click to the worker's start, median", median(waits), "s", aim=AIM_S)],
        [f"95% within {percentile(waits, 0.95):.2f} s, slowest {max(waits):.2f} s, of {len(waits)}"],
        {"seconds": waits},
    )


def _wait_of(run: Run) -> float:
    if run.started_at is None:
        raise SystemExit(f"run {run.id} was never begun")
    return (run.started_at - run.created_at).total_seconds()
