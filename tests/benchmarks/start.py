"""From ``panel up`` (`make run` on an installed tree) to the first page with its content.

In Chromium where there is one, otherwise by a visitor without a browser. The peer is a page with one line of text on
Streamlit's own server; both start their Python from the same environment.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.benchmarks.page_client import PageClient
from tests.benchmarks.running_panel import REPOSITORY, RunningPanel, free_port, scratch_folder, wait_for

AIM_S = 10.0
_REPEAT = 3
_LIMIT_S = 90.0
_EMPTY_PAGE = 'import streamlit as st\nst.write("hello")\n'
_BROWSER = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip

#: Returns when the text is shown at the address; the server may not even listen yet.
Look = Callable[[str, str], None]


def run(options: Options) -> Findings:
    """Start with an empty data directory, then once more with the same one."""
    times = options.times(_REPEAT)
    with scratch_folder() as folder, _visitor() as (visitor, look):
        peer, fresh, again = [], [], []
        # In turns, so that what else the machine does hits all three alike.
        for number in range(times):
            peer.append(_peer(folder, look))
            fresh.append(_start(folder / f"panel-{number}", look))
            again.append(_start(folder / f"panel-{number}", look))
    shown = median([one["page"] for one in fresh])
    measures = [
        Measure("first start, to the first page", shown, "s", "an empty page", median(peer), AIM_S),
        Measure("a later start, to the first page", median([one["page"] for one in again]), "s", "an empty page", median(peer), AIM_S),
        Measure("first start, to a worker at work", median([one["working"] for one in fresh]), "s"),
    ]  # fmt: skip
    details = [
        f"Seen by {visitor}; each {times} times, the median. Single starts, in seconds since the command:"
    ]
    details += [
        f"  {kind}: server answers {one['answers']:.1f}, page shown {one['page']:.1f}, all at work {one['working']:.1f}; "
        f"processor time of all its processes until the page was shown {one['cpu']:.1f}"
        for kind, many in (("first", fresh), ("later", again))
        for one in many
    ]
    return Findings(measures, details, {"fresh": fresh, "again": again, "peer": peer})


def _start(folder: Path, look: Look) -> dict[str, float]:
    panel = RunningPanel(folder)
    began = panel.start()
    try:
        answers = wait_for("an answer", lambda: panel.check_alive() or _answers(panel.address))
        look(panel.address, "staging")
        shown, cpu = time.monotonic(), _cpu_seconds(panel)
        working = panel.wait_until_working()
    finally:
        panel.stop()
    return {"answers": answers - began, "page": shown - began, "working": working - began, "cpu": cpu}


def _cpu_seconds(panel: RunningPanel) -> float:
    """Processor time so far: says, unlike the time on the wall, nothing of what else the machine does."""
    return sum(times.user + times.system for process in panel.processes() for times in [process.cpu_times()])


def _peer(folder: Path, look: Look) -> float:
    script, port = folder / "empty.py", free_port()
    script.write_text(_EMPTY_PAGE, encoding="utf-8")
    words: list[Any] = [sys.executable, "-m", "tests.benchmarks.page_server", script, str(port)]
    began = time.monotonic()
    with (folder / "empty.log").open("ab") as log:
        process = subprocess.Popen(words, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for("an answer of the empty page", lambda: _answers(address))
        look(address, "hello")
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def _visitor() -> Iterator[tuple[str, Look]]:
    """Who looks: Chromium, already started, or a visitor that only speaks the pages' protocol."""
    program = next(
        (
            found
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )
    if program is None:
        yield "a visitor without a browser (no Chromium here)", _look_without_browser
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=_BROWSER)

        def look(address: str, text: str) -> None:
            page = browser.new_page()
            page.goto(address, timeout=_LIMIT_S * 1000)
            page.get_by_text(text).first.wait_for(timeout=_LIMIT_S * 1000)
            page.close()

        yield f"Chromium {browser.version}", look
        browser.close()


def _look_without_browser(address: str, text: str) -> None:
    with PageClient(address) as client:
        wait_for(f"{text!r} on the page", lambda: text in client.open("home").text)
