"""docker-compose.yml: site and API in containers, their source mounted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.system.engine import Engine
from tests.system.installation import free_port, wait_for
from tests.workload.conftest import REPOSITORY

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
_COMMAND_LIMIT_S = 300.0
_READY_LIMIT_S = 60.0


@dataclass(frozen=True)
class Checkout:
    """A checkout whose containers are up: its folder, and the address of the site."""

    folder: Path
    address: str


def compose_program() -> list[str]:
    """Docker's own part, or the program that it took the place of; skips where there is neither."""
    for program in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(program[0]) and _run([*program, "version"], Path.cwd()).returncode == 0:
            return program
    pytest.skip("there is neither docker compose nor docker-compose")


def _run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True,
        timeout=_COMMAND_LIMIT_S, check=False,
    )  # fmt: skip


def _build_site(frontend: Path) -> None:
    """What ``docker compose run --rm build`` does, by the Node of this machine: no image of Node is at hand."""
    for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", "build"]):
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = _run(command, frontend, PATH=path)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def checkout(docker: Engine, debian_image: str, backend_context: Path) -> Iterator[Checkout]:
    """Brought up as a newcomer does; images of this machine take the place of the public ones."""
    program = compose_program()
    folder = backend_context
    shutil.copy(REPOSITORY / "docker-compose.yml", folder)
    shutil.copytree(
        REPOSITORY / "frontend", folder / "frontend", ignore=shutil.ignore_patterns("node_modules", "dist")
    )
    _build_site(folder / "frontend")
    port = free_port()
    chosen = {
        "BASE_IMAGE": debian_image,
        "NGINX_IMAGE": debian_image,
        "SITE_PORT": str(port),
        "COMPOSE_PROJECT_NAME": f"test{uuid.uuid4().hex}",
    }
    try:
        started = _run([*program, "up", "--detach"], folder, **chosen)
        assert started.returncode == 0, started.stderr
        address = f"http://localhost:{port}"
        wait_for("the API answers", lambda: _answers(f"{address}/api/ready"), limit_s=_READY_LIMIT_S)
        yield Checkout(folder, address)
    finally:
        ended = _run([*program, "down", "--volumes", "--rmi", "local", "--timeout", "30"], folder, **chosen)
    assert ended.returncode == 0, ended.stderr


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_the_site_and_its_api_answer_at_one_address(checkout: Checkout) -> None:
    with httpx.Client(base_url=checkout.address, trust_env=False) as http:
        page = http.get("/")
        assert "<title>" in page.text
        assert http.get("/config.js").text == 'window.APP_CONFIG = {"environment": "development"}'
        script = next(
            one for one in page.text.split('"') if one.startswith("/assets/") and one.endswith(".js")
        )
        assert http.get(script).headers["Content-Type"].endswith("javascript")
        todos = [{"id": 1, "title": "Buy milk", "completed": False}]
        assert http.put("/api/state/default", json=todos).status_code == 200
        assert http.get("/api/state/default").json() == todos


def test_changed_source_is_served_and_lists_stay(checkout: Checkout) -> None:
    page = checkout.folder / "frontend" / "dist" / "index.html"
    page.write_text(page.read_text().replace("<title>", "<title>Changed "))
    assert "<title>Changed " in httpx.get(checkout.address, trust_env=False).text

    state = f"{checkout.address}/api/state/kept"
    assert httpx.put(state, json=[], trust_env=False).status_code == 200
    resource = checkout.folder / "backend" / "resources" / "status.py"
    before = httpx.get(f"{checkout.address}/api/status", trust_env=False).json()
    changed = resource.read_text().replace('"service": "backend"', '"service": "changed"')
    assert changed != resource.read_text()
    resource.write_text(changed)
    wait_for(
        "the API follows its source",
        lambda: (
            _answers(f"{checkout.address}/api/status")
            and httpx.get(f"{checkout.address}/api/status", trust_env=False).json() != before
        ),
        limit_s=_READY_LIMIT_S,
    )
    assert httpx.get(state, trust_env=False).json() == []
