"""`npm run dev`: the site from its source, with the API behind it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from panel.deploys.node import find_node_path
from tests.workload.frontend.site_server import POLICY


class DevelopmentServer:
    """A running development server: its address, and the source that it builds."""

    def __init__(self, process: subprocess.Popen[str], source: Path) -> None:
        self._process = process
        self.source = source
        line = self.wait_for("The site: ")
        self.http = httpx.Client(base_url=line.split()[2], timeout=60)

    def wait_for(self, start: str) -> str:
        assert self._process.stdout is not None
        seen = []
        for line in self._process.stdout:
            seen.append(line)
            if line.startswith(start):
                return line
        pytest.fail(f"it ended without saying {start!r}: {''.join(seen)}")


@pytest.fixture(scope="module")
def server(
    frontend_copy: Path, state_api: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DevelopmentServer]:
    # A source of its own, since it is changed.
    source = tmp_path_factory.mktemp("development") / "frontend"
    shutil.copytree(frontend_copy, source, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (source / "node_modules").symlink_to(frontend_copy / "node_modules")
    # The program itself: `node` of a virtual environment only starts it, and would leave it behind.
    node = str(find_node_path() / "node")
    process = subprocess.Popen(
        [node, "dev.mjs", "--port", "0", "--api", f"http://127.0.0.1:{state_api}"],
        cwd=source,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        running = DevelopmentServer(process, source)
        yield running
        running.http.close()
    finally:
        process.terminate()
        code = process.wait(timeout=60)
        assert process.stdout is not None
        process.stdout.close()
    assert code == 0


def test_it_serves_the_page_under_the_policy_with_a_configuration(server: DevelopmentServer) -> None:
    page = server.http.get("/")
    assert page.headers["Content-Security-Policy"] == POLICY
    assert page.headers["Cache-Control"] == "no-store"
    assert "/assets/site-" in page.text
    assert server.http.get("/config.js").text == 'window.APP_CONFIG = {"environment":"development"};\n'


def test_it_hands_requests_to_the_api_as_they_are(server: DevelopmentServer) -> None:
    todos = [{"id": 1, "title": "É", "completed": False}]
    assert server.http.get("/api/state/development").status_code == 404
    saved = server.http.put("/api/state/development", json=todos, headers={"If-None-Match": "*"})
    assert saved.status_code == 200
    again = server.http.put("/api/state/development", json=[], headers={"If-None-Match": "*"})
    assert again.status_code == 412
    assert server.http.get("/api/state/development").json() == todos


@pytest.mark.parametrize(
    "path", ["/../package.json", "/..%2fpackage.json", "/%2e%2e/package.json", "/nothing"]
)
def test_it_serves_nothing_but_the_site(server: DevelopmentServer, path: str) -> None:
    url = server.http.base_url.copy_with(raw_path=path.encode())
    assert server.http.get(url).status_code == 404


def test_a_change_of_the_source_is_built_and_told_to_open_pages(server: DevelopmentServer) -> None:
    before = server.http.get("/").text
    with server.http.stream("GET", "/dev/builds") as builds:
        style = server.source / "src" / "styles.css"
        style.write_text(style.read_text() + ".changed { color: red; }\n")
        assert next(line for line in builds.iter_lines() if line) == "data: built"
    assert server.http.get("/").text != before
