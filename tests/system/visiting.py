"""A person at the panel with a browser: windows, and where things are on a page."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.system.pictures import HEIGHT, WIDE

#: Milliseconds for a page to be drawn, and for a whole apply: they only end a broken test.
SOON = 60_000
LONG = 600_000


class Visit:
    """A person at the panel: one window, that may be closed and opened again."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._context = new_context(browser)
        self._address = address
        self.page = self._context.new_page()

    def go(self, path: str = "/") -> Page:
        """Open a page of the panel."""
        self.page.goto(f"{self._address}{path}")
        return self.page

    def come_back(self) -> Page:
        """Close the window, and open another on the same page."""
        address = self.page.url
        self.page.close()
        self.page = self._context.new_page()
        self.page.goto(address)
        return self.page

    def follow(self, link: Locator) -> Page:
        """Click a link that opens a window of its own."""
        with self._context.expect_page() as opened:
            link.click()
        return opened.value

    def leave(self) -> None:
        """Close everything."""
        self._context.close()


def new_context(browser: Browser) -> BrowserContext:
    """A browser profile of its own."""
    context = browser.new_context(viewport={"width": WIDE, "height": HEIGHT}, color_scheme="light")
    context.set_default_timeout(SOON)
    expect.set_options(timeout=SOON)
    return context


def card(page: Page, name: str) -> Locator:
    """An environment's card on the home page."""
    return page.locator(f".st-key-card-{name}")


def stage(page: Page, title: str, state: str) -> Locator:
    """A stage of a run in a certain state."""
    return page.locator(f'.p-stages li[aria-label="{title}: {state}"]')


def changes(page: Page) -> Locator:
    """The resources of a plan, each a row that opens."""
    return page.locator('[class*="st-key-changes-"] [data-testid="stExpander"]')


def search(page: Page, words: str) -> None:
    """Search a plan's resources, once the page has drawn what was asked of it before."""
    at_rest = re.compile("notRunning")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", at_rest, timeout=SOON)
    page.get_by_label("Search resources").fill(words)
    page.get_by_label("Search resources").press("Enter")


def expect_sound(page: Page) -> None:
    """Nothing on the page went wrong in a way nobody foresaw."""
    expect(page.locator(".stException")).to_have_count(0)


def run_of(page: Page) -> str:
    """Number of the run whose page this is."""
    found = re.search(r"[?&]run=(\d+)", page.url)
    assert found, page.url
    return found.group(1)
