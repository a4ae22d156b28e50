"""When a service needs no closer look: exactly what is wanted runs, and serves."""

from __future__ import annotations

from typing import Any

import pytest

from panel.localaws.demand import Container, Revision, WantedService
from panel.localaws.service_runner import ServiceRunner
from panel.localaws.tasks import Phase, ServiceTasks, Task

OLD, NEW = Revision("family:1", "d1"), Revision("family:2", "d2")
AROUND: Any = None  # nothing is started here


def task(name: str, revision: Revision = NEW, phase: Phase = "serving") -> Task:
    return Task(
        id=name, revision=revision.key, image="r/app:1", digest="sha256:0", pid=1, created=0, address="127.64.0.1",
        port=1, since=0, phase=phase, phase_since=0, restarts=0, target_group="group", log="",
    )  # fmt: skip


def runner(*tasks: Task, desired: int | None = 2) -> ServiceRunner:
    known = ServiceTasks("main/app", 0, "", "", tasks)
    made = ServiceRunner(AROUND, known)
    if desired is not None:
        made.want(WantedService("main/app", desired, NEW, Container("app", "r/app:1"), "group"))
    return made


@pytest.mark.parametrize(
    ("tasks", "desired"),
    [((task("a"), task("b")), 2), ((), 0), ((), None)],
    ids=["all serve", "none is wanted", "the service is gone"],
)
def test_what_runs_as_wanted_is_settled(tasks: tuple[Task, ...], desired: int | None) -> None:
    assert runner(*tasks, desired=desired).settled


@pytest.mark.parametrize(
    ("tasks", "desired"),
    [
        ((), 2),
        ((task("a"),), 2),
        ((task("a"), task("b", phase="starting")), 2),
        ((task("a"), task("b", OLD)), 2),
        ((task("a"), task("b"), task("c", OLD, "draining")), 2),
        ((task("a", phase="stopping"),), 0),
        ((task("a"),), None),
    ],
)
def test_what_is_in_motion_is_not(tasks: tuple[Task, ...], desired: int | None) -> None:
    assert not runner(*tasks, desired=desired).settled
