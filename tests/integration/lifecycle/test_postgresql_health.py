"""Looks, spans and points on PostgreSQL, whose statements for rows that are there already are its own."""

from __future__ import annotations

import threading
from datetime import timedelta

from panel.store.database import Database
from panel.store.health import Look
from panel.store.health_rollup import HealthRollup, bucket
from panel.store.stores import Stores
from panel.store.tables import now


def test_looks_are_kept_and_rolled_up_by_two_workers_at_once(url: str) -> None:
    databases = [Database(url) for _ in range(2)]
    databases[0].upgrade()
    health = Stores(databases[0]).health
    begin = bucket(now() - timedelta(hours=5), 300)
    for number in range(10):
        at, verdict = begin + timedelta(seconds=30 * number), "down" if number == 4 else "healthy"
        report = {
            "since": None,
            "measures": {"latency_ms": 10.0 * number},
            "services": {"backend": {"verdict": verdict}},
        }
        for _ in range(2):  # a look that is kept twice counts once
            health.record_all([Look(name, verdict, report, at) for name in ("staging", "production")])

    threads = [
        threading.Thread(target=HealthRollup(database).roll_up, args=(now(),)) for database in databases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (point,) = health.points("staging", since=begin, step=300)
    assert (point.looks, point.healthy, point.down, point.latency_max_ms) == (10, 9, 1, 90.0)
    assert point.measures == {"latency_ms": 45.0}
    assert health.points("staging", since=begin) == []
    assert [span.verdict for span in health.spans("staging", since=begin)] == ["healthy", "down", "healthy"]
    health.pause(["staging"])
    assert {name for name, _ in health.lasting()} == {"production"}
    for database in databases:
        database.close()
