"""The site for everybody: rules that axe-core can check, the keyboard alone, a phone's width, the dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

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

# axe-core leaves text over a picture to people, and each title stands beside a drawn circle. By the definition of
# WCAG 2.2: texts, placeholders and drawn signs whose colour is too near to that of the surface under them.
PALE = """() => {
    const channels = colour => colour.match(/[\\d.]+/g).map(Number)
    const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    const surface = element => {
        for (let one = element; one; one = one.parentElement) {
            const colour = channels(getComputedStyle(one).backgroundColor)
            if (colour.length === 3 || colour[3] > 0.9) return colour
        }
        return [255, 255, 255]
    }
    const contrast = (style, element) => {
        const [dark, light] = [channels(style.color), surface(element)].map(luminance).sort((a, b) => a - b)
        return (light + 0.05) / (dark + 0.05)
    }
    const drawn = element => ['', '::before', '::after', '::placeholder'].filter(part => {
        if (part === '::placeholder') return element.placeholder
        if (part) return !['none', 'normal', '""'].includes(getComputedStyle(element, part).content)
        return element.value || [...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim())
    })
    return [...document.body.querySelectorAll('*')]
        .filter(element => element.checkVisibility({ opacityProperty: true }))
        .flatMap(element => drawn(element).map(part => {
            const style = getComputedStyle(element, part || null)
            const isSign = ['::before', '::after'].includes(part)
            const needed = isSign || parseFloat(style.fontSize) >= 24 ? 3 : 4.5
            return [`${element.className || element.innerText}${part}`, contrast(style, element), needed]
        }))
}"""
LONG = (
    "A to-do that is much longer than a telephone is wide, with https://example.com/averyverylongaddress" * 2
)
NARROW = {"width": 380, "height": 800}
WIDE = {"width": 900, "height": 700}


@pytest.fixture
def axe(frontend_copy: Path) -> str:
    return (frontend_copy / "node_modules" / "axe-core" / "axe.min.js").read_text()


def findings(page: Page, axe: str, *rules: str) -> list[dict[str, Any]]:
    """What axe-core holds against the page as it is now, by these rules or by all that it has."""
    page.evaluate(axe)
    result = page.evaluate("options => axe.run(document, options)", {"runOnly": list(rules)} if rules else {})
    assert result["passes"], "axe looked at nothing"
    return [
        {"rule": one["id"], "help": one["help"], "nodes": [node["html"] for node in one["nodes"]]}
        for one in result["violations"]
    ]


def pale(page: Page) -> list[Any]:
    """What stands out too little from the surface under it."""
    looked_at = page.evaluate(PALE)
    assert len(looked_at) > 4, looked_at
    return [[name, round(contrast, 2)] for name, contrast, needed in looked_at if contrast < needed]


def fill(page: Page, site: Site) -> None:
    open_page(page, site)
    add(page, "Buy milk", "Call Ana", LONG)
    check(page, "Call Ana")
    expect_state(page, "saved")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state_of_the_page(
    site: Site, fresh_page: Page, axe: str, screenshot_folder: Path, scheme: Any
) -> None:
    page = fresh_page
    page.emulate_media(color_scheme=scheme)
    rules = [] if scheme == "light" else ["color-contrast"]  # nothing else depends on it
    open_page(page, site)
    assert findings(page, axe, *rules) == [], "empty"
    assert pale(page) == [], "empty"
    page.screenshot(path=screenshot_folder / f"todomvc-empty-{scheme}.png")
    fill(page, site)
    item(page, "Buy milk").hover()
    assert findings(page, axe, *rules) == [], "filled"
    assert pale(page) == [], "filled"
    page.screenshot(path=screenshot_folder / f"todomvc-filled-{scheme}.png")
    edit(page, "Buy milk")
    assert findings(page, axe, *rules) == [], "editing"
    assert pale(page) == [], "editing"
    page.screenshot(path=screenshot_folder / f"todomvc-editing-{scheme}.png")
    site.broken = True
    page.keyboard.type("!")
    page.keyboard.press("Enter")
    expect_state(page, "offline")
    assert findings(page, axe, *rules) == [], "offline"
    assert pale(page) == [], "offline"
    page.screenshot(path=screenshot_folder / f"todomvc-unreachable-{scheme}.png")


def test_axe_would_find_something(site: Site, fresh_page: Page, axe: str) -> None:
    open_page(fresh_page, site)
    fresh_page.locator(".new-todo").evaluate("field => field.removeAttribute('aria-label')")
    fresh_page.locator(".new-todo").evaluate("field => field.removeAttribute('placeholder')")
    assert [one["rule"] for one in findings(fresh_page, axe)] == ["label"]


def test_everything_can_be_done_by_keyboard(site: Site, page: Page) -> None:
    open_page(page, site)
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    page.keyboard.type("b")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="Mark all as complete")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="a", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect_completed(page, "a")
    page.keyboard.press("Enter")
    page.keyboard.type("!")
    page.keyboard.press("Enter")
    expect_titles(page, "a!", "b")
    expect(page.get_by_role("checkbox", name="a!")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Delete a!")).to_be_focused()
    page.keyboard.press("Enter")
    expect_titles(page, "b")
    expect(page.get_by_role("checkbox", name="b", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    for name in ("Delete b", "All", "Active", "Completed", "Clear completed"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_accessible_name(name)
    page.keyboard.press("Enter")
    expect_titles(page)
    expect(page.locator(".new-todo")).to_be_focused()


def test_whoever_tabs_sees_where_they_are(site: Site, page: Page) -> None:
    site.put("a")
    open_page(page, site)
    rings = []
    for _ in range(6):
        rings.append(
            page.evaluate("""() => {
                const focused = document.activeElement
                const seen = focused.type === 'checkbox' ? focused.nextElementSibling : focused
                return [focused.className || focused.innerText, getComputedStyle(seen).boxShadow]
            }""")
        )
        page.keyboard.press("Tab")
    assert len({name for name, _ in rings}) == 6
    assert all("2px" in ring for _, ring in rings), rings


def test_the_state_of_saving_is_told_to_screen_readers_and_once_only(site: Site, page: Page) -> None:
    open_page(page, site)
    status = page.get_by_role("status")
    expect(status).to_have_text("● saved")
    # One element for all states: a region that comes with its text is not read out.
    status.evaluate("region => { region.dataset.first = 'yes' }")
    site.broken = True
    add(page, "a")
    expect(status).to_contain_text("offline")
    expect(status).to_have_attribute("data-first", "yes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_or_covered(
    site: Site, fresh_page: Page, screenshot_folder: Path, scheme: Any
) -> None:
    page = fresh_page
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme=scheme)
    fill(page, site)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    boxes = [
        locator.bounding_box()
        for locator in (
            page.locator(".todo-count"),
            page.get_by_role("button", name="Clear completed"),
            *page.locator(".filters a").all(),
        )
    ]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if overlap(a, b)]
    page.screenshot(path=screenshot_folder / f"todomvc-narrow-{scheme}.png", full_page=True)
    page.get_by_role("button", name="Clear completed").click()
    page.get_by_role("link", name="Active").click()
    expect_titles(page, "Buy milk", LONG)


def overlap(a: Any, b: Any) -> bool:
    """Whether two boxes share more than an edge."""
    across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    return bool(across > 1 and down > 1)


def test_on_a_touch_screen_a_todo_can_be_removed_without_hovering(site: Site, chromium: Any) -> None:
    site.put("a", "b")
    context = chromium.new_context(viewport=NARROW, has_touch=True, is_mobile=True, service_workers="block")
    page = open_page(context.new_page(), site)
    page.get_by_role("button", name="Delete a").tap()
    expect_titles(page, "b")
    context.close()
