"""A small load generator: a few connections kept open, each asking again as soon as it was answered."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmarks.measures import percentile

_LIMIT_S = 20.0


@dataclass(frozen=True)
class Load:
    """What a turn of load brought: duration in seconds, the latency of each answer in seconds."""

    seconds: float
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return len(self.latencies) / self.seconds

    @property
    def p99_ms(self) -> float:
        """Milliseconds that 99 of 100 answers did not exceed."""
        return percentile(self.latencies, 0.99) * 1000


@dataclass
class _Connection:
    socket: socket.socket
    request: bytes
    asked: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def ask(self) -> None:
        self.received.clear()
        self.asked = time.perf_counter()
        self.socket.sendall(self.request)

    def take(self) -> bool:
        """Read what is there; whether the answer is complete."""
        some = self.socket.recv(65536)
        if not some:
            raise ConnectionError("the server closed a connection")
        self.received += some
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self.received[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise ConnectionError(f"unexpected answer: {bytes(self.received)[:300]!r}")
        _, _, length = head.partition(b"content-length:")
        return len(self.received) >= end + 4 + int(length.split(b"\r\n", 1)[0])


def put_under_load(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """Send each request over a connection of its own, again and again.

    Raises:
        ConnectionError: an answer other than 200, or the connection was closed.
    """
    latencies: list[float] = []
    with selectors.DefaultSelector() as waiting:
        connections = [_open(port, request) for request in requests]
        try:
            for connection in connections:
                waiting.register(connection.socket, selectors.EVENT_READ, connection)
                connection.ask()
            began = time.perf_counter()
            while (now := time.perf_counter()) < began + seconds:
                ready = waiting.select(_LIMIT_S)
                if not ready:
                    raise ConnectionError(f"no answer within {_LIMIT_S:.0f} s")
                for key, _ in ready:
                    if key.data.take():
                        latencies.append(time.perf_counter() - key.data.asked)
                        key.data.ask()
            return Load(now - began, latencies)
        finally:
            for connection in connections:
                connection.socket.close()


def _open(port: int, request: bytes) -> _Connection:
    opened = socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_S)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(opened, request)
