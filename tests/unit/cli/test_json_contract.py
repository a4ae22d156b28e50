"""The field names of ``--json``: scripts rely on them, so a change here is a change of a promise."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from panel.catalogue.schema import Owner
from panel.health.causes import Cause
from panel.health.probes import EventSeen, ProbeResult, TaskSeen
from panel.health.verdict import Notice, ServiceHealth, Verdict
from panel.localaws import AgentSupervisor

ENVIRONMENT = {"name", "state", "url", "protected", "owner", "health", "services", "cost", "last_run"}
RUN = {"id", "environment", "kind", "state", "author", "created_at", "summary"}


def test_env_list_and_show(terminal, order):
    order("create", "applied", auto_approve=True)
    listed = terminal.json("env", "list")
    assert [one["name"] for one in listed] == ["production", "staging"]
    staging = terminal.json("env", "show", "staging")
    assert listed[1] == staging
    assert set(staging) == ENVIRONMENT
    assert set(staging["health"]) == {"verdict", "causes"}
    assert set(staging["cost"]) == {"monthly_usd"}
    assert staging["services"]["backend"] == {
        "version": "4f2a91c", "digest": "sha256:" + "4f" * 32, "desired": 0, "running": 0
    }  # fmt: skip
    assert set(staging["last_run"]) == RUN
    assert staging["url"] == "http://staging.example.localhost"


def test_causes_name_whom_to_call(terminal, panel, order):
    order("create", "applied", auto_approve=True)
    owner = {"team": "API team", "contact": "api@example.com"}
    cause = {"text": "People cannot save.", "service": "backend", "owner": owner, "evidence": "503"}
    panel.stores.health.record("staging", "down", {"verdict": "down", "causes": [cause]})
    health = terminal.json("env", "show", "staging")["health"]
    assert health["verdict"] == "down"
    assert health["causes"] == [{"text": "People cannot save.", "owner": owner, "evidence": "503"}]


def test_runs_list_and_show(terminal, order):
    number = order("create", "planned")
    (listed,) = terminal.json("runs", "list")
    assert set(listed) == RUN
    assert listed["summary"] == {"add": 1, "change": 0, "destroy": 1}
    assert datetime.fromisoformat(listed["created_at"]).utcoffset() == UTC.utcoffset(None)
    shown = terminal.json("runs", "show", str(number))
    assert set(shown) >= RUN | {"stages", "transitions", "error", "plan"}
    assert [stage["name"] for stage in shown["stages"]][:2] == ["shared", "plan"]
    assert [step["after"] for step in shown["transitions"]] == ["queued", "preparing", "planning", "planned"]
    assert set(shown["plan"]) >= {"changes", "estimate", "guardrails"}
    assert shown["error"] is None


def test_runs_of_one_environment_newest_first_and_limited(terminal, order):
    order("create", "applied", auto_approve=True)
    order("plan", "planned")
    order("plan", "planned", environment="production")
    assert [run["id"] for run in terminal.json("runs", "list", "--environment", "staging")] == [2, 1]
    assert [run["id"] for run in terminal.json("runs", "list", "--limit", "1")] == [3]


def test_logs_are_one_list(terminal, order):
    number = order("create", "planned")
    (line,) = terminal.json("runs", "logs", str(number))
    assert set(line) == {"at", "stage", "level", "text"}


def test_health(terminal, panel):
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    probe = ProbeResult(name="site", service="frontend", verdict="healthy", detail="It answers.", evidence="200",
                        checked_at=moment, elapsed_ms=7)  # fmt: skip
    owner = Owner(team="API team", contact="api@example.com")
    cause = Cause("People cannot save.", "backend", owner, "503", "C1")
    service = ServiceHealth(
        "healthy", tasks=(TaskSeen("t1", state="RUNNING"),), events=(EventSeen(None, "steady"),)
    )
    panel.report = Verdict(
        "staging",
        "healthy",
        (cause,),
        {"backend": service},
        (probe,),
        moment,
        notices=(Notice("Soon.", None, owner),),
    )
    report = terminal.json("health", "staging")
    assert set(report) == {
        "environment", "verdict", "since", "checked_at", "rule", "causes", "notices", "measures", "services", "probes",
    }  # fmt: skip
    assert set(report["probes"][0]) == {
        "name", "service", "verdict", "detail", "evidence", "notice", "checked_at", "elapsed_ms",
    }  # fmt: skip
    assert set(report["causes"][0]) == {"text", "service", "owner", "evidence", "rule"}
    assert set(report["notices"][0]) == {"text", "service", "owner"}
    backend = report["services"]["backend"]
    assert set(backend) == {
        "verdict", "rule", "notice", "version", "digest", "desired", "running", "pending", "measures", "zones", "tasks",
        "events",
    }  # fmt: skip
    assert set(backend["tasks"][0]) == {
        "id", "zone", "state", "health", "started_at", "stopped_at", "reason", "exit_code", "version",
    }  # fmt: skip
    assert set(backend["events"][0]) == {"at", "text"}


def test_cost_of_an_environment_and_of_a_plan_file(terminal, tmp_path):
    fields = {"monthly_usd", "currency", "items", "unknown"}
    estimate = terminal.json("cost", "estimate", "staging")
    assert set(estimate) >= fields
    assert set(estimate["items"][0]) == {
        "address", "resource_type", "component", "quantity", "unit", "unit_price_usd", "monthly_usd", "source", "as_of",
    }  # fmt: skip
    file = tmp_path / "plan.json"
    file.write_text(
        json.dumps({"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": []})
    )
    assert (
        terminal.json("cost", "estimate", "--plan-json", str(file), "--region", "us-east-1")["monthly_usd"]
        == 0
    )


def test_acts_print_their_run(terminal, order):
    number = order("create", "planned")
    assert set(terminal.json("runs", "approve", str(number), "--comment", "looks right")) == RUN
    assert set(terminal.json("env", "plan", "production")) == RUN


def test_local_status(terminal, panel):
    panel.local.state = "running"
    status = terminal.json("local", "status")
    assert status["state"] == "running"
    assert status["started_at"] == "2026-01-02T00:00:00+00:00"
    assert AgentSupervisor(panel.settings.data_path).pid() is None


def test_audit(terminal, order):
    terminal("runs", "approve", str(order("create", "planned")))
    assert terminal.json("audit", "list")[0]["action"] == "approve"
    assert terminal.json("audit", "verify") == {"whole": True, "first_broken": None}
