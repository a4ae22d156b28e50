"""State locks in the bucket: seen, kept, forgotten, and removed only when nobody is hurt by it."""

import json
import socket
from datetime import timedelta
from typing import Any

import pytest

from panel.aws.s3 import put_object
from panel.errors import BusyError, RefusedError
from panel.runs.locks import ALIVE, ORPHANED, UNKNOWN, Judgement, Locks, SeenLock, describe
from panel.store.tables import StateLock, WorkerRecord, now

_BUCKET = "todo-states"


def _sweep(bench: Any) -> dict[str, tuple[str, int | None]]:
    bench.runner.locks.sweep(_BUCKET)
    return {lock.subject: (lock.holder, lock.run_id) for lock in bench.stores.locks.all()}


def test_without_a_bucket_there_are_no_locks(bench: Any) -> None:
    assert _sweep(bench) == {}
    assert bench.runner.locks.release(_BUCKET, "staging") == "The state of staging is not locked."


def test_every_lock_is_kept_as_it_was_seen_and_forgotten_when_gone(bench: Any) -> None:
    bench.begun_before("apply", alive=True)
    bench.lock(operation="OperationTypeApply")
    for name in (
        "shared/terraform.tfstate.tflock",
        "other/terraform.tfstate.tflock",
        "environments/x/y.tflock",
    ):
        put_object(bench.aws, _BUCKET, name, json.dumps({"ID": "2", "Who": "bob@laptop"}).encode())

    assert _sweep(bench) == {"staging": (ALIVE, bench.job.run_id), "shared": (UNKNOWN, None)}
    bench.process(bench.job.key("apply"), alive=False)
    assert _sweep(bench)["staging"] == (ORPHANED, bench.job.run_id)
    bench.runner.locks.release(_BUCKET, "staging")
    assert _sweep(bench) == {"shared": (UNKNOWN, None)}


def test_one_that_is_alive_is_never_removed(bench: Any) -> None:
    bench.begun_before("apply", alive=True)
    bench.lock(operation="OperationTypeApply")

    for lock_id in ("", "1"):
        with pytest.raises(BusyError, match="its process is alive"):
            bench.runner.locks.release(_BUCKET, "staging", lock_id=lock_id)
    assert bench.locked()


def test_one_of_an_unknown_holder_goes_only_by_its_own_id(bench: Any) -> None:
    bench.lock(who="bob@laptop")

    with pytest.raises(RefusedError, match="bob@laptop") as caught:
        bench.runner.locks.release(_BUCKET, "staging")
    assert "panel env unlock staging --lock-id 1" in caught.value.hint
    with pytest.raises(RefusedError, match="not the one you looked at"):
        bench.runner.locks.release(_BUCKET, "staging", lock_id="0")
    assert bench.locked()

    said = bench.runner.locks.release(_BUCKET, "staging", lock_id="1")
    assert "Nobody but you vouches for that" in said
    assert not bench.locked()


def test_one_that_changes_hands_in_the_moment_of_its_removal_stays(bench: Any) -> None:
    class SlowLocks(Locks):
        def judge(self, lock: SeenLock) -> Judgement:
            found = super().judge(lock)
            bench.lock(who="bob@laptop", ID="2")
            return found

    bench.begun_before("apply", alive=False)
    bench.lock(operation="OperationTypeApply")
    locks = SlowLocks(lambda: bench.aws, bench.stores, f"{socket.gethostname()}/here", 300)

    with pytest.raises(RefusedError, match="not the one you looked at"):
        locks.release(_BUCKET, "staging")
    assert bench.locked()


def test_one_from_before_an_execution_began_or_after_it_was_done_is_not_its(bench: Any) -> None:
    bench.lock(operation="OperationTypeApply", Created="2026-01-02T03:04:05Z")
    bench.begun_before("apply", alive=False)
    assert _sweep(bench) == {"staging": (UNKNOWN, None)}

    bench.stores.executions.end(bench.job.run_id, bench.job.key("apply"), "succeeded")
    bench.lock(operation="OperationTypeApply")
    assert _sweep(bench) == {"staging": (UNKNOWN, None)}


def test_one_that_was_locked_out_itself_held_nothing(bench: Any) -> None:
    bench.begun_before("plan", alive=False)
    bench.lock()
    bench.stores.executions.end(bench.job.run_id, bench.job.key("plan"), "locked_out")

    assert _sweep(bench) == {"staging": (UNKNOWN, None)}


def test_a_plan_does_not_hold_the_lock_of_an_apply(bench: Any) -> None:
    bench.begun_before("plan", alive=True)
    bench.lock(operation="OperationTypeApply")

    assert _sweep(bench) == {"staging": (UNKNOWN, None)}


def test_of_another_machine_its_workers_sign_of_life_counts(bench: Any) -> None:
    bench.begun_elsewhere("apply", "far")
    bench.lock(who="root@far", operation="OperationTypeApply")
    assert _sweep(bench)["staging"][0] == UNKNOWN

    bench.stores.workers.beat(WorkerRecord(id="far:1", host="far", pid=1, instance="far/there"))
    assert _sweep(bench)["staging"][0] == ALIVE


def test_who_can_look_at_the_process_is_not_overruled(bench: Any) -> None:
    bench.begun_elsewhere("apply", "far")
    bench.lock(who="root@far", operation="OperationTypeApply")
    bench.stores.workers.beat(WorkerRecord(id="far:1", host="far", pid=1, instance="far/there"))
    bench.stores.locks.save(
        StateLock(subject="staging", lock_id="1", who="root@far", holder=ORPHANED, evidence="Seen there.")
    )

    assert _sweep(bench)["staging"][0] == ORPHANED
    bench.stores.locks.save(
        StateLock(
            subject="staging", lock_id="1", who="root@far", holder=ORPHANED,
            checked_at=now() - timedelta(minutes=2),
        )
    )  # fmt: skip
    assert _sweep(bench)["staging"][0] == ALIVE


def test_a_lock_in_a_sentence(bench: Any) -> None:
    bench.begun_before("plan", alive=False)
    bench.lock()
    _sweep(bench)

    text = describe(bench.stores.locks.get("staging"))
    assert f"@{socket.gethostname()}, for a plan, since " in text
    assert f"orphaned. The plan of run {bench.job.run_id} on" in text
