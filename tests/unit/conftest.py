"""What unit tests of several rooms stand on: no sockets, and a store in a file of its own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_socket
from sqlalchemy import event

from panel.store.database import Database
from panel.store.stores import Stores


@pytest.fixture(autouse=True)
def no_sockets() -> Iterator[None]:
    """Sockets between two ends of this process (asyncio's own wake-up pair) are all that may be opened."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The current schema, made once for all tests."""
    path = tmp_path_factory.mktemp("store") / "panel.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture
def place(empty_file: Path, tmp_path: Path) -> Path:
    """A database file with the current schema and nothing in it."""
    return Path(shutil.copy(empty_file, tmp_path / "panel.db"))


@pytest.fixture
def open_store(place: Path) -> Iterator[Callable[..., Stores]]:
    """Opens the store once more, as another process would; ``pragmas`` are set on each of its connections."""
    opened: list[Database] = []

    def build(*pragmas: str) -> Stores:
        database = Database(f"sqlite:///{place}")
        opened.append(database)
        for pragma in pragmas:
            event.listen(
                database.engine,
                "connect",
                lambda connection, _record, p=pragma: connection.execute(f"PRAGMA {p}"),
            )
        return Stores(database)

    yield build
    for database in opened:
        database.close()


@pytest.fixture
def stores(open_store: Callable[..., Stores]) -> Stores:
    return open_store()
