"""`panel status`, `panel status export` and `panel logs`."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from panel.aws.session import Account
from panel.cli.logs import _Lines
from panel.lifecycle.log_watching import LogPlace
from panel.store.tables import WorkerRecord, now

if TYPE_CHECKING:
    from tests.unit.cli.conftest import StandInPanel, Terminal

OWNER = {"team": "API team", "contact": "api@example.com"}


def _down(panel: StandInPanel) -> None:
    panel.stores.workers.beat(WorkerRecord(id="w", host="h", pid=1, version="0"))
    panel.stores.environments.save(
        "production", exists=True, ready=True, world="w", url="https://todo.example.com",
        created_at=now() - timedelta(days=1), outputs={"services": {"backend": {"log_group": "/ecs/todo"}}},
    )  # fmt: skip
    cause = {"text": "x", "service": "backend", "owner": OWNER, "evidence": ""}
    services = {"backend": {"verdict": "down"}, "frontend": {"verdict": "healthy"}}
    panel.stores.health.record(
        "production", "down", {"verdict": "down", "causes": [cause], "services": services}
    )


def test_a_table_says_what_does_not_work_and_whom_to_call(terminal: Terminal, panel: StandInPanel) -> None:
    _down(panel)
    answer = terminal("status")
    assert answer.exit_code == 0
    assert answer.stdout.startswith("■ 1 application is not working\n")
    row = next(line for line in answer.stdout.splitlines() if line.startswith("TODO list (production)"))
    assert "■ Not working" in row
    assert "API team <api@example.com>" in row
    assert "People cannot use it." in row
    assert "○ Not in use yet" in answer.stdout


def test_the_same_as_json(terminal: Terminal, panel: StandInPanel) -> None:
    _down(panel)
    document = terminal.json("status")
    assert (document["state"], document["up_to_date"]) == ("broken", True)
    assert document["applications"][0]["call"] == [OWNER]


def test_a_board_that_nobody_keeps_up_says_so_first(terminal: Terminal, panel: StandInPanel) -> None:
    _down(panel)
    panel.stores.workers.leave("w")
    assert terminal("status").stdout.startswith(
        "This page may be out of date. Nothing checks the applications"
    )


def test_the_page_is_written_into_a_folder(terminal: Terminal, panel: StandInPanel, tmp_path: Path) -> None:
    _down(panel)
    answer = terminal("status", "export", str(tmp_path / "wall"))
    assert answer.exit_code == 0
    assert "is not working" in (tmp_path / "wall" / "index.html").read_text()
    assert json.loads((tmp_path / "wall" / "status.json").read_text())["state"] == "broken"


class FakeLogs:
    """CloudWatch Logs whose lines come one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.account = Account(region="us-east-2")
        self.answers = list(answers)
        self.since: list[int] = []
        self.began = int(time.time() * 1000)

    def client(self, _name: str) -> FakeLogs:
        return self

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.since.append(asked["startTime"])
        lines = self.answers.pop(0) if self.answers else []
        return {
            "events": [
                {
                    "eventId": line,
                    "timestamp": self.began + place,
                    "message": line,
                    "logStreamName": "b/b/ab12cd34ef",
                }
                for place, line in enumerate(lines)
            ]
        }


@pytest.fixture
def written(panel: StandInPanel, monkeypatch: pytest.MonkeyPatch) -> FakeLogs:
    logs = FakeLogs(["started", "ERROR: no", "password=hunter2secret"])
    _down(panel)
    monkeypatch.setattr(panel, "aws", lambda: logs)
    return logs


def test_lines_are_printed_with_time_and_task_and_without_credentials(
    terminal: Terminal, written: FakeLogs
) -> None:
    answer = terminal("logs", "production")
    assert answer.exit_code == 0
    lines = [line.split("  ", 1)[1] for line in answer.stdout.splitlines()]
    assert lines == ["ab12cd34  started", "ab12cd34  ERROR: no", "ab12cd34  password=(sensitive)"]
    assert abs(written.since[0] - (time.time() - 900) * 1000) < 60_000


def test_a_filter_and_json(terminal: Terminal, written: FakeLogs) -> None:
    found = terminal.json("logs", "production", "backend", "--contains", "error", "--since", "2h")
    assert [line["message"] for line in found] == ["ERROR: no"]
    assert set(found[0]) == {"at", "stream", "message"}
    assert abs(written.since[0] - (time.time() - 7200) * 1000) < 60_000


def test_nothing_is_said_to_be_nothing(terminal: Terminal, written: FakeLogs) -> None:
    answer = terminal("logs", "production", "--contains", "nowhere")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "Nothing like that was written" in answer.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nowhere",), 2, "no environment named"),
        (("production", "frontend"), 2, "no container service"),
        (("staging",), 3, "does not exist in staging"),
        (("production", "--since", "soon"), 2, "15m"),
        (("production", "--since", "0m"), 2, "15m"),
    ],
)
def test_what_has_no_log_is_told(
    terminal: Terminal, written: FakeLogs, words: tuple[str, ...], code: int, says: str
) -> None:
    answer = terminal("logs", *words)
    assert answer.exit_code == code
    assert says in answer.stderr


class _EnoughError(Exception):
    """The reader has seen what it wanted."""


def test_following_prints_every_line_once_also_when_it_is_read_again() -> None:
    logs = FakeLogs(["one", "two"], ["one", "two", "three"], [], ["three", "four"])
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            raise _EnoughError

    found: list[str] = []
    reader = _Lines(logs, LogPlace("production", "backend", "/ecs/todo"), "", pause)  # type: ignore[arg-type]  # it has what is used of an account
    with pytest.raises(_EnoughError):
        for line in reader.read_from(time.time() - 60, follow=True):
            found.append(line.message)
    assert found == ["one", "two", "three", "four"]
