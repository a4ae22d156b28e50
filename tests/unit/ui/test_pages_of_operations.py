"""The page Operations, and what an environment's page and the first page say of drift, expiry, sleep and locks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from streamlit.testing.v1 import AppTest

from panel.access.identity import Identity, Role
from panel.catalogue.edit import set_value
from panel.store.tables import Notification, StateLock, WorkerRecord, now

Open = Callable[..., AppTest]


def body(app: AppTest) -> str:
    """All markup of a page that was drawn without an error."""
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def button(app: AppTest, label: str) -> Any:
    return next(found for found in app.button if found.label == label)


def put(panel: Any, *rows: Any) -> None:
    with panel.stores.database.write() as session:
        for row in rows:
            session.merge(row)


def lock(subject: str, holder: str, **fields: Any) -> StateLock:
    return StateLock(
        subject=subject, lock_id="lock-1", who=f"<i>{subject}</i>@build-7", operation="OperationTypeApply",
        created_at=now() - timedelta(hours=2), holder=holder, evidence=f"Why {holder}.", **fields,
    )  # fmt: skip


def test_an_empty_page_says_what_will_be_there_and_what_to_do(sample: Any, open_page: Open) -> None:
    sample.ensure_running = lambda: None
    run = sample.stores.runs.active("queued")
    sample.stores.runs.transition(run.id, "canceled", "ana")
    app = open_page("operations")
    text = body(app)
    for words in ("No worker is alive", "panel worker", "Nothing waits.", "No state is locked.", "Nobody was told",
                  "PANEL_WEBHOOK_URL"):  # fmt: skip
        assert words in text
    assert not button(app, "Start what is missing").disabled


def test_workers_queue_locks_and_messages_are_listed(sample: Any, open_page: Open) -> None:
    applying, queued = sample.stores.runs.active("applying"), sample.stores.runs.active("queued")
    sample.stores.runs.update(applying.id, worker="worker-9")
    put(
        sample,
        WorkerRecord(id="worker-9", host="build-9", pid=9, version="0.3.0", memory_mb=141.6, capacity=8),
        WorkerRecord(id="worker-8", host="build-8", pid=8, state="draining", capacity=8),
        WorkerRecord(id="worker-7", host="build-7", pid=7, heartbeat_at=now() - timedelta(hours=1)),
        lock("ready", "orphaned"), lock("down", "alive"),
        Notification(key="1", event="drift", channel="e-mail", subject="ready <b>drifted", recipients=["a@example.com"],
                     state="failed", attempts=6, error="550 unknown"),
        Notification(key="2", event="review", channel="webhook", subject="Review", run_id=applying.id, attempts=2,
                     due_at=now() + timedelta(minutes=4)),
    )  # fmt: skip
    app = open_page("operations")
    text = body(app)
    assert f'href="run?run={applying.id}" target="_self">Run {applying.id} · Create applying</a>' in text
    for words in ("Finishing, takes nothing new", "Not heard of", "1 h ago", "1 / 8", ">142<", "Why orphaned.",
                  "&lt;i&gt;ready", "Alive", "550 unknown", "a@example.com", "6 tries", "next <time", "&lt;b&gt;drifted"):  # fmt: skip
        assert words in text
    assert f'href="run?run={queued.id}"' in text
    assert [found.label for found in app.button if found.label.startswith("Unlock")] == ["Unlock ready…"]


def test_unlocking_asks_first_and_says_whose_lock_it_is(sample: Any, orders: Any, open_page: Open) -> None:
    put(sample, lock("ready", "unknown"))
    app = open_page("operations")
    button(app, "Unlock ready…").click().run()
    assert "Ask them before you go on" in body(app)
    button(app, "Leave it locked").click().run()
    assert orders.asked == []
    button(app, "Unlock ready…").click().run()
    button(app, "Unlock ready").click().run()
    assert orders.asked == [("unlock", "ready", "lock-1")]


def test_who_may_not_unlock_sees_who_may(sample: Any, open_page: Open) -> None:
    sample.identity = Identity("oz", Role.OPERATOR)
    put(sample, lock("ready", "orphaned"))
    unlock = button(open_page("operations"), "Unlock ready…")
    assert unlock.disabled
    assert unlock.help == "Unlocking takes the role admin."


def test_a_drift_is_told_with_its_ways_out(sample: Any, orders: Any, open_page: Open) -> None:
    found = [{"address": "aws_ecs_service.a", "type": "aws_ecs_service", "attributes": ["desired_count"]}]
    sample.stores.environments.save("ready", drift=found, drift_checked_at=now())
    assert "ready drifted" in body(open_page())
    app = open_page("environment", environment="ready")
    text = body(app)
    assert "1 resource of ready drifted" in text
    assert "changed: desired_count" in text
    button(app, "Accept as is").click().run()
    assert orders.asked == [("refresh", "ready")]


def test_drift_is_checked_on_demand(sample: Any, orders: Any, open_page: Open) -> None:
    app = open_page("environment", environment="ready")
    button(app, "Check for drift").click().run()
    assert orders.asked == [("drift", "ready")]


def test_an_end_that_comes_near_can_be_moved_away(sample: Any, orders: Any, open_page: Open) -> None:
    set_value(sample.settings.catalogue_path, ("environments", "ready", "ttl_hours"), 72)
    sample.stores.environments.save(
        "ready", expires_at=now() + timedelta(hours=3, minutes=1), expiry_warned_at=now()
    )
    assert "ready expires" in body(open_page())
    app = open_page("environment", environment="ready")
    text = body(app)
    assert ">in 3 h</time>" in text
    assert "Then it is destroyed" in text
    app.selectbox(key="extend-ready").set_value(72)
    button(app, "Extend").click().run()
    assert orders.asked == [("extend", "ready", 72)]


def test_an_environment_asleep_says_until_when(sample: Any, open_page: Open) -> None:
    hours = {"days": ["mon", "tue"], "from": "08:00", "to": "19:00", "timezone": "Europe/Berlin"}
    set_value(sample.settings.catalogue_path, ("environments", "ready", "working_hours"), hours)
    sample.stores.environments.save("ready", asleep=True)
    assert "</span> Asleep" in body(open_page())
    text = body(open_page("environment", environment="ready"))
    assert "ready is asleep" in text
    assert "Mon, Tue 08:00 to 19:00 (Europe/Berlin)" in text


def test_a_lock_left_over_is_told_before_anything_else(sample: Any, open_page: Open) -> None:
    put(sample, lock("ready", "orphaned"), lock("down", "alive"))
    text = body(open_page())
    assert "The state of ready is locked by somebody who is gone" in text
    assert "state of down" not in text
    app = open_page("environment", environment="ready")
    assert "Why orphaned." in body(app)
    assert not button(app, "Unlock…").disabled


def test_the_rules_of_an_environment_are_on_its_page(sample: Any, open_page: Open) -> None:
    set_value(
        sample.settings.catalogue_path, ("environments", "ready", "approvals"),
        {"count": 2, "other_than_author": True},
    )  # fmt: skip
    set_value(sample.settings.catalogue_path, ("environments", "ready", "drift_check"), "daily")
    text = body(open_page("environment", environment="ready"))
    assert "2 people, not the run's author" in text.replace("&#x27;", "'")
    assert "daily" in text


def test_what_waits_for_a_person_is_on_the_first_page(sample: Any, open_page: Open) -> None:
    sample.run("staging", "update", "preparing", "planning", "blocked")
    run = sample.stores.runs.active("review")
    with sample.stores.database.write() as session:
        run.approvals_needed = 2
        session.merge(run)
    text = body(open_page())
    assert "A guardrail blocks the plan of staging" in text
    assert "0 of 2 approvals" in text
    assert "1 run waiting" in text


def test_a_check_that_found_nothing_does_not_hide_a_change_that_failed(sample: Any, open_page: Open) -> None:
    run = sample.run("ready", "update", "preparing", "planning")
    sample.stores.runs.finish(run.id, "errored", "worker-1", error="No.")
    run = sample.run("ready", "drift", "preparing", "planning", author="system")
    sample.stores.runs.finish(run.id, "no_changes", "worker-1", drifted=0)
    assert sample.overview.environment("ready").state == "failed"
