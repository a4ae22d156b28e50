"""TodoMVC in a real browser, section by section of its public application specification."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

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
)

pytestmark = pytest.mark.browser


@pytest.fixture
def app(site: Site, page: Page) -> Page:
    return open_page(page, site)


class TestNoTodos:
    def test_main_and_footer_are_hidden_until_there_is_a_todo_and_after_the_last(self, app: Page) -> None:
        expect(app.locator(".main")).to_be_hidden()
        expect(app.locator(".footer")).to_be_hidden()
        add(app, "a")
        expect(app.locator(".main")).to_be_visible()
        expect(app.locator(".footer")).to_be_visible()
        item(app, "a").hover()
        item(app, "a").locator(".destroy").click()
        expect(app.locator(".main")).to_be_hidden()
        expect(app.locator(".footer")).to_be_hidden()


class TestNewTodo:
    def test_the_field_has_the_focus_and_enter_appends_what_was_typed_trimmed(self, app: Page) -> None:
        expect(app.locator(".new-todo")).to_be_focused()
        app.keyboard.type("  Buy milk  ")
        app.keyboard.press("Enter")
        expect(app.locator(".new-todo")).to_have_value("")
        app.keyboard.type("Call Ana")
        app.keyboard.press("Enter")
        expect_titles(app, "Buy milk", "Call Ana")
        expect_completed(app)

    def test_what_is_only_space_makes_no_todo(self, app: Page) -> None:
        add(app, "", "   ", "a")
        expect_titles(app, "a")

    def test_text_that_looks_like_markup_stays_text(self, app: Page) -> None:
        add(app, "<img src=x onerror=alert(1)>")
        expect_titles(app, "<img src=x onerror=alert(1)>")


class TestMarkAllAsComplete:
    def test_it_brings_all_todos_to_its_own_state_and_back(self, app: Page) -> None:
        add(app, "a", "b")
        check(app, "a")
        app.locator(".toggle-all + label").click()
        expect_completed(app, "a", "b")
        expect(app.locator(".toggle-all")).to_be_checked()
        app.locator(".toggle-all + label").click()
        expect_completed(app)
        expect(app.locator(".toggle-all")).not_to_be_checked()

    def test_it_follows_single_todos_and_is_cleared_with_the_completed_ones(self, app: Page) -> None:
        add(app, "a", "b")
        mark_all = app.locator(".toggle-all")
        check(app, "a")
        expect(mark_all).not_to_be_checked()
        check(app, "b")
        expect(mark_all).to_be_checked()
        check(app, "b")
        expect(mark_all).not_to_be_checked()
        check(app, "b")
        app.locator(".clear-completed").click()
        add(app, "c")
        expect(mark_all).not_to_be_checked()


class TestItem:
    def test_its_checkbox_marks_it_as_complete_and_as_active_again(self, app: Page) -> None:
        add(app, "a", "b")
        check(app, "a")
        expect_completed(app, "a")
        check(app, "a")
        expect_completed(app)

    def test_double_clicking_its_label_activates_editing(self, app: Page) -> None:
        add(app, "a", "b")
        edit(app, "b")
        expect(app.locator(".todo-list li").nth(1)).to_have_class(re.compile(r"\bediting\b"))
        expect(app.locator(".todo-list li.editing")).to_have_count(1)

    def test_hovering_shows_the_button_that_removes_it(self, app: Page) -> None:
        add(app, "a", "b")
        app.locator("h1").hover()
        destroy = item(app, "a").locator(".destroy")
        expect(destroy).to_be_hidden()
        item(app, "a").hover()
        destroy.click()
        expect_titles(app, "b")


class TestEditing:
    def test_it_hides_the_other_controls_and_focuses_a_field_with_the_title(self, app: Page) -> None:
        add(app, "a")
        field = edit(app, "a")
        expect(field).to_be_focused()
        expect(field).to_have_value("a")
        for control in (".toggle", "label", ".destroy"):
            expect(app.locator(f".todo-list li {control}")).to_be_hidden()

    def test_enter_and_leaving_the_field_save_what_was_typed_trimmed(self, app: Page) -> None:
        add(app, "a", "b")
        edit(app, "a").fill("  A  ")
        app.keyboard.press("Enter")
        expect_titles(app, "A", "b")
        expect(app.locator(".editing")).to_have_count(0)
        edit(app, "b").fill("B")
        app.locator("h1").click()
        expect_titles(app, "A", "B")
        expect(app.locator(".editing")).to_have_count(0)

    def test_an_empty_title_removes_the_todo(self, app: Page) -> None:
        add(app, "a", "b")
        edit(app, "a").fill("   ")
        app.keyboard.press("Enter")
        expect_titles(app, "b")

    def test_escape_discards_the_changes(self, app: Page) -> None:
        add(app, "a")
        edit(app, "a").fill("changed")
        app.keyboard.press("Escape")
        expect_titles(app, "a")
        expect(app.locator(".editing")).to_have_count(0)
        expect(edit(app, "a")).to_have_value("a")


class TestCounter:
    def test_it_counts_active_todos_in_the_plural_that_fits(self, app: Page) -> None:
        add(app, "a")
        expect(app.locator(".todo-count")).to_have_text("1 item left")
        add(app, "b")
        expect(app.locator(".todo-count")).to_have_text("2 items left")
        app.locator(".toggle-all + label").click()
        expect(app.locator(".todo-count")).to_have_text("0 items left")
        expect(app.locator(".todo-count strong")).to_have_text("0")


class TestClearCompleted:
    def test_it_removes_completed_todos_and_is_hidden_without_any(self, app: Page) -> None:
        add(app, "a", "b", "c")
        clear = app.get_by_role("button", name="Clear completed")
        expect(clear).to_be_hidden()
        check(app, "a")
        check(app, "c")
        clear.click()
        expect_titles(app, "b")
        expect(clear).to_be_hidden()


class TestPersistence:
    def test_the_list_is_stored_by_the_api_and_survives_a_browser_that_forgets(
        self, app: Page, site: Site
    ) -> None:
        add(app, "Buy milk", "Écrire à Ana")
        check(app, "Buy milk")
        expect_state(app, "saved")
        stored = site.todos()
        assert [(todo["title"], todo["completed"]) for todo in stored] == [
            ("Buy milk", True),
            ("Écrire à Ana", False),
        ]
        assert all(set(todo) == {"id", "title", "completed"} for todo in stored)
        app.evaluate("localStorage.clear()")
        app.reload()
        expect_titles(app, "Buy milk", "Écrire à Ana")
        expect_completed(app, "Buy milk")

    def test_the_browser_keeps_a_copy_with_the_same_keys(self, app: Page, site: Site) -> None:
        add(app, "a")
        expect_state(app, "saved")
        kept = json.loads(app.evaluate("localStorage.getItem('todos.saved.default')"))
        assert kept["items"] == site.todos()

    def test_editing_is_not_persisted(self, app: Page) -> None:
        add(app, "a")
        expect_state(app, "saved")
        edit(app, "a")
        app.reload()
        expect_titles(app, "a")
        expect(app.locator(".editing")).to_have_count(0)


class TestRouting:
    def test_the_routes_filter_the_list_and_select_their_link(self, app: Page) -> None:
        add(app, "a", "b")
        check(app, "a")
        selected = app.locator(".filters .selected")
        expect(selected).to_have_text("All")
        for name, address, titles in (
            ("Active", "#/active", ["b"]),
            ("Completed", "#/completed", ["a"]),
            ("All", "#/", ["a", "b"]),
        ):
            app.get_by_role("link", name=name).click()
            assert app.url.endswith(address)
            expect_titles(app, *titles)
            expect(selected).to_have_text(name)
        app.go_back()
        expect_titles(app, "a")

    def test_a_changed_todo_leaves_the_filter_that_it_no_longer_fits(self, app: Page) -> None:
        add(app, "a", "b")
        app.get_by_role("link", name="Active").click()
        check(app, "a")
        expect_titles(app, "b")
        app.get_by_role("link", name="Completed").click()
        expect_titles(app, "a")
        app.locator(".todo-list .toggle").click()
        expect_titles(app)
        expect(app.locator(".footer")).to_be_visible()

    def test_the_active_filter_survives_a_reload(self, app: Page) -> None:
        add(app, "a", "b")
        check(app, "a")
        app.get_by_role("link", name="Completed").click()
        expect_state(app, "saved")
        app.reload()
        expect_titles(app, "a")
        expect(app.locator(".filters .selected")).to_have_text("Completed")

    @pytest.mark.parametrize(("address", "name"), [("#!/active", "Active"), ("#/unknown", "All")])
    def test_the_other_spelling_counts_and_an_unknown_route_shows_all(
        self, site: Site, page: Page, address: str, name: str
    ) -> None:
        site.put("a")
        open_page(page, site, address)
        expect(page.locator(".filters .selected")).to_have_text(name)


class TestConfiguration:
    def test_the_release_is_told_to_people_and_to_probes(self, app: Page) -> None:
        expect(app.locator(".release")).to_have_text("staging · release r12")
        expect(app.locator('meta[name="release"]')).to_have_attribute("content", "r12")
        assert app.evaluate("APP_CONFIG.release") == "r12"

    @pytest.mark.parametrize("config", [None, "window.APP_CONFIG = {apiBase: 7};", "<!doctype html>"])
    def test_without_a_usable_configuration_the_defaults_serve(
        self, site: Site, browser_context: BrowserContext, config: str | None
    ) -> None:
        page = browser_context.new_page()  # the plain one: a page in place of the script is an error, told so
        site.config = config
        open_page(page, site)
        add(page, "a")
        expect_state(page, "saved")
        assert site.titles() == ["a"]
        expect(page.locator(".release")).to_have_text("release dev")
