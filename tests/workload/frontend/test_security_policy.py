"""The Content-Security-Policy at work: the site runs under it, and what it is for is refused.

That the site runs is held by every browser test: their pages fail on the first violation.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.workload.frontend.site_server import POLICY, Site
from tests.workload.frontend.todo_page import add, expect_state, open_page

pytestmark = pytest.mark.browser


@pytest.fixture
def told(browser_context: BrowserContext) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what it says on its console."""
    page = browser_context.new_page()
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text))
    yield page, lines


def _without_policy(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "Content-Security-Policy" not in line)


@pytest.mark.parametrize("carrier", ["header", "page"])
def test_either_carrier_alone_refuses_inline_scripts_and_lets_the_site_run(
    site: Site, told: tuple[Page, list[str]], built_site: Path, carrier: str
) -> None:
    page, lines = told
    text = (built_site / "index.html").read_text()
    if carrier == "header":
        text = _without_policy(text)
    site.policy = POLICY if carrier == "header" else None
    site.pages["/"] = text.replace("</body>", "<script>window.smuggled = true</script></body>")
    open_page(page, site)
    add(page, "a")
    expect_state(page, "saved")
    assert page.evaluate("window.smuggled") is None
    assert [line for line in lines if line.startswith("policy violation")] == [
        "policy violation: script-src-elem inline"
    ]


def test_the_control_a_page_without_policy_runs_what_was_smuggled_in(
    site: Site, fresh_page: Page, built_site: Path
) -> None:
    site.policy = None
    text = _without_policy((built_site / "index.html").read_text())
    site.pages["/"] = text.replace("</body>", "<script>window.smuggled = true</script></body>")
    open_page(fresh_page, site)
    assert fresh_page.evaluate("window.smuggled") is True


def test_other_hosts_markup_and_evaluated_text_are_refused(site: Site, told: tuple[Page, list[str]]) -> None:
    page, lines = told
    open_page(page, site)
    elsewhere = site.address.replace(site.name, "elsewhere")
    assert page.evaluate("url => fetch(url).then(() => 'reached', () => 'refused')", elsewhere) == "refused"
    for attempt in (
        "document.body.innerHTML = '<p>markup</p>'",
        "setTimeout('window.smuggled = true')",
        "document.body.append(Object.assign(document.createElement('script'), {src: '/assets/x.js'}))",
        "new Worker('/other.js')",
    ):
        outcome = page.evaluate(
            f"async () => {{ try {{ await ({attempt}) }} catch (e) {{ return e.name }} }}"
        )
        assert outcome == "TypeError", attempt
    assert page.evaluate("window.smuggled") is None
    assert f"policy violation: connect-src {elsewhere}" in lines


def test_no_other_page_may_frame_the_site(site: Site, told: tuple[Page, list[str]]) -> None:
    page, lines = told
    site.pages["/frame.html"] = "<!doctype html><title>frame</title><iframe src='/'></iframe>"
    # The framing page is somebody else's: it has no policy, the framed one keeps its own.
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.route(
            "**/frame.html",
            lambda route: route.fulfill(body=site.pages["/frame.html"], content_type="text/html"),
        )
        page.goto(f"{site.address}frame.html")
    expect(page.frame_locator("iframe").locator(".todoapp")).to_have_count(0)
    assert lines
