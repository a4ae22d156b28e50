"""Plans in Terraform's notation: marks, marks of lines, words instead of values that nobody may or can see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from panel.runs.review import review_of
from panel.runs.review_text import render, resource_lines
from panel.runs.review_values import Limits, compared, inline
from panel.store.tables import RunPlan


def text(*changes: dict[str, Any], **more: Any) -> str:
    return "\n".join(render(review_of(RunPlan(run_id=1, stack="environment", changes=list(changes), **more))))


def change(action: str, *attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"address": "m.aws_a.b", "type": "aws_a", "name": "b", "action": action,
            "attributes": list(attributes), **more}  # fmt: skip


@pytest.mark.parametrize(
    ("action", "head"),
    [
        ("create", '  + resource "aws_a" "b" {'),
        ("update", '  ~ resource "aws_a" "b" {'),
        ("delete", '  - resource "aws_a" "b" {'),
        ("replace", '-/+ resource "aws_a" "b" {'),
        ("forget", '  . resource "aws_a" "b" {'),
        ("read", ' <= resource "aws_a" "b" {'),
        ("move", '    resource "aws_a" "b" {'),
    ],
)
def test_each_action_has_terraforms_mark(action: str, head: str) -> None:
    assert head in text(change(action)).replace("{}", "{").splitlines()


def test_attributes_before_and_after() -> None:
    written = text(
        change(
            "replace",
            {"path": "subnet", "before": "a", "after": "b"},
            {"path": "arn", "before": "x", "known": False},
            {"path": "key", "before": "(sensitive)", "after": "(sensitive)", "sensitive": True},
            {"path": "new", "after": 1},
            {"path": "old", "before": [1]},
            replace_paths=["subnet"],
        )
    )
    assert written.splitlines()[1:7] == [
        '-/+ resource "aws_a" "b" {',
        '      ~ subnet = "a" -> "b" # forces replacement',
        '      ~ arn    = "x" -> (known after apply)',
        "      ~ key    = (sensitive value)",
        "      + new    = 1",
        "      - old    = [1] -> null",
    ]


def test_why_where_from_and_by_which_id() -> None:
    written = text(
        change("replace", reason="replace_because_tainted", previous_address="aws_a.old", import_id="i-1", deposed="d3")
    )  # fmt: skip
    assert "m.aws_a.b (deposed object d3) is replaced" in written
    assert "(moved here from aws_a.old)" in written
    assert '(imported by the id "i-1")' in written
    assert "it is tainted" in written
    assert "some new reason" in text(change("replace", reason="some_new_reason"))


def test_outputs_drift_and_the_sum() -> None:
    output = {"name": "url", "action": "update", "before": "a", "after": None, "known": False}
    written = text(
        change("create"), outputs=[output], drift=[change("update", {"path": "n", "before": 1, "after": 2})]
    )
    assert written.startswith(
        "Changed outside Terraform since the last apply:\n\n  # m.aws_a.b was changed\n"
    )
    assert '  ~ url = "a" -> (known after apply)' in written
    assert written.endswith("Plan: 1 to add, 0 to change, 0 to destroy.")


def test_documents_are_compared_line_by_line() -> None:
    before = json.dumps({"Action": [f"s3:{n}" for n in range(9)], "Resource": "x"})
    after = json.dumps({"Resource": "y", "Action": [f"s3:{n}" for n in range(9)]}, indent=3)
    assert compared(before, after) == [
        ("", "# (9 unchanged lines hidden)"),
        ("", '    "s3:7",'),
        ("", '    "s3:8"'),
        ("", "  ],"),
        ("-", '  "Resource": "x"'),
        ("+", '  "Resource": "y"'),
        ("", "}"),
    ]
    assert compared(before, json.dumps(json.loads(before), indent=1)) == [
        ("", "# only the way it is written differs")
    ]


def test_short_values_stay_on_a_line_and_lines_are_lines() -> None:
    assert compared(["a"], ["b"]) is None
    assert compared("a", None) is None
    assert compared("a\nb\n", "a\nc\n") == [("", "a"), ("-", "b"), ("+", "c")]
    assert compared(None, "x\ny") == [("+", "x"), ("+", "y")]
    assert compared("one", "x\ny") == [("-", '"one"'), ("+", "x"), ("+", "y")]


def test_huge_texts_are_not_compared_for_ever() -> None:
    old, new = ("\n".join(f"{word} {n}" for n in range(3000)) for word in ("old", "new"))
    found = compared(old, new, Limits(characters=5, lines=10))
    assert found is not None
    assert len(found) == 11
    assert found[0] == ("-", "old 0")
    assert found[-1][1].startswith("… and")


def test_limits_are_told() -> None:
    assert inline("x" * 100, Limits(characters=10)) == '"xxxxxxxxx… (102 characters)'
    many = [{"path": f"p{n}", "after": n} for n in range(5)]
    plan = RunPlan(run_id=1, stack="environment", changes=[change("create", *many)])
    (resource,) = review_of(plan).resources
    lines = [line.plain() for line in resource_lines(resource, Limits(attributes=2))]
    assert len(lines) == 6
    assert lines[-2] == "      # and 3 more attributes"


def test_nothing_moves_the_cursor_or_ends_a_line() -> None:
    hostile = "\x1b[2J\r\u202e\u2028x"
    written = text(
        change("update", {"path": f"a{hostile}", "before": hostile, "after": f"{hostile}\nsecond{hostile}"},
               address=f"aws_a.b[{hostile}]\nfake line", previous_address=hostile)
    )  # fmt: skip
    assert not {"\x1b", "\r", "\u202e", "\u2028"} & set(written)
    assert not any(line.startswith("fake") for line in written.splitlines())
