"""Upgrades from every released schema, on PostgreSQL."""

import threading

import pytest

from panel.store.database import Database
from tests.unit.store.released_schemas import RELEASED, check, dump

psycopg = pytest.importorskip("psycopg", reason="no PostgreSQL driver is installed")


@pytest.mark.parametrize("revision", RELEASED)
def test_a_database_of_a_released_version_comes_up_with_its_data(revision: str, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(dump(revision, "postgresql"))
    databases = [Database(url) for _ in range(3)]

    # As panels and workers do that a new version starts at once.
    threads = [threading.Thread(target=database.upgrade) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    check(databases[0])
    for database in databases:
        database.close()
