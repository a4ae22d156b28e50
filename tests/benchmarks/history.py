"""A long history: 10,000 runs and 1,000,000 log lines in SQLite; what the list page, the log page and the worker read.

The data is put in with plain statements; what is timed are the queries of the store, each anew, in one process.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from panel.lifecycle.overview_workers import workforce
from panel.lifecycle.stages import STAGES
from panel.store.browsing import TROUBLE, Browsing, RunFilter
from panel.store.database import Database
from panel.store.runs import Line
from panel.store.stores import Stores
from panel.store.tables import Run, RunLine, RunStage, RunTransition, now
from tests.benchmarks.measures import Findings, Measure, median, percentile
from tests.benchmarks.options import Options

RUNS = 10_000
LINES = 1_000_000
ENVIRONMENTS = 40
#: The one run with a log of its own size.
LONG = 100_000
AIM_S = 0.3
_TIMES = 15
_BATCH = 50_000
_STATES = ("applied", "applied", "applied", "errored", "discarded", "planned", "canceled", "interrupted")


def run(options: Options) -> Findings:
    """Fill a store, then time every query a page makes of it."""
    with tempfile.TemporaryDirectory(prefix="panel-history-") as folder:
        database = Database(f"sqlite:///{folder}/panel.db")
        database.upgrade()
        began = time.perf_counter()
        fill(Stores(database))
        filled_s = time.perf_counter() - began
        size_mb = Path(folder, "panel.db").stat().st_size / 1e6
        found = {name: _timed(act, options.times(_TIMES)) for name, act in _acts(Stores(database)).items()}
        database.close()
    measures = [Measure(name, median(times), "s", aim=AIM_S) for name, times in found.items()]
    return Findings(
        measures,
        [f"{RUNS:,} runs, {LINES:,} lines, {size_mb:.0f} MB, filled in {filled_s:.0f} s"]
        + [f"{name}: 95% within {percentile(times, 0.95) * 1000:.1f} ms" for name, times in found.items()],
        dict(found),
    )


def fill(stores: Stores) -> None:
    """Put the history into an empty store: the newest run is under way and has the long log."""
    begin = now() - timedelta(days=365)
    stages = STAGES["create"]
    runs: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    shorter = (LINES - LONG) // (RUNS - 1)
    with stores.database.engine.begin() as connection:
        for number in range(1, RUNS + 1):
            at = begin + timedelta(minutes=50 * number)
            newest = number == RUNS
            runs.append(
                {
                    "id": number, "environment": f"e{number % ENVIRONMENTS:02}", "kind": "create" if number % 3 else "plan",
                    "state": "applying" if newest else _STATES[number % len(_STATES)], "active": newest,
                    "author": f"person{number % 9}", "created_at": at, "started_at": at, "ended_at": None if newest else at,
                    "options": {}, "worker": "w",
                }
            )  # fmt: skip
            lines += [
                {
                    "run_id": number, "stage": "apply", "source": "apply", "position": place, "at": at,
                    "level": "error" if place % 97 == 0 else "info",
                    "text": f"aws_thing.number_{place}: Creation complete after {place % 60}s [id=thing-{place}]",
                }
                for place in range(LONG if newest else shorter)
            ]  # fmt: skip
            if len(lines) >= _BATCH or newest:
                connection.execute(insert(Run), runs)
                connection.execute(
                    insert(RunStage), [_stage(r["id"], n, p) for r in runs for p, n in enumerate(stages)]
                )
                connection.execute(
                    insert(RunTransition), [_move(r["id"], s) for r in runs for s in ("queued", "applied")]
                )
                connection.execute(insert(RunLine), lines)
                runs, lines = [], []


def _stage(run_id: int, name: str, position: int) -> dict[str, Any]:
    return {"run_id": run_id, "name": name, "position": position, "state": "done"}


def _move(run_id: int, state: str) -> dict[str, Any]:
    return {"run_id": run_id, "before": "", "after": state, "actor": "worker"}


def _acts(stores: Stores) -> dict[str, Callable[[], object]]:
    """What pages and workers ask, by the words of the table."""
    runs, browsing = stores.runs, Browsing(stores.database)
    middle, environment = RUNS // 2, "e07"
    positions = iter(range(LONG, LONG + 1000))
    return {
        "list page, newest": lambda: browsing.runs(RunFilter(), limit=25),
        "list page, one environment, half way back": lambda: browsing.runs(
            RunFilter(environment=environment), before=middle
        ),
        "list page, under way": lambda: browsing.runs(RunFilter(state="under_way")),
        "list page, one state and author": lambda: browsing.runs(
            RunFilter(state="interrupted", author="person3"), before=middle
        ),
        "list page, how many": lambda: browsing.count(RunFilter(kind="plan"), most=1000),
        "list page, authors": browsing.authors,
        "home, the last run of each environment": lambda: [
            runs.recent(f"e{number:02}", limit=1) for number in range(ENVIRONMENTS)
        ],
        "log page, newest lines": lambda: browsing.lines(RUNS),
        "log page, middle of the longest log": lambda: browsing.lines(RUNS, before=LINES - LONG // 2),
        "log page, lines since the last look": lambda: browsing.lines(RUNS, after=LINES - 20),
        "log page, only trouble": lambda: browsing.lines(RUNS, levels=TROUBLE),
        "log page, a word that is rare": lambda: browsing.lines(RUNS, words=["number_77777"]),
        "worker, look for orders": runs.pending,
        "worker, append 20 lines": lambda: runs.append(
            RUNS, "apply", [Line("a line", source="apply", position=next(positions)) for _ in range(20)]
        ),
        "workers page": lambda: workforce(stores),
    }


def _timed(act: Callable[[], object], times: int) -> list[float]:
    """Seconds of each of several tries."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return found
