from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from panel.localaws.demand import Container
from panel.localaws.task_logs import LogShipper, log_path

CONTAINER = Container("app", "r/app:1", log_group="/app", log_prefix="web")


class MemoryLogs:
    """Log streams as lists of lines; refuses what the real service refuses."""

    def __init__(self) -> None:
        self.streams: dict[str, list[str]] = {}
        self.away = False

    def create_log_stream(self, *, logGroupName: str, logStreamName: str) -> Any:
        if self.away:
            raise ConnectionError("nobody answers")
        if logStreamName in self.streams:
            raise ValueError("ResourceAlreadyExistsException")
        self.streams[logStreamName] = []

    def put_log_events(
        self, *, logGroupName: str, logStreamName: str, logEvents: list[dict[str, Any]]
    ) -> Any:
        if self.away:
            raise ConnectionError("nobody answers")
        assert all(event["message"] for event in logEvents)
        self.streams[logStreamName] += [event["message"] for event in logEvents]


@pytest.fixture
def logs() -> MemoryLogs:
    return MemoryLogs()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return log_path(tmp_path, "staging/backend", "task-1")


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_whole_lines_are_passed_on_once(logs: MemoryLogs, path: Path) -> None:
    shipper = LogShipper(logs, path, CONTAINER, "task-1")
    append(path, "one\ntwo\n\nhal")
    shipper.ship()
    shipper.ship()
    append(path, "f\n")
    shipper.ship()
    assert logs.streams == {"web/app/task-1": ["one", "two", "half"]}


def test_a_successor_goes_on_where_the_predecessor_was(logs: MemoryLogs, path: Path) -> None:
    append(path, "one\n")
    LogShipper(logs, path, CONTAINER, "task-1").ship()
    append(path, "two\n")
    LogShipper(logs, path, CONTAINER, "task-1").ship()
    assert logs.streams["web/app/task-1"] == ["one", "two"]


def test_lines_wait_while_nobody_takes_them(logs: MemoryLogs, path: Path) -> None:
    logs.away = True
    append(path, "one\n")
    LogShipper(logs, path, CONTAINER, "task-1").ship()
    logs.away = False
    LogShipper(logs, path, CONTAINER, "task-1").ship()
    assert logs.streams["web/app/task-1"] == ["one"]


def test_a_container_without_a_log_group_keeps_its_lines(logs: MemoryLogs, path: Path) -> None:
    append(path, "one\n")
    LogShipper(logs, path, Container("app", "r/app:1"), "task-1").ship()
    assert logs.streams == {}
    assert path.read_text() == "one\n"


def test_a_large_file_is_put_aside_and_goes_on_empty(logs: MemoryLogs, path: Path) -> None:
    append(path, "x" * 6_000_000)
    shipper = LogShipper(None, path, CONTAINER, "task-1")
    shipper.ship()
    assert path.stat().st_size == 0
    assert path.with_suffix(".log.1").stat().st_size == 6_000_000


def test_only_the_newest_files_are_kept_and_those_in_use(tmp_path: Path) -> None:
    for number in range(30):
        file = log_path(tmp_path, "staging/backend", f"task-{number}", in_use={"task-0"})
        file.write_text("")
        os.utime(file, (number, number))
    left = {file.stem for file in log_path(tmp_path, "staging/backend", "x", {"task-0"}).parent.iterdir()}
    assert left == {"task-0", *(f"task-{number}" for number in range(10, 30))}
