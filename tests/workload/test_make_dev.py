"""`make dev`: site and API as plain processes that follow their source, and of which nothing is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.system.installation import free_port, wait_for
from tests.workload.conftest import REPOSITORY

_LIMIT_S = 60.0
_ADDRESS = "The site: "


@dataclass(frozen=True)
class Running:
    """What one command brought up: the address that it said, where the lists are, and the command itself."""

    http: httpx.Client
    lists: Path
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh checkout, as far as the command needs one: the site's packages are not there yet."""
    folder = tmp_path_factory.mktemp("checkout")
    unwanted = shutil.ignore_patterns("node_modules", "dist", "state", "__pycache__")
    for name in ("backend", "frontend"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=unwanted)
    shutil.copy(REPOSITORY / "Makefile", folder)
    return folder


def command() -> list[str]:
    """The environment that runs these tests is the one that the target would make."""
    return ["make", "--assume-old=install", f"VENV={sys.prefix}", "dev"]


@contextmanager
def running(checkout: Path, folder: Path) -> Iterator[Running]:
    ports = {
        "SITE_PORT": str(free_port()),
        "API_PORT": str(free_port()),
        "STORAGE_DIR": str(folder / "lists"),
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(), cwd=checkout, env={**os.environ, **ports}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def address() -> str:
        assert process.poll() is None, log.read_text()
        said = [line for line in log.read_text().splitlines() if line.startswith(_ADDRESS)]
        return said[0].split()[2] if said else ""

    try:
        site = wait_for("the site's address is said", address, limit_s=_LIMIT_S)
        with httpx.Client(base_url=site, trust_env=False) as http:
            wait_for("the API answers", lambda: http.get("/api/status").status_code == 200, limit_s=_LIMIT_S)
            yield Running(http, folder / "lists", process)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(40)


def end_with(send: Callable[[int], None], process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Send the signal to a group or a process, wait for the command's end, tell what is left of it."""
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 3
    send(process.pid)
    process.wait(40)
    return [one for one in started if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_one_command_serves_the_application_and_follows_its_source(checkout: Path, tmp_path: Path) -> None:
    with running(checkout, tmp_path) as dev:
        assert "<title>" in dev.http.get("/").text
        todos = [{"id": 1, "title": "Buy milk", "completed": False}]
        assert dev.http.put("/api/state/default", json=todos).status_code == 200
        assert dev.http.get("/api/state/default").json() == todos
        assert json.loads((dev.lists / "default.json").read_text()) == todos

        page, status = checkout / "frontend" / "index.html", checkout / "backend" / "resources" / "status.py"
        page.write_text(page.read_text().replace("<title>", "<title>Changed "))
        status.write_text(status.read_text().replace('"service": "backend"', '"service": "changed"'))
        wait_for("the page is built anew", lambda: "<title>Changed " in dev.http.get("/").text)
        wait_for("the API starts anew", lambda: '"changed"' in dev.http.get("/api/status").text)
        assert dev.http.get("/api/state/default").json() == todos
        # As a terminal does on Ctrl-C: to the whole group, which the two servers are not in.
        assert end_with(lambda pid: os.killpg(pid, signal.SIGINT), dev.process) == []


def test_it_ends_as_cleanly_when_it_is_told_to(checkout: Path, tmp_path: Path) -> None:
    with running(checkout, tmp_path) as dev:
        assert end_with(lambda pid: os.kill(pid, signal.SIGTERM), dev.process) == []


@pytest.mark.parametrize("taken", ["SITE_PORT", "API_PORT"])
def test_a_port_in_use_is_named_with_the_way_out(checkout: Path, taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ports = {"SITE_PORT": str(free_port()), "API_PORT": str(free_port()), taken: str(port)}
        done = subprocess.run(
            command(), cwd=checkout, env={**os.environ, **ports}, capture_output=True, text=True,
            timeout=_LIMIT_S, check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert f"Port {port} cannot be used (Address already in use): choose another by" in done.stderr
    assert taken in done.stderr


def test_make_build_writes_the_site_and_says_what_it_weighs(checkout: Path) -> None:
    done = subprocess.run(
        [*command()[:-1], "build"], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "kB" in done.stdout
    page = (checkout / "frontend" / "dist" / "index.html").read_text(encoding="utf-8")
    named = [name for name in page.split('"') if name.startswith(("/assets/", "assets/", "./assets/"))]
    assert named
    for name in named:
        assert (checkout / "frontend" / "dist" / name.lstrip("./")).is_file()
