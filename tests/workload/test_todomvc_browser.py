"""TodoMVC in a real browser, section by section of its public specification."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def app(site: Any, page: Page) -> Page:
    page.goto(site.address)
    expect(page.locator(".new-todo")).to_be_visible()
    return page


def add(page: Page, *titles: str) -> None:
    for title in titles:
        page.locator(".new-todo").fill(title)
        page.locator(".new-todo").press("Enter")


def expect_titles(page: Page, *titles: str) -> None:
    expect(page.locator(".todo-list label")).to_have_text(list(titles))


def item(page: Page, title: str) -> Any:
    return page.locator(".todo-list li").filter(has_text=title)


def server_state(site: Any) -> list[dict[str, object]]:
    with urllib.request.urlopen(f"{site.address}api/state/default", timeout=10) as answer:
        return json.load(answer)


def expect_saved(page: Page) -> None:
    expect(page.locator(".sync[data-state=saved]")).to_be_visible()


def test_without_todos_main_and_footer_are_hidden(app: Page) -> None:
    expect(app.locator(".main")).to_be_hidden()
    expect(app.locator(".footer")).to_be_hidden()


def test_a_new_todo_is_entered_with_the_keyboard_alone(app: Page) -> None:
    expect(app.locator(".new-todo")).to_be_focused()
    app.keyboard.type("  Buy milk  ")
    app.keyboard.press("Enter")
    expect_titles(app, "Buy milk")
    expect(app.locator(".new-todo")).to_have_value("")
    app.keyboard.type("   ")
    app.keyboard.press("Enter")
    expect_titles(app, "Buy milk")


def test_text_that_looks_like_markup_stays_text(app: Page) -> None:
    add(app, "<img src=x onerror=alert(1)>")
    expect_titles(app, "<img src=x onerror=alert(1)>")


def test_mark_all_follows_the_items_and_leads_them(app: Page) -> None:
    add(app, "a", "b")
    mark_all = app.locator(".toggle-all")
    expect(mark_all).not_to_be_checked()
    app.locator(".toggle-all + label").click()
    expect(app.locator(".todo-list li.completed")).to_have_count(2)
    expect(mark_all).to_be_checked()
    item(app, "a").locator(".toggle").uncheck()
    expect(mark_all).not_to_be_checked()
    item(app, "a").locator(".toggle").check()
    expect(mark_all).to_be_checked()
    app.locator(".toggle-all + label").click()
    expect(app.locator(".todo-list li.completed")).to_have_count(0)


def test_an_item_is_completed_and_removed(app: Page) -> None:
    add(app, "a", "b")
    item(app, "a").locator(".toggle").check()
    expect(app.locator(".todo-list li.completed")).to_have_text(["a"])
    destroy = item(app, "b").locator(".destroy")
    expect(destroy).to_be_hidden()
    item(app, "b").hover()
    destroy.click()
    expect_titles(app, "a")


def test_editing_hides_the_rest_and_saves_on_enter_and_on_leaving(app: Page) -> None:
    add(app, "a", "b")
    item(app, "a").locator("label").dblclick()
    field = app.locator(".todo-list .edit")
    expect(field).to_be_focused()
    expect(field).to_have_value("a")
    expect(app.locator(".todo-list li.editing .toggle")).to_be_hidden()
    field.fill("  A  ")
    field.press("Enter")
    expect_titles(app, "A", "b")
    item(app, "b").locator("label").dblclick()
    field.fill("B")
    app.locator("h1").click()
    expect_titles(app, "A", "B")
    expect(app.locator(".editing")).to_have_count(0)


def test_editing_is_discarded_by_escape_and_an_empty_text_removes(app: Page) -> None:
    add(app, "a", "b")
    item(app, "a").locator("label").dblclick()
    app.locator(".edit").fill("changed")
    app.locator(".edit").press("Escape")
    expect_titles(app, "a", "b")
    item(app, "a").locator("label").dblclick()
    app.locator(".edit").fill("   ")
    app.locator(".edit").press("Enter")
    expect_titles(app, "b")


def test_everything_can_be_done_by_keyboard(app: Page) -> None:
    add(app, "a", "b")
    item(app, "a").locator(".toggle").focus()
    app.keyboard.press("Space")
    expect(app.locator(".todo-list li.completed")).to_have_text(["a"])
    app.keyboard.press("Enter")
    app.keyboard.type("!")
    app.keyboard.press("Enter")
    expect_titles(app, "a!", "b")
    expect(item(app, "a!").locator(".toggle")).to_be_focused()
    app.keyboard.press("Tab")
    expect(app.get_by_role("button", name="Delete a!")).to_be_focused()
    app.keyboard.press("Enter")
    expect_titles(app, "b")
    expect(item(app, "b").locator(".toggle")).to_be_focused()


def test_the_counter_counts_what_is_left(app: Page) -> None:
    add(app, "a")
    expect(app.locator(".todo-count")).to_have_text("1 item left")
    add(app, "b")
    expect(app.locator(".todo-count")).to_have_text("2 items left")
    app.locator(".toggle-all + label").click()
    expect(app.locator(".todo-count")).to_have_text("0 items left")
    expect(app.locator(".todo-count strong")).to_have_text("0")


def test_clear_completed_is_there_only_when_it_can_do_something(app: Page) -> None:
    add(app, "a", "b")
    clear = app.locator(".clear-completed")
    expect(clear).to_be_hidden()
    item(app, "a").locator(".toggle").check()
    clear.click()
    expect_titles(app, "b")
    expect(clear).to_be_hidden()
    expect(app.locator(".toggle-all")).not_to_be_checked()


def test_the_address_filters_and_survives_a_reload(app: Page) -> None:
    add(app, "a", "b")
    item(app, "a").locator(".toggle").check()
    app.get_by_role("link", name="Active").click()
    expect_titles(app, "b")
    expect(app.locator(".filters .selected")).to_have_text("Active")
    app.get_by_role("link", name="Completed").click()
    expect_titles(app, "a")
    assert app.url.endswith("#/completed")
    expect_saved(app)
    app.reload()
    expect_titles(app, "a")
    expect(app.locator(".filters .selected")).to_have_text("Completed")
    item(app, "a").locator(".toggle").click()  # and with that it leaves this list
    expect(app.locator(".todo-list li")).to_have_count(0)
    app.go_back()
    expect_titles(app, "a", "b")


def test_the_list_travels_to_the_api_and_survives_a_reload(
    app: Page, site: Any, screenshot_folder: Path
) -> None:
    add(app, "Buy milk", "Écrire à Ana")
    item(app, "Buy milk").locator(".toggle").check()
    expect_saved(app)
    app.screenshot(path=screenshot_folder / "todomvc-saved.png")
    stored = server_state(site)
    assert [(todo["title"], todo["completed"]) for todo in stored] == [
        ("Buy milk", True),
        ("Écrire à Ana", False),
    ]
    app.evaluate("localStorage.clear()")
    app.reload()
    expect_titles(app, "Buy milk", "Écrire à Ana")
    expect(app.locator(".todo-list li.completed")).to_have_text(["Buy milk"])


def test_the_release_is_told_to_people_and_to_probes(app: Page) -> None:
    expect(app.locator(".release")).to_have_text("staging · release r12")
    expect(app.locator('meta[name="release"]')).to_have_attribute("content", "r12")
    assert app.evaluate("APP_CONFIG.release") == "r12"


@pytest.mark.parametrize("config", [None, "window.APP_CONFIG = {apiBase: 7};", "<!doctype html>"])
def test_without_a_usable_configuration_the_defaults_serve(
    site: Any, browser_context: BrowserContext, config: str | None
) -> None:
    page = browser_context.new_page()  # the plain one: a page in place of the script is an error, told so
    site.config = config
    page.goto(site.address)
    add(page, "a")
    expect_saved(page)
    assert [todo["title"] for todo in server_state(site)] == ["a"]
    expect(page.locator(".release")).to_have_text("release dev")
