"""What single tasks, zones, figures and logs of one service mean by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from panel.aws.observe import Deployment, Event, ServiceSeen, Target, TaskDefinition
from panel.aws.observe_logs import LogErrors
from panel.aws.observe_metrics import Utilisation
from panel.aws.observe_tasks import Task
from panel.catalogue.health import HealthRules
from panel.errors import AwsError, NotFoundError, PanelError
from panel.health import probes
from panel.health.finding import Finding, Reading

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32
RULES = HealthRules(cpu_percent=90, memory_percent=80, log_errors=20)


def failing(error: PanelError) -> Callable[..., NoReturn]:
    def read(*_: object) -> NoReturn:
        raise error

    return read


def service(desired: int, running: int, *, rollout: str = "COMPLETED", pending: int = 0) -> ServiceSeen:
    newest = Deployment("d2", "PRIMARY", rollout, "", "td:2", desired, running, pending, 0, None)
    events = tuple(Event(NOW, f"event {number}") for number in range(15))
    return ServiceSeen("backend", "ACTIVE", desired, running, pending, "td:2", (newest,), events)


def definition(arn: str) -> TaskDefinition:
    return TaskDefinition(arn, "image", {"td:2": "v2", "td:1": "v1"}.get(arn, ""), DIGEST)


def task(
    name: str,
    zone: str = "us-east-2a",
    *,
    state: str = "RUNNING",
    address: str = "",
    of: str = "backend",
    revision: str = "td:2",
    subnet: str = "",
) -> Task:
    return Task(name, of, revision, zone, subnet, address, state, NOW, None, "", "", None)


def ended(
    name: str, minutes: float, *, code: str = "EssentialContainerExited", exit_code: int | None = 1
) -> Task:
    at = NOW - timedelta(minutes=minutes)
    return Task(
        name, "backend", "td:2", "us-east-2a", "", "", "STOPPED", at, at, code, "Exited: boom", exit_code
    )


def look(
    seen: ServiceSeen,
    single: Sequence[Task],
    *,
    states: Sequence[str] = ("healthy",) * 2,
    emulated: bool = False,
) -> Finding:
    targets = [Target(f"10.0.0.{number}", 5000, "", state, "") for number, state in enumerate(states)]
    return probes.tasks(lambda: seen, lambda: targets, definition, lambda: single, now=NOW, emulated=emulated)


def reading_of(found: Finding) -> Reading:
    assert found.reading is not None
    return found.reading


@pytest.mark.parametrize(
    ("seen", "states", "stopped", "verdict", "words"),
    [
        (service(2, 2), ["healthy"] * 2, [ended("a", 1), ended("b", 9)], "healthy", "2 of 2 tasks"),
        (service(2, 2), ["healthy"] * 2, [ended(n, 3) for n in "abc"], "degraded", "again and again"),
        (service(2, 2), ["healthy"] * 2, [ended("a", 3), ended("b", 9), ended("c", 11)], "healthy", "2 of 2"),
        (service(2, 1), ["healthy"], [ended(n, 3) for n in "abc"], "degraded", "Only 1 of 2"),
        (service(2, 0), [], [ended(n, 3) for n in "abcd"], "down", "4 of its tasks ended by themselves"),
        (
            service(2, 2),
            ["healthy"] * 2,
            [ended(n, 3, code="ServiceSchedulerInitiated") for n in "abcd"],
            "healthy",
            "2 of 2",
        ),
        (
            service(1, 0),
            [],
            [ended(n, 3, code="TaskFailedToStart", exit_code=None) for n in "abc"],
            "down",
            "None of 1 task is running. 3 of its tasks",
        ),
    ],
)
def test_tasks_that_end_by_themselves_again_and_again(
    seen: ServiceSeen, states: Sequence[str], stopped: Sequence[Task], verdict: str, words: str
) -> None:
    found = look(seen, stopped, states=states)

    assert found.verdict == verdict
    assert words in found.detail


def test_the_last_end_is_told_with_its_exit_code_and_reason() -> None:
    found = look(
        service(2, 0), [ended("old", 5, exit_code=3), *(ended(n, 1, exit_code=137) for n in "abc")], states=[]
    )

    assert "exit code 137" in found.detail
    assert "Exited: boom" in found.evidence


def test_running_tasks_come_first_then_the_latest_five_of_the_hour() -> None:
    stopped = [ended(f"s{minutes}", minutes) for minutes in (1, 20, 30, 40, 50, 58, 61)]
    single = [*stopped, task("pending", state="PENDING"), task("run", address="10.0.0.1")]

    shown = reading_of(look(service(2, 1), single)).tasks

    assert [item.id for item in shown] == ["run", "pending", "s1", "s20", "s30", "s40", "s50"]
    assert shown[0].health == "healthy"
    assert shown[1].health == ""
    assert (shown[2].exit_code, shown[2].reason, shown[2].version) == (1, "Exited: boom", "v2")


@pytest.mark.parametrize(
    ("state", "emulated", "health"),
    [("healthy", False, "healthy"), ("unhealthy", False, "unhealthy"), ("initial", False, "unknown"),
     ("healthy", True, "unknown"), ("draining", False, "")],
)  # fmt: skip
def test_the_health_of_a_task_is_that_of_its_target(state: str, emulated: bool, health: str) -> None:
    found = look(service(1, 1), [task("a", address="10.0.0.0")], states=[state], emulated=emulated)

    assert reading_of(found).tasks[0].health == health


def test_in_a_roll_out_each_task_says_what_it_runs() -> None:
    single = [task("new"), task("old", "us-east-2b", revision="td:1")]

    shown = reading_of(look(service(2, 2), single)).tasks

    assert {item.id: item.version for item in shown} == {"new": "v2", "old": "v1"}


def test_a_revision_that_is_deleted_leaves_the_version_of_its_tasks_open() -> None:
    def read(arn: str) -> TaskDefinition:
        if arn != "td:2":
            raise NotFoundError("It is gone.")
        return definition(arn)

    found = probes.tasks(
        lambda: service(1, 1), lambda: [Target("10.0.0.0", 1, "", "healthy", "")], read,
        lambda: [task("old", revision="td:0")], now=NOW,
    )  # fmt: skip

    assert found.verdict == "healthy"
    assert reading_of(found).tasks[0].version == ""


def test_tasks_of_other_services_are_not_shown() -> None:
    reading = reading_of(look(service(2, 2), [task("a"), task("other", of="worker")]))

    assert [item.id for item in reading.tasks] == ["a"]
    assert reading.zones == {"us-east-2a": 1}


def test_what_a_service_says_about_itself_lately() -> None:
    reading = reading_of(look(service(2, 1, pending=1), []))

    assert (reading.desired, reading.running, reading.pending) == (2, 1, 1)
    assert [event.text for event in reading.events] == [f"event {number}" for number in range(10)]


@pytest.mark.parametrize(
    ("single", "emulated", "notice"),
    [
        ([task("a"), task("b")], False, True),
        ([task("a"), task("b", "us-east-2b")], False, False),
        ([task("a")], False, False),
        ([task("a", ""), task("b", "")], False, False),
        ([task("a"), task("b")], True, False),
        ([task("a", subnet="s1"), task("b", subnet="s1")], True, True),
    ],
)
def test_all_tasks_in_one_zone_is_a_notice(single: Sequence[Task], emulated: bool, notice: bool) -> None:
    found = look(service(2, 2), single, emulated=emulated)

    assert found.verdict == "healthy"
    assert ("one zone" in found.notice) == notice


def test_single_tasks_that_cannot_be_read_leave_the_verdict_to_the_service() -> None:
    found = probes.tasks(
        lambda: service(1, 1), lambda: [Target("10.0.0.0", 1, "", "healthy", "")], definition,
        failing(AwsError("Refused.")), now=NOW,
    )  # fmt: skip

    assert found.verdict == "healthy"
    assert "single tasks not read: Refused." in found.evidence


def test_a_secret_in_a_reason_is_masked() -> None:
    crashed = [
        Task(n, "backend", "td:2", "", "", "", "STOPPED", NOW, NOW, "EssentialContainerExited",
             "could not open postgres://me:hunter2hunter2@db/x", 1)
        for n in "abc"
    ]  # fmt: skip

    found = look(service(2, 2), crashed)

    assert "hunter2" not in found.evidence
    assert all("hunter2" not in item.reason for item in reading_of(found).tasks)


def test_targets_are_counted_by_zone() -> None:
    seen = [
        Target("10.0.0.1", 5000, "us-east-2a", "healthy", ""),
        Target("10.0.0.2", 5000, "", "healthy", ""),
        Target("10.0.0.3", 5000, "us-east-2b", "unhealthy", "Timeout"),
    ]
    single = [task("a", "us-east-2c", address="10.0.0.2")]

    found = probes.targets(lambda: seen, emulated=False, read_tasks=lambda: single)

    assert found.verdict == "degraded"
    assert reading_of(found).zones == {"us-east-2a": 1, "us-east-2c": 1}
    assert "Timeout" in found.evidence


@pytest.mark.parametrize(
    ("cpu", "memory", "verdict", "words"),
    [
        (10.0, 20.0, "healthy", "processor 10 %, memory 20 %"),
        (89.9, 79.9, "healthy", "in reserve"),
        (90.0, 20.0, "degraded", "limit of processor"),
        (10.0, 80.0, "degraded", "limit of memory"),
        (95.0, 95.0, "degraded", "processor and memory"),
        (95.0, None, "degraded", "processor"),
        (None, 20.0, "healthy", "memory 20 %"),
        (None, None, "unknown", "Nothing was measured"),
    ],
)
def test_use_of_what_is_set_aside(cpu: float | None, memory: float | None, verdict: str, words: str) -> None:
    found = probes.utilisation(lambda: Utilisation(cpu, memory), rules=RULES, emulated=False)

    assert found.verdict == verdict
    assert words in found.detail


def test_the_embedded_aws_measures_no_use() -> None:
    found = probes.utilisation(failing(AwsError("asked")), emulated=True)

    assert (found.verdict, found.reached) == ("unknown", False)


@pytest.mark.parametrize(
    ("seen", "verdict", "words"),
    [
        (LogErrors(0), "healthy", "no errors"),
        (LogErrors(1, "ERROR a"), "healthy", "1 error in"),
        (LogErrors(19, "ERROR a"), "healthy", "19 errors"),
        (LogErrors(20, "ERROR a"), "degraded", "20 lines that look like errors"),
        (LogErrors(20, "ERROR a", complete=False), "degraded", "at least 20"),
        (LogErrors(3, "ERROR a", complete=False), "unknown", "more lines"),
    ],
)
def test_errors_in_the_log(seen: LogErrors, verdict: str, words: str) -> None:
    found = probes.log_errors(lambda: seen, rules=RULES)

    assert found.verdict == verdict
    assert words in found.detail
    assert reading_of(found).measures == {"log_errors": seen.count}


def test_the_newest_line_is_evidence_without_its_secrets() -> None:
    found = probes.log_errors(lambda: LogErrors(30, "ERROR login failed password=hunter2hunter2"))

    assert "login failed" in found.evidence
    assert "hunter2" not in found.evidence


def test_a_service_without_a_log_is_not_broken() -> None:
    assert probes.log_errors(failing(NotFoundError("No group."))).verdict == "unknown"


@pytest.mark.parametrize(
    ("began", "revision", "verdict"),
    [
        (NOW - timedelta(minutes=5), "td:2", "degraded"),  # it is the present version that ends
        (NOW - timedelta(seconds=30), "td:2", "healthy"),  # a deployment since then put it right
        (None, "td:3", "healthy"),  # the version that ended was taken back
    ],
)
def test_tasks_that_ended_before_what_is_wanted_now_do_not_count(
    began: datetime | None, revision: str, verdict: str
) -> None:
    seen = service(2, 2)
    deployments = tuple(replace(one, created_at=began, task_definition="td:2") for one in seen.deployments)
    ended = NOW - timedelta(minutes=2)
    crashed = [
        Task(n, "backend", revision, "", "", "", "STOPPED", ended, ended, "EssentialContainerExited", "", 3)
        for n in "abc"
    ]

    found = look(replace(seen, deployments=deployments, task_definition="td:2"), crashed)

    assert found.verdict == verdict
