"""Somebody who uses the application all along, and notices every request that fails."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

_ASSET = re.compile(r"""(?:src|href)="(/?[\w./-]+\.(?:js|css))\"""")
# Longer than any part of the way waits for the next one: whether a request failed is told by the application's front
# door, not by how busy the machine is.
_PATIENCE_S = 90.0
_PAUSE_S = 0.1


@dataclass
class Seen:
    """What the visitor saw: requests by path, those that failed, seconds each took, versions and releases in order."""

    requests: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: list[tuple[float, float]] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)


class Visitor:
    """Asks for the page with all it needs, for the API's version, and saves and reads a list, over and over.

    Args:
        port: of the embedded AWS.
        host: the name that CloudFront gave the environment.
    """

    def __init__(self, port: int, host: str) -> None:
        self._address, self._host = f"http://127.0.0.1:{port}", host
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._visit, name="visitor", daemon=True)
        self._turns = 0
        self.seen = Seen()

    def __enter__(self) -> Visitor:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(4 * _PATIENCE_S)

    def get(self, path: str) -> httpx.Response:
        """Ask once, beside the thread."""
        with self._client() as client:
            return client.get(path)

    def wait_for_turns(self, turns: int = 2) -> None:
        """Wait until the visitor has been through everything so many times more."""
        goal, deadline = self._turns + turns, time.monotonic() + 2 * _PATIENCE_S
        while self._turns < goal:
            assert time.monotonic() < deadline, "the visitor has stopped"
            time.sleep(0.02)

    def _client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self._address, headers={"Host": self._host}, trust_env=False, timeout=_PATIENCE_S
        )

    def _visit(self) -> None:
        with self._client() as client:
            while not self._stop.wait(_PAUSE_S):
                self._turn(client)
                self._turns += 1

    def _turn(self, client: httpx.Client) -> None:
        page = self._ask(client, "GET", "/")
        if page is not None:
            _note(self.seen.pages, page.text)
            for name in dict.fromkeys(_ASSET.findall(page.text)):
                self._ask(client, "GET", f"/{name.removeprefix('/')}")
        status = self._ask(client, "GET", "/api/status")
        if status is not None:
            _note(self.seen.versions, str(status.json()["version"]))
        todos = [{"id": 1, "title": f"Visit {self._turns}", "completed": False}]
        if self._ask(client, "PUT", "/api/state/visitor", json=todos) is not None:
            kept = self._ask(client, "GET", "/api/state/visitor")
            if kept is not None and kept.json() != todos:
                self.seen.failures.append(f"saved {todos}, read {kept.text}")

    def _ask(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response | None:
        self.seen.requests[f"{method} {path}"] += 1
        began = time.monotonic()
        try:
            answer = client.request(method, path, **more)
        except httpx.HTTPError as error:
            self.seen.failures.append(f"{method} {path}: {type(error).__name__} {error}")
            return None
        self.seen.seconds.append((began, time.monotonic() - began))
        if not answer.is_success:
            self.seen.failures.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer


def _note(seen: list[str], value: str) -> None:
    """Keep a value where it is another than the last one."""
    if not seen or seen[-1] != value:
        seen.append(value)
