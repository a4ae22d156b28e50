"""What tests of several folders share: a container engine, and the image that others are built on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.base_image import base_image
from tests.system.engine import Engine, NoEngineError, end_engine, engine


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
