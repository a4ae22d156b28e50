"""The page opened without a network: the service worker keeps it, and never hides a newer one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.workload.frontend.conftest import TELL_VIOLATIONS, Witness
from tests.workload.frontend.site_server import Site
from tests.workload.frontend.todo_page import add, expect_state, expect_titles, open_page

pytestmark = pytest.mark.browser

# The policy lets no text be evaluated, and that is how Playwright waits: the page waits by itself here.
KEPT = """async () => {
    const { serviceWorker } = navigator
    if (!serviceWorker.controller) {
        await new Promise(resolve => serviceWorker.addEventListener('controllerchange', resolve))
    }
    const cache = await caches.open('site')
    return (await cache.keys()).map(({ url }) => new URL(url).pathname).sort()
}"""


GONE = """async path => {
    while (await caches.match(path)) await new Promise(resolve => setTimeout(resolve, 50))
}"""


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that lets the site keep its page."""
    context = chromium.new_context(service_workers="allow")
    context.set_default_timeout(10_000)
    context.add_init_script(TELL_VIOLATIONS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    witness = Witness()
    yield witness.watch(context.new_page())
    assert witness.seen == []


def expect_kept(page: Page) -> list[str]:
    """The worker has kept the page and what it needs; their paths."""
    kept: list[str] = page.evaluate(KEPT)
    assert [path for path in kept if not path.startswith("/assets/")] == ["/", "/config.js"]
    return [path for path in kept if path.startswith("/assets/")]


def test_a_reload_without_a_network_shows_the_list_with_what_was_typed_offline(
    site: Site, page: Page, context: BrowserContext
) -> None:
    site.put("of before")
    open_page(page, site)
    assert len(expect_kept(page)) == 2
    context.set_offline(True)
    add(page, "typed offline")
    expect_state(page, "offline")
    page.reload()
    expect_titles(page, "of before", "typed offline")
    expect_state(page, "offline")
    expect(page.locator(".release")).to_have_text("staging · release r12")
    add(page, "typed after the reload")
    context.set_offline(False)
    expect_state(page, "saved")
    assert site.titles() == ["of before", "typed offline", "typed after the reload"]


def test_a_new_release_is_shown_at_once_and_the_assets_of_the_old_one_are_forgotten(
    site: Site, page: Page
) -> None:
    open_page(page, site)
    expect_kept(page)
    page.evaluate("caches.open('site').then(cache => cache.put('/assets/site-OLD.js', new Response('old')))")
    site.config = 'window.APP_CONFIG = {"environment": "staging", "release": "r13"};'
    page.reload()
    expect(page.locator(".release")).to_have_text("staging · release r13")
    page.evaluate(GONE, "/assets/site-OLD.js")
    assert len(expect_kept(page)) == 2


def test_another_page_in_its_place_is_shown_but_not_kept(
    site: Site, page: Page, context: BrowserContext
) -> None:
    open_page(page, site)
    expect_kept(page)
    site.pages["/"] = "<!doctype html><title>Gate</title><h1>Who are you?</h1>"
    page.reload()
    expect(page.locator("h1")).to_have_text("Who are you?")
    context.set_offline(True)
    page.reload()
    expect(page.locator("h1")).to_have_text("todos")
