"""What tests of several folders share: a container engine, and the image that others are built on."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.system.base_image import base_image
from tests.system.engine import Engine, NoEngineError, end_engine, engine

# Looking so often for objects that nobody needs took a tenth of the time of all unit tests.
gc.set_threshold(50_000)

#: Folders and files that wait more than they work come first, so that the others fill their pauses.
_FIRST = ("tests/system/", "tests/terraform/test_world.py", "tests/workload/", "tests/integration/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first: a file runs on one process, and one that began last would keep the others waiting."""
    items.sort(
        key=lambda item: next((n for n, part in enumerate(_FIRST) if part in item.nodeid), len(_FIRST))
    )


@pytest.fixture(scope="module")
def docker() -> Iterator[Engine]:
    """An engine; skips where none is to be had."""
    try:
        with engine() as found:
            yield found
    except NoEngineError as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def debian_image(docker: Engine) -> str:
    """Name of an image with Python and nginx; skips where none can be made."""
    try:
        return base_image(docker)
    except NoEngineError as problem:
        pytest.skip(str(problem))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the engine that tests have started: once for the run, when its processes have ended."""
    if not hasattr(session.config, "workerinput"):
        end_engine()
