"""What a build's programs print goes out live, and their failure tells why."""

import sys
import time

import psutil
import pytest

from panel.deploys import StoppedError
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


def test_a_program_is_stopped_with_all_that_it_started(lines):
    # The child notes its own number and would outlive its parent by far.
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    with pytest.raises(StoppedError):
        run(script, lines, stopped=lambda: bool(lines))

    assert_gone(int(lines[0]))


def test_a_program_that_ignores_the_request_is_ended_by_force(lines, monkeypatch):
    monkeypatch.setattr("panel.deploys.tool._GRACE_S", 0.1)
    script = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(60)"
    )

    with pytest.raises(StoppedError):
        run(script, lines, stopped=lambda: bool(lines))

    assert_gone(int(lines[0]))


def test_a_program_has_time_to_clean_up_behind_itself(lines):
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('cleaned up'), sys.exit(1)))\n"
        "print('working', flush=True)\n"
        "time.sleep(60)"
    )

    with pytest.raises(StoppedError):
        run(script, lines, stopped=lambda: "working" in lines)

    assert lines == ["working", "cleaned up"]


def test_nothing_is_started_once_somebody_wants_it_to_stop(lines):
    with pytest.raises(StoppedError):
        run("print('begun')", lines, stopped=lambda: True)

    assert lines == []


def test_a_program_whose_lines_nobody_takes_any_more_is_ended():
    seen = []

    def refuse(line):
        seen.append(int(line))
        raise ValueError

    with pytest.raises(ValueError):
        run_tool(
            [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"],
            what="try it",
            report=refuse,
            environment={},
        )

    assert_gone(seen[0])


def test_input_that_a_program_does_not_read_is_its_own_affair(lines):
    assert run("print('done')", lines, stdin="x" * 1_000_000) == ["done"]


def assert_gone(pid):
    # Whoever adopts a killed child may take a moment to bury it.
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    raise AssertionError(f"{pid} is still there")
