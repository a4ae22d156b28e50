"""Modules and stacks planned with a mocked provider, once for all tests and all processes that run them."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from filelock import FileLock

from tests.terraform import mocked, worlds

Result = TypeVar("Result")


def once(path: Path, work: Callable[[], Result]) -> Result:
    """The result of some work that one process does, while the others that want it wait."""
    with FileLock(f"{path}.lock"):
        if not path.exists():
            path.write_bytes(pickle.dumps(work()))
    result: Result = pickle.loads(path.read_bytes())
    return result


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of the tests share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "mocked"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def bench(folder: Path) -> mocked.Bench:
    """An initialised copy of terraform/, to plan and to test in."""

    def prepare() -> mocked.Bench | str:
        try:
            return mocked.bench(folder, [*mocked.examples(), *worlds.requests()])
        except mocked.NoProviderError as error:
            return str(error)

    prepared = once(folder / "bench", prepare)
    if isinstance(prepared, str):
        pytest.skip(prepared)
    return prepared


@pytest.fixture(scope="session")
def planned(folder: Path, bench: mocked.Bench) -> mocked.Finished:
    """The plans of every module's example and of the stacks."""
    return once(folder / "planned", bench.plan)


@pytest.fixture(scope="session")
def tested(folder: Path, bench: mocked.Bench) -> mocked.Finished:
    """What came of terraform/tests."""
    return once(folder / "tested", bench.test)


@pytest.fixture(scope="session")
def provider_5(bench: mocked.Bench, planned: mocked.Finished) -> dict[str, Any]:
    """The schema of the AWS provider that is found here, as Terraform told it with the plans."""
    assert planned.runs
    schemas = json.loads(bench.schema.read_text(encoding="utf-8"))
    return schemas["registry.terraform.io/hashicorp/aws"]
