"""Files of long ago go; those of open runs, of the last runs, and what nothing else has, stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from panel.lifecycle.pruning import KEEP_FOR, KEEP_RUNS, prune_artifacts, prune_executions
from panel.runs.artifacts import FolderArtifacts, KeptPlans
from panel.store.retention import Retention
from panel.store.stores import Stores
from panel.store.tables import Run, RunPlan, now

_LONG_AGO = now() - KEEP_FOR - timedelta(days=1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(stores: Stores, data: Path) -> Callable[..., int]:
    """A run with an execution folder and artifacts, that ended long ago unless told otherwise."""

    def build(environment: str = "staging", *, ended: bool = True, instance: str = "box/1") -> int:
        number = stores.runs.create(environment, "plan", "ana", ["plan"]).id or 0
        folder = (data / "workspaces" / environment / "executions" / f"run-{number}").resolve()
        folder.mkdir(parents=True)
        (folder / "plan.json").write_text("{}")
        stores.executions.begin(
            number, f"run-{number}", stack="environment", action="plan", instance=instance, host="box", path=str(folder)
        )  # fmt: skip
        FolderArtifacts(data / "artifacts").put(f"runs/{number}/environment/plan.json", folder / "plan.json")
        stores.runs.save_plan(
            RunPlan(run_id=number, stack="environment", artifact=f"runs/{number}/environment")
        )
        if ended:
            stores.executions.end(number, f"run-{number}", "succeeded")
            stores.runs.finish(number, "errored", "worker")
            _end_at(stores, number, _LONG_AGO)
        return number

    return build


def _end_at(stores: Stores, number: int, moment: datetime) -> None:
    with stores.database.write() as session:
        session.get_one(Run, number).ended_at = moment


def _left(data: Path) -> set[int]:
    return {int(path.name.removeprefix("run-")) for path in (data / "workspaces").glob("*/executions/*")}


def _kept(data: Path) -> set[int]:
    return {int(path.name) for path in (data / "artifacts" / "runs").iterdir()}


def test_what_is_old_goes_except_for_the_last_runs_of_each_environment(
    stores: Stores, data: Path, run: Callable[..., int]
) -> None:
    old = [run() for _ in range(3)]
    last = [run() for _ in range(KEEP_RUNS - 1)]
    open_run, other = run(ended=False), run("production")
    retention, plans = Retention(stores.database), KeptPlans(FolderArtifacts(data / "artifacts"))

    assert prune_executions(retention, data, "box/1") == len(old)
    assert prune_artifacts(retention, plans) == len(old)

    assert _left(data) == _kept(data) == {*last, open_run, other}
    assert prune_executions(retention, data, "box/1") == prune_artifacts(retention, plans) == 0
    assert stores.runs.get(old[0]).state == "errored"
    assert stores.runs.plan(old[0], "environment") is not None


def test_what_nothing_else_has_stays(
    stores: Stores, data: Path, run: Callable[..., int], tmp_path: Path
) -> None:
    unsaved, elsewhere, outside, young = run(), run(instance="far/1"), run(), run()
    for _ in range(KEEP_RUNS):
        run()
    (data / "workspaces/staging/executions" / f"run-{unsaved}" / "errored.tfstate").touch()
    _end_at(stores, young, now())
    precious = tmp_path / "executions" / "precious"
    precious.mkdir(parents=True)
    with stores.database.write() as session:
        record = next(one for one in stores.executions.of_run(outside))
        record.path = str(precious)
        session.add(record)

    assert prune_executions(Retention(stores.database), data, "box/1") == 0

    assert {unsaved, elsewhere, young} <= _left(data)
    assert precious.exists()
