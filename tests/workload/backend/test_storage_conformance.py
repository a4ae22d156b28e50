"""What every storage promises, asked of each: disk, S3 (the embedded AWS), SQLite and a real PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.settings import Settings
from backend.storage import (
    Condition,
    PreconditionFailedError,
    Storage,
    StorageError,
    Stored,
    open_storage,
)
from backend.storage.s3 import S3Storage
from tests.workload.backend.servers import REPOSITORY, make_bucket

ANY = Condition()
ONLY_IF_ABSENT = Condition(none_match=("*",))
WRITERS = 50
NAME = "crowded"


@dataclass(frozen=True)
class Place:
    """An empty storage, and the environment by which another process finds the same."""

    storage: Storage
    environment: dict[str, str]


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def aws(s3: dict[str, str], no_aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture(params=["disk", "s3", "sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    environment = {"STORAGE_DIR": str(tmp_path / "not" / "there" / "yet")}
    if request.param == "s3":
        bucket = f"lists-{uuid.uuid4().hex}"
        environment = {**request.getfixturevalue("aws"), "STORAGE_BUCKET": bucket}
        make_bucket(environment, bucket)
    elif request.param == "sqlite":
        environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/lists.db"}
    elif request.param == "postgresql":
        environment = {"DATABASE_URL": _empty_database(request.getfixturevalue("postgresql"))}
    storage = open_storage(Settings.from_environment(environment))
    yield Place(storage, environment)
    if "DATABASE_URL" in environment:
        storage.close()  # type: ignore[attr-defined]  # only databases have connections to close


def _empty_database(server: str) -> str:
    import psycopg

    name = f"db_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def storage(place: Place) -> Storage:
    return place.storage


def test_a_list_that_was_never_written_is_absent(storage: Storage) -> None:
    assert storage.read("default") is None


def test_what_was_written_is_read_with_the_tag_of_the_write(storage: Storage) -> None:
    tag = storage.write("default", b"[1]", ANY)
    assert storage.read("default") == Stored(b"[1]", tag)


def test_a_new_version_has_a_new_tag(storage: Storage) -> None:
    first = storage.write("default", b"[1]", ANY)
    second = storage.write("default", b"[2]", ANY)
    assert first != second
    assert storage.read("default") == Stored(b"[2]", second)


def test_lists_do_not_touch_each_other(storage: Storage) -> None:
    storage.write("one", b"[1]", ANY)
    storage.write("two", b"[2]", ANY)
    one = storage.read("one")
    assert one is not None
    assert one.content == b"[1]"


def test_only_if_absent_writes_once(storage: Storage) -> None:
    tag = storage.write("default", b"[1]", ONLY_IF_ABSENT)
    with pytest.raises(PreconditionFailedError) as caught:
        storage.write("default", b"[2]", ONLY_IF_ABSENT)
    assert caught.value.current == Stored(b"[1]", tag)


def test_a_write_on_the_current_version_happens(storage: Storage) -> None:
    tag = storage.write("default", b"[1]", ANY)
    newer = storage.write("default", b"[2]", Condition(match=(tag,)))
    assert storage.read("default") == Stored(b"[2]", newer)


def test_a_write_on_an_older_version_changes_nothing_and_tells_the_current_one(storage: Storage) -> None:
    old = storage.write("default", b"[1]", ANY)
    current = storage.write("default", b"[2]", ANY)
    with pytest.raises(PreconditionFailedError) as caught:
        storage.write("default", b"[3]", Condition(match=(old,)))
    assert caught.value.current == Stored(b"[2]", current)
    assert storage.read("default") == Stored(b"[2]", current)


@pytest.mark.parametrize("tags", [("0" * 32,), ("*",), ("0" * 32, "1" * 32)])
def test_an_absent_list_matches_no_version(storage: Storage, tags: tuple[str, ...]) -> None:
    with pytest.raises(PreconditionFailedError) as caught:
        storage.write("default", b"[]", Condition(match=tags))
    assert caught.value.current is None
    assert storage.read("default") is None


def test_one_of_several_versions_may_match_and_any_version_matches_a_star(storage: Storage) -> None:
    tag = storage.write("default", b"[1]", ANY)
    tag = storage.write("default", b"[2]", Condition(match=("0" * 32, tag)))
    tag = storage.write("default", b"[3]", Condition(match=("*",)))
    with pytest.raises(PreconditionFailedError):
        storage.write("default", b"[4]", Condition(none_match=(tag, "0" * 32)))
    assert storage.read("default") == Stored(b"[3]", tag)


def test_any_condition_is_decided_on_the_current_version_however_many_write(storage: Storage) -> None:
    # No storage can say "whichever version there is" in one step together with the write.
    storage.write("default", b"[0]", ANY)

    def attempt(number: int) -> str:
        return storage.write("default", b"[%d]" % number, Condition(match=("*",)))

    with ThreadPoolExecutor(4) as pool:
        tags = list(pool.map(attempt, range(1, 9)))
    stored = storage.read("default")
    assert stored is not None
    assert stored.etag in tags


def test_of_many_writers_on_one_version_exactly_one_wins(storage: Storage) -> None:
    tag = storage.write("default", b"[0]", ANY)

    def attempt(number: int) -> bool:
        try:
            storage.write("default", b"[%d]" % number, Condition(match=(tag,)))
        except PreconditionFailedError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        numbers = range(1, WRITERS + 1)
        outcomes = dict(zip(numbers, pool.map(attempt, numbers), strict=True))
    won = [number for number, winner in outcomes.items() if winner]
    assert len(won) == 1
    stored = storage.read("default")
    assert stored is not None
    assert stored.content == b"[%d]" % won[0]


def _write_at_once(place: Place, act: str) -> None:
    """Fifty writers in two processes, as two tasks of a service would have them."""
    environment = {"PATH": os.environ["PATH"], **place.environment}
    half = WRITERS // 2
    program = [sys.executable, "-m", "tests.workload.backend.writers_program", act]
    writers = [
        subprocess.Popen(
            [*program, str(first), str(half)], cwd=REPOSITORY, env=environment,
            stderr=subprocess.PIPE, text=True,
        )
        for first in (0, half)
    ]  # fmt: skip
    for writer in writers:
        _, told = writer.communicate(timeout=100)
        assert writer.returncode == 0, told


def test_no_write_of_fifty_at_once_is_lost(place: Place) -> None:
    _write_at_once(place, "add")
    stored = place.storage.read(NAME)
    assert stored is not None
    assert sorted(json.loads(stored.content)) == list(range(WRITERS))


def test_no_write_of_fifty_at_once_is_torn(place: Place) -> None:
    _write_at_once(place, "replace")
    stored = place.storage.read(NAME)
    assert stored is not None
    assert len(set(json.loads(stored.content))) == 1


@pytest.mark.parametrize("tag", ["", "abc", "01", "-1", "²", "9" * 40, 'x"y'])
def test_a_tag_that_was_never_given_matches_nothing(storage: Storage, tag: str) -> None:
    storage.write("default", b"[1]", ANY)
    with pytest.raises(PreconditionFailedError):
        storage.write("default", b"[2]", Condition(match=(tag,)))


def test_a_reachable_storage_passes_its_check(storage: Storage) -> None:
    storage.check()


def test_a_bucket_that_does_not_exist_fails_every_act_with_its_reason(aws: dict[str, str]) -> None:
    storage = S3Storage.connect("nowhere", region="us-east-2", endpoint_url=aws["AWS_ENDPOINT_URL"])
    for act in (
        storage.check,
        lambda: storage.read("default"),
        lambda: storage.write("default", b"[]", ANY),
        lambda: storage.write("default", b"[]", ONLY_IF_ABSENT),
        lambda: storage.write("default", b"[]", Condition(match=("a",))),
    ):
        with pytest.raises(StorageError, match="NoSuchBucket"):
            act()


def test_an_unreachable_endpoint_is_a_storage_failure_without_its_address(aws: dict[str, str]) -> None:
    storage = S3Storage.connect("lists", endpoint_url="http://127.0.0.1:9", retries=0)
    with pytest.raises(StorageError, match="no connection") as caught:
        storage.read("default")
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://backend:secret@127.0.0.1:9/lists",
        "postgresql://backend:secret@/lists?host=/nowhere",
        "sqlite:////nowhere/at/all.db",
    ],
)
def test_an_unreachable_database_is_a_storage_failure_without_its_address(url: str) -> None:
    storage = open_storage(Settings(database_url=url))
    for act in (storage.check, lambda: storage.read("default"), lambda: storage.write("default", b"[]", ANY)):
        with pytest.raises(StorageError, match=r"could not be used .*OperationalError") as caught:
            act()
        assert not [word for word in ("127.0.0.1", "secret", "nowhere") if word in str(caught.value)]


@pytest.mark.parametrize("url", ["mysql://a:secret@b/c", "sqlite://", "sqlite:///:memory:", "secret"])
def test_a_database_that_cannot_be_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL") as caught:
        open_storage(Settings(database_url=url))
    assert "secret" not in str(caught.value)


def test_connections_that_the_database_ended_are_replaced(postgresql: str) -> None:
    import psycopg

    storage = open_storage(Settings(database_url=_empty_database(postgresql)))
    tag = storage.write("default", b"[1]", ANY)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
    assert storage.read("default") == Stored(b"[1]", tag)
    storage.close()  # type: ignore[attr-defined]  # only databases have connections to close


def test_a_directory_that_cannot_be_is_a_storage_failure_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    storage = open_storage(Settings(storage_dir=tmp_path / "file" / "state"))
    for act in (storage.check, lambda: storage.write("default", b"[]", ANY)):
        with pytest.raises(StorageError) as caught:
            act()
        assert str(tmp_path) not in str(caught.value)


def test_a_failed_write_leaves_the_old_list_and_no_debris(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(Settings(storage_dir=tmp_path))
    tag = storage.write("default", b"[1]", ANY)

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(StorageError, match="No space left on device"):
        storage.write("default", b"[2]", ANY)
    assert storage.read("default") == Stored(b"[1]", tag)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".default.lock", "default.json"]
