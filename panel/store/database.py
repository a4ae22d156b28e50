"""One database: opening it, keeping its schema current, and sessions that commit or undo."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, create_engine

from panel.errors import StorageError

_MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """The panel's store.

    Args:
        url: SQLAlchemy URL; SQLite files get write-ahead logging, so that pages read while workers write.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.sqlite = self._url.get_backend_name() == "sqlite"
        if self.sqlite and self._url.database:
            _private_folder(Path(self._url.database).parent)
        options: dict[str, Any] = (
            {"connect_args": {"timeout": 15}} if self.sqlite else {"pool_pre_ping": True}
        )
        self.engine: Engine = create_engine(self._url, **options)
        if self.sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))

    @property
    def place(self) -> str:
        """The address for people, without a password."""
        return self._url.render_as_string(hide_password=True)

    def upgrade(self) -> None:
        """Bring the schema up to date; safe when several processes start at once.

        Raises:
            StorageError: the database cannot be reached or written.
        """
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with _errors(self.place):
            if self._current() == ScriptDirectory.from_config(config).get_current_head():
                return
            if self.sqlite and self._url.database:
                with FileLock(f"{self._url.database}.upgrade.lock", timeout=60):
                    self._upgrade(config)
            else:
                self._upgrade(config)

    def _current(self) -> str | None:
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def _upgrade(self, config: Config) -> None:
        with self.engine.begin() as connection:
            if not self.sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7261636)")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; its rows stay usable afterwards."""
        with _errors(self.place), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or undoes everything when an error passes through."""
        with _errors(self.place), Session(self.engine, expire_on_commit=False) as session:
            if self.sqlite:
                # Take the write lock at once: a read that later wants to write may be refused by SQLite.
                session.connection().exec_driver_sql("ROLLBACK")
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session
            session.commit()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _private_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"The panel cannot make its data directory {folder}: {error.strerror}.",
            hint="Free some space or set PANEL_DATA_DIR to a folder it may write.",
        ) from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own implicit transactions would start too late for "begin immediate".
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _errors(place: str) -> Iterator[None]:
    try:
        yield
    except (OperationalError, sqlite3.OperationalError) as error:
        reason = str(getattr(error, "orig", error)).strip()
        raise StorageError(
            f"The panel's database {place} refused: {reason}.",
            hint="Check free disk space and permissions (or the database server), then try again.",
        ) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StorageError(
                f"The panel lost its connection to the database {place}.",
                hint="Check the database server, then try again.",
            ) from error
        raise
