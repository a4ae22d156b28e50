"""The backend as it runs in a task: gunicorn, its own process, asked over HTTP."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.workload.backend.running import Backend, running_backend
from tests.workload.backend.servers import make_bucket

SOFT_LIMIT_MB = 64
HARD_LIMIT_MB = 128


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    """The backend from an unpacked image: any folder will do, nothing but its own files on the path."""
    environment = {"STORAGE_DIR": str(tmp_path / "state"), "APP_VERSION": "7", "IMAGE_DIGEST": "sha256:abc"}
    with running_backend(tmp_path, environment) as backend:
        yield backend


def test_lists_travel_over_http_and_the_log_is_json(backend: Backend) -> None:
    status, body = backend.ask("GET", "/api/status")
    assert (status, json.loads(body)["version"], json.loads(body)["image"]) == (200, "7", "sha256:abc")
    todos = b'[{"id":1,"title":"\xc3\xa9","completed":false}]'
    assert backend.ask("GET", "/api/state/default")[0] == 404
    assert backend.ask("PUT", "/api/state/default", todos)[0] == 200
    assert backend.ask("GET", "/api/state/default") == (200, todos)
    assert backend.ask("GET", "/ready")[0] == 200
    requests = [
        (line["method"], line["status"]) for line in backend.log_lines() if line["message"] == "request"
    ]
    assert requests == [("GET", 404), ("PUT", 200), ("GET", 200)]


def test_bodies_of_undeclared_length_are_read_and_limited(backend: Backend) -> None:
    chunked = {"Transfer-Encoding": "chunked"}
    body = b'[{"id":1,"title":"x","completed":true}]'
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert backend.ask("PUT", "/api/state/default", framed, chunked) == (200, body)
    large = b"[" + b" " * 300_000 + b"]"
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(large), large)
    assert backend.ask("PUT", "/api/state/default", framed, chunked)[0] == 413
    assert backend.ask("PUT", "/api/state/default", large)[0] == 413
    assert backend.ask("GET", "/api/state/default") == (200, body)


def test_a_path_that_climbs_reaches_no_file(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("[]")
    for path in ("/api/state/../secret", "/api/state/..%2fsecret", "/api/state/%2e%2e%2fsecret"):
        assert backend.ask("GET", path)[0] in (400, 404)


@pytest.fixture(params=["disk", "s3", "sqlite", "postgresql"])
def busy_backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    environment = {"STORAGE_DIR": str(tmp_path / "state")}
    if request.param == "s3":
        environment = {**request.getfixturevalue("s3"), "STORAGE_BUCKET": "lists"}
        make_bucket(environment, "lists")
    elif request.param == "sqlite":
        environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/lists.db"}
    elif request.param == "postgresql":
        environment = {"DATABASE_URL": request.getfixturevalue("postgresql")}
    with running_backend(tmp_path, environment) as backend:
        yield backend


def test_a_busy_task_stays_within_its_memory(request: pytest.FixtureRequest, busy_backend: Backend) -> None:
    """With S3, as in production, below what is reserved for it; with any storage below the hard limit."""
    todos = [{"id": number, "title": "t" * 40, "completed": False} for number in range(1000)]
    body = json.dumps(todos).encode()

    def use(number: int) -> int:
        path = f"/api/state/list-{number % 5}"
        return busy_backend.ask("PUT", path, body)[0] + busy_backend.ask("GET", path)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(60))) == {400}
    memory = busy_backend.memory_mb()
    print(f"backend under load: {memory:.0f} MB")
    in_production = request.node.name.endswith("[s3]")
    assert memory < (SOFT_LIMIT_MB if in_production else HARD_LIMIT_MB)


def test_a_stop_finishes_the_request_in_flight(backend: Backend) -> None:
    body = b'[{"id":1,"title":"late","completed":false}]'
    head = f"PUT /api/state/default HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", backend.port), timeout=60) as connection:
        connection.sendall(head.encode() + body[:5])
        _wait_for_reader(connection)
        backend.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        connection.sendall(body[5:])
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200")
    assert backend.process.wait(timeout=30) == 0


def _wait_for_reader(connection: socket.socket) -> None:
    # The worker must have taken the request up, or it is not in flight; nothing tells from outside.
    time.sleep(0.5)
