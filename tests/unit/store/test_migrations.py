"""Upgrades from every released schema, on SQLite."""

import sqlite3
from pathlib import Path

import pytest

from panel.store.database import Database
from tests.unit.store.released_schemas import FOLDER, RELEASED, check, dump


@pytest.mark.parametrize("revision", RELEASED)
def test_a_database_of_a_released_version_comes_up_with_its_data(revision: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "panel.db") as connection:
        connection.executescript(dump(revision, "sqlite"))
    connection.close()
    database = Database(f"sqlite:///{tmp_path}/panel.db")

    database.upgrade()

    check(database)
    database.close()


def test_every_released_schema_is_kept_for_both_databases() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{revision}.{kind}.sql" for revision in RELEASED for kind in ("sqlite", "postgresql")
    }
