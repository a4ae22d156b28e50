"""Bringing a database's schema up to date with Alembic; :mod:`panel.store.database` says when that is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import FileLock
from filelock import Timeout as LockTimeout
from sqlalchemy import Connection

from panel.errors import StorageError

if TYPE_CHECKING:
    from panel.store.database import Database

_MIGRATIONS = Path(__file__).with_name("migrations")
# Numbers of PostgreSQL's advisory locks: any will do, as long as nothing else in the database uses them.
_UPGRADE = 7261636


def upgrade(database: Database) -> None:
    """Bring the schema up to date; safe when several processes start at once.

    Raises:
        StorageError: the file cannot be written, or a newer panel has written it.
    """
    config, file = Config(), database.file
    # Alembic reads options as templates in which a percent sign means something.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with _upgrade_errors(database.place):
        if file is not None:
            with FileLock(f"{file}.upgrade.lock", timeout=60):
                _upgrade(database, config)
        else:
            _upgrade(database, config)


def _upgrade(database: Database, config: Config) -> None:
    with (
        database.engine.connect() as connection,
        _without_foreign_keys(connection, sqlite=database.sqlite),
        connection.begin(),
    ):
        if not database.sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        broken = database.sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken:
            raise StorageError(
                f"The panel's database {database.place} was not upgraded: rows of {broken[0]} belong to nothing.",
                hint="Restore a copy from before, and report this.",
            )


@contextmanager
def _without_foreign_keys(connection: Connection, *, sqlite: bool) -> Iterator[None]:
    """SQLite changes a table by making it anew, which its own references would forbid. Only outside a transaction
    does it let itself be told to look away, hence past SQLAlchemy, which would begin one."""
    driver: Any = connection.connection.driver_connection
    if sqlite:
        driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        if sqlite:
            driver.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _upgrade_errors(place: str) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise StorageError(
            f"The panel's database {place} has a schema this version of the panel does not know: {error}.",
            hint="Start the newer panel that has written it, or restore a copy from before.",
        ) from error
    except LockTimeout as error:
        raise StorageError(
            f"Another process has been upgrading the panel's database {place} for too long.",
            hint="End that process, then start again.",
        ) from error
    except OSError as error:
        raise StorageError(
            f"The panel cannot write beside its database {place}: {error.strerror}.",
            hint="Free some space or set PANEL_DATA_DIR to a folder it may write.",
        ) from error
