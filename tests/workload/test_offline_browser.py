"""The site on bad days, in a real browser: no network, no storage, no end of other people."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

pytestmark = pytest.mark.browser


def add(page: Page, title: str) -> None:
    page.locator(".new-todo").fill(title)
    page.locator(".new-todo").press("Enter")


def titles(site: Any) -> list[str]:
    with urllib.request.urlopen(f"{site.address}api/state/default", timeout=10) as answer:
        return [todo["title"] for todo in json.load(answer)]


def put(site: Any, todos: list[dict[str, object]]) -> None:
    request = urllib.request.Request(
        f"{site.address}api/state/default",
        json.dumps(todos).encode(),
        {"Content-Type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def expect_state(page: Page, state: str) -> None:
    expect(page.locator(f".sync[data-state={state}]")).to_be_visible()


def test_loading_is_shown_until_the_list_arrives(site: Any, page: Page, screenshot_folder: Path) -> None:
    put(site, [{"id": 1, "title": "from the server", "completed": False}])
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
    expect(page.locator(".todo-list label")).to_have_text(["from the server"])
    expect(page.locator(".loading")).to_have_count(0)


def test_a_todo_typed_offline_is_saved_when_the_network_is_back(
    site: Any, page: Page, browser_context: BrowserContext, screenshot_folder: Path
) -> None:
    page.goto(site.address)
    add(page, "online")
    expect_state(page, "saved")
    browser_context.set_offline(True)
    add(page, "offline")
    expect_state(page, "offline")
    expect(page.get_by_role("status")).to_contain_text("kept in this browser")
    page.screenshot(path=screenshot_folder / "todomvc-offline.png")
    assert titles(site) == ["online"]
    browser_context.set_offline(False)
    expect_state(page, "saved")
    assert titles(site) == ["online", "offline"]


def test_a_todo_typed_offline_survives_the_closed_page(
    site: Any, page: Page, browser_context: BrowserContext
) -> None:
    page.goto(site.address)
    expect_state(page, "saved")
    site.storage.broken = True
    add(page, "typed while the storage was away")
    expect_state(page, "offline")
    page.close()
    site.storage.broken = False
    put(site, [{"id": 1, "title": "of somebody else", "completed": False}])
    later = browser_context.new_page()
    later.goto(site.address)
    expect_state(later, "saved")
    assert titles(site) == ["of somebody else", "typed while the storage was away"]


def test_a_failing_storage_is_retried_without_a_hand(site: Any, page: Page) -> None:
    page.goto(site.address)
    expect_state(page, "saved")
    site.storage.broken = True
    add(page, "a")
    expect_state(page, "offline")
    expect(page.get_by_role("status")).to_contain_text("out of reach")
    site.storage.broken = False
    expect_state(page, "saved")
    assert titles(site) == ["a"]


def test_try_now_does_not_wait_for_the_next_turn(site: Any, page: Page) -> None:
    page.clock.install()
    page.goto(site.address)
    expect_state(page, "saved")
    site.storage.broken = True
    add(page, "a")
    page.clock.run_for(500)
    expect_state(page, "offline")
    site.storage.broken = False
    page.get_by_role("button", name="Try now").click()
    expect_state(page, "saved")
    assert titles(site) == ["a"]


def test_two_people_at_once_lose_nothing(site: Any, page: Page, chromium: Any) -> None:
    page.goto(site.address)
    expect_state(page, "saved")
    other_context = chromium.new_context()
    other = other_context.new_page()
    other.goto(site.address)
    expect_state(other, "saved")
    add(other, "theirs")
    expect_state(other, "saved")
    add(page, "mine")
    expect(page.locator(".todo-list label")).to_have_text(["theirs", "mine"])
    expect_state(page, "saved")
    assert titles(site) == ["theirs", "mine"]
    other_context.close()


def test_leaving_at_once_after_typing_loses_nothing(
    site: Any, page: Page, browser_context: BrowserContext
) -> None:
    page.goto(site.address)
    expect_state(page, "saved")
    add(page, "typed and left")
    page.goto("about:blank")
    page.goto(site.address)
    expect(page.locator(".todo-list label")).to_have_text(["typed and left"])
    expect_state(page, "saved")
    assert titles(site) == ["typed and left"]


def test_a_list_that_the_server_refuses_is_told_and_kept(site: Any, page: Page) -> None:
    page.goto(site.address)
    expect_state(page, "saved")
    add(page, "x" * 300_000)
    expect_state(page, "refused")
    expect(page.get_by_role("status")).to_contain_text("the body is larger than 262144 bytes")
    assert page.evaluate("Object.keys(localStorage).some(key => key.startsWith('todos.unsaved.'))")
