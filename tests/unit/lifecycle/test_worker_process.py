"""The worker as a process: found by its lock, started once, and a start that fails says why."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from panel.errors import WorkerError
from panel.lifecycle.background import WorkerProcess
from panel.settings import child_environment

_HOLDS_THE_LOCK = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("locked", flush=True)
time.sleep(600)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(tmp_path / "data")
    yield worker
    worker.stop()


def _command(tmp_path: Path) -> list[str]:
    return [sys.executable, "-c", _HOLDS_THE_LOCK, str(tmp_path / "data" / "worker.lock")]


def test_where_nothing_was_ever_started_no_worker_is_alive(worker: WorkerProcess, tmp_path: Path) -> None:
    assert not worker.alive()
    assert not (tmp_path / "data").exists()


def test_whoever_holds_the_lock_is_the_worker(worker: WorkerProcess, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    lock = FileLock(tmp_path / "data" / "worker.lock")

    with lock:
        assert worker.alive()
        worker.start(["/no/such/program"], {})  # so nothing is started
    assert not worker.alive()


def test_a_worker_is_started_once_and_stopped(worker: WorkerProcess, tmp_path: Path) -> None:
    worker.start(_command(tmp_path), child_environment())
    give_up = time.monotonic() + 30
    while not worker.alive():
        assert time.monotonic() < give_up
        time.sleep(0.02)
    record = (tmp_path / "data" / "worker.json").read_text()

    WorkerProcess(tmp_path / "data").start(_command(tmp_path), child_environment())
    assert (tmp_path / "data" / "worker.json").read_text() == record
    worker.stop()

    assert not worker.alive()


def test_a_worker_that_ends_at_once_says_why(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerError, match="as soon as it was started") as caught:
        worker.start(["/bin/sh", "-c", "echo no database >&2; exit 1"], child_environment())
    assert "no database" in caught.value.detail
    assert str(worker.log_path) in caught.value.hint
    assert not worker.alive()
