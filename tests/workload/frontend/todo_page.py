"""What people do and see on the page of the TODO list, in their words."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.workload.frontend.site_server import Site


def open_page(page: Page, site: Site, address: str = "") -> Page:
    """Open the site and wait until the list is there; all that is stored is stored."""
    page.goto(site.address + address)
    expect(page.locator(".new-todo")).to_be_visible()
    expect_state(page, "saved")
    return page


def stop_clock(page: Page) -> None:
    """Let the page's time pass only when the test says so; before the page is opened."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)


def add(page: Page, *titles: str) -> None:
    """Type to-dos, each ended by Enter."""
    for title in titles:
        page.locator(".new-todo").fill(title)
        page.locator(".new-todo").press("Enter")


def item(page: Page, title: str) -> Locator:
    """The to-do of that title."""
    return page.locator(".todo-list li").filter(has_text=title)


def check(page: Page, title: str) -> None:
    """Tick a to-do off, by the pointer; it may leave the list that is shown."""
    item(page, title).locator(".toggle").click()


def edit(page: Page, title: str) -> Locator:
    """Begin to edit a to-do; its field."""
    item(page, title).locator("label").dblclick()
    return page.locator(".todo-list .edit")


def expect_titles(page: Page, *titles: str) -> None:
    """These to-dos are shown, in this order."""
    expect(page.locator(".todo-list label")).to_have_text(list(titles))


def expect_completed(page: Page, *titles: str) -> None:
    """These of the shown to-dos, and no others, are marked as completed."""
    expect(page.locator(".todo-list li.completed")).to_have_text(list(titles))


def expect_state(page: Page, state: str) -> None:
    """The page tells that the list is saving, saved, offline or refused."""
    expect(page.locator(f".sync[data-state={state}]")).to_be_visible()
