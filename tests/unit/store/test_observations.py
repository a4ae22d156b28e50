"""Health samples and the workers' signs of life."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from panel.store.stores import Stores
from panel.store.tables import HealthSample, WorkerRecord, now


def _age(stores: Stores, sample: HealthSample, by: timedelta) -> None:
    with stores.database.write() as session:
        session.exec(
            update(HealthSample).where(HealthSample.id == sample.id).values(checked_at=sample.checked_at - by)
        )


def test_since_goes_on_while_the_verdict_stays(stores: Stores) -> None:
    first = stores.samples.record("staging", "healthy", {"verdict": "healthy"})
    same = stores.samples.record("staging", "healthy", {"verdict": "healthy"})
    elsewhere = stores.samples.record("production", "down", {})
    worse = stores.samples.record("staging", "down", {"verdict": "down"})
    better = stores.samples.record("staging", "healthy", {})

    assert same.since == first.since
    assert same.checked_at > first.checked_at
    assert first.since < elsewhere.since < worse.since < better.since


def test_the_latest_sample_of_each_environment(stores: Stores) -> None:
    stores.samples.record("staging", "down", {"n": 1})
    stores.samples.record("production", "healthy", {"n": 2})
    stores.samples.record("staging", "healthy", {"n": 3})

    assert {name: sample.report["n"] for name, sample in stores.samples.latest().items()} == {
        "staging": 3, "production": 2,
    }  # fmt: skip


def test_history_is_newest_first_and_old_samples_are_forgotten(stores: Stores) -> None:
    kept = [stores.samples.record("staging", "healthy", {"n": n}) for n in range(4)]
    _age(stores, kept[0], timedelta(days=8))

    assert [sample.report["n"] for sample in stores.samples.history("staging", limit=2)] == [3, 2]
    stores.samples.forget(older_than=timedelta(days=7))
    assert [sample.report["n"] for sample in stores.samples.history("staging")] == [3, 2, 1]


@pytest.mark.parametrize(("silent_s", "alive"), [(0, True), (19, True), (21, False)])
def test_a_worker_is_alive_for_as_long_as_it_was_heard_of(silent_s: int, alive: bool, stores: Stores) -> None:
    stores.workers.beat(WorkerRecord(id="w", host="h", pid=7))
    with stores.database.write() as session:
        session.exec(update(WorkerRecord).values(heartbeat_at=now() - timedelta(seconds=silent_s)))

    assert bool(stores.workers.alive(within=timedelta(seconds=20))) is alive


def test_a_beat_renews_the_one_record_and_leaving_removes_it(stores: Stores) -> None:
    record = WorkerRecord(id="w", host="h", pid=7)
    for memory in (1.0, 2.0):
        record.memory_mb = memory
        stores.workers.beat(record.model_copy())

    (found,) = stores.workers.alive(within=timedelta(minutes=1))
    assert (found.memory_mb, found.started_at) == (2.0, record.started_at)
    stores.workers.leave("w")
    assert stores.workers.alive(within=timedelta(minutes=1)) == []
