from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

from panel.localaws.processes import ProcessRef, exit_code, spawn, tail, terminate, wait_for_end


def run(code: str, tmp_path: Path) -> ProcessRef:
    return spawn([sys.executable, "-c", code], environment={}, log=tmp_path / "log", mark="m1")


def test_a_process_is_alive_until_it_ends_and_its_exit_code_is_known(tmp_path: Path) -> None:
    process = run("import sys; sys.stdin.read(); print('bye'); sys.exit(3)", tmp_path)
    assert wait_for_end(process, 10)
    assert exit_code(process.pid) == 3
    assert tail(tmp_path / "log") == "bye"


def test_it_leads_a_session_of_its_own(tmp_path: Path) -> None:
    process = run("import time; time.sleep(60)", tmp_path)
    try:
        assert process.is_alive()
        assert os.getsid(process.pid) == process.pid
    finally:
        assert terminate(process, grace_s=10)
    assert not process.is_alive()


def test_one_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    process = run(code, tmp_path)
    while "deaf" not in tail(tmp_path / "log"):
        assert process.is_alive()
    assert not terminate(process, grace_s=0.2)
    assert not process.is_alive()


def test_another_process_with_the_same_number_is_not_the_one() -> None:
    me = psutil.Process()
    assert ProcessRef(me.pid, me.create_time()).is_alive()
    assert not ProcessRef(me.pid, me.create_time() - 3600).is_alive()
    assert not ProcessRef(me.pid, me.create_time() - 3600, "a mark it does not carry").is_alive()


def test_the_mark_identifies_a_process_after_the_clock_was_set(tmp_path: Path) -> None:
    process = run("import time; print('up', flush=True); time.sleep(60)", tmp_path)
    try:
        # A process has no environment yet while its program is being loaded.
        while "up" not in tail(tmp_path / "log"):
            assert process.is_alive()
        assert ProcessRef(process.pid, process.created + 7200, "m1").is_alive()
        assert not ProcessRef(process.pid, process.created + 7200, "m2").is_alive()
    finally:
        terminate(process, grace_s=10)


def test_the_tail_of_a_missing_file_is_empty_and_of_a_long_one_short(tmp_path: Path) -> None:
    assert tail(tmp_path / "none") == ""
    (tmp_path / "log").write_text("\n".join(f"line {number}" for number in range(10000)))
    assert tail(tmp_path / "log", lines=2) == "line 9998\nline 9999"
