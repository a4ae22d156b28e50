"""The audit chain: whole when nobody touched it, broken by any change, whole under two writers."""

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from panel.audit.trail import Trail
from panel.errors import StorageError
from panel.store.stores import Stores
from panel.store.tables import AuditEntry

_CHANGES = {
    "id": 99,
    "at": "2020-01-01 00:00:00.000000",
    "actor": "mallory",
    "role": "viewer",
    "action": "nothing",
    "environment": "elsewhere",
    "detail": json.dumps({"run": 2}),
    "previous_hash": "0" * 64,
    "hash": "f" * 64,
}


@pytest.fixture
def trail(stores: Stores) -> Trail:
    """Four acts."""
    trail = Trail(stores.audit)
    trail.record("ana", "admin", "create", "staging", run=1, auto_approve=False)
    trail.record("bob", "operator", "approve", "staging", run=1, plan="abc", comment="go")
    trail.record("ana", "admin", "edit catalogue")
    trail.record("ana", "admin", "destroy", "production", options={"deep": [1, 2.5, None, "ü"]})
    return trail


def test_an_untouched_chain_is_whole(trail: Trail) -> None:
    assert trail.first_broken() is None


def test_an_empty_chain_is_whole(stores: Stores) -> None:
    assert Trail(stores.audit).first_broken() is None


def test_entries_are_read_newest_first_and_by_environment(trail: Trail) -> None:
    assert [entry.action for entry in trail.recent(limit=2)] == ["destroy", "edit catalogue"]
    assert [entry.action for entry in trail.recent("staging")] == ["approve", "create"]
    assert trail.recent("staging")[0].detail == {"run": 1, "plan": "abc", "comment": "go"}


def test_every_column_is_tampered_with_below() -> None:
    assert set(_CHANGES) == set(AuditEntry.model_fields)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("column", sorted(set(_CHANGES) - {"id"}))
def test_any_change_of_any_entry_is_found(column: str, number: int, trail: Trail, place: Path) -> None:
    _sql(place, f'UPDATE audit_entry SET "{column}" = ? WHERE id = ?', _CHANGES[column], number)

    broken = trail.first_broken()

    assert broken is not None
    # A changed hash shows in the entry itself, at the latest in the one that refers to it.
    assert broken.id == number


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_changed_order_is_found(number: int, trail: Trail, place: Path) -> None:
    _sql(place, "UPDATE audit_entry SET id = ? WHERE id = ?", _CHANGES["id"], number)

    assert trail.first_broken() is not None


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_entry_is_found_at_the_one_after_it(number: int, trail: Trail, place: Path) -> None:
    _sql(place, "DELETE FROM audit_entry WHERE id = ?", number)

    broken = trail.first_broken()

    assert broken is not None
    assert broken.id == number + 1


def test_writers_at_once_keep_the_chain_whole(stores: Stores, open_store: Callable[..., Stores]) -> None:
    trails = [Trail(open_store().audit) for _ in range(4)]
    gate = threading.Barrier(len(trails))

    def write(own: Trail, name: str) -> None:
        gate.wait()
        for number in range(5):
            own.record(name, "admin", "act", n=number)

    threads = [threading.Thread(target=write, args=(own, f"p{i}")) for i, own in enumerate(trails)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stores.audit.chain()) == 20
    assert Trail(stores.audit).first_broken() is None


def test_what_cannot_be_recorded_is_said(open_store: Callable[..., Stores]) -> None:
    with pytest.raises(StorageError, match="readonly"):
        Trail(open_store("query_only=ON").audit).record("ana", "admin", "create", "staging")


def _sql(place: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(place)
    with connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()
