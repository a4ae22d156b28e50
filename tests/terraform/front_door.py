"""Requests as viewers make them, through the emulated CloudFront; and a local server in the place of a task."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.terraform.emulator import Emulator


@dataclass(frozen=True)
class Answer:
    """What a viewer gets; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def answer(self) -> None:
        """Say method, path and body."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        said = json.dumps({"method": self.command, "path": self.path, "body": body}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_PUT = answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def task(emulator: Emulator, outputs: dict[str, Any], service: str = "backend") -> Iterator[None]:
    """A task of an environment's service: a local server, registered in its target group."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    balancing = emulator.client("elbv2")
    group = outputs["services"][service]["target_group_arn"]
    targets = [{"Id": "127.0.0.1", "Port": server.server_port}]
    balancing.register_targets(TargetGroupArn=group, Targets=targets)
    try:
        yield
    finally:
        balancing.deregister_targets(TargetGroupArn=group, Targets=targets)
        server.shutdown()
        server.server_close()


def ask(
    emulator: Emulator, outputs: dict[str, Any], method: str, path: str, body: str | None = None
) -> Answer:
    """A viewer's request: to the loopback address, for the distribution's own host name."""
    label = outputs["cloudfront_domain_name"].split(".")[0]
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=30)
    try:
        host = f"{label}.cloudfront.localhost:{emulator.port}"
        connection.request(method, path, body=body, headers={"Host": host})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read().decode())
    finally:
        connection.close()


def publish(emulator: Emulator, outputs: dict[str, Any], key: str, page: str) -> None:
    """Put a page into an environment's site."""
    emulator.client("s3").put_object(
        Bucket=outputs["site_bucket"], Key=key, Body=page.encode(), ContentType="text/html"
    )
