"""A front door of this machine: an HTTP server whose answers a test writes, and a catalogue."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from panel.aws.front_door import FrontDoor
from panel.catalogue.schema import Catalogue


@dataclass
class Page:
    """One answer; ``parts`` are written one after the other, waiting for ``gate`` before each but the first."""

    status: int = 200
    parts: tuple[bytes, ...] = (b"",)
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None


@dataclass
class Site:
    """The server: its pages by path, and the requests it got as ``(path, headers)``."""

    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"dabc.cloudfront.localhost:{self.port}"

    @property
    def door(self) -> FrontDoor:
        return FrontDoor(f"http://{self.host}/", ("127.0.0.1", self.port), self.host)

    def serve(self, path: str, body: bytes, kind: str = "text/html", status: int = 200) -> None:
        self.pages[path] = Page(status, (body,), {"Content-Type": kind})

    def redirect(self, path: str, location: str) -> None:
        self.pages[path] = Page(302, (b"",), {"Location": location})


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path, Page(404, (b"not found",)))
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for number, part in enumerate(page.parts):
                    if page.gate is not None and number:
                        page.gate.wait(30)
                    self.wfile.write(part)
                    self.wfile.flush()
            except ConnectionError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy of the machine that runs the tests would answer in place of names that nobody knows.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page() -> Callable[..., Page]:
    return Page


@pytest.fixture
def catalogue() -> Catalogue:
    owner = {"team": "API team", "contact": "api@example.com"}
    api = {
        "kind": "container", "title": "TODO list", "source": "backend", "port": 5000,
        "path_pattern": "/api/*", "health_path": "/status", "version_path": "/api/status", "owner": owner,
    }  # fmt: skip
    environment = {
        "owner": owner, "subnet_slot": 1, "instance": {"type": "t3.micro", "count": 2},
        "desired_tasks": 2, "monthly_budget_usd": 80.0,
    }  # fmt: skip
    return Catalogue.model_validate(
        {
            "project": "todo",
            "region": "us-east-2",
            "domain": "todo.example.com",
            "target": "local",
            "terraform": {"state_bucket": "todo-state"},
            "services": {
                "backend": api,
                "frontend": {"kind": "static", "title": "TODO list", "source": "frontend", "owner": owner},
            },
            "environments": {"staging": environment},
        }
    )


@pytest.fixture
def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
