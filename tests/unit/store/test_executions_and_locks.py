"""Executions are noted once, whoever begins them; locks are kept as they were last seen."""

from datetime import timedelta

import pytest

from panel.errors import NotFoundError
from panel.store.stores import Stores
from panel.store.tables import RunExecution, StateLock, now


def _begin(stores: Stores, run_id: int, key: str, instance: str = "box/1") -> RunExecution:
    return stores.executions.begin(
        run_id, key, stack="environment", action="plan", instance=instance, host="box", path="/w"
    )


def _run(stores: Stores, environment: str) -> int:
    number = stores.runs.create(environment, "update", "ana", ["plan"]).id
    assert number is not None
    return number


def test_who_begins_second_gets_the_record_of_the_first(stores: Stores) -> None:
    number = _run(stores, "staging")
    _begin(stores, number, "plan")

    assert _begin(stores, number, "plan", instance="other/2").instance == "box/1"
    assert [one.instance for one in stores.executions.of_run(number)] == ["box/1"]


def test_the_first_word_on_an_end_stays(stores: Stores) -> None:
    number = _run(stores, "staging")
    _begin(stores, number, "plan")
    stores.executions.end(number, "plan", "succeeded")
    stores.executions.end(number, "plan", "interrupted")

    (ended,) = stores.executions.of_run(number)
    assert ended.status == "succeeded"
    assert ended.ended_at is not None
    with pytest.raises(NotFoundError):
        stores.executions.end(number, "apply", "succeeded")


def test_what_an_instance_left_open_is_found_with_its_run(stores: Stores) -> None:
    number = _run(stores, "staging")
    for key, instance in (("plan", "box/1"), ("plan-2", "box/1"), ("plan-3", "other/2")):
        _begin(stores, number, key, instance)
    stores.executions.end(number, "plan", "interrupted")

    assert [(one.execution.key, one.run.environment) for one in stores.executions.open("box/1")] == [
        ("plan-2", "staging")
    ]


def test_executions_of_a_stack_are_found_latest_first(stores: Stores) -> None:
    staging, production = _run(stores, "staging"), _run(stores, "production")
    _begin(stores, staging, "first")
    _begin(stores, staging, "second")
    _begin(stores, production, "third")

    def keys(environment: str | None, stack: str = "environment") -> list[str]:
        return [one.execution.key for one in stores.executions.before(environment, stack, now())]

    assert keys("staging") == ["second", "first"]
    assert keys(None) == ["third", "second", "first"]
    assert keys("staging", "shared") == []
    assert stores.executions.before("staging", "environment", now() - timedelta(hours=1)) == []


def test_locks_are_kept_replaced_and_forgotten(stores: Stores) -> None:
    for subject, lock_id in (("staging", "1"), ("shared", "2"), ("staging", "3"), ("production", "4")):
        stores.locks.save(StateLock(subject=subject, lock_id=lock_id, who="ana@box"))
    stores.locks.keep_only(["staging", "shared"])

    assert [(lock.subject, lock.lock_id) for lock in stores.locks.all()] == [
        ("shared", "2"),
        ("staging", "3"),
    ]
    stores.locks.forget("shared")
    assert stores.locks.get("shared") is None
    stores.locks.keep_only([])
    assert stores.locks.all() == []
