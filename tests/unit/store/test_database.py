"""Opening the store: schema, several processes at once, and what is said when disk or database refuse."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from panel.errors import ConfigurationError, StorageError
from panel.store import tables
from panel.store.database import Database
from panel.store.stores import Stores

_UPGRADE = "import sys; from panel.store.database import Database; Database(sys.argv[1]).upgrade()"


def test_an_empty_file_gets_the_schema_and_a_second_upgrade_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/panel.db")

    database.upgrade()
    Stores(database).environments.save("staging", exists=True)
    database.upgrade()

    assert Stores(database).environments.get("staging").exists
    database.close()


def test_the_data_directory_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path}/deep/new/panel.db").close()

    assert (tmp_path / "deep" / "new").stat().st_mode & 0o077 == 0


def test_processes_that_start_at_the_same_moment_all_find_the_schema(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/panel.db"
    started = [
        subprocess.Popen([sys.executable, "-c", _UPGRADE, url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[1] for process in started]

    assert [process.returncode for process in started] == [0] * 3, "\n".join(said)
    database = Database(url)
    assert Stores(database).runs.recent() == []
    database.close()


def test_the_migrations_make_exactly_the_tables(stores: Stores) -> None:
    with stores.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        differences = compare_metadata(context, tables.Run.metadata)

    assert differences == []


def test_an_error_inside_undoes_the_whole_transaction(stores: Stores) -> None:
    with pytest.raises(RuntimeError, match="half way"), stores.database.write() as session:
        session.add(tables.EnvironmentRecord(name="staging"))
        session.flush()
        raise RuntimeError("half way")

    assert stores.environments.all() == {}


def test_a_reader_is_not_kept_waiting_by_a_writer(stores: Stores, open_store: Callable[..., Stores]) -> None:
    stores.environments.save("staging", url="before")
    reader = open_store("busy_timeout=1")

    with stores.database.write() as session:
        session.merge(tables.EnvironmentRecord(name="staging", url="after"))
        session.flush()
        assert reader.environments.get("staging").url == "before"

    assert reader.environments.get("staging").url == "after"


def test_times_come_back_in_utc(stores: Stores) -> None:
    run = stores.runs.create("staging", "create", "ana", ["plan"])

    assert stores.runs.get(run.id).created_at == run.created_at
    assert stores.runs.get(run.id).created_at.utcoffset() is not None


def test_a_locked_database_is_named_and_nothing_is_written(
    stores: Stores, place: Path, open_store: Callable[..., Stores]
) -> None:
    impatient = open_store("busy_timeout=1")
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StorageError, match="locked") as caught:
        impatient.environments.save("staging", exists=True)
    other.execute("ROLLBACK")
    other.close()

    assert str(place) in caught.value.message
    assert caught.value.hint
    assert stores.environments.all() == {}
    impatient.environments.save("staging", exists=True)  # the connection is fit for use again


def test_a_full_disk_is_named_and_nothing_is_half_written(
    stores: Stores, place: Path, open_store: Callable[..., Stores]
) -> None:
    pages = int(sqlite3.connect(place).execute("PRAGMA page_count").fetchone()[0])
    cramped = open_store(f"max_page_count={pages + 2}")

    with pytest.raises(StorageError, match=r"full") as caught:
        cramped.environments.save("staging", outputs={"much": "x" * 200_000})

    assert str(place) in caught.value.message
    assert "disk space" in caught.value.hint
    assert "xxxx" not in str(caught.value) + caught.value.detail
    assert stores.environments.all() == {}


def test_a_read_only_file_is_named(stores: Stores, place: Path, open_store: Callable[..., Stores]) -> None:
    reading = open_store("query_only=ON")

    with pytest.raises(StorageError, match="readonly"):
        reading.environments.save("staging", exists=True)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageError, match="cannot make its data directory") as caught:
        Database(f"sqlite:///{tmp_path}/file/data/panel.db")
    assert str(tmp_path / "file" / "data") in caught.value.message
    assert "PANEL_DATA_DIR" in caught.value.hint


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "panel.db").write_text("this is no database " * 500)

    with pytest.raises(StorageError, match="not a database") as caught:
        Database(f"sqlite:///{tmp_path}/panel.db").upgrade()
    assert str(tmp_path / "panel.db") in caught.value.message


def test_the_schema_of_a_newer_panel_is_left_alone(stores: Stores) -> None:
    with stores.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StorageError, match="does not know") as caught:
        stores.database.upgrade()
    assert "newer panel" in caught.value.hint


@pytest.mark.parametrize(
    "url", ["not a url", "postgresql//ana:hunter2@db", "nonsense://ana:hunter2@db/panel"]
)
def test_a_wrong_address_is_a_wrong_setting_and_its_password_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="PANEL_DATABASE_URL") as caught:
        Database(url)
    assert "hunter2" not in str(caught.value) + caught.value.detail


def test_the_place_shows_no_password() -> None:
    database = Database("postgresql://ana:hunter2@db/panel")

    assert "hunter2" not in database.place
    assert "db/panel" in database.place
