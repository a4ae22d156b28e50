"""The backend as a task runs it: gunicorn, a process of its own, from an unpacked image, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.workload.backend.servers import REPOSITORY, free_port

APPLICATION = "backend.app:create_app()"
_READY_LIMIT_S = 30.0


class Backend:
    """A running backend: its process, its port, what it logged."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def log_lines(self) -> list[dict[str, object]]:
        """What it logged."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def memory_mb(self) -> float:
        """What the task holds in memory, in MiB: its processes together, pages they share counted once."""
        processes = [psutil.Process(self.process.pid)]
        processes += processes[0].children(recursive=True)
        return sum(process.memory_full_info().pss for process in processes) / 2**20

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=40)


@contextmanager
def running_backend(
    folder: Path, environment: Mapping[str, str], application: str = APPLICATION
) -> Iterator[Backend]:
    """Start it with nothing but its own files and ``environment``; ends it afterwards.

    ``application`` may be another one of this repository, to be served the same way.
    """
    app = folder / "unpacked" / "app"
    shutil.copytree(
        REPOSITORY / "backend", app / "backend", ignore=shutil.ignore_patterns("state", "__pycache__")
    )
    port = free_port()
    log = folder / "log"
    told = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(app / "deps"), str(app), *_beside(application)]),
        "MALLOC_ARENA_MAX": "2",
        "PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "backend/gunicorn.conf.py", application],
            cwd=app, env=told, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    backend = Backend(process, port, log)
    try:
        _wait_until_listening(backend, log)
        yield backend
    finally:
        backend.stop()


def _beside(application: str) -> list[str]:
    return [] if application == APPLICATION else [str(REPOSITORY)]


def _wait_until_listening(backend: Backend, log: Path) -> None:
    deadline = time.monotonic() + _READY_LIMIT_S
    while time.monotonic() < deadline:
        assert backend.process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", backend.port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the backend did not listen within {_READY_LIMIT_S:.0f} s: {log.read_text()}")
