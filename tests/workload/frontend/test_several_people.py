"""Several people and pages at one list at once: all see the same in the end, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.workload.frontend.site_server import Site
from tests.workload.frontend.todo_page import (
    add,
    check,
    edit,
    expect_completed,
    expect_state,
    expect_titles,
    item,
    open_page,
    stop_clock,
)

pytestmark = pytest.mark.browser

# How long a page waits at most until it looks for changes of others, and a little more.
LOOK_MS = 11_000


@pytest.fixture
def others(chromium: Browser) -> Iterator[BrowserContext]:
    """The browser of somebody else."""
    context = chromium.new_context(service_workers="block")
    context.set_default_timeout(10_000)
    yield context
    context.close()


def test_two_browsers_that_save_at_once_merge_and_converge(
    site: Site, fresh_page: Page, others: BrowserContext
) -> None:
    site.put("shared", "finished by one, renamed by the other", "removed by one")
    mine, theirs = fresh_page, others.new_page()
    for page in (mine, theirs):
        stop_clock(page)
        open_page(page, site)
    # Both work on the same version: no time passes, so nothing is saved yet.
    check(theirs, "finished by one")
    add(theirs, "theirs")
    edit(mine, "finished by one").fill("done and renamed")
    mine.keyboard.press("Enter")
    item(mine, "removed by one").hover()
    item(mine, "removed by one").locator(".destroy").click()
    add(mine, "mine")
    theirs.clock.run_for(500)
    expect_state(theirs, "saved")
    mine.clock.run_for(500)
    expect_state(mine, "saved")
    together = ("shared", "done and renamed", "theirs", "mine")
    assert site.titles() == list(together)
    # Nobody touches the other page: it looks by itself.
    theirs.clock.run_for(LOOK_MS)
    for page in (mine, theirs):
        expect_titles(page, *together)
        expect_completed(page, "done and renamed")
        expect_state(page, "saved")


def test_what_is_being_edited_here_beats_its_removal_elsewhere(site: Site, fresh_page: Page) -> None:
    stop_clock(fresh_page)
    site.put("a", "b")
    page = open_page(fresh_page, site)
    edit(page, "b").fill("still typing")
    site.put("a")
    page.clock.run_for(LOOK_MS)
    expect_titles(page, "a", "still typing")
    page.clock.run_for(500)
    expect_state(page, "saved")
    assert site.titles() == ["a", "still typing"]


def test_a_page_that_looks_and_finds_nothing_new_changes_nothing(site: Site, fresh_page: Page) -> None:
    stop_clock(fresh_page)
    site.put("a")
    page = open_page(fresh_page, site)
    edit(page, "a").fill("typing")
    with page.expect_response("**/api/state/default") as looked:
        page.clock.run_for(LOOK_MS)
    assert looked.value.status == 304
    expect(page.locator(".todo-list .edit")).to_have_value("typing")
    expect(page.locator(".todo-list .edit")).to_be_focused()
    expect_state(page, "saved")


def test_two_pages_of_one_browser_tell_each_other(
    site: Site, fresh_page: Page, browser_context: BrowserContext
) -> None:
    # Too little time passes for the second to look by itself: only word from the first makes it.
    first, second = fresh_page, browser_context.new_page()
    stop_clock(first)
    open_page(first, site)
    open_page(second, site)
    add(first, "a")
    first.clock.run_for(500)
    expect_titles(second, "a")
