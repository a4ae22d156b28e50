"""The same store and the same workflows on PostgreSQL, where writers do not simply wait for each other."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.errors import BusyError, IllegalTransitionError, PanelError, StorageError
from panel.lifecycle.operations import Operations
from panel.store import tables
from panel.store.database import Database
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, StateLock

pytest.importorskip("psycopg", reason="no PostgreSQL driver is installed")


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[[], Stores]]:
    opened: list[Database] = []

    def build() -> Stores:
        opened.append(Database(url))
        opened[-1].upgrade()
        return Stores(opened[-1])

    yield build
    for database in opened:
        database.close()


def _at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def do(place: int) -> None:
        gate.wait()
        try:
            results[place] = acts[place]()
        except PanelError as error:
            results[place] = error

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_panels_that_start_at_once_all_find_the_schema(open_store: Callable[[], Stores]) -> None:
    stores = _at_once([open_store] * 4)

    assert [type(store) for store in stores] == [Stores] * 4
    with stores[0].database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.Run.metadata) == []


def test_a_second_run_of_an_environment_is_refused_by_the_database(open_store: Callable[[], Stores]) -> None:
    desks = [open_store() for _ in range(4)]

    results = _at_once([lambda s=s: s.runs.create("staging", "create", "ana", ["plan"]) for s in desks])

    assert sorted(type(result).__name__ for result in results) == ["BusyError"] * 3 + ["Run"]
    (won,) = [result.id for result in results if not isinstance(result, BusyError)]
    assert all(f"Run {won} of staging" in str(r) for r in results if isinstance(r, BusyError))
    assert desks[0].runs.finish(won, "errored", "worker").ended_at.utcoffset() is not None
    assert desks[0].runs.create("staging", "update", "ana", ["plan"]).active


@pytest.mark.parametrize("attempt", range(3))
def test_of_an_approval_and_a_discard_at_once_one_counts(
    attempt: int, open_store: Callable[[], Stores]
) -> None:
    one, two = open_store(), open_store()
    number = one.runs.create("staging", "create", "ana", ["plan"]).id
    for state in ("preparing", "planning", "planned"):
        one.runs.transition(number, state, "worker")
    acts = [
        lambda: one.runs.transition(number, "approved", "ana"),
        lambda: two.runs.transition(number, "discarded", "bob"),
    ]

    results = _at_once(acts if attempt % 2 else acts[::-1])

    assert sum(isinstance(result, IllegalTransitionError) for result in results) == 1
    assert len(one.runs.transitions(number)) == 5


def test_writers_at_once_keep_the_audit_chain_whole(open_store: Callable[[], Stores]) -> None:
    trails = [Trail(open_store().audit) for _ in range(4)]

    _at_once([lambda t=t: [t.record("ana", "admin", "act", n=n, text="ü") for n in range(5)] for t in trails])

    assert len(trails[0].recent()) == 20
    assert trails[0].first_broken() is None


def test_people_who_approve_at_once_count_once_each(open_store: Callable[[], Stores]) -> None:
    desks = [open_store() for _ in range(6)]
    number = desks[0].runs.create("approvals", "update", "ana", ["plan"]).id or 0
    for state in ("preparing", "planning", "planned"):
        desks[0].runs.transition(number, state, "worker", approvals_needed=2)

    # Three people, each clicking twice.
    clicks = zip(desks, ("bob", "cyd", "dan") * 2, strict=True)
    _at_once([lambda s=s, who=who: s.runs.approve(number, who) for s, who in clicks])

    people = [one.actor for one in desks[0].runs.approvals(number)]
    assert (len(people), len(set(people)), desks[0].runs.get(number).state) == (2, 2, "approved")
    assert [move.after for move in desks[0].runs.transitions(number)].count("approved") == 1


_FIRST_WORDS: dict[str, Callable[[Stores, str], object]] = {
    "environment": lambda stores, word: stores.environments.save("staging", url=word),
    "lock": lambda stores, word: stores.locks.save(StateLock(subject="staging", lock_id=word, who="ana@box")),
}


@pytest.mark.parametrize("what", _FIRST_WORDS)
def test_of_two_that_make_the_same_record_at_once_the_later_is_heard_too(
    what: str, open_store: Callable[[], Stores]
) -> None:
    one, two = open_store(), open_store()
    save = _FIRST_WORDS[what]
    made = (
        StateLock(subject="staging", lock_id="first", who="ana@box")
        if what == "lock"
        else EnvironmentRecord(name="staging")
    )

    with one.database.write() as session:
        session.add(made)
        session.flush()
        later = threading.Thread(target=save, args=(two, "second"))
        later.start()
        _until_somebody_waits(one)
    later.join()

    kept = one.locks.get("staging")
    assert (kept.lock_id if kept else one.environments.get("staging").url) == "second"


def _until_somebody_waits(stores: Stores) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    give_up = time.monotonic() + 30
    while True:
        with stores.database.engine.connect() as connection:
            if connection.scalar(waiting):
                return
        assert time.monotonic() < give_up, "nobody waits for the row"
        time.sleep(0.01)


def test_a_server_that_is_gone_is_named_without_the_password() -> None:
    with pytest.raises(StorageError) as caught:
        Database("postgresql://ana:hunter2@127.0.0.1:1/panel").upgrade()
    assert "127.0.0.1:1/panel" in caught.value.message
    assert "hunter2" not in str(caught.value) + caught.value.detail
    assert "database server" in caught.value.hint


def test_a_creation_goes_through_a_worker_and_survives_its_kill(
    url: str, house_at: Callable[[str], Any]
) -> None:
    house = house_at(url)
    assert isinstance(house.operations, Operations)
    house.hold("e01.apply")
    number = house.operations.create(Identity("ana", Role.ADMIN), "e01").id
    house.start()
    house.until_state(number, "planned")
    house.operations.approve(house.ana, number)
    house.until_held("e01.apply")
    house.kill()

    house.release("e01.apply")
    house.start()

    ended = house.until_ended(number)
    assert (ended.state, ended.error) == ("applied", "")
    assert house.steps(number).count("apply") == 1
    assert not list((house.root / "data").glob("*.db"))
