"""The site and its API behind one address, as CloudFront serves them, with faults on demand."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from panel.deploys.site_files import cache_control, content_type

POLICY_FILE = Path(__file__).resolve().parents[3] / "frontend" / "content-security-policy.txt"
POLICY = "; ".join(POLICY_FILE.read_text().splitlines())
CONFIG = 'window.APP_CONFIG = {"environment": "staging", "release": "r12"};'
_STATE = "/api/state/"
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "host"}


@dataclass
class Site:
    """The site as one test sees it.

    Attributes:
        name: of its host and in front of the names of its lists, so that tests do not meet.
        port: of the server.
        config: what ``config.js`` holds; ``None`` for no such file.
        policy: the header that CloudFront adds; ``None`` for none.
        broken: the storage is out of reach.
        pages: other contents for some paths.
        asked: the paths that were asked for.
    """

    name: str
    port: int
    config: str | None = CONFIG
    policy: str | None = POLICY
    broken: bool = False
    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Its own host, so its own storage in the browser; every name below localhost is this machine."""
        return f"{self.name}.localhost:{self.port}"

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self.host}/"

    def todos(self) -> list[dict[str, Any]]:
        """The list as the API tells it."""
        todos: list[dict[str, Any]] = self._ask("GET")
        return todos

    def titles(self) -> list[str]:
        """The titles of the list as the API tells it."""
        return [todo["title"] for todo in self.todos()]

    def put(self, *titles: str) -> None:
        """Replace the list as another client of the API does it."""
        todos = [{"id": number, "title": title, "completed": False} for number, title in enumerate(titles, 1)]
        self._ask("PUT", json.dumps(todos))

    def _ask(self, method: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Host": self.host, "Content-Type": "application/json"}
            connection.request(method, f"{_STATE}default", body, headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            return json.load(answer)
        finally:
            connection.close()


class SiteServer(ThreadingHTTPServer):
    """Serves the built site, and passes requests to the API on."""

    daemon_threads = True

    def __init__(self, folder: Path, api_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.api_port = api_port
        self.sites: dict[str, Site] = {}

    def open(self, name: str) -> Site:
        """A new site of that name."""
        site = Site(name, self.server_port)
        self.sites[site.host] = site
        return site

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of a request is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: SiteServer
    protocol_version = "HTTP/1.1"
    # Head and body in one piece, at once: each answer would wait 40 ms otherwise.
    wbufsize = -1
    disable_nagle_algorithm = True
    # A connection that a closed page leaves behind must not hold its thread for long.
    timeout = 20

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests look at what was asked."""

    @property
    def site(self) -> Site:
        return self.server.sites[self.headers["Host"]]

    def do_GET(self) -> None:
        site, path = self.site, self.path.partition("?")[0]
        site.asked.append(path)
        if path.startswith("/api/"):
            self._pass_on()
        elif path in site.pages:
            self._answer(200, "text/html; charset=utf-8", site.pages[path].encode())
        elif path == "/config.js" and site.config is not None:
            self._answer(200, content_type(path), site.config.encode(), cache_control(path[1:]))
        else:
            self._file(path.lstrip("/") or "index.html")

    def do_PUT(self) -> None:
        self._pass_on()

    def _file(self, name: str) -> None:
        file = self.server.folder / name
        if ".." in name or not file.is_file():
            self._answer(404, "text/html", b"<h1>Not Found</h1>")
        else:
            self._answer(200, content_type(name), file.read_bytes(), cache_control(name))

    def _pass_on(self) -> None:
        site = self.site
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if site.broken:
            self._answer(500, "application/json", b'{"cause": "the storage is out of reach"}')
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.api_port, timeout=60)
        try:
            path = self.path.replace(_STATE, f"{_STATE}{site.name}-")
            connection.request(self.command, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {*_NOT_PASSED_ON, "content-length", "date", "server"}:
                    self.send_header(name, value)
            self._end(content, has_body=answer.status != 304)
        finally:
            connection.close()

    def _answer(self, status: int, kind: str, content: bytes, cache: str = "no-cache") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", cache)
        self._end(content)

    def _end(self, content: bytes, *, has_body: bool = True) -> None:
        if self.site.policy is not None:
            self.send_header("Content-Security-Policy", self.site.policy)
        if has_body:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if has_body:
            self.wfile.write(content)
