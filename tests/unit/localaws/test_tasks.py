from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from panel.errors import StorageError
from panel.localaws.tasks import ServiceTasks, Task, TaskReport, read_tasks, tasks_path, write_tasks

TASK = Task(
    id="task-1",
    revision="arn:td/backend:7#d1",
    image="r/backend@sha256:0",
    digest="sha256:0",
    pid=42,
    created=1.5,
    address="127.64.0.1",
    port=5001,
    since=2.5,
    phase="serving",
    phase_since=3.5,
    restarts=1,
    target_group="group",
    log="/log",
)
SERVICE = ServiceTasks("staging/backend", 1, TASK.image, TASK.revision, (TASK,), TASK.revision)
REPORT = TaskReport(10.0, (SERVICE,), trouble="")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_tasks(tmp_path, REPORT)
    assert read_tasks(tmp_path) == REPORT
    assert tasks_path(tmp_path).stat().st_mode & 0o077 == 0


def test_nothing_written_reads_as_none(tmp_path: Path) -> None:
    assert read_tasks(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", '{"format": 99}', '{"format": 1, "services": [{}]}'])
def test_what_another_version_wrote_reads_as_none(tmp_path: Path, content: str) -> None:
    write_tasks(tmp_path, REPORT)
    tasks_path(tmp_path).write_text(content)
    assert read_tasks(tmp_path) is None


def test_a_disk_that_refuses_is_reported(tmp_path: Path) -> None:
    (tmp_path / "local").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match=r"tasks\.json could not be written"):
        write_tasks(tmp_path, REPORT)


def test_a_service_is_found_by_its_names() -> None:
    found = REPORT.service("staging", "backend")
    assert found == SERVICE
    assert (SERVICE.cluster_name, SERVICE.service_name, SERVICE.revision_label) == (
        "staging",
        "backend",
        "backend:7",
    )
    assert REPORT.service("staging", "other") is None


def test_settled_means_exactly_the_wanted_healthy_tasks() -> None:
    assert SERVICE.settled
    assert not replace(SERVICE, desired=2).settled
    assert not replace(SERVICE, revision="another").settled
    assert not replace(SERVICE, tasks=(replace(TASK, phase="starting"),)).settled
    assert not replace(SERVICE, tasks=(TASK, replace(TASK, id="2", phase="stopping"))).settled
    assert replace(SERVICE, desired=0, tasks=()).settled
