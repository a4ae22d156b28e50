"""The exported status page in Chromium: its button copies, it reads itself anew, and it says when it is old."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from panel.catalogue.schema import Owner
from panel.lifecycle.status_board import Board, Line
from panel.lifecycle.status_export import write_folder

pytestmark = pytest.mark.browser

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
          "--disable-sync", "--no-first-run"]  # fmt: skip
_MADE = datetime(2026, 11, 12, 17, 19, tzinfo=UTC)
_BROKEN = Line(
    "Calculator", "Production", "production", "broken", since=datetime(2026, 11, 12, 17, 5, tzinfo=UTC),
    notices=('People cannot save "results" & more.',),
    calls=(Owner(team="API team", contact="api@example.com, +55 11 5555 0101"),), looked_at=_MADE,
)  # fmt: skip


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = os.environ.get("PANEL_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(_PROGRAMS)} is installed (PANEL_TEST_CHROMIUM names another)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield found
        found.close()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def _write(folder: Path, *lines: Line) -> None:
    write_folder(folder, Board(lines, _MADE, _MADE, worker=True, waits_for_look=True))


def _open(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """The page as somebody in Kolkata sees it a minute after it was made, and what it complains of or asks for."""
    context = browser.new_context(timezone_id="Asia/Kolkata", viewport={"width": 380, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, noticed = context.new_page(), []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("pageerror", lambda error: noticed.append(str(error)))

    def asked(request: Request) -> None:
        if request.url != address:
            noticed.append(request.url)

    page.on("request", asked)
    page.clock.install(time=datetime(2026, 11, 12, 17, 20, tzinfo=UTC))
    page.goto(address)
    return page, noticed


def test_a_click_copies_the_message(browser: Browser, address: str, tmp_path: Path) -> None:
    _write(tmp_path, _BROKEN)
    page, noticed = _open(browser, address)
    page.get_by_role("button", name="Copy a message for the API team").click()

    expect(page.get_by_role("button")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "Calculator (Production) is not working.\nSince: 17:05 on 12 November 2026 (UTC)\n"
        f'What people notice: People cannot save "results" & more.\nStatus page: {address}'
    )
    # By the reader's own clock, and nothing wider than a phone.
    expect(page.locator(".s-since")).to_have_text("since 22:35 15 minutes")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    assert noticed == []


def test_without_a_clipboard_the_text_is_marked_to_be_copied(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    _write(tmp_path, _BROKEN)
    page, _ = _open(browser, address)
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => false;"
    )
    page.get_by_role("button").click()
    assert page.locator("textarea").input_value().startswith("Calculator (Production) is not working.")
    assert str(page.evaluate("document.getSelection().toString()")).startswith("Calculator (Production)")


def test_it_reads_itself_anew_and_says_when_nobody_writes_it_any_more(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    _write(tmp_path, replace(_BROKEN, state="works"))
    page, noticed = _open(browser, address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Everything works")
    expect(page.get_by_role("alert")).to_have_count(0)

    _write(tmp_path, _BROKEN)
    page.clock.run_for(21_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 application is not working")
    assert page.title().endswith("1 application is not working")

    page.clock.run_for(300_000)
    expect(page.get_by_role("alert")).to_contain_text(
        "This page may be out of date. It was last refreshed 6 minutes ago."
    )
    assert noticed == []
