"""What `terraform test -json` says, as values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.terraform.mocked import UNKNOWN, read


def event(kind: str, run: str = "", **said: Any) -> dict[str, Any]:
    return {"type": kind, "@testfile": "tests/a.tftest.hcl", "@testrun": run, **said}


def ended(run: str, status: str) -> dict[str, Any]:
    return event("test_run", run, test_run={"progress": "complete", "status": status})


def diagnostic(run: str, summary: str) -> dict[str, Any]:
    said = {"severity": "warning", "summary": summary, "detail": "Use another."}
    where = {"filename": "main.tf", "start": {"line": 5}}
    return event("diagnostic", run, diagnostic={**said, "range": where})


def test_a_run_has_its_end_and_what_was_said_of_it() -> None:
    finished = read(
        [
            event("test_run", "one", test_run={"progress": "starting"}),
            ended("one", "pass"),
            diagnostic("one", "Argument is deprecated"),
            ended("two", "fail"),
        ]
    )
    assert [(run.name, run.status) for run in finished.runs] == [("one", "pass"), ("two", "fail")]
    assert finished.run("one").said == ("main.tf:5: warning: Argument is deprecated. Use another.",)
    with pytest.raises(AssertionError, match="two: fail"):
        finished.run("two")


def test_what_belongs_to_no_run_is_kept_but_for_the_backends() -> None:
    finished = read([diagnostic("", "Backend configuration ignored"), diagnostic("", "Provider gone")])
    assert finished.said == ("main.tf:5: warning: Provider gone. Use another.",)
    with pytest.raises(AssertionError, match="Provider gone"):
        finished.run("one")


def test_a_plan_has_what_is_made_with_the_unknown_in_its_place() -> None:
    change = {
        "actions": ["create"],
        "after": {"name": "a", "rule": [{"port": 1}], "tags": {"Name": "a"}},
        "after_unknown": {"arn": True, "rule": [{"id": True}], "tags": {}, "origin": [{"host": True}]},
    }
    changes = [
        {"address": "aws_vpc.this", "mode": "managed", "change": change},
        {"address": "data.aws_vpc.this", "mode": "data", "change": {**change, "actions": ["read"]}},
    ]
    finished = read(
        [event("test_plan", "one", test_plan={"resource_changes": changes}), ended("one", "pass")]
    )
    assert finished.run("one").resources == {
        "aws_vpc.this": {
            "name": "a",
            "arn": UNKNOWN,
            "rule": [{"port": 1, "id": UNKNOWN}],
            "tags": {"Name": "a"},
            "origin": [{"host": UNKNOWN}],
        }
    }
