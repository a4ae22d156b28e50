"""A plan of 5,000 resources on the page of its run: until it is shown, and while somebody looks through it.

Time on the server by its own account, and in Chromium (where there is one) until a person sees it. The peer is the same
page over a plan of 50 resources. "First" means a plan that this server has not read yet.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from panel.lifecycle.stages import STAGES
from panel.runs.review import review_of
from panel.runs.review_markdown import markdown
from panel.runs.review_text import render
from panel.settings import Settings
from panel.store.tables import RunPlan
from panel.wiring import Panel
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.benchmarks.page import _server, _server_ms
from tests.benchmarks.page_client import PageClient
from tests.benchmarks.running_panel import free_port, scratch_folder
from tests.benchmarks.start import _BROWSER, _visitor

AIM_MS = 2000.0
LARGE, SMALL = 5_000, 50
ATTRIBUTES = 18  # so many a resource has on average in the plan of a real environment
_REPEAT = 3
_LIMIT_MS = 60_000
_TYPES = (
    "aws_security_group",
    "aws_lb",
    "aws_ecs_service",
    "aws_iam_role",
    "aws_s3_bucket",
    "aws_route53_record",
)
_SUMMARY = '[class*="st-key-changes-"] summary'

Times = dict[str, list[float]]


def run(options: Options) -> Findings:
    """Measure opening and looking through."""
    times = options.times(_REPEAT)
    with scratch_folder() as folder:
        numbers, stored_bytes = _fill(folder / "panel", times)
        with _server(str(folder / "panel"), str(free_port())) as address:
            on_server, sent = _on_the_server(address, numbers)
        with _server(str(folder / "panel"), str(free_port())) as address:
            visitor, in_browser = _in_a_browser(address, numbers)
        written = _written(folder / "panel", numbers[LARGE][0])
    measures = list(_measures(on_server, "on the server"))
    measures += _measures(in_browser, f"in {visitor}")
    measures += [Measure(name, value, "ms") for name, value in written.items()]
    size = f"{LARGE:,} resources with {ATTRIBUTES} attributes each: {stored_bytes / 1e6:.1f} MB in the store"
    details = [f"{size}; {sent / 1000:.0f} kB sent to open it. {times} plans of each size; the median."]
    return Findings(measures, details, {"server": on_server, "browser": in_browser, "written": written})


def _measures(found: dict[int, Times], where: str) -> Iterator[Measure]:
    for name, values in found.get(LARGE, {}).items():
        small = median(found[SMALL][name])
        aim = AIM_MS if "first" in name else None
        yield Measure(f"{name}, {where}", median(values), "ms", f"{SMALL} resources", small, aim)


def _fill(folder: Path, times: int) -> tuple[dict[int, list[int]], int]:
    """Runs of kind plan, as many of each size as are opened for the first time: by the server's count and the browser's."""
    folder.mkdir(parents=True)
    panel = Panel(Settings(data_dir=folder))
    runs, numbers = panel.stores.runs, {}
    try:
        for size in (LARGE, SMALL):
            numbers[size] = []
            for _ in range(times + 1):
                run = runs.create("staging", "plan", "ana", STAGES["plan"])
                number = run.id or 0
                for state in ("preparing", "planning"):
                    runs.transition(number, state, "worker")
                runs.save_plan(
                    RunPlan(
                        run_id=number,
                        stack="environment",
                        changes=_changes(size),
                        estimate={"monthly_usd": 71.4},
                    )
                )
                runs.finish(number, "planned", "worker", plan_digest=f"digest-{number}", add=size)
                numbers[size].append(number)
        return numbers, (folder / "panel.db").stat().st_size // (times + 1)
    finally:
        panel.stores.database.close()


def _changes(count: int) -> list[dict[str, Any]]:
    def attributes(index: int) -> list[dict[str, Any]]:
        return [
            {"path": f"settings[{n}].name", "after": f"todo-staging-{index}-{n}"} if n % 3
            else {"path": f"settings[{n}].arn", "known": False}
            for n in range(ATTRIBUTES)
        ]  # fmt: skip

    return [
        {"address": f"module.service[{index % 7}].{_TYPES[index % 6]}.this[{index}]", "module": f"module.service[{index % 7}]",
         "type": _TYPES[index % 6], "name": "this", "action": "update" if index % 10 == 0 else "create",
         "replace_paths": [], "attributes": attributes(index)}
        for index in range(count)
    ]  # fmt: skip


def _on_the_server(address: str, numbers: dict[int, list[int]]) -> tuple[dict[int, Times], int]:
    found: dict[int, Times] = {}
    sent = 0
    with PageClient(address) as client:
        client.open("run", f"run={numbers[SMALL][-1]}")  # imports, and all that is cached once
        for size in (SMALL, LARGE):
            first, again, row = [], [], []
            for number in numbers[size][:-1]:
                seen = client.open("run", f"run={number}")
                rows = [box for label, box in seen.boxes.items() if label.startswith("**")]
                if len(rows) != min(size, 50):
                    raise SystemExit(f"run {number} shows {len(rows)} resources: {seen.text[-500:]}")
                sent = seen.sent_bytes
                first.append(_server_ms(seen))
                again.append(_server_ms(client.again()))
                row.append(_server_ms(client.unfold(rows[0])))
            found[size] = {"opened first": first, "opened again": again, "one resource unfolded": row}
    return found, sent


def _in_a_browser(address: str, numbers: dict[int, list[int]]) -> tuple[str, dict[int, Times]]:
    with _visitor() as (visitor, _look):
        if "Chromium" not in visitor or "without" in visitor:
            return visitor, {}
    with _browser_page() as page:
        _open(page, address, numbers[SMALL][-1])
        found: dict[int, Times] = {}
        for size in (SMALL, LARGE):
            found[size] = {}
            for number in numbers[size][:-1]:
                for name, value in _looked_through(page, address, number, size).items():
                    found[size].setdefault(name, []).append(value)
        return visitor, found


@contextmanager
def _browser_page() -> Iterator[Any]:
    import shutil

    from playwright.sync_api import sync_playwright

    program = next(
        found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))
    )
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=_BROWSER)
        yield browser.new_page()
        browser.close()


def _open(page: Any, address: str, number: int) -> float:
    began = time.perf_counter()
    page.goto(f"{address}/run?run={number}")
    page.locator(_SUMMARY).first.wait_for(timeout=_LIMIT_MS)
    return (time.perf_counter() - began) * 1000


def _looked_through(page: Any, address: str, number: int, size: int) -> dict[str, float]:
    """Opened first, then what a reviewer does, each until it is seen."""
    measured = {"first resources seen": _open(page, address, number)}
    page.wait_for_timeout(500)

    def timed(name: str, act: Any, seen: Any) -> None:
        began = time.perf_counter()
        act()
        seen.first.wait_for(timeout=_LIMIT_MS)
        measured[name] = (time.perf_counter() - began) * 1000

    timed("a resource opened", page.locator(_SUMMARY).first.click, page.locator("table.p-values"))
    field = page.get_by_placeholder("address, type or attribute")

    def search() -> None:
        field.fill(f"this[{size - 1}]")
        field.press("Enter")

    timed("a search", search, page.locator(_SUMMARY).get_by_text(f"this[{size - 1}]"))
    timed("the text", page.get_by_role("radio", name="Text").or_(page.get_by_role("button", name="Text", exact=True)).first.click,
          page.locator("pre.p-text"))  # fmt: skip
    return measured


def _written(folder: Path, number: int) -> dict[str, float]:
    """Read from the store and written, in this process."""
    panel = Panel(Settings(data_dir=folder))
    try:
        began = time.perf_counter()
        stored = panel.stores.runs.plan(number, "environment")
        assert stored is not None
        read = time.perf_counter()
        review = review_of(stored)
        made = time.perf_counter()
        text = "\n".join(render(review))
        told = time.perf_counter()
        comment = markdown(panel.stores.runs.get(number), review)
        done = time.perf_counter()
    finally:
        panel.stores.database.close()
    assert len(comment) <= 65_000 < len(text)
    return {
        "read from the store": (read - began) * 1000, "put in order, attributes folded": (made - read) * 1000,
        "written as text": (told - made) * 1000, "written as Markdown": (done - told) * 1000,
    }  # fmt: skip
