"""What a build's programs print goes out live, and their failure tells why."""

import sys

import pytest

from panel.deploys.tool import run_tool
from panel.errors import BuildError


def run(script, lines, **options):
    command = [sys.executable, "-c", script]
    return run_tool(command, what="try it", report=lines.append, environment={}, **options)


def test_lines_go_out_and_come_back(lines):
    last = run("import sys; print('one'); print('two', file=sys.stderr)", lines)

    assert sorted(lines) == ["one", "two"]
    assert sorted(last) == ["one", "two"]


def test_a_failure_has_the_last_lines(lines):
    with pytest.raises(BuildError, match="could not try it") as failure:
        run("print('the cause'); raise SystemExit(3)", lines)

    assert "the cause" in failure.value.detail


def test_a_program_that_takes_too_long_is_stopped(lines):
    with pytest.raises(BuildError, match="was stopped after"):
        run("import time; time.sleep(60)", lines, deadline_s=0.2)


def test_a_secret_goes_by_standard_input(lines):
    run("import sys; print(len(sys.stdin.read()))", lines, stdin="secret")

    assert lines == ["6"]


def test_a_program_that_is_not_there_is_said(lines):
    with pytest.raises(BuildError, match="could not be started"):
        run_tool(["/nowhere/npm"], what="try it", report=lines.append, environment={})
