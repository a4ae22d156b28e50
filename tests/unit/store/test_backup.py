"""Backup and restore on SQLite: a round trip, while others write, and what is refused."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from panel.errors import ConfigurationError
from panel.lifecycle.restored import close_restored_runs
from panel.store.backup import backup, holds_data, read_manifest, restore
from panel.store.database import Database
from panel.store.stores import Stores
from panel.store.tables import WorkerRecord


@pytest.fixture
def workflows(tmp_path: Path) -> str:
    """The database of the durable workflows, with one row that tells it from another."""
    with closing(sqlite3.connect(tmp_path / "workflows.db")) as connection:
        connection.executescript("CREATE TABLE note (text); INSERT INTO note VALUES ('then');")
    return f"sqlite:///{tmp_path}/workflows.db"


def _note(url: str) -> str:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return str(connection.execute("SELECT text FROM note").fetchone()[0])


def _worked(stores: Stores) -> tuple[int, int]:
    """A run that has ended and one that waits for its review."""
    numbers = [stores.runs.create(name, "create", "ana", ["plan", "review"]).id or 0 for name in ("e1", "e2")]
    for number in numbers:
        for state in ("preparing", "planning", "planned"):
            stores.runs.transition(number, state, "worker", awaiting=True)
    stores.runs.finish(numbers[0], "discarded", "ana", awaiting=False)
    stores.workers.beat(WorkerRecord(id="host:1:aa", host="host", pid=1))
    stores.environments.save("e1", exists=True, url="then")
    return numbers[0], numbers[1]


def test_what_was_backed_up_is_what_is_there_after_a_restore(
    stores: Stores, open_store: Callable[..., Stores], workflows: str, tmp_path: Path
) -> None:
    ended, waiting = _worked(stores)
    reader = open_store()  # a page that has the database open all the time
    made = backup(stores.database, workflows, tmp_path / "kept.zip", {})
    stores.environments.save("e1", url="since")
    stores.runs.finish(waiting, "canceled", "bob", awaiting=False)
    since = stores.runs.create("e2", "plan", "bob", ["plan"]).id
    with closing(sqlite3.connect(workflows.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE note SET text = 'since'")

    assert restore(stores.database, workflows, tmp_path / "kept.zip", {}) == made
    assert close_restored_runs(stores, made_at=made.created_at) == 1

    assert (tmp_path / "kept.zip").stat().st_mode & 0o777 == 0o600
    assert _note(workflows) == "then"
    assert reader.environments.get("e1").url == "then"
    assert reader.runs.get(ended).state == "discarded"
    run = reader.runs.get(waiting)
    assert (run.state, run.active, run.awaiting) == ("interrupted", False, False)
    assert made.created_at in run.error
    assert run.error_hint
    assert since not in [run.id for run in reader.runs.recent()]
    assert reader.workers.all() == []
    assert reader.runs.create("e2", "plan", "bob", ["plan"]).active  # nothing stands in the way


def test_a_backup_of_a_released_schema_is_brought_up_to_date(
    stores: Stores, workflows: str, tmp_path: Path
) -> None:
    from tests.unit.store.released_schemas import check, dump

    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.executescript(dump("0001", "sqlite"))
    old = Database(f"sqlite:///{tmp_path}/old.db")
    backup(old, workflows, tmp_path / "old.zip", {})
    old.close()

    restore(stores.database, workflows, tmp_path / "old.zip", {})

    check(stores.database)


def test_a_store_without_runs_environments_and_records_holds_no_data(stores: Stores) -> None:
    assert not holds_data(stores.database)
    stores.environments.save("e1", exists=True)
    assert holds_data(stores.database)


def test_what_cannot_be_restored_here_is_refused_before_anything_is_touched(
    stores: Stores, workflows: str, tmp_path: Path
) -> None:
    stores.environments.save("e1", url="mine")
    good = tmp_path / "good.zip"
    backup(stores.database, workflows, good, {})
    (tmp_path / "none.zip").write_text("not a backup")
    (tmp_path / "cut.zip").write_bytes(good.read_bytes()[:-200])
    for name, change in (("newer", {"revision": "9999"}), ("other", {"kind": "postgresql"})):
        with zipfile.ZipFile(good) as archive, zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as changed:
            manifest = json.loads(archive.read("manifest.json")) | change
            changed.writestr("manifest.json", json.dumps(manifest))

    for name, words in (
        ("none", "not a backup"), ("cut", "not a backup"), ("missing", "not a backup"), ("newer", "newer panel"),
        ("other", "made of postgresql"),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=words):
            restore(stores.database, workflows, tmp_path / f"{name}.zip", {})
    assert read_manifest(good, stores.database).kind == "sqlite"
    assert stores.environments.get("e1").url == "mine"
    assert not list(tmp_path.glob(".panel-backup-*"))
