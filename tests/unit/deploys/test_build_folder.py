"""A build result is there whole or not at all."""

import os
import time

import pytest

from panel.deploys.build_folder import build_once
from panel.errors import StorageError


def test_it_is_made_once(tmp_path):
    made = []

    def make(scratch):
        made.append(scratch)
        (scratch / "result").write_text("done")

    assert build_once(tmp_path / "cache" / "key", make) is True
    assert build_once(tmp_path / "cache" / "key", make) is False

    assert len(made) == 1
    assert (tmp_path / "cache" / "key" / "result").read_text() == "done"


def test_a_failure_leaves_nothing_behind(tmp_path):
    def make(scratch):
        (scratch / "half").write_text("")
        raise ValueError

    with pytest.raises(ValueError):
        build_once(tmp_path / "cache" / "key", make)

    assert list((tmp_path / "cache").iterdir()) == []


def test_another_process_that_was_quicker_wins(tmp_path):
    target = tmp_path / "key"

    def make(scratch):
        (scratch / "result").write_text("ours")
        target.mkdir()
        (target / "result").write_text("theirs")

    build_once(target, make)

    assert (target / "result").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_what_a_killed_build_left_is_cleared_and_a_running_one_is_not(tmp_path):
    old, fresh = tmp_path / ".making-old", tmp_path / ".making-fresh"
    old.mkdir()
    fresh.mkdir()
    day_ago = time.time() - 24 * 3600
    os.utime(old, (day_ago, day_ago))

    build_once(tmp_path / "key", lambda scratch: None)

    assert sorted(path.name for path in tmp_path.iterdir()) == [".making-fresh", "key"]


def test_a_disk_that_refuses_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="could not write"):
        build_once(tmp_path / "file" / "key", lambda scratch: None)


def test_what_was_not_used_for_longest_goes(tmp_path):
    for number in range(30):
        build_once(tmp_path / f"{number:02}", lambda scratch: None)
        os.utime(tmp_path / f"{number:02}", (number + 1, number + 1))
        if (tmp_path / "00").exists():
            build_once(tmp_path / "00", lambda scratch: None)  # used again and again

    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept[0] == "00"
    assert "01" not in kept
    assert kept[-1] == "29"
    assert len(kept) == 20
