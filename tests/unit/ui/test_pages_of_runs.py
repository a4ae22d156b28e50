"""A run's page in every state it can be in, the list of runs, the log: what they say and what their buttons ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from panel.access.identity import Identity, Role
from panel.store.runs import Line
from panel.store.tables import RunApproval, RunExecution, RunPlan, StateLock, now
from panel.ui import readers, session

Open = Callable[..., AppTest]


def body(app: AppTest) -> str:
    """All markup of a page that was drawn without an error."""
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def button(app: AppTest, label: str) -> Any:
    return next(found for found in app.button if found.label == label)


def field(app: AppTest, label: str) -> Any:
    return next(found for found in app.text_input if found.label == label)


def put(panel: Any, row: Any) -> None:
    with panel.stores.database.write() as rows:
        rows.merge(row)


def change(panel: Any, run: Any, **fields: Any) -> None:
    """Set columns that only an order may set."""
    with panel.stores.database.write() as rows:
        for name, value in fields.items():
            setattr(run, name, value)
        rows.merge(run)


def waiting(panel: Any, **fields: Any) -> Any:
    run = panel.run("staging", "update", "preparing", "planning", "planned", author="ben")
    change(panel, run, **fields)
    return run


def orphan(subject: str, run_id: int | None = None) -> StateLock:
    return StateLock(
        subject=subject, lock_id="lock-1", who="panel@build-7", operation="OperationTypeApply", holder="orphaned",
        created_at=now() - timedelta(hours=2), evidence="Its worker is gone <b>.", run_id=run_id,
    )  # fmt: skip


def test_of_two_approvals_the_page_says_whose_is_there_and_whose_may_follow(
    sample: Any, open_page: Open
) -> None:
    run = waiting(sample, approvals_needed=2, author_may_approve=False)
    put(sample, RunApproval(run_id=run.id, actor="carla", comment="seen"))
    app = open_page("run", run=str(run.id))
    text = body(app)
    assert "1 of 2 approvals" in text
    assert "<q>seen</q>" in text
    assert "operator or admin other than carla (approved) and ben (asked for it)" in text
    assert not button(app, "Approve and apply").disabled


@pytest.mark.parametrize(
    ("who", "role", "reason"),
    [("ben", Role.ADMIN, "wants the yes of somebody else"), ("carla", Role.ADMIN, "You have approved this plan"),
     ("eve", Role.VIEWER, "that takes the role operator or admin")],
)  # fmt: skip
def test_who_cannot_approve_is_told_why(
    sample: Any, open_page: Open, who: str, role: Role, reason: str
) -> None:
    run = waiting(sample, approvals_needed=2, author_may_approve=False)
    put(sample, RunApproval(run_id=run.id, actor="carla"))
    sample.identity = Identity(who, role)
    app = open_page("run", run=str(run.id))
    assert reason in body(app)
    assert button(app, "Approve and apply").disabled


def test_an_approval_that_is_not_the_last_applies_nothing(sample: Any, open_page: Open) -> None:
    run = waiting(sample, approvals_needed=2)
    app = open_page("run", run=str(run.id))
    button(app, "Approve").click().run()
    assert sample.stores.runs.get(run.id).state == "planned"
    assert "You have approved this plan. It takes 1 more." in body(app)


def test_a_blocked_plan_is_overridden_for_a_reason(sample: Any, orders: Any, open_page: Open) -> None:
    run = sample.run("staging", "update", "preparing", "planning", "blocked", author="ben")
    finding = {
        "rule": "stateful",
        "severity": "block",
        "reason": "would delete data",
        "address": "aws_s3_bucket.a",
    }
    sample.stores.runs.save_plan(RunPlan(run_id=run.id, stack="environment", guardrails=[finding]))
    app = open_page("run", run=str(run.id))
    assert "aws_s3_bucket.a" in body(app)
    button(app, "Override").click().run()
    assert orders.asked == []
    assert "overridden for a reason" in body(app)
    field(app, "Reason for the record").set_value(" empty since the move ")
    button(app, "Override").click().run()
    assert orders.asked == [("override", run.id, "empty since the move")]


def test_a_click_that_comes_too_late_is_refused_in_place(sample: Any, open_page: Open) -> None:
    run = sample.run("staging", "update", "preparing", "planning", "blocked", author="ben")
    app = open_page("run", run=str(run.id))
    field(app, "Reason for the record").set_value("empty since the move")
    sample.operations.discard(Identity("ben", Role.ADMIN), run.id)
    button(app, "Override").click().run()
    text = body(app)
    assert "does not wait for an override: it is discarded" in text
    assert "The plan was discarded" in text
    assert "Override" not in labels(app)


def test_only_who_may_override_can_click_it(sample: Any, open_page: Open) -> None:
    run = sample.run("staging", "update", "preparing", "planning", "blocked")
    sample.identity = Identity("oz", Role.OPERATOR)
    app = open_page("run", run=str(run.id))
    assert button(app, "Override").disabled
    assert not button(app, "Discard").disabled


def test_the_way_of_a_run_says_who_overrode_what_for_which_reason(sample: Any, open_page: Open) -> None:
    run = sample.run("staging", "update", "preparing", "planning", "blocked")
    sample.stores.runs.transition(
        run.id, "planned", "carla", overridden_by="carla", override_reason="<i>empty</i>"
    )
    text = body(open_page("run", run=str(run.id)))
    assert "carla overrode the guardrail: <q>&lt;i&gt;empty&lt;/i&gt;</q>" in text
    assert text.count('aria-current="step"') == 1


def test_force_comes_after_asking_and_says_what_is_lost(sample: Any, orders: Any, open_page: Open) -> None:
    run = sample.stores.runs.active("applying")
    assert "Force…" not in labels(open_page("run", run=str(run.id)))
    change(sample, run, cancel_requested=True)
    sample.trail.record("carla", "operator", "cancel", "applying", run=run.id)
    app = open_page("run", run=str(run.id))
    assert "Canceling, as carla asked" in body(app)
    button(app, "Force…").click().run()
    text = body(app)
    assert "31 of 42 resources are done" in text
    assert "without the state knowing of it" in text
    button(app, f"Force run {run.id} to end").click().run()
    assert orders.asked == [("cancel", run.id, True)]


def test_a_stale_run_lists_what_changed_and_is_planned_again(
    sample: Any, orders: Any, open_page: Open
) -> None:
    run = sample.run("staging", "update", "preparing", "planning", "planned", "approved")
    sample.stores.runs.transition(
        run.id, "stale", "worker-1", error="It changed.", error_detail="serial 41, now 43\nmain.tf changed"
    )
    app = open_page("run", run=str(run.id))
    text = body(app)
    assert "<li>serial 41, now 43</li><li>main.tf changed</li>" in text
    button(app, "Re-plan").click().run()
    assert orders.asked == [("replan", run.id)]


def test_an_interrupted_run_says_what_was_done_and_who_holds_the_lock(
    sample: Any, orders: Any, open_page: Open
) -> None:
    run = sample.run("staging", "create", "preparing", "planning", "planned", "approved", "applying")
    sample.stages(run, 3, "active", progress_done=12, progress_total=42)
    put(sample, RunExecution(
        run_id=run.id, key="apply", stack="environment", action="apply", instance="i", host="build-7", path="/x"
    ))  # fmt: skip
    put(sample, orphan("staging", run.id))
    sample.stores.runs.finish(
        run.id,
        "interrupted",
        "worker-2",
        error="The machine is gone.",
        error_detail="finished: aws_vpc.a (create)\nunder way: aws_lb.<b> (create)",
    )
    app = open_page("run", run=str(run.id))
    text = body(app)
    assert "Had been finished: 1" in text
    assert "aws_lb.&lt;b&gt; (create)" in text
    assert "apply of the environment on build-7" in text
    assert "Everything was done" not in text
    assert "Its worker is gone &lt;b&gt;." in text
    assert not button(app, "Re-plan").disabled
    button(app, "Unlock…").click().run()
    button(app, "Unlock staging").click().run()
    assert orders.asked == [("unlock", "staging", "lock-1")]


def test_a_destruction_is_tried_again_with_the_name(sample: Any, orders: Any, open_page: Open) -> None:
    run = sample.run("ready", "destroy", "preparing", "planning")
    sample.stores.runs.finish(run.id, "errored", "worker-1", error="No.")
    app = open_page("run", run=str(run.id))
    button(app, "Retry…").click().run()
    button(app, "Destroy ready").click().run()
    assert orders.asked == []
    app.text_input(key=session.of(session.CONFIRM, "ready")).set_value("ready")
    button(app, "Destroy ready").click().run()
    assert orders.asked == [("retry", run.id, "ready")]


def test_a_run_and_those_that_tried_it_again_know_each_other(sample: Any, open_page: Open) -> None:
    first = sample.stores.runs.recent("failed", limit=1)[0]
    second = sample.run("failed", "create")
    change(sample, second, retry_of=first.id)
    assert f'Another try of <a href="run?run={first.id}"' in body(open_page("run", run=str(second.id)))
    app = open_page("run", run=str(first.id))
    assert f'Tried again as <a href="run?run={second.id}"' in body(app)
    assert button(app, "Retry").disabled


@pytest.mark.parametrize(
    ("label", "asked"), [("Bring it back", ("update", "ready")), ("Accept as is", ("refresh", "ready"))]
)
def test_a_drift_is_brought_back_or_accepted(
    sample: Any, orders: Any, open_page: Open, label: str, asked: tuple[str, str]
) -> None:
    run = sample.run("ready", "drift", "preparing", "planning", author="system")
    found = [{"address": "aws_ecs_service.a", "action": "update", "attributes": [{"path": "desired_count"}]},
             {"address": "aws_route53_record.b", "action": "delete", "attributes": []}]  # fmt: skip
    sample.stores.runs.save_plan(RunPlan(run_id=run.id, stack="environment", drift=found))
    sample.stores.runs.finish(run.id, "planned", "worker-1", drifted=2)
    app = open_page("run", run=str(run.id))
    text = body(app)
    assert "2 resources changed outside the panel" in text
    assert "changed: desired_count" in text
    button(app, label).click().run()
    assert orders.asked == [asked]


def test_a_run_that_is_not_heard_of_is_said_to_be_stuck_everywhere(sample: Any, open_page: Open) -> None:
    run = sample.stores.runs.active("applying")
    sample.stores.runs.update(run.id, heartbeat_at=now() - timedelta(hours=1))
    page = body(open_page("run", run=str(run.id)))
    assert "This run is stuck" in page
    assert "aws_route53_record.app" in page
    assert f"Run {run.id} of applying is stuck" in body(open_page())
    assert "</span> stuck" in body(open_page("runs", environment="applying"))


def test_the_list_is_narrowed_by_the_address_and_widened_by_a_click(sample: Any, open_page: Open) -> None:
    app = open_page("runs", environment="ready", state="Failed")
    assert "No run is like that" in body(app)
    button(app, "Show all runs").click().run()
    text = body(app)
    assert f">Run {sample.stores.runs.recent(limit=1)[0].id}</a>" in text
    assert f"{len(sample.stores.runs.recent(limit=500))} runs" in text


def test_pages_of_the_list_lead_back(sample: Any, open_page: Open) -> None:
    app = open_page("runs")
    newest = f">Run {sample.stores.runs.recent(limit=1)[0].id}</a>"
    button(app, "Older runs").click().run()
    assert newest not in body(app)
    button(app, "Newer runs").click().run()
    assert newest in body(app)


def test_a_long_log_is_read_in_windows(sample: Any, open_page: Open) -> None:
    run = sample.stores.runs.recent("failed", limit=1)[0]
    lines = [
        Line(f"row {n} of many", level="error" if n == 5 else "info", source="a", position=n)
        for n in range(900)
    ]
    sample.stores.runs.append(run.id, "apply", lines)
    app = open_page("run", run=str(run.id))
    assert "row 899 of many" not in body(app)
    app.session_state[session.of(session.LOG_OPEN, run.id)] = True
    text = body(app.run())
    assert "row 899 of many" in text
    assert "row 499 of many" not in text
    button(app, "Earlier").click().run()
    assert "row 499 of many" in body(app)
    button(app, "Start").click().run()
    assert "row 0 of many" in body(app)
    assert button(app, "Earlier").disabled
    field(app, "Find in the log").set_value("row 5 ").run()
    text = body(app)
    assert "error: row 5 of many" in text
    assert "looked through 900 lines" in text


def test_a_run_that_found_the_state_locked_names_the_holder_and_no_guardrail(
    sample: Any, open_page: Open
) -> None:
    run = sample.run("staging", "drift", "preparing", "planning")
    sample.stores.runs.finish(
        run.id,
        "blocked",
        "worker-1",
        error="The plan of staging could not begin: the state is locked by someone else.",
    )
    app = open_page("run", run=str(run.id))
    assert "guardrail" not in body(app)
    assert "Unlock…" not in labels(app)
    lock = orphan("staging")
    lock.holder, lock.who = "unknown", "ben@laptop"
    put(sample, lock)
    readers.forget()
    app = open_page("run", run=str(run.id))
    assert "ben@laptop" in body(app)
    assert "Unlock…" in labels(app)


def test_a_guardrail_that_ended_a_run_is_named_and_no_lock(sample: Any, open_page: Open) -> None:
    run = sample.run("staging", "update", "preparing", "planning")
    finding = {"rule": "budget", "severity": "block", "reason": "too dear", "address": ""}
    sample.stores.runs.save_plan(RunPlan(run_id=run.id, stack="environment", guardrails=[finding]))
    sample.stores.runs.finish(run.id, "blocked", "worker-1", error="The plan of staging is blocked: budget.")
    lock = orphan("staging")
    lock.holder = "unknown"
    put(sample, lock)
    app = open_page("run", run=str(run.id))
    assert "A guardrail stopped this plan" in body(app)
    assert "Unlock…" not in labels(app)


def test_an_unlocking_says_whose_lock_it_took_away(sample: Any, open_page: Open) -> None:
    run = sample.run("ready", "unlock", "preparing", "applying")
    sample.stores.runs.set_stage(
        run.id, "unlock", "done", detail="Removed the state lock of staging: ben@laptop."
    )
    sample.stores.runs.finish(run.id, "applied", "worker-1")
    assert "Removed the state lock of staging: ben@laptop." in body(open_page("run", run=str(run.id)))
