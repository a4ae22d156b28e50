"""What every storage promises, asked of each: disk, and S3 as moto plays it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

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

ANY = Condition()
ONLY_IF_ABSENT = Condition(none_match=("*",))
BUCKET = "state-storage"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    with mock_aws():
        yield


@pytest.fixture(params=["disk", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "disk":
        return open_storage(Settings(storage_dir=tmp_path / "not" / "there" / "yet"))
    request.getfixturevalue("aws")
    boto3.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )
    return open_storage(Settings(storage_bucket=BUCKET))


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


def test_of_many_writers_on_one_version_exactly_one_wins(tmp_path: Path) -> None:
    # moto compares tags and writes in two steps, so only the disk can be asked this here.
    storage = open_storage(Settings(storage_dir=tmp_path))
    tag = storage.write("default", b"[0]", ANY)

    def attempt(number: int) -> bool:
        try:
            storage.write("default", b"[%d]" % number, Condition(match=(tag,)))
        except PreconditionFailedError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        outcomes = dict(zip(range(1, 51), pool.map(attempt, range(1, 51)), strict=True))
    won = [number for number, winner in outcomes.items() if winner]
    assert len(won) == 1
    stored = storage.read("default")
    assert stored is not None
    assert stored.content == b"[%d]" % won[0]


def test_a_reachable_storage_passes_its_check(storage: Storage) -> None:
    storage.check()


def test_a_bucket_that_does_not_exist_fails_every_act_with_its_reason(aws: None) -> None:
    storage = S3Storage.connect("nowhere")
    for act in (
        storage.check,
        lambda: storage.read("default"),
        lambda: storage.write("default", b"[]", ANY),
    ):
        with pytest.raises(StorageError, match="NoSuchBucket"):
            act()


def test_an_unreachable_endpoint_is_a_storage_failure_without_its_address(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.storage.s3.MAX_ATTEMPTS", 1)
    storage = S3Storage.connect(BUCKET, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(StorageError) as caught:
        storage.read("default")
    assert "EndpointConnectionError" in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


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
