"""The site on bad days, in a real browser: no network, no storage, a server that says no."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.workload.frontend.site_server import Site
from tests.workload.frontend.todo_page import add, edit, expect_state, expect_titles, open_page, stop_clock

pytestmark = pytest.mark.browser


def test_loading_is_shown_until_the_list_arrives(
    site: Site, fresh_page: Page, screenshot_folder: Path
) -> None:
    page = fresh_page
    site.put("from the server")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/state/**", hold)
    with page.expect_request("**/api/state/default"):
        page.goto(site.address)
    expect(page.locator(".loading")).to_have_text("loading..")
    expect(page.locator(".new-todo")).to_have_count(0)
    page.screenshot(path=screenshot_folder / "todomvc-loading.png")
    held[0].continue_()
    expect_titles(page, "from the server")
    expect(page.locator(".loading")).to_have_count(0)


def test_saving_is_shown_until_the_list_is_saved_and_one_save_takes_quick_changes_together(
    site: Site, fresh_page: Page
) -> None:
    page = open_page(fresh_page, site)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PUT":
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/state/**", hold)
    with page.expect_request(lambda request: request.method == "PUT"):
        add(page, "a", "b")
    expect(page.get_by_role("status")).to_have_text("◐ saving…")
    assert [todo["title"] for todo in held[0].request.post_data_json] == ["a", "b"]
    held[0].continue_()
    expect(page.get_by_role("status")).to_have_text("● saved")
    assert len(held) == 1
    assert site.titles() == ["a", "b"]


def test_a_todo_typed_offline_is_saved_when_the_network_is_back(
    site: Site, fresh_page: Page, browser_context: BrowserContext, screenshot_folder: Path
) -> None:
    page = open_page(fresh_page, site)
    add(page, "online")
    expect_state(page, "saved")
    browser_context.set_offline(True)
    add(page, "offline")
    expect_state(page, "offline")
    expect(page.get_by_role("status")).to_contain_text("kept in this browser")
    page.screenshot(path=screenshot_folder / "todomvc-offline.png")
    assert site.titles() == ["online"]
    browser_context.set_offline(False)
    expect_state(page, "saved")
    assert site.titles() == ["online", "offline"]


def test_a_todo_typed_while_the_api_is_away_survives_a_reload_and_is_saved_later(
    site: Site, page: Page
) -> None:
    site.put("of before")
    open_page(page, site)
    site.broken = True
    add(page, "typed meanwhile")
    expect_state(page, "offline")
    page.reload()
    expect_state(page, "offline")
    expect_titles(page, "of before", "typed meanwhile")
    site.broken = False
    expect_state(page, "saved")
    assert site.titles() == ["of before", "typed meanwhile"]


def test_a_todo_typed_offline_survives_the_closed_page_and_joins_what_others_did(
    site: Site, browser_context: BrowserContext
) -> None:
    page = open_page(browser_context.new_page(), site)
    site.broken = True
    add(page, "typed while the storage was away")
    expect_state(page, "offline")
    page.close()
    site.broken = False
    site.put("of somebody else")
    open_page(browser_context.new_page(), site)
    assert site.titles() == ["of somebody else", "typed while the storage was away"]


def test_a_failing_storage_is_told_and_retried_without_a_hand(site: Site, page: Page) -> None:
    open_page(page, site)
    site.broken = True
    add(page, "a")
    expect_state(page, "offline")
    expect(page.get_by_role("status")).to_contain_text("the storage is out of reach")
    site.broken = False
    expect_state(page, "saved")
    assert site.titles() == ["a"]


def test_try_now_does_not_wait_for_the_next_turn(site: Site, fresh_page: Page) -> None:
    page = fresh_page
    stop_clock(page)
    open_page(page, site)
    site.broken = True
    add(page, "a")
    page.clock.run_for(500)
    expect_state(page, "offline")
    site.broken = False
    page.get_by_role("button", name="Try now").click()
    expect_state(page, "saved")
    assert site.titles() == ["a"]


def test_leaving_at_once_after_typing_loses_nothing(site: Site, page: Page) -> None:
    open_page(page, site)
    add(page, "typed and left")
    page.goto("about:blank")
    open_page(page, site)
    expect_titles(page, "typed and left")
    assert site.titles() == ["typed and left"]


def test_a_title_that_is_being_typed_when_the_address_changes_is_kept(site: Site, page: Page) -> None:
    site.put("a")
    open_page(page, site)
    edit(page, "a").fill("half typed")
    page.evaluate("location.hash = '#/completed'")
    expect_titles(page)
    page.evaluate("location.hash = '#/'")
    expect_titles(page, "half typed")


def test_a_list_that_the_server_refuses_is_told_and_kept(site: Site, page: Page) -> None:
    open_page(page, site)
    add(page, "x" * 300_000)
    expect_state(page, "refused")
    expect(page.get_by_role("status")).to_contain_text("not saved: ")
    expect(page.get_by_role("status")).not_to_contain_text("unexpected answer")
    assert page.evaluate("Object.keys(localStorage).some(key => key.startsWith('todos.unsaved.'))")
