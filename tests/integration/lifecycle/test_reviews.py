"""Reviews in a worker process: what changed since, guardrails that are overridden, several approvers, and the kinds of
runs that only compare, refresh, scale or unlock."""

from collections.abc import Callable
from typing import Any

from panel.access.identity import SYSTEM, Identity, Role
from panel.catalogue.edit import set_value

BOB = Identity("bob", Role.ADMIN)
_REASON = "the bucket was emptied yesterday"
Fresh = Callable[[], str]


def _created(house: Any, name: str) -> None:
    number = house.operations.create(house.ana, name, auto_approve=True).id
    assert house.until_ended(number).state == "applied"


def test_what_changed_since_the_review_makes_the_run_stale(busy_house: Any, fresh: Fresh) -> None:
    name, gone = fresh(), fresh()
    _created(busy_house, gone)
    numbers = [
        busy_house.operations.create(busy_house.ana, name).id,
        busy_house.operations.destroy(busy_house.ana, gone, confirm=gone).id,
    ]
    for number in numbers:
        busy_house.until_state(number, "planned")
    for one in (name, gone):
        busy_house.changed(
            one, "the state was written by somebody since: serial 12 → 14", "a file was changed"
        )

    for number in numbers:
        busy_house.operations.approve(busy_house.ana, number)

    for number in numbers:
        ended = busy_house.until_ended(number)
        assert (ended.state, ended.awaiting) == ("stale", False)
        assert "serial 12 → 14. 1 more differ. Nothing was applied." in ended.error
        assert ended.error_detail.endswith("a file was changed")
        keys = [call.get("key") for call in busy_house.calls()]
        assert f"run-{number}-environment-apply" not in keys
    assert not busy_house.stores.environments.get(name).exists
    assert busy_house.stores.environments.get(gone).ready  # nothing was touched
    # Planned again, it is another run over what is there now.
    busy_house.changed(name)
    again = busy_house.operations.replan(busy_house.ana, numbers[0]).id
    busy_house.until_state(again, "planned")
    busy_house.operations.approve(busy_house.ana, again)
    assert busy_house.until_ended(again).state == "applied"
    assert busy_house.run(again).retry_of == numbers[0]


def test_a_block_is_overridden_and_reviewed(busy_house: Any, fresh: Fresh) -> None:
    name, other = fresh(), fresh()
    for one in (name, other):
        busy_house.plans(one, "aws_s3_bucket:delete")
    number = busy_house.operations.create(busy_house.ana, name).id
    unwanted = busy_house.operations.create(busy_house.ana, other).id

    waiting = busy_house.until_state(number, "blocked")
    assert (waiting.active, waiting.awaiting) == (True, True)
    assert "aws_s3_bucket.it" in waiting.error
    assert "panel runs override" in waiting.error_hint
    assert busy_house.stage_states(number)["review"] == "waiting"
    busy_house.operations.override(busy_house.ana, number, reason=_REASON)
    busy_house.operations.approve(BOB, number)
    busy_house.until_state(unwanted, "blocked")
    busy_house.operations.discard(BOB, unwanted)

    ended = busy_house.until_ended(number)
    assert (ended.state, ended.error, ended.overridden_by) == ("applied", "", "ana")
    busy_house.until(lambda: not busy_house.run(unwanted).awaiting, "the workflow has heard of it")
    assert "apply" not in busy_house.steps(unwanted, "begin")


def test_two_people_approve_what_asks_for_two(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    set_value(
        busy_house.root / "environments.yaml",
        ("environments", name, "approvals"),
        {"count": 2, "other_than_author": False},
    )
    number = busy_house.operations.create(busy_house.ana, name).id
    waiting = busy_house.until_state(number, "planned")
    assert (waiting.approvals_needed, waiting.author_may_approve) == (2, True)

    assert busy_house.operations.approve(busy_house.ana, number).state == "planned"
    assert busy_house.operations.approve(BOB, number).state == "approved"

    assert busy_house.until_ended(number).decided_by == "ana, bob"


def test_drift_is_found_kept_and_taken_into_the_state(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    _created(busy_house, name)
    clean = busy_house.operations.drift(SYSTEM, name).id
    assert busy_house.until_ended(clean).state == "no_changes"
    record = busy_house.stores.environments.get(name)
    assert (record.drift, record.ready) == ([], True)
    assert record.drift_checked_at is not None

    busy_house.drifted(name, "aws_lb")
    found = busy_house.operations.drift(busy_house.ana, name).id
    ended = busy_house.until_ended(found)
    assert (ended.state, ended.drifted, ended.awaiting) == ("planned", 1, False)
    (drift,) = busy_house.stores.environments.get(name).drift
    assert (drift["address"], drift["type"], drift["attributes"][0]) == ("aws_lb.it", "aws_lb", "name")
    assert busy_house.steps(found) == ["begin", "plan", "settle_plan"]

    refresh = busy_house.operations.refresh(busy_house.ana, name).id
    busy_house.until_state(refresh, "planned")
    busy_house.operations.approve(busy_house.ana, refresh)
    assert busy_house.until_ended(refresh).state == "applied"
    assert busy_house.steps(refresh) == ["begin", "plan", "settle_plan", "decision", "apply"]
    record = busy_house.stores.environments.get(name)
    assert (record.drift, record.ready, record.exists) == ([], True, True)


def test_an_unlock_is_a_run_of_its_own(busy_house: Any, fresh: Fresh) -> None:
    name, alive = fresh(), fresh()
    busy_house.fail(f"{alive}.unlock", "BusyError")
    number = busy_house.operations.unlock(busy_house.ana, name, lock_id="1-2").id
    refused = busy_house.operations.unlock(busy_house.ana, alive).id

    assert busy_house.until_ended(number).state == "applied"
    asked = [call for call in busy_house.calls() if call["run"] == number and call["name"] == "unlock"]
    assert asked[1]["lock"] == "1-2"
    (stage,) = busy_house.stores.runs.stages(number)
    assert (stage.state, stage.detail) == ("done", f"Removed the state lock of {name}.")
    assert busy_house.until_ended(refused).state == "blocked"


def test_an_order_does_not_wait_for_a_drift_check(busy_house: Any, fresh: Fresh) -> None:
    name = fresh()
    _created(busy_house, name)
    busy_house.hold(f"{name}.plan")
    drift = busy_house.operations.drift(SYSTEM, name).id
    busy_house.until_held(f"{name}.plan")

    order = busy_house.operations.update(busy_house.ana, name, auto_approve=True).id

    assert (busy_house.run(drift).state, busy_house.run(drift).comment) == ("canceled", "made way")
    assert busy_house.steps(order, "begin") == []  # two workflows never work on one environment
    busy_house.release(f"{name}.plan")
    assert busy_house.until_ended(order).state == "applied"
    assert (busy_house.run(drift).state, busy_house.steps(drift)) == ("canceled", ["begin"])


def test_a_block_that_nobody_decides_is_discarded_in_the_end(impatient_house: Any) -> None:
    impatient_house.plans("e01", "aws_s3_bucket:delete")
    impatient_house.start()
    number = impatient_house.operations.create(impatient_house.ana, "e01").id

    ended = impatient_house.until_ended(number)

    assert (ended.state, ended.comment) == ("discarded", "nobody decided in time")
