"""What single commands do and say for people."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

import pytest

from panel.health.sweep import EXIT_CODES
from panel.health.verdict import Verdict


def test_env_list_for_people(terminal):
    answer = terminal("env", "list")
    assert answer.stdout.splitlines()[0].split() == [
        "NAME", "STATE", "HEALTH", "ADDRESS", "COST", "OWNER", "LAST", "RUN"
    ]  # fmt: skip
    assert "not created" in answer.stdout


def test_env_show_for_people(terminal, order):
    order("create", "applied", auto_approve=True)
    shown = terminal("env", "show", "staging").stdout
    assert "http://staging.example.localhost" in shown
    assert "API team <api@example.com>" in shown
    assert "backend: 4f2a91c" in shown


def test_approving_applies_the_plan_and_is_in_the_audit_record(terminal, panel, order):
    number = order("create", "planned")
    answer = terminal("runs", "approve", str(number), "--comment", "looks right")
    assert answer.exit_code == 0
    assert panel.worker_process.starts == 1
    entry = panel.trail.recent()[0]
    assert (entry.action, entry.actor, entry.detail["comment"]) == ("approve", "ana", "looks right")


def test_a_decision_comes_once(terminal, order):
    number = str(order("create", "planned"))
    assert terminal("runs", "discard", number).exit_code == 0
    answer = terminal("runs", "approve", number)
    assert answer.exit_code == 3
    assert "discarded" in answer.stderr


def test_cancel_asks_the_run_to_stop(terminal, panel):
    panel.worker_process.stop_at = "applying"
    terminal("env", "create", "staging", "--yes")
    assert terminal("runs", "cancel", "1").exit_code == 0
    assert panel.stores.runs.get(1).cancel_requested


def test_logs_followed_to_the_end(terminal):
    terminal("env", "create", "staging", "--yes")
    answer = terminal("runs", "logs", "1", "--follow")
    assert answer.exit_code == 0
    assert "looking at the network" in answer.stdout
    assert "applied" in answer.stderr


def test_following_a_log_starts_a_worker_where_none_is_alive(terminal, panel):
    panel.worker_process.stop_at = "preparing"
    terminal("env", "create", "staging", "--yes")
    panel.worker_process.dead = True
    answer = terminal("runs", "logs", "1", "--follow")
    assert answer.exit_code == 0
    assert "No worker is alive" in answer.stderr


def test_a_run_for_people_with_its_plan(terminal, order):
    shown = terminal("runs", "show", str(order("create", "planned")), "--plan").stdout
    assert "+ aws_vpc.main (create)" in shown
    assert "guardrails: 1 of 2 passed" in shown


def test_destroying_takes_the_name_and_the_plan_a_yes(terminal, panel, order):
    order("create", "applied", auto_approve=True)
    answer = terminal("env", "destroy", "staging", "--confirm", "staging", "--yes", "--wait")
    assert answer.exit_code == 0, answer.stderr
    assert "destroyed" in answer.stdout
    assert panel.stores.runs.get(2).kind == "destroy"


def test_at_a_terminal_the_name_is_typed(terminal, order):
    order("create", "applied", auto_approve=True)
    assert terminal("env", "destroy", "staging", typed="production\n").exit_code == 3
    assert terminal("env", "destroy", "staging", typed="staging\n").exit_code == 0


def test_apply_is_update(terminal, panel):
    assert terminal("env", "apply", "staging", "--yes", "--wait").exit_code == 0
    assert panel.stores.runs.get(1).kind == "update"


def test_deploying_one_service(terminal, panel, order):
    order("create", "applied", auto_approve=True)
    answer = terminal("deploy", "staging", "frontend", "--wait")
    assert answer.exit_code == 0, answer.stderr
    assert panel.stores.runs.get(2).options == {"services": ["frontend"]}


@pytest.mark.parametrize(("verdict", "code"), sorted(EXIT_CODES.items()))
def test_the_exit_code_of_health_is_the_verdict(terminal, panel, verdict, code):
    panel.report = Verdict("staging", verdict, (), {}, (), datetime(2026, 1, 2, tzinfo=UTC))
    answer = terminal("health", "staging", "--json")
    assert answer.exit_code == code
    assert json.loads(answer.stdout)["verdict"] == verdict


def test_the_embedded_aws_starts_stops_and_is_emptied_only_when_confirmed(terminal, panel):
    assert terminal("local", "start").exit_code == 0
    assert terminal("local", "reset", typed="no\n").exit_code == 3
    assert terminal("local", "reset", typed="reset\n").exit_code == 0
    assert terminal("local", "stop").exit_code == 0
    assert panel.local.acts == ["start", "reset", "stop"]


def test_the_embedded_aws_is_not_emptied_under_a_run(terminal, panel):
    run = panel.stores.runs.create("staging", "create", "ana", ("plan",))
    answer = terminal("local", "reset", "--yes")
    assert answer.exit_code == 3
    assert f"run {run.id} is under way" in answer.stderr
    assert panel.local.acts == []


def test_on_aws_there_is_no_embedded_aws(terminal, panel):
    panel.local = None
    answer = terminal("local", "status")
    assert answer.exit_code == 2
    assert "target: aws" in answer.stderr


def test_a_changed_audit_entry_is_found(terminal, panel, order):
    terminal("runs", "approve", str(order("create", "planned")))
    assert terminal("audit", "verify").exit_code == 0
    with sqlite3.connect(panel.settings.data_path / "panel.db") as database:
        database.execute("update audit_entry set actor = 'somebody else'")
    database.close()
    answer = terminal("audit", "verify")
    assert answer.exit_code == 1
    assert "entry 1" in answer.stderr


def test_db_upgrade_says_where(terminal):
    assert "panel.db is up to date" in terminal("db", "upgrade").stdout
