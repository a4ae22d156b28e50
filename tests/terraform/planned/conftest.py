"""Modules and stacks planned with a mocked provider, once for all tests and all processes that run them."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.terraform import mocked, worlds


@pytest.fixture(scope="session")
def _results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the plans and the tests of the tree said."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "mocked"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            _fill(folder)
    if (folder / "skipped").exists():
        pytest.skip((folder / "skipped").read_text(encoding="utf-8"))
    return folder


def _fill(folder: Path) -> None:
    try:
        bench = mocked.bench(folder, [*mocked.examples(), *worlds.requests()])
    except mocked.NoProviderError as error:
        (folder / "skipped").write_text(str(error), encoding="utf-8")
        return
    (folder / "tested").write_bytes(pickle.dumps(bench.test()))
    (folder / "planned").write_bytes(pickle.dumps(bench.plan()))


@pytest.fixture(scope="session")
def planned(_results: Path) -> mocked.Finished:
    """The plans of every module's example and of the stacks."""
    return pickle.loads((_results / "planned").read_bytes())


@pytest.fixture(scope="session")
def tested(_results: Path) -> mocked.Finished:
    """What came of terraform/tests."""
    return pickle.loads((_results / "tested").read_bytes())


@pytest.fixture(scope="session")
def provider_5(_results: Path) -> dict[str, Any]:
    """The schema of the AWS provider that is found here, as Terraform tells it."""
    schemas = json.loads((_results / "schema.json").read_text(encoding="utf-8"))
    return schemas["registry.terraform.io/hashicorp/aws"]
