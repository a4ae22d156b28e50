"""``panel health``: a look now, a worker's last look, all environments; what changes between looks, and the exit code."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from panel.catalogue.schema import Owner
from panel.health.causes import Cause
from panel.health.probes import EventSeen, ProbeResult, TaskSeen
from panel.health.sweep import to_dict
from panel.health.verdict import Notice, ServiceHealth, Verdict
from panel.store.tables import now

MOMENT = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
API, WEB = Owner(team="API team", contact="+55 11 1234"), Owner(team="Web team", contact="web@example.com")
HEALTHY = Verdict(
    "staging", "healthy", (),
    {"backend": ServiceHealth("healthy", version="4f2a91c", desired=2, running=2, measures={"latency_ms": 34.6})},
    (ProbeResult("api", "backend", "healthy", "The service answers.", "200 in 35 ms", MOMENT, 35),), MOMENT, "E9",
    notices=(Notice("The certificate ends in 25 days.", None, WEB),),
)  # fmt: skip
DOWN = replace(
    HEALTHY, verdict="down", rule="E5",
    causes=(Cause("TODO list: nobody can save. None of 2 tasks is running.", "backend", API, "api: 503", "C1"),),
    services={"backend": ServiceHealth(
        "down", version="4f2a91c", desired=2, running=0,
        tasks=(TaskSeen("0123456789abcdef", "us-east-2a", "STOPPED", stopped_at=MOMENT, reason="Out of memory", exit_code=137),),
        events=(EventSeen(MOMENT, "unable to place a task"),),
    )},
)  # fmt: skip


@pytest.fixture
def keep(panel):
    """Keeps a report as a worker does."""

    def record(report, name="staging", age=timedelta()):
        panel.stores.environments.save(name, exists=True)
        document = to_dict(replace(report, environment=name))
        panel.stores.health.record(name, report.verdict, document, at=now() - age)

    return record


@pytest.fixture
def looks(panel, monkeypatch):
    """One report after the other, then Ctrl-C."""

    def line_up(*reports):
        left = list(reports)
        panel.report = left.pop(0)

        def sleep(_seconds):
            if not left:
                raise KeyboardInterrupt
            panel.report = left.pop(0)

        monkeypatch.setattr("panel.cli.health.time.sleep", sleep)

    return line_up


def test_trouble_is_told_first_with_whom_to_call(terminal, panel):
    panel.report = DOWN
    answer = terminal("health", "staging")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "■ staging: down (looked at 12:00:00 UTC)",
        "  Causes",
        "    TODO list: nobody can save. None of 2 tasks is running. Call: API team <+55 11 1234>",
        "  Services",
        "    ■ backend: down, version 4f2a91c, 0 of 2 tasks",
        "  Notices",
        "    The certificate ends in 25 days. Call: Web team <web@example.com>",
        "  Probes",
        "    ● api (backend): The service answers.",
    ]


def test_verbose_has_the_evidence(terminal, panel):
    panel.report = DOWN
    shown = terminal("health", "staging", "-v").stdout
    for line in (
        "rule C1: api: 503",
        "200 in 35 ms (35 ms)",
        "task 0123456789ab: stopped in us-east-2a 12:00:00 UTC: Out of memory (exit code 137)",
        "12:00:00 UTC unable to place a task",
    ):
        assert line in shown


def test_since_comes_from_the_store(terminal, panel, keep):
    keep(HEALTHY, age=timedelta(hours=3))
    panel.report = HEALTHY
    assert "● staging: healthy for 3 hours, since" in terminal("health", "staging").stdout
    assert datetime.fromisoformat(terminal.json("health", "staging")["since"]) < now() - timedelta(hours=2)
    panel.report = DOWN  # seen for the first time right now
    assert json.loads(terminal("health", "staging", "--json").stdout)["since"] is None


def test_watching_shows_only_what_changes(terminal, looks):
    later = replace(DOWN, checked_at=MOMENT + timedelta(seconds=90))
    again = replace(HEALTHY, checked_at=MOMENT + timedelta(seconds=200))
    looks(HEALTHY, HEALTHY, later, later, again)
    answer = terminal("health", "staging", "--watch")
    assert answer.exit_code == 130
    assert [line for line in answer.stdout.splitlines() if line.startswith("12:0")] == [
        "12:01:30 UTC staging: ■ down, was healthy",
        "12:01:30 UTC staging: ■ backend: down, version 4f2a91c, 0 of 2 tasks",
        "12:01:30 UTC staging: + TODO list: nobody can save. None of 2 tasks is running. Call: API team <+55 11 1234>",
        "12:03:20 UTC staging: ● healthy, was down",
        "12:03:20 UTC staging: ● backend: healthy, version 4f2a91c, 2 of 2 tasks",
        "12:03:20 UTC staging: - TODO list: nobody can save. None of 2 tasks is running.",
    ]


def test_watching_as_json_is_one_line_for_each_look(terminal, looks):
    looks(HEALTHY, HEALTHY, DOWN)
    answer = terminal("health", "staging", "--watch", "--json")
    assert answer.exit_code == 130
    assert [json.loads(line)["verdict"] for line in answer.stdout.splitlines()] == [
        "healthy",
        "healthy",
        "down",
    ]


def test_the_last_look_of_a_worker_asks_nobody(terminal, panel, keep):
    keep(DOWN)
    panel.report = AssertionError("nobody is asked")
    answer = terminal("health", "staging", "--stored")
    assert answer.exit_code == 1
    assert "■ staging: down for a moment" in answer.stdout
    document = json.loads(terminal("health", "staging", "--stored", "--json").stdout)
    assert set(document) == set(to_dict(DOWN)) | {"asleep"}


def test_an_old_look_is_not_taken_for_the_present(terminal, panel, keep):
    keep(HEALTHY, age=timedelta(hours=2))
    answer = terminal("health", "staging", "--stored")
    assert answer.exit_code == 6
    assert "No worker has looked at it for 2 hours. It was healthy then." in answer.stdout
    assert "? backend: unknown, version 4f2a91c" in answer.stdout
    with panel.worker_process.rest:
        number = panel.stores.runs.create("staging", "update", "ana", ("apply",)).id
        panel.stores.runs.transition(number, "preparing", "worker")
        panel.stores.runs.transition(number, "deploying", "worker")
        assert terminal("health", "staging", "--stored").exit_code == 0  # nobody looks while a run is at it


def test_what_was_never_looked_at_is_unknown(terminal, panel):
    assert terminal("health", "staging", "--stored").exit_code == 7
    panel.stores.environments.save("staging", exists=True)
    answer = terminal("health", "staging", "--stored")
    assert answer.exit_code == 6
    assert "No worker has looked at it yet. Call: API team" in answer.stdout


def test_all_environments_on_a_line_each_and_the_worst_as_exit_code(terminal, keep):
    assert terminal("health").exit_code == 7
    keep(HEALTHY)
    assert terminal("health").exit_code == 0
    keep(DOWN, "production")
    answer = terminal("health")
    assert answer.exit_code == 1
    production, staging = (line.split(maxsplit=3) for line in answer.stdout.splitlines()[1:])
    assert production[:3] == ["production", "■", "down"]
    assert production[3].endswith("nobody can save. None of 2 tasks is running. Call: API team <+55 11 1234>")
    assert staging[:3] == ["staging", "●", "healthy"]
    documents = json.loads(terminal("health", "--json").stdout)
    fields = {"environment", "verdict", "since", "checked_at", "asleep", "causes", "notices"}
    assert [set(one) for one in documents] == [fields, fields]


def test_what_sleeps_is_no_trouble(terminal, panel, keep):
    keep(DOWN)
    panel.stores.environments.save("staging", asleep=True)
    answer = terminal("health")
    assert answer.exit_code == 0
    assert "○ asleep" in answer.stdout


def test_an_unknown_name_is_told(terminal):
    answer = terminal("health", "qa", "--stored")
    assert answer.exit_code == 2
    assert "Use one of: production, staging." in answer.stderr
