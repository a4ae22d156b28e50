"""What the tests of the backend share: servers that are started once for a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workload.backend import servers


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """Address of a database on a PostgreSQL server of our own."""
    try:
        with servers.postgresql() as url:
            yield url
    except servers.NoServerError as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """Environment of an embedded AWS of our own."""
    with servers.s3() as environment:
        yield environment
