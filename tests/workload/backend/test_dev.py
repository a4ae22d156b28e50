"""Development with plain processes: one command brings site and API up, and both follow their source."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.workload.backend.servers import REPOSITORY, free_port

_LIMIT_S = 60.0


@dataclass(frozen=True)
class Running:
    """The running pair: the address of the site, the folder of its source, the process that watches over both."""

    address: str
    frontend: Path
    process: subprocess.Popen[bytes]


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Running]:
    """Started in a fresh checkout: the site's packages are not there yet."""
    frontend = tmp_path / "frontend"
    shutil.copytree(REPOSITORY / "frontend", frontend, ignore=shutil.ignore_patterns("node_modules", "dist"))
    site, api = free_port(), free_port()
    command = [sys.executable, "-m", "backend.dev", "--site-port", str(site), "--api-port", str(api)]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--frontend", str(frontend)], cwd=REPOSITORY, stdout=output, stderr=output,
            env={**os.environ, "STORAGE_DIR": str(tmp_path / "lists")},
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{site}"
        wait_for(lambda: answers(f"{address}/api/status"), lambda: process.poll() is None, log)
        yield Running(address, frontend, process)
    finally:
        process.terminate()
        process.wait(40)


def answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False


def wait_for(happened: Callable[[], bool], alive: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not happened():
        assert alive(), log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def test_one_command_serves_the_application_and_ends_without_leaving_processes(
    dev: Running, tmp_path: Path
) -> None:
    assert "<title>" in httpx.get(f"{dev.address}/").text
    todos = [{"id": 1, "title": "Buy milk", "completed": False}]
    list_address = f"{dev.address}/api/state/default"
    assert httpx.put(list_address, json=todos).status_code == 200
    assert httpx.get(list_address).json() == todos
    assert json.loads((tmp_path / "lists" / "default.json").read_text()) == todos
    dev.process.send_signal(signal.SIGINT)
    assert dev.process.wait(40) == 0
    wait_for(lambda: not answers(dev.address), lambda: True, tmp_path / "log")
