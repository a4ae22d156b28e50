"""Of many workers one has a run, and only that one writes while it works on it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from panel.errors import SupersededError
from panel.store.fence import turn
from panel.store.runs import Line
from panel.store.stores import Stores


@pytest.fixture
def number(stores: Stores) -> int:
    return stores.runs.create("staging", "create", "ana", ["shared", "plan"]).id or 0


def test_a_queued_run_is_claimed_once_and_a_canceled_one_never(
    stores: Stores, open_store: Callable[..., Stores], number: int
) -> None:
    other = open_store()
    assert [stores.claims.claim(number, "a", "x"), other.claims.claim(number, "b", "y")] == [True, False]
    assert (stores.runs.get(number).worker, stores.runs.get(number).instance) == ("a", "x")
    canceled = stores.runs.create("production", "plan", "ana", ["plan"]).id or 0
    stores.runs.transition(canceled, "canceled", "ana")
    assert not stores.claims.claim(canceled, "a", "x")


def test_a_run_is_taken_over_once_from_the_one_who_had_it(stores: Stores, number: int) -> None:
    stores.claims.claim(number, "a", "x")
    assert not stores.claims.take_over(number, "somebody", "b", "y")
    assert stores.claims.take_over(number, "a", "b", "y")
    assert not stores.claims.take_over(number, "a", "c", "z")
    assert stores.runs.get(number).worker == "b"


def test_whoever_lost_a_run_writes_nothing_more_of_any_kind(stores: Stores, number: int) -> None:
    stores.claims.claim(number, "a", "x")
    with turn(number, "a"):
        stores.runs.transition(number, "preparing", "worker")
        stores.claims.take_over(number, "a", "b", "y")
        for write in (
            lambda: stores.runs.transition(number, "planning", "worker"),
            lambda: stores.runs.finish(number, "errored", "worker"),
            lambda: stores.runs.update(number, progress_done=7),
            lambda: stores.runs.set_stage(number, "plan", "active"),
            lambda: stores.runs.append(number, "plan", [Line("late")]),
            lambda: stores.environments.save("staging", exists=True),
            lambda: stores.executions.begin(
                number, "k", stack="s", action="apply", instance="x", host="h", path=""
            ),
        ):
            with pytest.raises(SupersededError, match="taken over by another worker"):
                write()
    run = stores.runs.get(number)
    assert (run.state, run.progress_done, stores.runs.lines(number)) == ("preparing", 0, [])
    assert stores.executions.of_run(number) == []
    assert not stores.environments.get("staging").exists
    with turn(number, "b"):
        stores.runs.transition(number, "planning", "worker")


def test_a_turn_is_the_threads_own_and_ends(stores: Stores, number: int) -> None:
    stores.claims.claim(number, "b", "y")
    failed: list[Exception] = []

    def sweep() -> None:
        try:
            stores.environments.save("production", exists=True)
        except Exception as error:
            failed.append(error)

    with turn(number, "a"):
        thread = threading.Thread(target=sweep)
        thread.start()
        thread.join()
    stores.environments.save("staging", exists=True)
    assert failed == []


def test_one_run_at_a_time_is_at_the_shared_stack(stores: Stores, number: int) -> None:
    other = stores.runs.create("production", "create", "ana", ["shared", "plan"]).id or 0
    assert stores.claims.enter_shared(number, "shared")
    assert stores.claims.enter_shared(number, "shared")
    assert not stores.claims.enter_shared(other, "shared")
    stores.runs.set_stage(number, "shared", "done")
    assert stores.claims.enter_shared(other, "shared")

    stores.runs.finish(other, "interrupted", "worker")  # however it ended
    own = stores.runs.create("shared", "update", "ana", ["plan", "review", "apply"]).id or 0
    stores.runs.transition(own, "preparing", "worker")
    assert not stores.claims.enter_shared(number, "shared")
    for state in ("planning", "planned"):
        stores.runs.transition(own, state, "worker")
    assert stores.claims.enter_shared(
        number, "shared"
    )  # while that one waits for a person, nobody waits for it


def test_what_a_worker_looks_for_several_times_a_second_is_found_by_an_index(stores: Stores) -> None:
    from sqlalchemy import event

    seen: list[str] = []
    event.listen(
        stores.database.engine, "before_cursor_execute",
        lambda _c, _cursor, statement, *_rest: seen.append(statement),
    )  # fmt: skip
    stores.runs.pending()
    query = next(statement for statement in seen if statement.startswith("SELECT"))
    with stores.database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert "run_open" in str(plan)
