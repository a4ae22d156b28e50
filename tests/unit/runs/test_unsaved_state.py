"""A state that an apply could not save is pushed back before the next plan, unless what is stored is newer."""

import json
from pathlib import Path
from typing import Any

import pytest

from panel.aws.s3 import ensure_bucket, put_object
from panel.engine.operation import OperationKind
from panel.engine.outcome import Status
from panel.errors import OperationError


def _state(serial: int, lineage: str = "l") -> bytes:
    return json.dumps({"version": 4, "lineage": lineage, "serial": serial, "resources": []}).encode()


def _leave(bench: Any, serial: int, *, in_execution: bool = True) -> Path:
    execution = bench.job.workspace / "executions" / "run-0-environment-apply"
    folder = execution if in_execution else bench.job.workspace / "stacks" / "environment"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "errored.tfstate").write_bytes(_state(serial))
    return Path(folder / "errored.tfstate")


def _store(bench: Any, serial: int, lineage: str = "l") -> None:
    ensure_bucket(bench.aws, "todo-states")
    put_object(bench.aws, "todo-states", bench.job.backend.key, _state(serial, lineage))


@pytest.mark.parametrize("in_execution", [True, False])
def test_it_is_pushed_before_the_plan(bench: Any, in_execution: bool) -> None:
    _store(bench, 4)
    path = _leave(bench, 7, in_execution=in_execution)
    bench.ends("push-7", bench.outcome(OperationKind.STATE_PUSH))
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert bench.keys() == ["push-7", "plan"]
    assert bench.terraform.started[0][1].state_path == str(path)
    assert not path.exists()
    assert any("serial 7; stored is serial 4" in text for text in bench.texts())


def test_it_is_pushed_where_nothing_is_stored_yet(bench: Any) -> None:
    ensure_bucket(bench.aws, "todo-states")
    _leave(bench, 1)
    bench.ends("push-1", bench.outcome(OperationKind.STATE_PUSH))
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert bench.keys() == ["push-1", "plan"]


@pytest.mark.parametrize(
    ("serial", "lineage", "why"),
    [(7, "l", "as new or newer"), (9, "l", "as new or newer"), (4, "another", "another lineage")],
)
def test_a_newer_state_is_never_overwritten(serial: int, lineage: str, why: str, bench: Any) -> None:
    _store(bench, serial, lineage)
    path = _leave(bench, 7)
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert bench.keys() == ["plan"]
    assert any(why in text for text in bench.texts())
    kept = path.with_name("errored.tfstate.outdated")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_one_of_a_world_that_is_gone_is_not_pushed(bench: Any) -> None:
    _leave(bench, 7)  # and no state bucket
    bench.ends("plan", bench.outcome())

    bench.runner.plan(bench.job)

    assert bench.keys() == ["plan"]


def test_where_it_cannot_be_pushed_nothing_is_planned(bench: Any) -> None:
    _store(bench, 4)
    path = _leave(bench, 7)
    bench.ends("push-7", bench.outcome(OperationKind.STATE_PUSH, status=Status.FAILED, failure="no lock"))

    with pytest.raises(OperationError, match="Saving the state of staging failed: no lock"):
        bench.runner.plan(bench.job)
    assert bench.keys() == ["push-7"]
    assert path.exists()


def test_an_unlock_pushes_it_too(bench: Any) -> None:
    _store(bench, 4)
    _leave(bench, 7)
    bench.ends("push-7", bench.outcome(OperationKind.STATE_PUSH))

    bench.runner.unlock(bench.job)

    assert bench.keys() == ["push-7"]
