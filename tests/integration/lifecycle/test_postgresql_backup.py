"""Backup and restore on PostgreSQL, and what is said where its programs are missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from panel.errors import ConfigurationError, StorageError
from panel.lifecycle.restored import close_restored_runs
from panel.store import backup as module
from panel.store.backup import backup, restore
from panel.store.database import Database
from panel.store.stores import Stores
from tests.integration.lifecycle.postgresql_cluster import new_database, programs

psycopg = pytest.importorskip("psycopg", reason="no PostgreSQL driver is installed")


@pytest.fixture
def stores(url: str) -> Iterator[Stores]:
    database = Database(url)
    database.upgrade()
    yield Stores(database)
    database.close()


def test_a_round_trip_into_a_database_that_holds_something_else(
    stores: Stores, server: str, tmp_path: Path
) -> None:
    if not (programs() or Path("/nowhere")).joinpath("pg_dump").exists():
        pytest.skip("no pg_dump on this machine")
    number = stores.runs.create("staging", "create", "ana", ["plan"]).id or 0
    with psycopg.connect(stores.database.url) as connection:
        connection.execute("CREATE SCHEMA dbos; CREATE TABLE dbos.workflow_status (id text);")
        connection.execute("INSERT INTO dbos.workflow_status VALUES ('run-1')")
    target = Database(new_database(server))
    target.upgrade()
    other = Stores(target)
    other.environments.save("production", exists=True)

    made = backup(stores.database, stores.database.url, tmp_path / "kept.zip", {})
    restore(target, target.url, tmp_path / "kept.zip", {})
    close_restored_runs(other, made_at=made.created_at)

    assert (tmp_path / "kept.zip").stat().st_mode & 0o777 == 0o600
    assert other.environments.all() == {}
    assert other.runs.get(number).state == "interrupted"
    assert other.runs.create("staging", "plan", "ana", ["plan"]).id == number + 1
    with psycopg.connect(target.url) as connection:
        assert connection.execute("SELECT id FROM dbos.workflow_status").fetchall() == [("run-1",)]
        names = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%restore%'"
        ).fetchall()
    assert names == []

    # A dump that cannot be loaded changes nothing.
    (tmp_path / "bad").write_text("not a dump")
    with pytest.raises(StorageError, match="pg_restore failed"):
        module._load(target, tmp_path / "bad", {})
    assert other.runs.get(number).state == "interrupted"
    target.close()


def test_without_the_program_it_says_what_to_run_but_no_password(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_program", lambda _name: None)
    with pytest.raises(ConfigurationError, match="pg_dump is not on this machine") as caught:
        module._run("postgresql://ana:hunter2@db.example.com/panel", {}, "pg_dump", "--format=custom")
    assert "pg_dump --dbname='postgresql://ana@db.example.com/panel'" in caught.value.hint
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigurationError):
        backup(stores.database, stores.database.url, tmp_path / "kept.zip", {})
    assert list(tmp_path.iterdir()) == []
