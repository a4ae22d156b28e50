"""Whether a world survived is read from the disk: these tests lay out the disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from panel.localaws.world import Run, WorldFiles, new_world_id

RUN = Run(
    world="world-a",
    session="run-1",
    ready=True,
    pid=2**22 + 1,
    created=1.0,
    port=14640,
    region="us-east-2",
    runtime="process",
    runtime_reason="",
    version="1",
    started_at=1.0,
)


@pytest.fixture
def files(tmp_path: Path) -> WorldFiles:
    files = WorldFiles(tmp_path / "local")
    files.prepare()
    return files


def written(files: WorldFiles, mark: str) -> None:
    (files.state / "ssm.json").write_text(json.dumps({"payload": {"Value": mark}}))


def test_a_state_with_the_mark_of_the_last_run_is_whole(files: WorldFiles) -> None:
    written(files, RUN.mark)
    assert files.was_written(RUN)


def test_a_state_of_an_earlier_run_is_not(files: WorldFiles) -> None:
    written(files, replace(RUN, session="run-0").mark)
    assert not files.was_written(RUN)


def test_no_state_at_all_is_not(files: WorldFiles) -> None:
    assert not files.was_written(RUN)


def test_a_kill_in_the_middle_of_writing_is_noticed(files: WorldFiles) -> None:
    written(files, RUN.mark)
    (files.temporary / "ministack-14640.pid").write_text("1")
    assert not files.was_written(RUN)


def test_a_service_that_could_not_be_saved_is_noticed(files: WorldFiles) -> None:
    written(files, RUN.mark)
    files.log.write_text("ERROR [persistence] Persistence: failed to save ecs: No space left on device\n")
    assert not files.was_written(RUN)


def test_a_run_that_never_took_a_request_changed_nothing(files: WorldFiles) -> None:
    written(files, "world-a run-0")
    assert files.was_written(replace(RUN, ready=False, session="run-1"))


def test_the_record_of_a_run_is_read_back(files: WorldFiles) -> None:
    files.write(RUN)
    assert files.read() == RUN


@pytest.mark.parametrize("content", ["", "[]", "{", '{"world": "x"}'])
def test_a_damaged_record_reads_as_none(files: WorldFiles, content: str) -> None:
    files.record.write_text(content)
    assert files.read() is None


def test_emptying_removes_state_and_objects_but_not_the_log(files: WorldFiles) -> None:
    written(files, RUN.mark)
    (files.objects / "bucket").mkdir()
    files.log.write_text("what happened")
    files.empty()
    assert not files.state.exists()
    assert not files.objects.exists()
    assert files.log.read_text() == "what happened"


def test_the_log_of_the_run_before_is_kept(files: WorldFiles) -> None:
    files.log.write_text("before")
    files.prepare()
    assert files.log.with_suffix(".log.1").read_text() == "before"


def test_world_ids_differ() -> None:
    assert new_world_id() != new_world_id()
