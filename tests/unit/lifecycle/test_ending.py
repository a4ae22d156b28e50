"""Before the endpoint goes away: applies are waited for, plans are stopped, what hangs is stopped in the end."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from panel.engine.operation import Operation
from panel.lifecycle.ending import end_executions

Begin = Callable[[str, Operation, str], subprocess.Popen[bytes]]

_SHORT = "import time; time.sleep(0.5)"
_LONG = "import time; time.sleep(60)"
_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Stand-ins for Terraform: processes recorded as executions."""
    started: list[subprocess.Popen[bytes]] = []

    def make(key: str, operation: Operation, code: str) -> subprocess.Popen[bytes]:
        folder = tmp_path / "workspaces" / "staging" / "executions" / key
        folder.mkdir(parents=True)
        process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        started.append(process)
        record = {"pid": process.pid, "create_time": psutil.Process(process.pid).create_time()}
        (folder / "request.json").write_text(json.dumps({"operation": operation.to_json(), "folder": ""}))
        (folder / "process.json").write_text(json.dumps(record))
        return process

    yield make
    for process in started:
        process.kill()
        process.wait()


def test_an_apply_is_waited_for(tmp_path: Path, begin: Begin) -> None:
    apply = begin("apply", Operation.apply(tmp_path / "plan", plan_digest="d"), _SHORT)
    end_executions(tmp_path, finish_s=30, stop_s=5)
    assert apply.wait() == 0


def test_a_plan_is_stopped(tmp_path: Path, begin: Begin) -> None:
    plan = begin("plan", Operation.plan(), _LONG)
    end_executions(tmp_path, finish_s=30, stop_s=5)
    assert plan.wait() != 0


def test_an_apply_that_does_not_end_is_stopped_and_then_killed(tmp_path: Path, begin: Begin) -> None:
    apply = begin("apply", Operation.apply(tmp_path / "plan", plan_digest="d"), _DEAF)
    end_executions(tmp_path, finish_s=0.3, stop_s=0.5)
    assert apply.wait() == -9


def test_where_nothing_works_nothing_is_waited_for(tmp_path: Path) -> None:
    end_executions(tmp_path)
