"""Many looks at once; gaps between looks; services and environments that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event

from panel.store.health import Look
from panel.store.stores import Stores
from panel.store.tables import now

START = now().replace(microsecond=0) - timedelta(hours=2)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def report(verdict: str = "healthy", *services: str, **more: Any) -> dict[str, Any]:
    own = {"verdict": verdict, "measures": {"latency_ms": 20.0}, "running": 2, "desired": 2}
    return {
        "verdict": verdict,
        "since": None,
        "services": dict.fromkeys(services or ("backend",), own),
        **more,
    }


@contextmanager
def statements(stores: Stores) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(stores.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(stores.database.engine, "before_cursor_execute", note)


def test_as_many_statements_for_a_hundred_environments_as_for_one(stores: Stores) -> None:
    counts = []
    for looks in (1, 100):
        many = [Look(f"e{number}", "healthy", report("healthy", "a", "b"), at(0)) for number in range(looks)]
        with statements(stores) as sent:
            stores.health.record_all(many)
        counts.append(len(sent))

    assert counts[0] == counts[1]
    assert len(stores.health.latest()) == 100
    assert len(stores.health.points("e99", since=START, service=None)) == 3


def test_the_report_says_since_when_where_it_has_a_place_for_it(stores: Stores) -> None:
    stores.health.record("staging", "healthy", report(), at=at(0))
    later = stores.health.record("staging", "healthy", report(), at=at(1))
    other = stores.health.record("plain", "healthy", {"n": 1}, at=at(1))

    assert later.report["since"] == at(0).isoformat()
    found = stores.health.get("staging")
    assert found is not None
    assert found.report["since"] == at(0).isoformat()
    assert other.report == {"n": 1}


def test_a_look_taken_twice_counts_once(stores: Stores) -> None:
    for _ in range(2):
        stores.health.record("staging", "down", report("down"), at=at(0))

    (point,) = stores.health.points("staging", since=START)
    assert (point.looks, point.down) == (1, 1)
    assert len(stores.health.spans("staging", since=START)) == 1


def test_tasks_are_measured_too(stores: Stores) -> None:
    stores.health.record("staging", "healthy", report(), at=at(0))

    (point,) = stores.health.points("staging", since=START, service="backend")
    assert point.measures == {"latency_ms": 20.0, "running": 2, "desired": 2}


def test_without_looks_a_span_ends_at_the_last_one(stores: Stores) -> None:
    for minute in (0, 5, 60, 61):
        stores.health.record("staging", "healthy", report(), at=at(minute))

    spans = stores.health.spans("staging", since=START)
    assert [(span.began_at, span.ended_at) for span in spans] == [(at(0), at(5)), (at(60), None)]
    state = stores.health.get("staging")
    assert state is not None
    assert state.since == at(0), "as far as anybody knows it was so all the time"


def test_a_longer_gap_is_none_where_looks_are_rare(stores: Stores) -> None:
    for minute in (0, 60):
        stores.health.record_all(
            [Look("staging", "healthy", report(), at(minute))], longest_gap=timedelta(hours=2)
        )

    assert len(stores.health.spans("staging", since=START)) == 1


def test_the_span_of_a_service_that_is_gone_ends(stores: Stores) -> None:
    stores.health.record("staging", "healthy", report("healthy", "backend", "old"), at=at(0))
    stores.health.record("staging", "unknown", {"verdict": "unknown"}, at=at(1))
    assert len(lasting(stores, "staging")) == 3, "a report without services says nothing of them"

    stores.health.record("staging", "healthy", report("healthy", "backend"), at=at(2))

    assert lasting(stores, "staging") == {"", "backend"}


def test_what_is_not_created_has_spans_and_no_points(stores: Stores) -> None:
    stores.health.record("staging", "healthy", report(), at=at(0))
    stores.health.record("staging", "not_created", {"services": {}}, at=at(5))

    spans = stores.health.spans("staging", since=START)
    assert [span.verdict for span in spans] == ["healthy", "not_created"]
    assert len(stores.health.points("staging", since=START)) == 1


def test_nobody_looks_at_what_sleeps(stores: Stores) -> None:
    for name in ("staging", "preview"):
        stores.health.record(name, "healthy", report(), at=at(0))
        stores.health.record(name, "healthy", report(), at=at(3))

    stores.health.pause(["staging", "never seen"])

    assert [span.ended_at for span in stores.health.spans("staging", since=START, service=None)] == [
        at(3)
    ] * 2
    assert lasting(stores, "preview") == {"", "backend"}


def test_what_people_were_told_stays(stores: Stores) -> None:
    stores.health.record("staging", "down", report("down"), at=at(0))
    with stores.database.write() as session:
        session.connection().exec_driver_sql("UPDATE health_state SET told_verdict = 'down'")

    state = stores.health.record("staging", "down", report("down"), at=at(1))

    assert state.told_verdict == "down"
    found = stores.health.get("staging")
    assert found is not None
    assert found.told_verdict == "down"


def lasting(stores: Stores, environment: str) -> set[str]:
    return {service for name, service in stores.health.lasting() if name == environment}
