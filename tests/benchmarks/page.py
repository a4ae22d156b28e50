"""Script runs of the pages on Streamlit's real server while a run is in progress.

Median and 95th percentile, timed by the server itself; cached readers have expired at each visit. The peer is a page with one line of text.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from panel.localaws import LocalAws
from panel.settings import Settings
from panel.wiring import Panel
from tests.benchmarks.measures import Findings, Measure, median, percentile
from tests.benchmarks.options import Options
from tests.benchmarks.page_client import PageClient, ScriptRun
from tests.benchmarks.page_store import fill, work_in_progress
from tests.benchmarks.running_panel import REPOSITORY, free_port, scratch_folder

AIM_MS = 150.0
_REPEAT = 25
# Longer than the readers' caches keep things: a visitor who comes by finds them expired.
_PAUSE_S = 1.15
_EMPTY_PAGE = 'import streamlit as st\nst.write("hello")\n'

Visit = Callable[[PageClient], ScriptRun]


def run(options: Options) -> Findings:
    """Measure every page, and the parts that refresh by themselves."""
    times = options.times(_REPEAT)
    with scratch_folder() as folder:
        empty = _empty_page(folder, times)
        with _prepared(folder / "panel") as (panel, run_id), work_in_progress(panel, run_id):
            measured = _measure(folder / "panel", panel.settings.local_port, run_id, times)
    floor = median([_server_ms(one) for one in empty])
    seen_empty = median([one.seen_ms for one in empty])
    details = [_first(measured), f"  an empty page: seen by the visitor after {seen_empty:.0f} ms (median)"]
    measures, data = [], {"empty": [_server_ms(one) for one in empty]}
    for name, runs in measured.items():
        server = [_server_ms(one) for one in runs[1:]]
        measures.append(Measure(f"{name}, median", median(server), "ms", "an empty page", floor, AIM_MS))
        measures.append(Measure(f"{name}, 95th percentile", percentile(server, 0.95), "ms"))
        seen, size = median([one.seen_ms for one in runs[1:]]), median([one.sent_bytes for one in runs[1:]])
        details.append(f"  {name}: seen by the visitor after {seen:.0f} ms (median), {size / 1000:.0f} kB")
        data[name] = server
    return Findings(measures, details, data)


def _first(measured: dict[str, list[ScriptRun]]) -> str:
    first = ", ".join(f"{name} {_server_ms(runs[0]):.0f} ms" for name, runs in measured.items())
    return f"First of each, not counted (imports, caches): {first}"


def _server_ms(one: ScriptRun) -> float:
    if one.server_ms is None:
        raise SystemExit("Streamlit's server told no script time: its page profile has changed.")
    return one.server_ms


def _empty_page(folder: Path, times: int) -> list[ScriptRun]:
    script = folder / "empty.py"
    script.write_text(_EMPTY_PAGE, encoding="utf-8")
    with _server(str(script)) as address, PageClient(address) as client:
        client.open("home")
        return [client.again() for _ in range(times)]


@contextmanager
def _prepared(folder: Path) -> Iterator[tuple[Panel, int]]:
    """A filled store, and the embedded AWS alive as it is when somebody works."""
    panel = Panel(Settings(data_dir=folder, local_port=free_port(), local_runtime="process"))
    local = LocalAws(folder, panel.settings.local_port, panel.catalogue().region, "process")
    try:
        yield panel, fill(panel, local.start().world or "")
    finally:
        local.stop()
        panel.stores.database.close()


def _measure(folder: Path, local_port: int, run_id: int, times: int) -> dict[str, list[ScriptRun]]:
    visits: dict[str, Visit] = {
        "home": lambda client: client.open("home"),
        "environment page": lambda client: client.open("environment", "environment=production"),
        "run page": lambda client: client.open("run", f"run={run_id}"),
    }
    measured: dict[str, list[ScriptRun]] = {}
    with _server(str(folder), str(local_port)) as address, PageClient(address) as client:
        for name, visit in visits.items():
            measured[name] = [_paused(visit, client) for _ in range(times + 1)]
            _expect(name, measured[name][-1])
        shown = measured["run page"][-1]
        measured["run page, one live refresh"] = [
            _paused(lambda client: client.refresh(shown.fragments[0]), client) for _ in range(times + 1)
        ]
        for box in shown.boxes.values():
            last = client.unfold(box)
        measured["run page, plan and log open"] = [
            _paused(PageClient.again, client) for _ in range(times + 1)
        ]
        assert last.sent_bytes > shown.sent_bytes
    return measured


def _expect(name: str, seen: ScriptRun) -> None:
    """A page that shows an error is quick: make sure that what was timed is the page."""
    words = {
        "home": ("production", "staging", "Ready"),
        "environment page": ("production", "Ready", "4f2a91c"),
        "run page": ("Create staging", "31", "module.environment.aws_lb"),
    }[name]
    missing = [word for word in words if word not in seen.text]
    if missing:
        raise SystemExit(f"{name} does not show {missing}: {seen.text[-2000:]}")


def _paused(visit: Visit, client: PageClient) -> ScriptRun:
    time.sleep(_PAUSE_S)
    return visit(client)


@contextmanager
def _server(*arguments: str) -> Iterator[str]:
    """Streamlit's server as a process of its own: over an empty page (a script), or the panel's pages (a folder, a port)."""
    port = free_port()
    log = Path(arguments[0]).parent / f"server-{port}.log"
    words: list[Any] = [
        sys.executable,
        "-m",
        "tests.benchmarks.page_server",
        arguments[0],
        str(port),
        *arguments[1:],
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
