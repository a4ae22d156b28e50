"""Decisions on runs from a terminal: who is still needed, overriding, force, doing again; and the upkeep of environments."""

import json

import pytest

from panel.store.tables import RunPlan

_REASON = "the bucket was emptied yesterday"


@pytest.fixture
def at(panel):
    """A run of staging that stands where it waits, whatever the worker would do."""

    def build(state: str, author: str = "bob", **fields) -> int:
        panel.worker_process.dead = True
        runs = panel.stores.runs
        number = runs.create("staging", "update", author, ["plan", "review", "apply"]).id
        for step in ("preparing", "planning"):
            runs.transition(number, step, "worker")
        if state == "blocked":
            runs.save_plan(RunPlan(run_id=number, stack="environment", guardrails=[]))
        runs.transition(number, state, "worker", **fields)
        return number

    return build


def test_who_is_still_needed_is_said_after_an_approval(terminal, panel, at):
    number = at("planned", approvals_needed=2, author_may_approve=False)
    answer = terminal("runs", "approve", str(number), "--comment", "fine")
    assert answer.exit_code == 0
    assert "your approval counts" in answer.stderr
    assert "1 more approval is needed" in answer.stderr
    assert "by somebody other than bob" in answer.stderr
    again = terminal("runs", "approve", str(number))
    assert (again.exit_code, "already: one person counts once" in again.stderr) == (3, True)


def test_the_author_is_told_that_somebody_else_must(terminal, panel, at):
    number = at("planned", author=panel.identity.name, author_may_approve=False)
    answer = terminal("runs", "approve", str(number))
    assert (answer.exit_code, "somebody else must approve it" in answer.stderr) == (3, True)
    assert panel.stores.runs.get(number).state == "planned"


def test_a_block_is_overridden_with_a_reason(terminal, panel, at):
    number = at("blocked", error="Blocked.")
    assert terminal("runs", "override", str(number)).exit_code == 2
    assert terminal("runs", "override", str(number), "--reason", "ok").exit_code == 3
    answer = terminal("runs", "override", str(number), "--reason", _REASON, "--json")
    assert json.loads(answer.stdout)["state"] == "planned"
    assert f"panel runs approve {number}" in answer.stderr


def test_force_comes_with_a_warning_and_after_a_request(terminal, panel, at):
    number = at("planned")
    panel.stores.runs.transition(number, "approved", "ana")
    refused = terminal("runs", "cancel", str(number), "--force")
    assert (refused.exit_code, "not asked to stop yet" in refused.stderr) == (3, True)
    assert "asked to stop at the next safe point" in terminal("runs", "cancel", str(number)).stderr
    kept = terminal("runs", "cancel", str(number), "--force", typed="no\n")
    assert (kept.exit_code, panel.stores.runs.get(number).force_cancel) == (3, False)
    assert "lost from the state" in kept.stderr
    forced = terminal("runs", "cancel", str(number), "--force", typed="yes\n")
    assert (forced.exit_code, panel.stores.runs.get(number).force_cancel) == (0, True)


def test_a_plan_that_waits_is_planned_again(terminal, panel, at):
    number = at("planned")
    panel.worker_process.dead = False
    answer = terminal("runs", "replan", str(number), "--json")
    made = json.loads(answer.stdout)
    assert (panel.stores.runs.get(number).state, panel.stores.runs.get(made["id"]).retry_of) == (
        "discarded", number,
    )  # fmt: skip


def test_a_failed_run_is_retried_and_a_destruction_takes_the_name(terminal, panel, at):
    panel.worker_process.dead = True
    panel.stores.environments.save("staging", exists=True, ready=True)
    number = panel.stores.runs.create("staging", "destroy", "ana", ["plan"]).id
    panel.stores.runs.finish(number, "errored", "worker")
    refused = terminal("runs", "retry", str(number))
    assert (refused.exit_code, "does not match" in refused.stderr) == (3, True)
    answer = terminal("runs", "retry", str(number), "--confirm", "staging", "--json")
    assert json.loads(answer.stdout)["kind"] == "destroy"


@pytest.mark.parametrize("kind", ["drift", "refresh", "unlock"])
def test_upkeep_is_ordered_and_goes_on_in_the_background(terminal, panel, kind):
    panel.worker_process.stop_at = "queued"
    panel.stores.environments.save("staging", exists=True, ready=True)
    answer = terminal("env", kind, "staging", "--json")
    assert (answer.exit_code, json.loads(answer.stdout)["kind"]) == (0, kind)


def test_what_drifted_is_printed(terminal, panel):
    panel.stores.environments.save("staging", exists=True, ready=True)
    answer = terminal("env", "drift", "staging", "--wait")
    assert answer.exit_code == 0, answer.stderr
    assert "1 resource was changed outside the panel" in answer.stdout
    assert "aws_lb.it: name" in answer.stdout
