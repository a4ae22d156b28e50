"""Lists in a database (PostgreSQL or SQLite): a row per list, with the number of its version.

Every write is one statement, so the database itself compares and writes in one step, and no transaction
stays open between requests.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Text, bindparam, create_engine, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import registry
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Field, SQLModel, col, select, update

from backend.storage.interface import Condition, StorageError, Stored
from backend.storage.swap import Pin, write_if

# A person waits for the answer, and the load balancer gives up at 60 s: fail well before that.
CONNECT_TIMEOUT_S = 2
STATEMENT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 5
# As many as gunicorn's threads by default, with a little room.
POOL_SIZE = 8
POOL_OVERFLOW = 4

_MAX_VERSION = 2**62
_Result = TypeVar("_Result")
_log = logging.getLogger("backend.storage")


class _Tables(SQLModel, registry=registry()):
    """What this storage keeps, apart from whatever else a process has of SQLModel."""


class TodoList(_Tables, table=True):
    """A list as it is kept: ``content`` is its JSON text, ``version`` grows by one with every write."""

    __tablename__ = "todo_list"

    name: str = Field(primary_key=True, max_length=64)
    version: int
    content: str = Field(sa_type=Text)


_READ = select(TodoList.content, TodoList.version).where(TodoList.name == bindparam("list_name"))
_REPLACE = (
    update(TodoList)
    .where(col(TodoList.name) == bindparam("list_name"), col(TodoList.version) == bindparam("current"))
    .values(version=col(TodoList.version) + 1, content=bindparam("text"))
    .returning(col(TodoList.version))
)


class SqlStorage:
    """Keeps lists in the table ``todo_list``, made on first use, over a pool of connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._own = threading.local()
        self._keeps = engine.dialect.name == "sqlite"
        self._prepared = False
        self._preparing = threading.Lock()
        self._put, self._create = _inserts(engine.dialect.name)
        self._read_text = str(_READ.compile(dialect=engine.dialect))

    @classmethod
    def connect(cls, url: str) -> SqlStorage:
        """Build the storage of a database address; connects on first use.

        Raises ValueError for an address that is neither PostgreSQL's nor that of an SQLite file.
        """
        return cls(_engine(_address(url)))

    def read(self, name: str) -> Stored | None:
        """Return the row, None when there is none. Raises StorageError."""
        wanted = {"list_name": name}
        try:
            row = self._read_quickly(wanted)
        except (self._engine.dialect.loaded_dbapi.Error, SQLAlchemyError):
            # The long way knows which failures are worth another attempt, and says what the others mean.
            row = self._do("read", lambda database: database.execute(_READ, wanted).first())
        return None if row is None else Stored(row[0].encode(), str(row[1]))

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        """Write the row in one statement and return its new tag.

        Raises PreconditionFailedError when ``condition`` does not hold, StorageError when it fails.
        """
        values = {"list_name": name, "text": content.decode()}
        if condition.is_empty:
            return str(self._version(self._put, values))
        return write_if(condition, lambda: self.read(name), lambda pin: self._swap(values, pin))

    def check(self) -> None:
        """Return when the table can be read. Raises StorageError."""
        self._do("reach", lambda database: database.execute(_READ, {"list_name": ""}).first())

    def close(self) -> None:
        """Close the connections."""
        self._own = threading.local()
        self._engine.dispose()

    def _read_quickly(self, wanted: dict[str, Any]) -> Any:
        """The row by the driver alone: a quarter of the processor time that SQLAlchemy's way takes."""
        connection = getattr(self._own, "connection", None) or self._connection()
        try:
            cursor = connection.cursor()
            cursor.execute(self._read_text, wanted)
            row = cursor.fetchone()
            cursor.close()
        except BaseException:
            self._own.__dict__.pop("connection", None)
            # One of the pool must not go back into it.
            getattr(connection, "invalidate", connection.close)()
            raise
        if not self._keeps:
            connection.close()
        return row

    def _connection(self) -> Any:
        """A connection from the pool; with SQLite, where one costs nothing, the thread keeps it."""
        taken = self._engine.raw_connection()
        if not self._keeps:
            return taken
        taken.detach()
        self._own.connection = taken.dbapi_connection
        return taken.dbapi_connection

    def _swap(self, values: dict[str, Any], pin: Pin) -> str | None:
        if pin.tag is None:
            version = self._version(self._create, values)
        else:
            current = _version_of(pin.tag)
            if current is None:
                return None
            version = self._version(_REPLACE, {**values, "current": current})
        return None if version is None else str(version)

    def _version(self, statement: Any, values: dict[str, Any]) -> int | None:
        version: int | None = self._do("write", lambda database: database.scalar(statement, values))
        return version

    def _do(self, verb: str, act: Callable[[Connection], _Result]) -> _Result:
        with _failures(verb):
            self._prepare()
            try:
                with self._engine.connect() as database:
                    return act(database)
            except DBAPIError as error:
                # A database that was restarted ends every connection of the pool at once; the next is new.
                if not error.connection_invalidated:
                    raise
            with self._engine.connect() as database:
                return act(database)

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._preparing:
            if not self._prepared:
                _make_table(self._engine)
                self._prepared = True


def _inserts(dialect: str) -> tuple[ReturningInsert[tuple[int]], ReturningInsert[tuple[int]]]:
    """Two ways to insert a row that may be there already: write over it, or do nothing."""
    # Both databases understand the same words, but SQLAlchemy keeps a construct for each.
    construct = postgresql.insert if dialect == "postgresql" else sqlite.insert
    insert = construct(TodoList).values(name=bindparam("list_name"), version=1, content=bindparam("text"))
    over = insert.on_conflict_do_update(
        index_elements=["name"],
        set_={"version": col(TodoList.version) + 1, "content": insert.excluded.content},
    )
    version = col(TodoList.version)
    return over.returning(version), insert.on_conflict_do_nothing().returning(version)


def _make_table(engine: Engine) -> None:
    try:
        TodoList.metadata.create_all(engine)
    except SQLAlchemyError:
        # Of several tasks that start at once, one makes it and the others are told so in many ways.
        if not inspect(engine).has_table("todo_list"):
            raise


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        # Not shown: it may hold a password.
        raise ValueError("DATABASE_URL is no database address") from None
    kind = address.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise ValueError(f"DATABASE_URL must be PostgreSQL's or SQLite's, not that of {kind!r}")
    if address.database in (None, "", ":memory:"):
        raise ValueError("DATABASE_URL must name a file: lists in memory would go with the process")
    return address


def _engine(address: URL) -> Engine:
    timeouts: dict[str, Any] = {"timeout": STATEMENT_TIMEOUT_S}
    if address.drivername.startswith("postgresql"):
        timeouts = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S * 1000}",
            # For a server that is gone without a word: how long sent data may stay unanswered.
            "tcp_user_timeout": STATEMENT_TIMEOUT_S * 1000,
        }
    engine = create_engine(
        address,
        # Both drivers then take values by name.
        paramstyle="pyformat" if address.drivername.startswith("postgresql") else "named",
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_S,
        # Every statement leaves its connection clean: nothing to roll back.
        pool_reset_on_return=None,
        hide_parameters=True,
        connect_args=timeouts,
    )
    if address.drivername.startswith("sqlite"):
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    # Readers and the writer do not wait for each other, and a write that was answered is on the disk.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@contextmanager
def _failures(verb: str) -> Iterator[None]:
    """Turn the library's errors into ours: the kind for the client, the whole story for the log."""
    try:
        yield
    except SQLAlchemyError as error:
        _log.error("the database could not be used (%s): %s", verb, error)
        raise StorageError(f"the database could not be used ({verb}): {_reason(error)}") from error


def _reason(error: SQLAlchemyError) -> str:
    # The library's own words may hold the address, so only the kind is told.
    if isinstance(error, PoolTimeoutError):
        return "all connections are busy"
    origin = error.orig if isinstance(error, DBAPIError) else None
    return type(origin or error).__name__


def _version_of(tag: str) -> int | None:
    """The version that a tag names; None for a tag that we never gave."""
    if not tag.isascii() or not tag.isdigit() or len(tag) > len(str(_MAX_VERSION)):
        return None
    version = int(tag)
    return version if str(version) == tag and version <= _MAX_VERSION else None
