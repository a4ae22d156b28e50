"""The backend as it runs in a task: gunicorn, its own process, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
HARD_LIMIT_MB = 128


class Backend:
    """A running backend: its process, its port, what it logged."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def log_lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def memory_mb(self) -> float:
        """What the task holds for itself: private memory of the process and its workers, in MB."""
        processes = [psutil.Process(self.process.pid)]
        processes += processes[0].children(recursive=True)
        return sum(process.memory_full_info().uss for process in processes) / 2**20


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the backend did not listen within 30 s: {log.read_text()}")


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    """The backend from an unpacked image: any folder will do, nothing but its own files on the path."""
    app = tmp_path / "unpacked" / "app"
    shutil.copytree(
        REPOSITORY / "backend", app / "backend", ignore=shutil.ignore_patterns("state", "__pycache__")
    )
    port = _free_port()
    log = tmp_path / "log"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(app / "deps"), str(app)]),
        "PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "STORAGE_DIR": str(tmp_path / "state"),
        "APP_VERSION": "7",
        "IMAGE_DIGEST": "sha256:abc",
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "backend/gunicorn.conf.py",
        "backend.app:create_app()",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=app, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_listening(process, port, log)
        yield Backend(process, port, log)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=30)


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


def test_a_busy_task_stays_under_its_hard_limit(backend: Backend) -> None:
    todos = [{"id": number, "title": "t" * 40, "completed": False} for number in range(2000)]
    body = json.dumps(todos).encode()

    def use(number: int) -> int:
        path = f"/api/state/list-{number % 5}"
        return backend.ask("PUT", path, body)[0] + backend.ask("GET", path)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(60))) == {400}
    memory = backend.memory_mb()
    print(f"backend under load: {memory:.0f} MB of {HARD_LIMIT_MB}")
    assert memory < HARD_LIMIT_MB


def test_a_stop_finishes_the_request_in_flight(backend: Backend) -> None:
    body = b'[{"id":1,"title":"late","completed":false}]'
    head = f"PUT /api/state/default HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", backend.port), timeout=20) as connection:
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
