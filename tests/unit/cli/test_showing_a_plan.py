"""``panel runs show``: the plan as text, as Markdown, and as the JSON that scripts rely on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from panel.store.tables import RunPlan

CHANGE = {"address", "module", "type", "name", "action", "reason", "previous_address", "import_id", "deposed",
          "replace_paths", "attributes"}  # fmt: skip
ATTRIBUTE = {"path", "before", "after", "known", "sensitive", "forces_replacement"}
OUTPUT = {"name", "action", "before", "after", "known", "sensitive"}
CHANGES = [
    {"address": "module.m.aws_lb.main", "module": "module.m", "type": "aws_lb", "name": "main", "action": "replace",
     "replace_paths": ["subnet"], "attributes": [
         {"path": "subnet", "before": "a", "after": "b\x1b[2J"},
         {"path": "key", "before": "s3cr3t", "after": "s3cr3t", "sensitive": True}]},
    {"address": "aws_vpc.moved", "type": "aws_vpc", "name": "moved", "action": "move", "previous_address": "aws_vpc.old"},
]  # fmt: skip


@pytest.fixture
def number(panel, order):
    run = order("create", "planned")
    panel.stores.runs.save_plan(
        RunPlan(
            run_id=run, stack="environment", changes=CHANGES, drift=CHANGES[:1],
            outputs=[{"name": "url", "action": "update", "before": "s3cr3t", "after": "s3cr3t", "sensitive": True}],
            guardrails=[{"rule": "budget", "severity": "warn", "reason": "over it", "address": ""}],
            estimate={"monthly_usd": 71.4},
        )
    )  # fmt: skip
    return str(run)


def test_text_is_the_run_and_its_plan_in_terraforms_notation(terminal, number):
    shown = terminal("runs", "show", number, "--format", "text").stdout
    assert "create staging, by ana: planned" in shown
    assert '-/+ resource "aws_lb" "main" {' in shown
    assert '      ~ subnet = "a" -> "b\\u001b[2J" # forces replacement' in shown
    assert "~ url = (sensitive value)" in shown
    assert "Plan: 1 to add, 0 to change, 1 to destroy, 1 to move." in shown
    assert "s3cr3t" not in shown


def test_markdown_is_a_comment_and_nothing_else(terminal, number):
    shown = terminal("runs", "show", number, "--format", "markdown").stdout
    assert shown.startswith("### Plan of staging: +1 ~0 −1 · 1 moved\n")
    assert "warning: budget: over it" in shown
    assert "<summary>± <code>module.m.aws_lb.main</code> · forced by <code>subnet</code></summary>" in shown
    assert shown.count("<details>") == shown.count("</details>") == 4
    assert "s3cr3t" not in shown


def test_a_line_each_tells_what_forces_and_where_from(terminal, number):
    shown = terminal("runs", "show", number, "--plan").stdout
    assert "± module.m.aws_lb.main (replace, forced by subnet)" in shown
    assert "→ aws_vpc.moved (move, moved from aws_vpc.old)" in shown
    assert "outputs: url" in shown
    assert "changed outside Terraform: module.m.aws_lb.main" in shown


def test_json_has_every_field_of_a_plan(terminal, number):
    plan = terminal.json("runs", "show", number)["plan"]
    assert set(plan) == {
        "stack", "created_at", "counts", "changes", "outputs", "drift", "estimate", "guardrails"
    }  # fmt: skip
    assert plan["counts"] == {"add": 1, "change": 0, "destroy": 1, "imported": 0, "moved": 1, "forgotten": 0}
    assert [set(change) for change in (*plan["changes"], *plan["drift"])] == [CHANGE] * 3
    assert [set(item) for item in plan["changes"][0]["attributes"]] == [ATTRIBUTE] * 2
    assert plan["changes"][0]["attributes"][0]["forces_replacement"]
    assert [set(output) for output in plan["outputs"]] == [OUTPUT]
    text = terminal("runs", "show", number, "--format", "json").stdout
    assert text == terminal("runs", "show", number, "--json").stdout
    assert "s3cr3t" not in text


def test_every_field_of_a_plan_is_documented(terminal, number):
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    plan = terminal.json("runs", "show", number)["plan"]
    fields = {*plan, *plan["counts"], *CHANGE, *ATTRIBUTE, *OUTPUT}
    assert [field for field in fields if not re.search(rf"[`{{ ]{field}[,}}:`]", page)] == []


def test_formats_that_contradict_and_plans_that_are_not_there_are_told(terminal, panel, number):
    answer = terminal("runs", "show", number, "--json", "--format", "text")
    assert answer.exit_code == 2
    assert "contradict each other" in answer.stderr
    panel.worker_process.stop_at = "preparing"
    other = panel.stores.runs.create("production", "create", "ana", ("plan",))
    answer = terminal("runs", "show", str(other.id), "--format", "markdown")
    assert answer.exit_code != 0
    assert "has no plan yet" in answer.stderr
    assert terminal("runs", "show", str(other.id), "--format", "text").exit_code == 0
