"""Reading logs: only what is watched, from where the last reading ended, with errors in plain words and no credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from panel.aws.logs import LogEvent, events_since
from panel.aws.session import Account
from panel.catalogue.schema import Catalogue
from panel.errors import AwsError, NotFoundError, RefusedError
from panel.lifecycle.log_watching import OVERLAP_MS, TOO_MUCH, LineMask, LogWatching, log_place
from panel.store.logs import Read
from panel.store.stores import Stores
from panel.store.tables import now

GROUP = "/ecs/todo-staging/backend"
NOW_MS = 1_800_000_000_000


class FakeLogs:
    """CloudWatch Logs with one group, in pages of a few lines."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.page = 1000
        self.refuses = ""
        self.account = Account(region="us-east-2")

    def client(self, _name: str) -> FakeLogs:
        return self

    def write(self, *messages: str, at_ms: int = NOW_MS - 1000, stream: str = "backend/backend/ab12") -> None:
        for message in messages:
            self.events.append(
                {
                    "eventId": f"e{len(self.events)}",
                    "timestamp": at_ms,
                    "logStreamName": stream,
                    "message": message,
                }
            )

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        if self.refuses or asked["logGroupName"] != GROUP:
            code = self.refuses or "ResourceNotFoundException"
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "FilterLogEvents")
        found = [event for event in self.events if event["timestamp"] >= asked["startTime"]]
        begin = int(asked.get("nextToken", 0))
        page = found[begin : begin + self.page]
        rest = {"nextToken": str(begin + self.page)} if begin + self.page < len(found) else {}
        return {"events": page, **rest}


@pytest.fixture
def logs() -> FakeLogs:
    return FakeLogs()


@pytest.fixture
def moment() -> list[float]:
    """The clock, in milliseconds."""
    return [float(NOW_MS)]


@pytest.fixture
def watching(stores: Stores, catalogue: Catalogue, logs: FakeLogs, moment: list[float]) -> LogWatching:
    stores.environments.save("staging", exists=True, outputs={"services": {"backend": {"log_group": GROUP}}})
    return LogWatching(lambda: catalogue, stores, lambda: logs, clock_ms=lambda: moment[0])  # type: ignore[arg-type, return-value]  # it has what is used of an account


@pytest.fixture
def messages(stores: Stores) -> Callable[[], list[str]]:
    return lambda: [line.message for line in stores.logs.lines("staging", "backend")]


def test_nothing_is_asked_while_nobody_looks(watching: LogWatching, logs: FakeLogs) -> None:
    watching.look()
    assert logs.asked == []


def test_the_first_look_shows_a_quarter_of_an_hour_and_the_next_what_is_new(
    stores: Stores, watching: LogWatching, logs: FakeLogs, messages: Callable[[], list[str]]
) -> None:
    logs.write("too old", at_ms=NOW_MS - 20 * 60_000)
    logs.write("one", "two")
    stores.logs.watch("staging", "backend")
    watching.look()
    assert messages() == ["one", "two"]

    logs.write("late", at_ms=NOW_MS - 1500, stream="backend/backend/cd34")
    logs.write("three", at_ms=NOW_MS)
    watching.look()
    assert messages() == ["late", "one", "two", "three"]
    assert logs.asked[-1]["startTime"] == NOW_MS - 1000 - OVERLAP_MS


def test_pages_are_read_to_the_end(
    stores: Stores, watching: LogWatching, logs: FakeLogs, messages: Callable[[], list[str]]
) -> None:
    logs.page = 2
    logs.write("one", "two", "three", "four", "five")
    stores.logs.watch("staging", "backend")
    watching.look()
    assert messages() == ["one", "two", "three", "four", "five"]


def test_a_log_that_is_written_too_fast_is_gone_on_with_at_its_end(
    stores: Stores, watching: LogWatching, logs: FakeLogs, moment: list[float]
) -> None:
    logs.page = 1
    logs.write(*(f"line {n}" for n in range(9)), at_ms=NOW_MS - 10 * 60_000)
    stores.logs.watch("staging", "backend")
    watching.look()

    watch = stores.logs.get("staging", "backend")
    assert watch is not None
    assert (watch.cursor_ms, watch.error) == (moment[0], TOO_MUCH)

    logs.write("now", at_ms=NOW_MS)
    watching.look()
    watch = stores.logs.get("staging", "backend")
    assert watch is not None
    assert watch.error == ""
    assert stores.logs.lines("staging", "backend")[-1].message == "now"


def test_a_refusal_is_told_in_words_and_asked_again(
    stores: Stores, watching: LogWatching, logs: FakeLogs, messages: Callable[[], list[str]]
) -> None:
    logs.refuses = "AccessDeniedException"
    stores.logs.watch("staging", "backend")
    watching.look()
    watch = stores.logs.get("staging", "backend")
    assert watch is not None
    assert f"could not read the log {GROUP}" in watch.error
    assert "permissions" in watch.error

    logs.refuses = ""
    logs.write("back")
    watching.look()
    assert messages() == ["back"]
    again = stores.logs.get("staging", "backend")
    assert again is not None
    assert again.error == ""


def test_a_group_that_is_not_there_yet_is_an_empty_log(
    stores: Stores, watching: LogWatching, logs: FakeLogs
) -> None:
    stores.environments.save("staging", outputs={"services": {"backend": {"log_group": "/ecs/none"}}})
    stores.logs.watch("staging", "backend")
    watching.look()
    watch = stores.logs.get("staging", "backend")
    assert watch is not None
    assert watch.error == ""
    assert watch.read_at is not None


def test_many_logs_take_turns(
    stores: Stores, watching: LogWatching, logs: FakeLogs, catalogue: Catalogue
) -> None:
    names = [f"backend{n}" for n in range(7)]
    for name in names:
        stores.logs.watch("staging", name)
    watching.look()
    watching.look()
    assert all((stores.logs.get("staging", name) or pytest.fail(name)).read_at for name in names)


def test_old_lines_are_forgotten_on_the_way(
    stores: Stores, watching: LogWatching, messages: Callable[[], list[str]]
) -> None:
    old = Read("old", now() - timedelta(days=2), "s", "two days ago")
    stores.logs.keep("staging", "backend", [old], cursor_ms=1)
    watching.look()
    assert messages() == []


def test_credentials_are_masked_also_within_a_key_of_several_lines() -> None:
    mask = LineMask()
    lines = [
        "token=abcdefghijkl",
        "-----BEGIN RSA PRIVATE KEY-----",
        "MIIEabcdef",
        "-----END RSA PRIVATE KEY-----",
        "on",
    ]
    other = LogEvent("x", 1, "another stream", "MIIEabcdef")
    masked = [mask(LogEvent(str(n), n, "s", line)) for n, line in enumerate(lines[:3])] + [mask(other)]
    masked += [mask(LogEvent(str(n), n, "s", line)) for n, line in enumerate(lines[3:])]
    assert masked == ["token=(sensitive)", "(sensitive)", "(sensitive)", "MIIEabcdef", "(sensitive)", "on"]


@pytest.mark.parametrize(
    ("environment", "service", "error", "says"),
    [
        ("nowhere", "", NotFoundError, "no environment named 'nowhere'"),
        ("staging", "frontend", NotFoundError, "no container service named 'frontend'"),
        ("production", "", RefusedError, "backend does not exist in production"),
    ],
)
def test_a_log_that_cannot_be_is_refused_with_a_reason(
    stores: Stores, catalogue: Catalogue, watching: LogWatching, environment: str, service: str,
    error: type[Exception], says: str,
) -> None:  # fmt: skip
    with pytest.raises(error, match=says):
        log_place(catalogue, stores, environment, service)


def test_the_only_service_need_not_be_named(
    stores: Stores, catalogue: Catalogue, watching: LogWatching
) -> None:
    assert log_place(catalogue, stores, "staging").group == GROUP


def test_an_answer_that_is_cut_says_so(logs: FakeLogs) -> None:
    logs.page = 1
    logs.write(*"abcdefg")
    answer = events_since(logs, GROUP, 0)  # type: ignore[arg-type]  # it has what is used of an account
    assert answer is not None
    assert answer.cut
    assert [event.message for event in answer.events] == list("abcde")
    logs.refuses = "ThrottlingException"
    with pytest.raises(AwsError, match="try again in a minute"):
        events_since(logs, GROUP, 0)  # type: ignore[arg-type]
