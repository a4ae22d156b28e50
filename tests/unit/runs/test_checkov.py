"""Checkov over a plan: what is asked of it, what is made of its answer, and that its failure is never silence."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from panel.catalogue.guardrails import Checkov
from panel.runs.checkov import findings
from panel.runs.guardrails import Finding, blocked, overridable

_ON = Checkov(severity="warn")
_PLAN: Mapping[str, Any] = {
    "format_version": "1.2",
    "variables": {"password": {"value": "hunter2-hunter2"}},
    "prior_state": {"values": {"root_module": {}}},
    "planned_values": {
        "root_module": {
            "resources": [{"address": "aws_lb.a", "values": None}],
            "child_modules": [{"address": "module.m", "resources": [{"address": "module.m.aws_lb.b"}]}],
        }
    },
    "resource_changes": [
        {"address": "aws_lb.a", "change": {"actions": ["create"]}},
        {"address": "module.m.aws_lb.b", "change": {"actions": ["delete", "create"]}},
        {"address": "aws_lb.same", "change": {"actions": ["no-op"]}},
        {"address": "aws_lb.gone", "change": {"actions": ["delete"]}},
        {"address": "aws_lb.odd", "change": None},
    ],
}

Program = Callable[[str], str]


@pytest.fixture
def plan_path(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(_PLAN))
    return path


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A Checkov of one's own: a Python program of these lines; ``told`` is where it may leave word."""

    def build(lines: str) -> str:
        path = tmp_path / "bin" / "checkov"
        path.parent.mkdir()
        told = tmp_path / "told.json"
        head = f"#!{sys.executable}\nimport json, os, sys, time\ntold = {str(told)!r}\n"
        path.write_text(head + lines)
        path.chmod(0o700)
        return str(path)

    return build


def _answer(*checks: tuple[str, str], **more: Any) -> str:
    failed = [
        {"check_id": name, "check_name": "Ensure it is well", "resource_address": address}
        for name, address in checks
    ]
    report = {
        "results": {"failed_checks": failed},
        "summary": {"failed": len(failed), "parsing_errors": 0},
    } | more
    return f"print({json.dumps(report)!r})"


def test_where_it_is_off_nothing_is_run(program: Program, plan_path: Path, tmp_path: Path) -> None:
    checkov = program("open(told, 'w').close()")

    assert findings(plan_path, Checkov(), program=checkov) == []
    assert not (tmp_path / "told.json").exists()


def test_failed_checks_are_findings_of_the_resources_that_the_plan_touches(
    program: Program, plan_path: Path
) -> None:
    checks = [
        ("CKV_AWS_91", address) for address in ("module.m.aws_lb.b", "aws_lb.same", "aws_lb.gone", "aws_lb.a")
    ]
    checkov = program(_answer(*checks, ("CKV_AWS_2", "aws_lb.a"), ("CKV_AWS_2", "aws_lb.a")))

    found = findings(plan_path, _ON, program=checkov)

    assert found == [
        Finding("checkov", "warn", "CKV_AWS_2: Ensure it is well", "aws_lb.a"),
        Finding("checkov", "warn", "CKV_AWS_91: Ensure it is well", "aws_lb.a"),
        Finding("checkov", "warn", "CKV_AWS_91: Ensure it is well", "module.m.aws_lb.b"),
    ]


@pytest.mark.parametrize("may_override", [True, False])
def test_its_findings_block_where_the_team_says_so(
    may_override: bool, program: Program, plan_path: Path
) -> None:
    config = Checkov(severity="block", overridable=may_override)

    found = findings(plan_path, config, program=program(_answer(("CKV_AWS_2", "aws_lb.a"))))

    assert len(blocked(found)) == 1
    assert overridable(found) is may_override


@pytest.mark.parametrize(
    "answer",
    [
        _answer(),
        'print(\'{"passed": 0, "failed": 0, "parsing_errors": 0}\')',
        f"{_answer()[:-1]}.join('[]'))",
    ],
)
def test_a_report_without_failures_passes_in_words(answer: str, program: Program, plan_path: Path) -> None:
    (found,) = findings(plan_path, _ON, program=program(answer))

    assert (found.rule, found.severity) == ("checkov", "pass")
    assert found.reason


def test_checks_that_are_skipped_do_not_count(program: Program, plan_path: Path, tmp_path: Path) -> None:
    lines = "json.dump(sys.argv, open(told, 'w'))\n" + _answer(
        ("CKV_AWS_2", "aws_lb.a"), ("CKV_AWS_9", "aws_lb.a")
    )

    found = findings(plan_path, Checkov(severity="warn", skip=["CKV_AWS_2"]), program=program(lines))

    assert [finding.reason for finding in found] == ["CKV_AWS_9: Ensure it is well"]
    arguments = json.loads((tmp_path / "told.json").read_text())
    assert arguments[arguments.index("--skip-check") + 1] == "CKV_AWS_2"
    assert "--skip-download" in arguments


def test_it_gets_a_folder_of_its_own_and_no_more_than_it_needs(
    program: Program, plan_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2")
    monkeypatch.setenv("CKV_IGNORE_HIDDEN_DIRECTORIES", "false")
    lines = (
        "plan = sys.argv[sys.argv.index('--file') + 1]\n"
        "seen = {'folder': os.getcwd(), 'plan': plan, 'mode': os.stat(plan).st_mode, 'folder_mode': os.stat('.').st_mode,\n"
        "        'environment': dict(os.environ), 'document': json.load(open(plan))}\n"
        "json.dump(seen, open(told, 'w'))\n"
    )

    findings(plan_path, _ON, program=program(lines + _answer()))

    text = (tmp_path / "told.json").read_text()
    seen = json.loads(text)
    assert "hunter2" not in text
    assert "CKV_IGNORE_HIDDEN_DIRECTORIES" not in seen["environment"]
    assert seen["environment"]["HOME"] == seen["folder"] == str(Path(seen["plan"]).parent)
    assert (stat.S_IMODE(seen["mode"]), stat.S_IMODE(seen["folder_mode"])) == (0o600, 0o700)
    assert not Path(seen["folder"]).exists()
    assert set(seen["document"]) == {"format_version", "planned_values", "resource_changes"}
    # Checkov fails over resources of which nothing is known yet.
    root = seen["document"]["planned_values"]["root_module"]
    assert [resource["values"] for resource in root["resources"]] == [{}]
    assert [resource["values"] for resource in root["child_modules"][0]["resources"]] == [{}]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            "sys.exit('Traceback\\n  token=abcdefgh12345\\nValueError: odd plan')",
            "it failed (1): ValueError: odd plan",
        ),
        ("sys.stderr.write('password=hunter2-hunter2'); sys.exit(3)", "it failed (3): password=(sensitive)"),
        ("os.kill(os.getpid(), 9)", "it failed (-9)"),
        ("print('no report')", "no report"),
        ("print('[7]')", "no report"),
        ("print('{}')", "no report"),
        ("", "no report"),
        (_answer(summary={"failed": 0, "parsing_errors": 1}), "could not read the plan"),
    ],
)
def test_its_failure_is_a_warning_even_where_it_blocks(
    lines: str, words: str, program: Program, plan_path: Path
) -> None:
    (found,) = findings(plan_path, Checkov(severity="block"), program=program(lines))

    assert found.severity == "warn"
    assert found.reason.startswith("was asked for, but ")
    assert words in found.reason
    assert "hunter2" not in found.reason


def test_one_that_takes_too_long_is_stopped_with_all_that_it_started(plan_path: Path, tmp_path: Path) -> None:
    told, checkov = tmp_path / "told", tmp_path / "checkov"
    checkov.write_text(f"#!/bin/sh\nsleep 600 &\necho $$ $! > {told}\nsleep 600\n")
    checkov.chmod(0o700)
    config = Checkov(severity="block").model_copy(update={"timeout_s": 2})

    (found,) = findings(plan_path, config, program=str(checkov))

    assert found.severity == "warn"
    assert "was stopped after 2 s" in found.reason
    numbers = told.read_text().split()
    assert len(numbers) == 2
    deadline = time.monotonic() + 20  # a killed process takes a moment to go
    while any(_is_alive(number) for number in numbers):
        assert time.monotonic() < deadline


def _is_alive(number: str) -> bool:
    try:
        return psutil.Process(int(number)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    ("setting", "named"), [("", "no-such-checkov"), ("/nowhere/checkov", "/nowhere/checkov")]
)
def test_one_that_is_not_installed_is_a_warning_with_the_way_to_get_it(
    setting: str, named: str, plan_path: Path
) -> None:
    config = Checkov(severity="block", program="no-such-checkov")

    (found,) = findings(plan_path, config, program=setting)

    assert found.severity == "warn"
    assert all(words in found.reason for words in (repr(named), "pip install checkov", "PANEL_CHECKOV"))


def test_the_one_on_the_path_is_found(
    program: Program, plan_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(program(_answer())).parent}{os.pathsep}{os.environ['PATH']}")

    assert [finding.severity for finding in findings(plan_path, _ON)] == ["pass"]


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_plan_that_cannot_be_read_back_is_a_warning(text: str, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(text.encode("latin-1"))
    checkov = program(_answer())

    for given in (path, tmp_path / "missing.json", None):
        (found,) = findings(given, _ON, program=checkov)
        assert (found.severity, "plan again" in found.reason) == ("warn", True)


def test_a_plan_that_touches_nothing_needs_no_checkov(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "calm.json"
    path.write_text(
        json.dumps({"resource_changes": [{"address": "aws_lb.a", "change": {"actions": ["no-op"]}}]})
    )

    (found,) = findings(path, _ON, program=program("sys.exit(1)"))

    assert found.severity == "pass"


def test_a_flood_of_findings_is_cut_and_counted(program: Program, plan_path: Path) -> None:
    checks = [(f"CKV_AWS_{number}", "aws_lb.a") for number in range(205)]

    found = findings(plan_path, Checkov(severity="block"), program=program(_answer(*checks)))

    assert len(found) == 201
    assert "5 more findings" in found[-1].reason
    assert overridable(found)
