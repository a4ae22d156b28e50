"""What people do when an environment is not what it should be: somebody else's lock, drift, a stale plan, a guardrail.

Steps of a story that is told in a browser; each goes on from the page that the one before it has left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.system.account import Account
from tests.system.installation import Installation
from tests.system.pictures import Pictures
from tests.system.visiting import LONG, Visit, changes, expect_sound, run_of, stage

STATE_BUCKET = "todo-terraform-state"
LOCK = "environments/staging/terraform.tfstate.tflock"
LOCK_ID = "7d1b6f0e-5a44-4f0c-9d55-0c1b2a3d4e5f"
HOLDER = "ben@laptop"
COMMENT = "Nobody meant to change that"
REASON = "The budget is raised next week"
CHANGED = 9


def lock_the_state(account: Account) -> None:
    """Somebody runs Terraform at a terminal of their own: what it leaves beside the state meanwhile."""
    lock = {
        "ID": LOCK_ID,
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": HOLDER,
        "Version": "1.11.4",
        "Created": f"{datetime.now(UTC) - timedelta(minutes=3):%Y-%m-%dT%H:%M:%S.%fZ}",
        "Path": f"{STATE_BUCKET}/{LOCK.removesuffix('.tflock')}",
    }
    account.client("s3").put_object(Bucket=STATE_BUCKET, Key=LOCK, Body=json.dumps(lock).encode())


def change_the_target_group(account: Account) -> int:
    """Change it behind the panel's back, harmlessly: failed checks that it takes; tells how many it took."""
    balancing = account.client("elbv2")
    (group,) = balancing.describe_target_groups()["TargetGroups"]
    balancing.modify_target_group(TargetGroupArn=group["TargetGroupArn"], UnhealthyThresholdCount=CHANGED)
    return int(group["UnhealthyThresholdCount"])


def threshold_of(account: Account) -> int:
    """How many failed checks the target group takes."""
    (group,) = account.client("elbv2").describe_target_groups()["TargetGroups"]
    return int(group["UnhealthyThresholdCount"])


@contextmanager
def edited(catalogue: Path, before: str, after: str) -> Iterator[None]:
    """What a line of staging says for a while."""
    whole = catalogue.read_text(encoding="utf-8")
    head, staging = whole.split("  staging:", 1)
    assert before in staging
    catalogue.write_text(f"{head}  staging:{staging.replace(before, after, 1)}", encoding="utf-8")
    try:
        yield
    finally:
        catalogue.write_text(whole, encoding="utf-8")


def journey(page: Page) -> Locator:
    """How a run went, step by step."""
    return page.locator(".p-journey")


def finds_it_locked(visit: Visit, pictures: Pictures) -> None:
    """A check for drift cannot begin: its page and Operations say who holds the state."""
    page = visit.go("/environment?environment=staging")
    page.get_by_role("button", name="Check for drift").click()
    page.wait_for_url("**/run?run=*")
    box = page.get_by_role("alert").filter(has_text="the state is locked by someone else")
    expect(box).to_be_visible(timeout=LONG)
    expect(page.locator(".stMain")).to_contain_text(HOLDER)
    expect(page.get_by_role("button", name="Unlock…")).to_be_visible()
    expect_sound(page)
    pictures.take(page, "run-locked-out")


def unlocks_it(visit: Visit, account: Account, pictures: Pictures) -> None:
    """The lock is taken away on purpose: nothing vouches for its holder being gone but the person who asks."""
    locked_out = visit.page.url
    page = visit.go("/operations")
    row = page.get_by_role("row").filter(has_text=HOLDER)
    for words in ("staging", "apply", "Not known"):
        expect(row).to_contain_text(words)
    pictures.take_every_way(page, "operations-locked")
    page.get_by_role("button", name="Unlock staging…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(LOCK_ID)
    expect(dialog).to_contain_text("Ask them before you go on")
    pictures.take(page, "unlock-dialog")
    assert LOCK in account.objects(STATE_BUCKET)
    dialog.get_by_role("button", name="Unlock staging").click()
    page.wait_for_url("**/run?run=*")
    expect(stage(page, "Unlock", "done")).to_be_visible(timeout=LONG)
    pictures.take(page, "run-unlock")
    assert LOCK not in account.objects(STATE_BUCKET)
    page = visit.go("/operations")
    expect(page.get_by_text("No state is locked")).to_be_visible()
    page.goto(locked_out)


def finds_the_drift(visit: Visit, pictures: Pictures) -> None:
    """Tried again, the check finds what was changed and nothing else."""
    page, before = visit.page, visit.page.url
    page.get_by_role("button", name="Re-plan").click()
    page.wait_for_url(lambda url: url != before)
    expect(page.get_by_text("1 resource changed outside the panel")).to_be_visible(timeout=LONG)
    pictures.take(page, "run-drift")
    page = visit.go("/environment?environment=staging")
    banner = page.locator(".st-key-banner-drift")
    expect(banner).to_contain_text("1 resource of staging drifted")
    banner.locator("summary").click()
    expect(banner.get_by_role("listitem")).to_have_count(1)
    expect(banner.get_by_role("listitem")).to_contain_text(
        re.compile("aws_lb_target_group.*unhealthy_threshold")
    )
    pictures.take_every_way(page, "environment-drift")


def brings_it_back_from_a_file_that_changes(
    visit: Visit, catalogue: Path, account: Account, pictures: Pictures
) -> None:
    """What was reviewed is not what is asked for any more: approved all the same, nothing is applied."""
    page = visit.page
    page.get_by_role("button", name="Bring it back").click()
    page.wait_for_url("**/run?run=*")
    approve = page.get_by_role("button", name="Approve and apply")
    expect(approve).to_be_enabled(timeout=LONG)
    with edited(catalogue, "desired_tasks: 2", "desired_tasks: 3"):
        approve.click()
        expect(page.get_by_text("What changed since the review")).to_be_visible(timeout=LONG)
    expect(page.locator(".p-badge", has_text="Out of date").first).to_be_visible()
    expect(page.get_by_text(re.compile("desired_count was 2 and is 3"))).to_be_visible()
    expect_sound(page)
    pictures.take(page, "run-stale")
    assert threshold_of(account) == CHANGED


def is_stopped_by_a_guardrail(visit: Visit, catalogue: Path, panel: Installation, pictures: Pictures) -> None:
    """Planned again under a budget that it is over; let through for a reason."""
    page, stale = visit.page, visit.page.url
    with edited(
        catalogue,
        "monthly_budget_usd: 80",
        "monthly_budget_usd: 1\n    guardrails: { budget: { severity: block } }",
    ):
        page.get_by_role("button", name="Re-plan").click()
        page.wait_for_url(lambda url: url != stale)
        override = page.get_by_role("button", name="Override")
        expect(override).to_be_enabled(timeout=LONG)
    expect(page.get_by_text("Another try of run")).to_be_visible()
    expect(page.get_by_text(re.compile("over the budget of"))).to_be_visible()
    pictures.take(page, "run-blocked")
    override.click()
    expect(page.get_by_role("alert")).to_contain_text("overridden for a reason")
    assert panel.json("runs", "show", run_of(page))["state"] == "blocked"
    page.get_by_label("Reason for the record").fill(REASON)
    page.get_by_label("Reason for the record").press("Enter")
    override.click()
    expect(page.get_by_role("button", name="Approve and apply")).to_be_enabled()
    expect(page.get_by_text(REASON).first).to_be_visible()


def is_as_it_was(
    visit: Visit, panel: Installation, account: Account, pictures: Pictures, threshold: int
) -> None:
    """Reviewed with before and after, approved with a comment, applied; the banner goes."""
    page = visit.page
    change = changes(page)
    expect(change).to_have_count(1)
    change.locator("summary").click()
    expect(change.get_by_role("row", name=f"unhealthy_threshold {CHANGED} {threshold}")).to_be_visible()
    pictures.take(page, "run-bring-back-review")
    page.get_by_label("Comment for the record").fill(COMMENT)
    page.get_by_label("Comment for the record").press("Enter")
    page.get_by_role("button", name="Approve and apply").click()
    expect(page.get_by_text("Everything was done.")).to_be_visible(timeout=LONG)
    run: dict[str, Any] = panel.json("runs", "show", run_of(page))
    for words in (f"by {run['decided_by']}: {COMMENT}", f"{run['author']} overrode the guardrail", REASON):
        expect(journey(page)).to_contain_text(words)
    expect_sound(page)
    pictures.take(page, "run-brought-back")
    assert threshold_of(account) == threshold
    page = visit.go("/environment?environment=staging")
    expect(page.get_by_role("button", name="Check for drift")).to_be_enabled()
    expect(page.locator(".st-key-banner-drift")).to_have_count(0)
    page = visit.go("/runs")
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name="Out of date").click()
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    expect_sound(page)
    pictures.take(page, "runs-filtered")
