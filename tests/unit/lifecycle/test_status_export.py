"""The status as files: a page that needs nobody, written in one step, and only when there is something to say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from panel.aws.session import Account
from panel.errors import AwsError, StorageError
from panel.lifecycle.status_export import DOCUMENT, PAGE, READING, StatusExport, page, write_folder
from panel.store.stores import Stores
from tests.unit.lifecycle.status_world import StatusWorld


class FakeBuckets:
    """S3 that keeps what is put, or refuses."""

    def __init__(self) -> None:
        self.account = Account(region="us-east-2")
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.refuses = False

    def client(self, _name: str) -> FakeBuckets:
        return self

    def put_object(self, *, Bucket: str, Key: str, **more: Any) -> dict[str, str]:
        if self.refuses:
            raise AwsError("The panel could not write to the bucket: AWS refused.")
        self.objects[Bucket, Key] = more
        return {"ETag": '"e"'}


@pytest.fixture
def world(stores: Stores) -> StatusWorld:
    found = StatusWorld(stores)
    found.works("production")
    return found


@pytest.fixture
def buckets() -> FakeBuckets:
    return FakeBuckets()


def _export(world: StatusWorld, folder: Path, clock: list[float], **more: Any) -> StatusExport:
    aws = more.pop("aws", FakeBuckets)
    return StatusExport(
        world.board, world.stores, aws, own=folder / "status", root=folder, clock=lambda: clock[0], **more
    )


def test_the_page_asks_nobody_for_anything(world: StatusWorld) -> None:
    world.saw("production", backend="down")
    body = page(world.board())
    assert re.findall(r'(?:src|href)="(?!data:,|mailto:|tel:)[^"]*"|@import|url\(', body) == []
    assert "<title>■ 1 application is not working</title>" in body
    assert 'data-copy="TODO list (Production) is not working.' in body


def test_its_policy_allows_exactly_its_own_style_and_script(world: StatusWorld) -> None:
    body = page(world.board())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', body)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert "style=" not in body


def test_a_folder_holds_both_and_others_may_read_them(world: StatusWorld, tmp_path: Path) -> None:
    write_folder(tmp_path / "a" / "b", world.board())
    names = sorted(file.name for file in (tmp_path / "a" / "b").iterdir())
    assert names == [PAGE, DOCUMENT]
    assert (tmp_path / "a" / "b" / PAGE).stat().st_mode & 0o777 == 0o644
    document = json.loads((tmp_path / "a" / "b" / DOCUMENT).read_text())
    assert document["headline"] == "Everything works"


def test_a_folder_that_cannot_be_made_is_told(world: StatusWorld, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written"):
        write_folder(tmp_path / "file" / "status", world.board())


def test_it_is_written_when_something_changed_and_again_after_a_while(
    world: StatusWorld, tmp_path: Path
) -> None:
    clock = [100.0]
    export = _export(world, tmp_path, clock, place="wall")

    def written() -> str:
        own, further = (tmp_path / name / DOCUMENT for name in ("status", "wall"))
        assert own.read_text() == further.read_text()
        return str(json.loads(own.read_text())["made_at"])

    export.write()
    first = written()
    assert (tmp_path / "status" / PAGE).stat().st_mode & 0o777 == 0o600
    clock[0] += 10
    export.write()
    assert written() == first
    world.saw("production", backend="down")
    export.write()
    second = written()
    assert second > first
    clock[0] += 31
    export.write()
    assert written() > second


def test_a_bucket_gets_both_under_its_prefix(
    world: StatusWorld, tmp_path: Path, buckets: FakeBuckets
) -> None:
    export = _export(world, tmp_path, [0.0], place="s3://acme-status/wall/", aws=lambda: buckets)
    export.write()
    kinds = {key: (more["ContentType"], more["CacheControl"]) for key, more in buckets.objects.items()}
    assert kinds == {
        ("acme-status", f"wall/{PAGE}"): ("text/html; charset=utf-8", "no-cache"),
        ("acme-status", f"wall/{DOCUMENT}"): ("application/json", "no-cache"),
    }
    reading = world.stores.readings.get(READING)
    assert reading is not None
    assert reading.ok


def test_a_failure_is_noted_and_tried_again_a_minute_later(
    world: StatusWorld, tmp_path: Path, buckets: FakeBuckets
) -> None:
    clock = [0.0]
    export = _export(world, tmp_path, clock, place="s3://acme-status", aws=lambda: buckets)
    buckets.refuses = True
    with pytest.raises(AwsError):
        export.write()
    reading = world.stores.readings.get(READING)
    assert reading is not None
    assert (reading.ok, reading.detail) == (False, "The panel could not write to the bucket: AWS refused.")
    # The panel's own copy is written all the same.
    assert (tmp_path / "status" / PAGE).exists()

    buckets.refuses = False
    world.saw("production", backend="down")
    clock[0] += 30
    export.write()
    assert buckets.objects == {}
    clock[0] += 31
    export.write()
    assert ("acme-status", PAGE) in buckets.objects
    again = world.stores.readings.get(READING)
    assert again is not None
    assert again.ok
