"""The workers' signs of life."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from panel.store.stores import Stores
from panel.store.tables import WorkerRecord, now


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
