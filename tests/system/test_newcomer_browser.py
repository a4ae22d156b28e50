"""A newcomer's first hour in a real browser: create staging, use it, look around, destroy it."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system import safe_changes
from tests.system.account import Account, Inventory, difference
from tests.system.installation import REPOSITORY, Application, Command, Installation, wait_for
from tests.system.pictures import Pictures
from tests.system.visiting import (
    LONG,
    SOON,
    Visit,
    card,
    changes,
    expect_sound,
    new_context,
    run_of,
    search,
    stage,
)

pytestmark = [
    pytest.mark.system,
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("story"),
]

TABS = ("Overview", "Runs", "Deployments", "Health", "Cost", "Activity")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of environments.yaml, to be edited."""
    return Path(shutil.copy(REPOSITORY / "environments.yaml", tmp_path_factory.mktemp("catalogue")))


@pytest.fixture(scope="module")
def panel(install: Any, terraform_ready: None, catalogue: Path) -> Installation:
    installation: Installation = install(PANEL_CATALOGUE=str(catalogue))
    return installation


@pytest.fixture(scope="module")
def up(panel: Installation, chromium: Browser) -> Command:
    return panel.up()


@pytest.fixture(scope="module")
def visit(panel: Installation, chromium: Browser, up: Command) -> Iterator[Visit]:
    visit = Visit(chromium, panel.address)
    yield visit
    visit.leave()


def test_one_command_prints_one_address(panel: Installation, up: Command) -> None:
    assert up.out.splitlines() == [f"Panel: {panel.address}"]


def test_home_shows_what_could_be_created(visit: Visit, panel: Installation, pictures: Pictures) -> None:
    page = visit.go()
    for name in ("production", "staging"):
        expect(card(page, name)).to_contain_text("Not created")
        expect(card(page, name)).to_contain_text("API team")
        expect(card(page, name)).to_contain_text("t3.micro ×2")
        cost = panel.json("cost", "estimate", name)["monthly_usd"]
        expect(card(page, name)).to_contain_text(f"would cost $ {cost:.2f} / month")
        expect(page.get_by_role("button", name=f"Create {name} environment")).to_be_enabled()
    expect(card(page, "production")).to_contain_text("protected")
    expect(page.get_by_text("Nothing needs you")).to_be_visible(timeout=SOON)
    expect_sound(page)
    pictures.take_every_way(page, "home-empty")


def test_create_goes_to_a_run_that_shows_its_stages(
    visit: Visit, chromium: Browser, panel: Installation, pictures: Pictures, told: dict[str, Any]
) -> None:
    told["late"] = late_visitor(chromium, panel)
    page = visit.page
    page.get_by_role("button", name="Create staging environment").click()
    page.wait_for_url("**/run?run=*")
    told["run"] = run_of(page)
    expect(stage(page, "Shared network", "under way")).to_be_visible(timeout=SOON)
    expect(stage(page, "Apply", "not begun")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=SOON)
    page.locator("summary").get_by_text("Log", exact=True).click()
    expect(page.get_by_role("log")).to_contain_text("aws_")
    pictures.take(page, "run-working")
    expect(stage(page, "Shared network", "done")).to_be_visible(timeout=LONG)
    expect_sound(page)


def late_visitor(browser: Browser, panel: Installation) -> Page:
    """Somebody whose home page was drawn before anything was created, and does not refresh."""
    page = new_context(browser).new_page()
    page.clock.install()
    page.goto(panel.address)
    expect(page.get_by_role("button", name="Create staging environment")).to_be_enabled()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    return page


def test_the_plan_is_there_to_be_reviewed(
    visit: Visit, panel: Installation, account: Account, pictures: Pictures, told: dict[str, Any]
) -> None:
    page = visit.page
    approve = page.get_by_role("button", name="Approve and apply")
    expect(approve).to_be_enabled(timeout=LONG)
    expect(stage(page, "Review", "waits for you")).to_be_visible()
    run = panel.json("runs", "show", told["run"])
    planned = len(run["plan"]["changes"])
    assert run["summary"] == {"add": planned, "change": 0, "destroy": 0}
    expect(page.locator(".p-group")).to_have_text([f"Create {planned}"])
    expect(page.get_by_text(f"+{planned} ~0 −0").first).to_be_visible()
    expect(page.get_by_text(f"$ {run['monthly_usd']:.2f} / month").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"guardrails: \d+ passed")).first).to_be_visible()
    first = changes(page).first
    first.locator("summary").click()
    expect(first.get_by_role("table").first).to_contain_text("known after apply")
    search(page, "aws_cloudfront_distribution")
    expect(changes(page)).to_have_count(1)
    search(page, "")
    expect(changes(page).nth(1)).to_be_visible()
    expect_sound(page)
    pictures.take_every_way(page, "run-review")
    assert panel.environment_state("staging") == "needs_you"
    told["before"] = account.inventory()


def test_a_second_create_is_told_about_the_run_under_way(
    panel: Installation, pictures: Pictures, told: dict[str, Any]
) -> None:
    page = told["late"]
    page.get_by_role("button", name="Create staging environment").click()
    page.clock.resume()
    expect(page.get_by_role("link", name=f"Open run {told['run']}").first).to_be_visible()
    pictures.take(page, "home-somebody-was-faster")
    page.context.close()
    assert [run["id"] for run in panel.json("runs", "list")] == [int(told["run"])]


def test_the_apply_goes_on_when_the_browser_is_closed(
    visit: Visit, pictures: Pictures, told: dict[str, Any]
) -> None:
    page = visit.page
    page.get_by_role("button", name="Approve and apply").click()
    bar = page.get_by_role("progressbar")
    expect(stage(page, "Apply", "under way")).to_be_visible(timeout=SOON)
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]"))
    seen = int(bar.get_attribute("aria-valuenow") or 0)
    pictures.take_every_way(page, "run-progress")
    page = visit.come_back()
    page.wait_for_function(
        "seen => Number(document.querySelector('[role=progressbar]')?.ariaValueNow) > seen", arg=seen
    )
    expect(page.get_by_text("waiting for").first).to_be_visible()
    expect(stage(page, "Checks", "done")).to_be_visible(timeout=LONG)
    expect(page.locator(".p-badge", has_text="Done").first).to_be_visible()
    expect(page.get_by_text("Everything was done.")).to_be_visible()
    expect_sound(page)
    pictures.take(page, "run-done")


def test_the_card_says_ready_and_everything_worth_knowing(
    visit: Visit, panel: Installation, pictures: Pictures, told: dict[str, Any]
) -> None:
    page = visit.go()
    staging = card(page, "staging")
    expect(staging).to_contain_text("Ready")
    shown = panel.json("env", "show", "staging")
    assert shown["state"] == "ready"
    expect(staging.get_by_role("link", name="Open app")).to_have_attribute("href", shown["url"])
    for words in (
        shown["services"]["backend"]["version"],
        shown["services"]["frontend"]["version"],
        "release 1",
        "Healthy",
        f"$ {shown['cost']['monthly_usd']:.2f} / month",
        "API team",
        f"by {shown['last_run']['author']}",
    ):
        expect(staging).to_contain_text(words)
    expect(card(page, "production")).to_contain_text("Not created")
    expect_sound(page)
    pictures.take_every_way(page, "home-ready")
    told["url"] = shown["url"]


def test_a_to_do_survives_a_reload_and_is_in_the_bucket(
    visit: Visit, account: Account, pictures: Pictures, told: dict[str, Any]
) -> None:
    app = visit.follow(card(visit.page, "staging").get_by_role("link", name="Open app"))
    app.locator(".new-todo").fill("Buy milk")
    app.locator(".new-todo").press("Enter")
    expect(app.locator(".sync[data-state=saved]")).to_be_visible()
    app.evaluate("localStorage.clear()")
    app.reload()
    expect(app.locator(".todo-list label")).to_have_text(["Buy milk"])
    pictures.take(app, "application")
    app.close()
    assert titles(Application(told["url"]).todos()) == ["Buy milk"]
    (bucket,) = (name for name in account.inventory()["bucket"] if name.startswith("todo-staging-state"))
    (key,) = account.objects(bucket)
    assert titles(json.loads(account.read_object(bucket, key))) == ["Buy milk"]


def titles(todos: list[dict[str, Any]]) -> list[str]:
    """What is to be done."""
    return [todo["title"] for todo in todos]


def test_every_tab_of_the_environment_is_drawn(visit: Visit, pictures: Pictures) -> None:
    page = visit.page
    card(page, "staging").get_by_role("link", name="staging").first.click()
    expect(page.get_by_role("heading", name="staging", exact=True)).to_be_visible()
    for name in TABS:
        tab = page.get_by_role("tab", name=name)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel").first).not_to_be_empty()
        page.wait_for_timeout(1500)
        expect(page.get_by_test_id("stSpinner")).to_have_count(0)
        expect_sound(page)
        expect(page.locator(".p-error")).to_have_count(0)
        pictures.take(page, f"environment-{name.lower()}")
    pictures.take_every_way(page, "environment-activity")


def test_the_other_pages_are_drawn(
    visit: Visit, account: Account, pictures: Pictures, told: dict[str, Any]
) -> None:
    # Meanwhile somebody is at work on staging from a terminal of their own.
    safe_changes.lock_the_state(account)
    told["threshold"] = safe_changes.change_the_target_group(account)
    for name in ("runs", "status", "settings"):
        page = visit.go(f"/{name}")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(1500)
        expect_sound(page)
        pictures.take_every_way(page, name)


def test_a_foreign_lock_is_told_and_taken_away_on_purpose(
    visit: Visit, account: Account, pictures: Pictures
) -> None:
    safe_changes.finds_it_locked(visit, pictures)
    safe_changes.unlocks_it(visit, account, pictures)


def test_drift_is_exactly_what_was_changed_outside(visit: Visit, pictures: Pictures) -> None:
    safe_changes.finds_the_drift(visit, pictures)


def test_a_plan_that_is_out_of_date_is_not_applied(
    visit: Visit, catalogue: Path, account: Account, pictures: Pictures
) -> None:
    safe_changes.brings_it_back_from_a_file_that_changes(visit, catalogue, account, pictures)


def test_a_guardrail_stops_a_plan_until_somebody_says_why_not(
    visit: Visit, catalogue: Path, panel: Installation, pictures: Pictures
) -> None:
    safe_changes.is_stopped_by_a_guardrail(visit, catalogue, panel, pictures)


def test_drift_is_brought_back_with_a_comment_for_the_record(
    visit: Visit, panel: Installation, account: Account, pictures: Pictures, told: dict[str, Any]
) -> None:
    safe_changes.is_as_it_was(visit, panel, account, pictures, told["threshold"])


def test_ctrl_c_stops_everything_and_keeps_the_state(
    visit: Visit, panel: Installation, up: Command, told: dict[str, Any]
) -> None:
    before = panel.json("env", "list")
    answer = up.end(signal.SIGINT)
    assert answer.code in (0, 130), answer.text
    assert "Traceback" not in answer.text
    assert panel.processes() == []
    panel.up()
    page = visit.go()
    expect(card(page, "staging")).to_contain_text("Ready")
    wait_for("environments are as before", lambda: panel.json("env", "list") == before)
    app = visit.follow(card(page, "staging").get_by_role("link", name="Open app"))
    expect(app.locator(".todo-list label")).to_have_text(["Buy milk"])
    app.close()


def test_a_protected_environment_refuses_with_its_reason(
    visit: Visit, catalogue: Path, pictures: Pictures
) -> None:
    page = visit.go("/environment?environment=production")
    expect(page.get_by_role("button", name="Create production environment")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Destroy"))).to_have_count(0)
    whole = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(whole.replace("protected: false", "protected: true"), encoding="utf-8")
    page = visit.go("/environment?environment=staging")
    page.get_by_role("button", name="Destroy staging…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("staging is protected")
    expect(dialog).to_contain_text("protected: false")
    expect(dialog.get_by_role("button", name="Destroy staging")).to_have_count(0)
    pictures.take(page, "destroy-protected")
    catalogue.write_text(whole, encoding="utf-8")


def test_destroy_asks_for_the_name(visit: Visit, panel: Installation, pictures: Pictures) -> None:
    runs = panel.json("runs", "list")
    page = visit.go("/environment?environment=staging")
    page.get_by_role("button", name="Destroy staging…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("todo-staging-state")
    dialog.get_by_label("Type staging to confirm").fill("stagin")
    dialog.get_by_label("Type staging to confirm").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("This is not the name")
    button = dialog.get_by_role("button", name="Destroy staging")
    if button.is_enabled():
        button.click()
        expect(dialog.get_by_role("alert")).to_contain_text("This is not the name")
    pictures.take_every_way(page, "destroy-dialog")
    assert panel.json("runs", "list") == runs
    dialog.get_by_label("Type staging to confirm").fill("staging")
    dialog.get_by_label("Type staging to confirm").press("Enter")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_role("button", name="Destroy staging").click()
    page.wait_for_url("**/run?run=*")
    expect(stage(page, "Plan", "under way")).to_be_visible(timeout=SOON)


def test_destroy_leaves_nothing_behind(
    visit: Visit, panel: Installation, account: Account, pictures: Pictures, told: dict[str, Any]
) -> None:
    page = visit.page
    expect(page.get_by_role("button", name="Approve and apply")).to_be_enabled(timeout=LONG)
    planned = panel.json("runs", "show", run_of(page))["summary"]
    assert planned["add"] == planned["change"] == 0
    expect(page.locator(".p-group")).to_have_text([f"Destroy {planned['destroy']}"])
    pictures.take(page, "run-destroy-review")
    page.get_by_role("button", name="Approve and apply").click()
    expect(stage(page, "Clean up", "done")).to_be_visible(timeout=LONG)
    expect(page.locator(".p-badge", has_text="Done").first).to_be_visible()
    page = visit.go()
    expect(card(page, "staging")).to_contain_text("Not created")
    expect(page.get_by_role("button", name="Create staging environment")).to_be_enabled()
    pictures.take(page, "home-destroyed")
    before: Inventory = told["before"]
    assert difference(before, account.inventory()) == {}
    assert [process for process in panel.processes() if "gunicorn" in " ".join(process.cmdline())] == []
