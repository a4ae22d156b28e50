"""One database: opening it, keeping its schema current, and sessions that commit or undo."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlmodel import Session, create_engine

from panel.errors import ConfigurationError, StorageError
from panel.store import fence
from panel.store.discretion import mask_what_is_written, serialize

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


class Database:
    """The panel's store.

    Args:
        url: SQLAlchemy URL; SQLite files get write-ahead logging, so that pages read while workers write.

    Raises:
        ConfigurationError: the URL is none, or names a kind of database the panel has no driver for.
        StorageError: the folder of a SQLite file cannot be made.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError:
            # The address may hold a password: it is not repeated.
            raise _wrong_url("it is not a database URL") from None
        self.sqlite = self._url.get_backend_name() == "sqlite"
        if self.sqlite and self._url.database:
            _private_folder(Path(self._url.database).parent)
        options: dict[str, Any] = (
            {"connect_args": {"timeout": 15}} if self.sqlite else {"pool_pre_ping": True}
        )
        options["json_serializer"] = serialize
        try:
            self.engine: Engine = create_engine(self._url, **options)
        except (ArgumentError, ImportError) as error:
            raise _wrong_url(str(error)) from None
        mask_what_is_written(self.engine)
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
            StorageError: the database cannot be reached or written, or a newer panel has written it.
        """
        with errors(self.place):
            if self._current() == newest_revision():
                return
        # Here, not at the top: what brings a schema up to date is large, and hardly ever needed.
        from panel.store.upgrading import upgrade

        with errors(self.place):
            upgrade(self)

    def _current(self) -> str | None:
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
            return str(row[0]) if row is not None else None

    def revision(self) -> str | None:
        """The schema's version; None before the first upgrade.

        Raises:
            StorageError: the database refused.
        """
        with errors(self.place):
            return self._current()

    def knows(self, revision: str) -> bool:
        """Whether this panel knows a version of the schema, and can bring it up to date."""
        return revision in _revisions()

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None for one in memory and for a server."""
        return Path(self._url.database) if self.sqlite and self._url.database else None

    @property
    def url(self) -> str:
        """The address with its password: never print it."""
        return self._url.render_as_string(hide_password=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; its rows stay usable afterwards."""
        with errors(self.place), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or undoes everything when an error passes through.

        Raises:
            SupersededError: this thread works on a run that another worker has by now.
        """
        with errors(self.place), Session(self.engine, expire_on_commit=False) as session:
            if self.sqlite:
                # Take the write lock at once: a read that later wants to write may be refused by SQLite.
                session.connection().exec_driver_sql("ROLLBACK")
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            fence.check(session)
            yield session
            session.commit()

    def one_at_a_time(self, session: Session, what: int) -> None:
        """Let no other transaction that calls this with the same number go on before this one has ended.

        On SQLite every writing session has that already.
        """
        if not self.sqlite:
            session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({int(what)})")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def newest_revision() -> str:
    """The version of the schema that this panel works with; migrations are files whose names begin with theirs."""
    return max(_revisions())


def _revisions() -> frozenset[str]:
    return frozenset(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py"))


def _wrong_url(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"PANEL_DATABASE_URL cannot be used: {why}.",
        hint="Give a URL such as postgresql://user:password@host/database, or unset it to use SQLite.",
    )


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
def errors(place: str) -> Iterator[None]:
    """Say of the database at ``place`` what it refused, as the panel's error."""
    try:
        yield
    except IntegrityError:
        raise  # a rule of the schema, not the database's health: the query modules say what it means
    except (DBAPIError, sqlite3.Error) as error:
        # Not the whole text of SQLAlchemy's error: that repeats the statement with its values.
        reason = str(getattr(error, "orig", error)).strip().rstrip(".")
        raise StorageError(
            f"The panel's database {place} refused: {reason}.",
            hint="Check free disk space and permissions (or the database server), then try again.",
        ) from error
