"""Which probes an environment has, and the report in the shapes that others rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.errors import NotFoundError
from panel.health import sweep as sweeping
from panel.health.environment_probes import probes_of
from panel.health.probes import EventSeen, ProbeResult, Reading, TaskSeen
from panel.health.rules import Health
from panel.health.verdict import judge


@pytest.fixture
def aws() -> Aws:
    return Aws(Account("us-east-2", "http://127.0.0.1:9", "test", "test"))


def test_a_report_as_plain_values(
    catalogue: Catalogue, result: Callable[..., ProbeResult], moment: datetime
) -> None:
    report = judge(
        catalogue,
        "staging",
        [
            result("site", "healthy", reading=Reading("r12")),
            result("api", "healthy", reading=Reading("v7", "sha256:aa")),
            result("services", "degraded", reading=Reading("v7", "sha256:aa", 2, 1)),
        ],
        emulated=True,
        checked_at=moment,
    )

    document = json.loads(json.dumps(sweeping.to_dict(report)))

    assert document["verdict"] == "degraded"
    assert document["environment"] == "staging"
    assert document["checked_at"] == moment.isoformat()
    backend = document["services"]["backend"]
    assert (backend["verdict"], backend["rule"], document["rule"]) == ("degraded", "C4", "E6")
    assert backend["notice"] == "TODO list works, with too little in reserve."
    assert (backend["version"], backend["digest"]) == ("v7", "sha256:aa")
    assert (backend["desired"], backend["running"], backend["pending"]) == (2, 1, None)
    assert document["causes"][0]["owner"] == {"team": "API team", "contact": "+55 11 1234"}
    assert document["causes"][0]["service"] == "backend"
    first = document["probes"][0]
    assert {"name", "verdict", "detail", "checked_at"} <= set(first)
    assert (first["name"], first["service"], first["elapsed_ms"]) == ("site", "frontend", 1)


def test_figures_of_the_whole_are_those_nearest_to_people(
    catalogue: Catalogue, result: Callable[..., ProbeResult], moment: datetime
) -> None:
    figures = {
        "load_balancer": {"latency_ms": 20.0, "errors_5xx": 3.0},
        "cloudfront_errors": {"error_percent": 0.2},
        "site": {"latency_ms": 80.0},
        "api": {"latency_ms": 35.0},
        "utilisation": {"cpu_percent": 12.0},
    }
    results = [result(name, "healthy", reading=Reading(measures=one)) for name, one in figures.items()]
    report = judge(catalogue, "staging", results, emulated=False, checked_at=moment)

    document = sweeping.to_dict(report)

    assert document["measures"] == {"latency_ms": 80.0, "errors_5xx": 3.0, "error_percent": 0.2}
    assert document["services"]["backend"]["measures"] == {"latency_ms": 35.0, "cpu_percent": 12.0}


def test_tasks_that_run_come_first_then_what_stopped_within_the_hour(
    catalogue: Catalogue, result: Callable[..., ProbeResult], moment: datetime
) -> None:
    def stopped(number: int) -> TaskSeen:
        at = moment - timedelta(minutes=10 * number)
        return TaskSeen(f"s{number}", state="STOPPED", stopped_at=at, reason="Out of memory", exit_code=137)

    tasks = (*(stopped(number) for number in (9, 1, 3, 2, 4, 5, 6)), TaskSeen("p", state="PENDING"))
    tasks += (TaskSeen("r", "us-east-2a", "RUNNING", "healthy", moment, version="v7"),)
    reading = Reading(tasks=tasks, events=(EventSeen(moment, "steady"),), zones={"us-east-2a": 1})
    report = judge(
        catalogue,
        "staging",
        [result("services", "healthy", reading=reading)],
        emulated=False,
        checked_at=moment,
    )

    backend = json.loads(json.dumps(sweeping.to_dict(report)))["services"]["backend"]

    assert [task["id"] for task in backend["tasks"]] == ["r", "p", "s1", "s2", "s3", "s4", "s5"]
    assert backend["tasks"][0] == {
        "id": "r", "zone": "us-east-2a", "state": "RUNNING", "health": "healthy", "started_at": moment.isoformat(),
        "stopped_at": None, "reason": "", "exit_code": None, "version": "v7",
    }  # fmt: skip
    assert backend["events"] == [{"at": moment.isoformat(), "text": "steady"}]
    assert backend["zones"] == {"us-east-2a": 1}


def test_since_is_told_by_whoever_knows_it(catalogue: Catalogue, moment: datetime) -> None:
    report = sweeping.not_created(catalogue, "staging")
    assert sweeping.to_dict(report)["since"] is None
    assert sweeping.to_dict(report, since=moment)["since"] == moment.isoformat()
    assert sweeping.to_dict(replace(report, since=moment))["since"] == moment.isoformat()


def test_what_is_not_created_has_no_causes_and_no_probes(catalogue: Catalogue) -> None:
    report = sweeping.not_created(catalogue, "staging")

    assert report.verdict == "not_created"
    assert not report.causes and not report.probes
    assert {service.verdict for service in report.services.values()} == {"not_created"}


def test_a_lost_world_is_down_and_says_what_to_do(catalogue: Catalogue, aws: Aws) -> None:
    report = sweeping.sweep(
        aws, catalogue, "staging", {}, emulated_endpoint="http://127.0.0.1:9", lost_world=True
    )

    assert report.verdict == "down"
    assert "Create the environment again" in report.causes[0].text
    assert report.services["backend"].running == 0
    assert not report.probes


def test_a_half_made_environment_is_down_without_asking_anybody(catalogue: Catalogue, aws: Aws) -> None:
    report = sweeping.sweep(aws, catalogue, "staging", {}, emulated_endpoint="http://127.0.0.1:9")

    assert report.verdict == "down"
    not_there = {"dns", "certificate", "cloudfront_errors", "utilisation", "instances", "log_errors"}
    assert {p.verdict for p in report.probes if p.name not in not_there} == {"down"}
    assert any("is missing" in probe.evidence for probe in report.probes)


def test_a_service_added_to_the_catalogue_since_the_last_run_is_not_looked_for(
    catalogue: Catalogue, aws: Aws
) -> None:
    looks = probes_of(aws, catalogue, {"services": {"other": {}}}, emulated_endpoint=None)

    assert [look.name for look in looks] == [
        "site", "dns", "certificate", "cloudfront", "cloudfront_errors",
        "load_balancer", "instances", "state_bucket", "alarms",
    ]  # fmt: skip


def test_the_probes_of_an_environment_front_door_first(catalogue: Catalogue, aws: Aws) -> None:
    looks = probes_of(aws, catalogue, {}, emulated_endpoint=None)

    assert [(look.name, look.service) for look in looks] == [
        ("site", "frontend"),
        ("api", "backend"),
        ("dns", None),
        ("certificate", None),
        ("cloudfront", "frontend"),
        ("cloudfront_errors", None),
        ("services", "backend"),
        ("targets", "backend"),
        ("utilisation", "backend"),
        ("log_errors", "backend"),
        ("load_balancer", None),
        ("instances", None),
        ("state_bucket", None),
        ("alarms", None),
    ]


@pytest.mark.parametrize(
    ("verdict", "code"), [("healthy", 0), ("down", 1), ("degraded", 5), ("unknown", 6), ("not_created", 7)]
)
def test_exit_codes_leave_those_of_usage_refusal_and_time_limits_alone(
    catalogue: Catalogue, verdict: Health, code: int
) -> None:
    report = replace(sweeping.not_created(catalogue, "staging"), verdict=verdict)

    assert sweeping.exit_code(report) == code


def test_an_unknown_environment_is_named_with_those_that_exist(catalogue: Catalogue, aws: Aws) -> None:
    with pytest.raises(NotFoundError, match=r"'qa'.*Use one of: staging"):
        sweeping.not_created(catalogue, "qa")
    with pytest.raises(NotFoundError, match="'qa'"):
        sweeping.sweep(aws, catalogue, "qa", {}, emulated_endpoint=None)
