"""`env create` and its like with --wait: what is shown on the way, and the exit code at the end."""

from __future__ import annotations

import json
import signal

import pytest

from panel.errors import EndpointError


def test_created_and_answering_is_zero_and_tells_address_version_and_cost(terminal, panel):
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert answer.exit_code == 0
    assert "http://staging.example.localhost" in answer.stdout
    assert "backend: 4f2a91c" in answer.stdout
    assert "$ 71.40 / month" in answer.stdout
    assert panel.stores.runs.get(1).state == "applied"


def test_without_a_terminal_stages_are_plain_lines_on_standard_error(terminal):
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert "Run 1: create staging, by ana." in answer.stderr
    assert "✓ Plan: +1 ~0 −1" in answer.stderr
    assert "\x1b" not in answer.stderr + answer.stdout


def test_log_lines_appear_only_when_asked_for_and_cannot_command_the_terminal(terminal):
    assert "looking at the network" in terminal("env", "create", "staging", "--yes", "--wait", "-v").stderr
    assert "looking at" not in terminal("env", "update", "staging", "--yes", "--wait").stderr


def test_json_is_alone_on_standard_output(terminal):
    answer = terminal("env", "create", "staging", "--yes", "--wait", "--json")
    run = json.loads(answer.stdout)
    assert (run["id"], run["kind"], run["state"]) == (1, "create", "applied")
    assert "http://staging.example.localhost" in answer.stderr


@pytest.mark.parametrize(
    ("ending", "code"),
    [("errored", 1), ("interrupted", 1), ("canceled", 1), ("blocked", 3), ("discarded", 3)],
)
def test_the_exit_code_tells_how_the_run_ended(terminal, panel, ending, code):
    panel.worker_process.ending = ending
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert answer.exit_code == code
    assert ending in answer.stderr


def test_a_failed_run_tells_its_diagnostics_with_file_and_line(terminal, panel):
    panel.worker_process.ending = "errored"
    panel.worker_process.error_detail = "main.tf line 7: no such bucket"
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert "Error: Terraform failed.\n  Correct it.\n    main.tf line 7: no such bucket" in answer.stderr


def test_a_time_limit_ends_the_wait_and_not_the_run(terminal, panel):
    panel.worker_process.stop_at = "applying"
    answer = terminal("env", "create", "staging", "--yes", "--wait", "--timeout", "1")
    assert answer.exit_code == 4
    assert "it goes on" in answer.stderr
    assert panel.stores.runs.get(1).active


@pytest.fixture
def ctrl_c_counts():
    """As at a terminal: what was started in the background of a script ignores Ctrl-C, and so would the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_counts")
def test_ctrl_c_ends_the_wait_and_not_the_run(terminal, panel):
    panel.worker_process.stop_at = "applying"
    panel.worker_process.interrupt = True
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert answer.exit_code == 130
    assert "Run 1 goes on" in answer.stderr
    assert "panel runs cancel 1" in answer.stderr
    assert panel.stores.runs.get(1).active


def test_a_second_create_is_refused_with_the_number_of_the_first(terminal, panel):
    panel.worker_process.stop_at = "queued"
    assert terminal("env", "create", "staging", "--yes").exit_code == 0
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert answer.exit_code == 3
    assert "Run 1 of staging" in answer.stderr


def test_without_yes_somebody_elsewhere_is_told_how_to_approve_and_waited_for(terminal, panel):
    answer = terminal("env", "create", "staging", "--wait", "--timeout", "1")
    assert answer.exit_code == 4
    assert "panel runs approve 1" in answer.stderr
    assert "+1 ~0 −1" in answer.stderr
    assert "− aws_s3_bucket.old (delete)" in answer.stderr
    assert "warn: deletion: aws_s3_bucket.old: deletes data" in answer.stderr
    assert panel.stores.runs.get(1).state == "planned"


@pytest.mark.parametrize(("typed", "state", "code"), [("yes\n", "applied", 0), ("no\n", "discarded", 3)])
def test_at_a_terminal_the_reviewer_is_asked(terminal, panel, typed, state, code):
    answer = terminal("env", "create", "staging", "--wait", typed=typed)
    assert answer.exit_code == code, answer.stderr
    assert panel.stores.runs.get(1).state == state


def test_a_worker_that_died_is_started_again_once(terminal, panel):
    panel.worker_process.stop_at = "queued"
    panel.worker_process.dies_after_looks = 3
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert answer.exit_code == 0
    assert "No worker is alive" in answer.stderr
    assert panel.worker_process.starts == 2


def test_where_nothing_can_be_started_the_order_is_kept_and_the_reason_told(terminal, panel):
    panel.worker_process.dead = True
    panel.start_error = EndpointError("The port is in use.", hint="Choose another.")
    answer = terminal("env", "create", "staging", "--yes", "--wait")
    assert answer.exit_code == 1
    assert "Error: The port is in use.\n  Choose another." in answer.stderr
    assert panel.stores.runs.get(1).state == "queued"


def test_a_plan_changes_nothing_and_ends_with_zero(terminal, panel):
    answer = terminal("env", "plan", "staging", "--wait")
    assert answer.exit_code == 0
    assert "+ aws_vpc.main (create)" in answer.stdout
    assert not panel.stores.environments.get("staging").exists
