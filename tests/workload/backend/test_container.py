"""The image that backend/Dockerfile makes, run as strictly as a task definition may ask for."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.engine import Engine
from tests.workload.backend.servers import free_port

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
_LIMIT_S = 60.0


@pytest.fixture(scope="module")
def image(docker: Engine, debian_image: str, backend_context: Path) -> Iterator[str]:
    """Built on Debian's own Python."""
    name = f"backend-test:{uuid.uuid4().hex}"
    docker.run(
        "build", "--file", str(backend_context / "backend" / "Dockerfile"),
        "--build-arg", f"BASE_IMAGE={debian_image}", "--build-arg", "APP_VERSION=7",
        "--tag", name, str(backend_context),
    )  # fmt: skip
    yield name
    docker.run("image", "rm", "--force", name)


@pytest.fixture
def task(docker: Engine, image: str, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A container that may write nowhere but to its volume, without any capability; its name and port."""
    name, port = f"backend-test-{uuid.uuid4().hex}", free_port()
    docker.run(
        "run", "--detach", "--name", name, "--read-only", "--cap-drop", "ALL", "--memory", "128m",
        "--security-opt", "no-new-privileges", "--health-interval", "1s", "--volume", "/var/lib/backend",
        "--publish", f"127.0.0.1:{port}:5000", image,
    )  # fmt: skip
    yield name, port
    docker.run("rm", "--force", "--volumes", name)


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait_for(what: str, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_a_task_that_may_write_nowhere_serves_lists_and_is_healthy(
    docker: Engine, task: tuple[str, int]
) -> None:
    name, port = task

    def health() -> str:
        return docker.run("inspect", "--format", "{{.State.Health.Status}}", name).strip()

    _wait_for("healthy", lambda: health() == "healthy")
    todos = b'[{"id":1,"title":"x","completed":false}]'
    assert _ask(port, "PUT", "/api/state/default", todos) == (200, todos)
    assert _ask(port, "GET", "/api/state/default") == (200, todos)
    status, body = _ask(port, "GET", "/status")
    assert (status, json.loads(body)["version"]) == (200, "7")
    assert docker.run("exec", name, "python", "-c", "import os; print(os.getuid())").strip() == "10001"
    docker.run("stop", "--time", "30", name)
    assert docker.run("inspect", "--format", "{{.State.ExitCode}}", name).strip() == "0"


def test_the_image_holds_neither_tools_nor_documents(docker: Engine, image: str) -> None:
    listed = docker.run(
        "run",
        "--rm",
        image,
        "python",
        "-c",
        "import os; print(*os.listdir('/app/backend'), *os.listdir('/app/deps'))",
    )
    names = set(listed.split())
    assert {"app.py", "gunicorn.conf.py", "falcon"} <= names
    assert names & {"Dockerfile", "README.md", "dev.py", "state", "bin", "pip"} == set()
    size = int(docker.run("image", "inspect", "--format", "{{.Size}}", image))
    print(f"image with its base: {size / 1e6:.0f} MB")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
def test_lists_in_s3_need_no_certificate_authorities_of_the_base_image(
    docker: Engine, image: str, address: str
) -> None:
    given = [
        f"AWS_ENDPOINT_URL={address}",
        "STORAGE_BUCKET=lists",
        "AWS_ACCESS_KEY_ID=x",
        "AWS_SECRET_ACCESS_KEY=x",
    ]
    variables = [word for one in given for word in ("--env", one)]
    built = "from backend.app import create_app; print(type(create_app()).__name__)"
    assert docker.run("run", "--rm", *variables, image, "python", "-c", built).strip() == "App"
