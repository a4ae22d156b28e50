"""What pages and charts show of health: now, over a window, what changed, and how much was up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import SHARED, Catalogue
from panel.errors import NotFoundError
from panel.lifecycle.health_overview import WINDOWS, HealthOverview
from panel.lifecycle.stages import STAGES
from panel.store.database import Database
from panel.store.health_tables import HealthPoint
from panel.store.stores import Stores
from panel.store.tables import Release, Run

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_CATALOGUE = """\
project: todo
region: us-east-2
domain: todo.example.com
target: local
terraform: {state_bucket: todo-terraform-state}
services:
  backend: {kind: container, title: TODO list, source: backend, port: 5000, path_pattern: /api/*,
    health_path: /status, owner: {team: API team, contact: api@example.com}}
  frontend: {kind: static, title: TODO list, source: frontend, owner: {team: Web team, contact: web@example.com}}
environments:
  staging:
    owner: {team: API team, contact: api@example.com}
    subnet_slot: 0
    instance: {type: t3.micro, count: 2}
    desired_tasks: 2
    monthly_budget_usd: 80
  other: {owner: {team: API team, contact: api@example.com}, subnet_slot: 1, instance: {type: t3.micro, count: 2},
    desired_tasks: 2, monthly_budget_usd: 80}
"""


class Clock:
    """A time that stands still."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    database = Database(f"sqlite:///{tmp_path / 'panel.db'}")
    database.upgrade()
    yield Stores(database)
    database.close()


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    (tmp_path / "environments.yaml").write_text(_CATALOGUE)
    return load_catalogue(tmp_path / "environments.yaml")


@pytest.fixture
def overview(stores: Stores, catalogue: Catalogue) -> HealthOverview:
    for name in ("staging", "other"):
        stores.environments.save(name, exists=True, ready=True, created_at=NOW - timedelta(days=30))
    return HealthOverview(lambda: catalogue, stores, Clock())


def report(verdict: str = "healthy", **more: Any) -> dict[str, Any]:
    owner = {"team": "API team", "contact": "api@example.com"}
    bad = verdict != "healthy"
    return {
        "verdict": verdict, "rule": "E5",
        "causes": [{"text": "None of 2 tasks runs.", "service": "backend", "owner": owner, "evidence": "0/2", "rule": "C1"}] if bad else [],
        "notices": [{"text": "The certificate ends in 25 days.", "service": None, "owner": owner}],
        "measures": {"latency_ms": 12.5, "named": "text"},
        "services": {
            "backend": {
                "verdict": verdict, "version": "4f2a91c", "desired": 2, "running": 2, "measures": {"cpu_percent": 30},
                "zones": {"us-east-2a": 1, "us-east-2b": 1},
                "tasks": [
                    {"id": "ab12", "zone": "us-east-2a", "state": "RUNNING", "started_at": "2026-03-01T10:00:00Z"},
                    {"id": "cd34", "zone": "us-east-2b", "state": "STOPPED", "stopped_at": "2026-03-01T11:30:00+00:00",
                     "reason": "Essential container exited", "exit_code": 1},
                ],
                "events": [{"at": "2026-03-01T11:40:00Z", "text": "has reached a steady state"}],
            }
        },
        "probes": [{"name": "site", "service": "frontend", "verdict": "healthy", "detail": "It opens.", "elapsed_ms": 4}],
        **more,
    }  # fmt: skip


def look(stores: Stores, verdict: str, ago: timedelta, name: str = "staging", **more: Any) -> None:
    stores.health.record(name, verdict, report(verdict, **more), at=NOW - ago)


def ended(
    stores: Stores,
    ago: timedelta,
    kind: str = "update",
    name: str = "staging",
    state: str = "applied",
    **fields: Any,
) -> int:
    """A run that is over, as its row stands."""
    run = stores.runs.create(name, kind, "ana", STAGES[kind])
    with stores.database.write() as session:
        row = session.get_one(Run, run.id)
        row.state, row.active = state, False
        row.created_at = row.started_at = row.ended_at = NOW - ago
        for key, value in fields.items():
            setattr(row, key, value)
        session.add(row)
    return run.id or 0


def released(stores: Stores, ago: timedelta, run_id: int, status: str = "live") -> None:
    release = stores.releases.start("staging", "backend", "container", "4f2a91c", run_id=run_id, author="ben")
    stores.releases.finish(release.id or 0, status)
    with stores.database.write() as session:
        row = session.get_one(Release, release.id)
        row.started_at = row.ended_at = NOW - ago
        session.add(row)


def test_the_last_look_is_told_as_values(stores: Stores, overview: HealthOverview) -> None:
    look(stores, "down", timedelta(minutes=2))
    look(stores, "down", timedelta(seconds=20))

    now = overview.now("staging")

    assert (now.verdict, now.stale, now.since) == ("down", False, NOW - timedelta(minutes=2))
    (cause,) = now.seen.causes
    assert (cause.text, cause.team, cause.service, cause.rule) == (
        "None of 2 tasks runs.",
        "API team",
        "backend",
        "C1",
    )
    assert now.seen.notices[0].text == "The certificate ends in 25 days."
    assert now.seen.measures == {"latency_ms": 12.5}
    backend = now.seen.services["backend"]
    assert [(task.id, task.ended, task.exit_code) for task in backend.tasks] == [
        ("ab12", False, None),
        ("cd34", True, 1),
    ]
    assert backend.tasks[0].started_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert backend.zones == {"us-east-2a": 1, "us-east-2b": 1}
    assert list(now.seen.services) == ["backend", "frontend"]
    assert now.seen.services["frontend"].verdict == "unknown"


def test_a_report_of_an_earlier_panel_lacks_things_and_is_read_all_the_same(
    stores: Stores, overview: HealthOverview
) -> None:
    stores.health.record("staging", "healthy", {"verdict": "healthy", "services": {"backend": {}}, "causes": None,
                                                "probes": [{}, "?"], "measures": []}, at=NOW)  # fmt: skip

    now = overview.now("staging")

    assert now.seen.causes == ()
    assert [probe.verdict for probe in now.seen.probes] == ["unknown"]
    assert now.seen.services["backend"].running is None


def test_an_old_look_says_so_and_one_of_an_earlier_environment_is_none(
    stores: Stores, overview: HealthOverview
) -> None:
    look(stores, "healthy", timedelta(hours=1))
    assert overview.now("staging").stale

    stores.environments.save("staging", created_at=NOW - timedelta(minutes=30))

    now = overview.now("staging")
    assert (now.verdict, now.checked_at, now.stale) == ("unknown", None, False)
    assert overview.environment("staging").uptimes["24h"].percent is None


def test_what_does_not_exist_is_not_created_and_has_no_history(
    stores: Stores, overview: HealthOverview
) -> None:
    look(stores, "healthy", timedelta(minutes=1))
    stores.environments.save("staging", exists=False)

    view = overview.environment("staging", "90d")

    assert view.now.verdict == "not_created"
    assert view.now.seen.services["backend"].verdict == "not_created"
    assert (view.spans, view.events, overview.points("staging")) == ({}, (), [])
    assert "staging" not in overview.uptimes(NOW - timedelta(days=1))


@pytest.mark.parametrize("ask", ["now", "environment", "points"])
def test_what_the_catalogue_lacks_is_said(overview: HealthOverview, ask: str) -> None:
    with pytest.raises(NotFoundError, match="nope"):
        getattr(overview, ask)("nope")


def test_spans_are_cut_off_at_the_window_and_at_the_last_look(
    stores: Stores, overview: HealthOverview
) -> None:
    for minutes in range(90, 50, -5):
        look(stores, "healthy", timedelta(minutes=minutes))
    look(stores, "down", timedelta(minutes=50))
    look(stores, "healthy", timedelta(minutes=45))
    for minutes in range(40, 15, -5):
        look(stores, "healthy", timedelta(minutes=minutes))

    view = overview.environment("staging", "1h")

    spans = view.spans[""]
    assert [span.verdict for span in spans] == ["healthy", "down", "healthy"]
    assert spans[0].began_at == view.begin == NOW - timedelta(hours=1)
    assert spans[1].cause == "None of 2 tasks runs."
    # The last look was twenty minutes ago: nobody knows how it was after its five minutes.
    assert spans[2].ended_at == NOW - timedelta(minutes=15)
    assert [span.verdict for span in view.spans["backend"]] == ["healthy", "down", "healthy"]
    up = view.service_uptimes[""]
    assert (up.down_s, up.measured_s) == (5 * 60, 45 * 60)
    assert overview.uptime("staging")["24h"].measured_s == 75 * 60


def test_uptimes_of_all_take_the_same_questions_however_many_there_are(
    stores: Stores, overview: HealthOverview
) -> None:
    look(stores, "down", timedelta(minutes=8))
    look(stores, "healthy", timedelta(minutes=4))
    look(stores, "healthy", timedelta(), name="other")
    look(stores, "healthy", timedelta(), name=SHARED)

    found = overview.uptimes(NOW - timedelta(hours=24))

    assert found["staging"].percent == pytest.approx(50)
    assert found["other"].percent is None  # it was looked at just now: no time has been measured
    assert SHARED not in found


def test_what_changed_is_marked_once(stores: Stores, overview: HealthOverview) -> None:
    hour = timedelta(hours=1)
    ended(stores, 9 * hour, add=0, change=0, destroy=0)  # it found nothing to change
    ended(stores, 8 * hour, kind="plan", state="planned")
    ended(stores, 7 * hour, state="discarded")
    ended(stores, 6 * hour, state="errored")  # it broke off before it changed anything
    update = ended(stores, 5 * hour, add=1, change=0, destroy=0)
    broken = ended(stores, 4 * hour, state="errored", progress_done=3)
    shared = ended(stores, 3 * hour, name=SHARED, add=1)
    deploy = ended(stores, 2 * hour, kind="deploy")
    released(stores, 2 * hour, deploy)
    ended(stores, hour, name="other", add=4)
    ended(stores, 40 * hour, add=4)

    marks = overview.markers("staging", NOW - timedelta(days=1))

    assert [(mark.kind, mark.label, mark.run_id) for mark in marks] == [
        ("run", "Update", update), ("run", "Update", broken), ("run", "Shared network: update", shared),
        ("release", "backend r1", deploy),
    ]  # fmt: skip
    assert marks[-1].who == "ben"
    assert marks[-1].at == NOW - 2 * hour


def test_events_are_merged_newest_first(stores: Stores, overview: HealthOverview) -> None:
    look(stores, "healthy", timedelta(minutes=9))
    look(stores, "down", timedelta(minutes=6))
    look(stores, "down", timedelta(minutes=2))
    run = ended(stores, timedelta(minutes=50), kind="deploy")
    released(stores, timedelta(minutes=51), run, "rolled_back")

    events = overview.environment("staging", "24h").events

    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    told = [(event.kind, event.service, event.state) for event in events]
    # The environment is not told beside its service that changed with it.
    assert told[:2] == [("verdict", "backend", "down"), ("verdict", "backend", "healthy")]
    assert [kind for kind, _, _ in told[2:]] == ["ecs", "task", "run", "release"]
    stopped = next(event for event in events if event.kind == "task")
    assert stopped.text == "Essential container exited · exit code 1"
    assert events[-1].state == "rolled_back"


def test_points_of_many_days_are_means_over_looks_and_keep_the_slowest(
    stores: Stores, overview: HealthOverview
) -> None:
    start = datetime(2026, 2, 20, tzinfo=UTC)
    rows = [
        HealthPoint(environment="staging", service="", step=3600, at=start + timedelta(hours=hour), looks=looks,
                    healthy=looks, latency_max_ms=slowest, measures=measures)
        for hour, looks, slowest, measures in (
            (0, 30, 40.0, {"latency_ms": 10.0}), (1, 10, 90.0, {"latency_ms": 30.0}), (2, 10, None, {"running": 2}),
            (26, 60, 20.0, {"latency_ms": 11.0}),
        )
    ]  # fmt: skip
    with stores.database.write() as session:
        session.add_all(rows)

    points = overview.points("staging", "90d")

    assert [point.at for point in points] == [start, start + timedelta(days=1)]
    assert (points[0].looks, points[0].latency_max_ms) == (50, 90.0)
    assert points[0].measures == {"latency_ms": 15.0, "running": 2.0}
    assert [point.step for point in overview.points("staging", "7d")] == []


def test_single_looks_are_shown_as_they_are(stores: Stores, overview: HealthOverview) -> None:
    look(stores, "healthy", timedelta(minutes=2))
    look(stores, "healthy", timedelta(minutes=1), measures={"latency_ms": 20})

    assert [point.measures["latency_ms"] for point in overview.points("staging", "1h")] == [12.5, 20]
    (own, _) = overview.points("staging", "1h", "backend")
    assert own.measures == {"cpu_percent": 30, "running": 2, "desired": 2}


def test_windows_ask_for_steps_that_the_store_keeps() -> None:
    assert {window.step for window in WINDOWS.values()} == {0, 300, 3600}
    assert all(window.shown % (window.step or 1) == 0 for window in WINDOWS.values())
