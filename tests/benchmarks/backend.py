"""The state API: requests of each storage against the plainest handler and an empty one, and memory under load.

All run on the same server (gunicorn, one worker, eight threads, the backend's own configuration) and take turns. Aims:
reads and writes on S3 at least 5 times as quick as the plain handler's, reads from disk and SQLite at least 60 % of
the empty handler's rate; told here as time per request, so 0.2 and 1.67 times the peer's.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.benchmarks.http_load import Load, put_under_load
from tests.benchmarks.measures import Findings, Measure
from tests.benchmarks.options import Options
from tests.workload.backend import servers
from tests.workload.backend.running import Backend, running_backend

AIM_S3 = 1 / 5
AIM_READS = 1 / 0.6
AIM_MEMORY_MB = 64.0
_CONNECTIONS = 8
_ROUNDS = 5
_TURN_S = 1.5
_WARM_UP_S = 0.5
_TODOS = [{"id": number, "title": f"Buy milk and bread {number}", "completed": False} for number in range(20)]
_PLAIN, _EMPTY = (
    "tests.benchmarks.backend_peers:create_plain()",
    "tests.benchmarks.backend_peers:create_empty()",
)


@dataclass
class Subject:
    """A server under measurement, and what its turns brought by method; CPU in ms per request."""

    name: str
    server: Backend
    loads: dict[str, list[Load]] = field(default_factory=dict)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)
    memory_mb: float = 0.0

    def turn(self, method: str, seconds: float) -> None:
        """Put it under load once."""
        worker = psutil.Process(self.server.process.pid).children()[0]
        before = worker.cpu_times()
        load = put_under_load(self.server.port, _requests(method), seconds)
        after = worker.cpu_times()
        used = after.user + after.system - before.user - before.system
        self.loads.setdefault(method, []).append(load)
        self.cpu_ms.setdefault(method, []).append(used * 1000 / max(1, len(load.latencies)))
        self.memory_mb = max(self.memory_mb, self.server.memory_mb())

    def ms(self, method: str) -> float:
        """Milliseconds per request, all connections together: the inverse of the rate."""
        return statistics.median(1000 / load.rate for load in self.loads[method])

    def line(self, method: str) -> str:
        """One line for people."""
        p99 = statistics.median(load.p99_ms for load in self.loads[method])
        cpu = statistics.median(self.cpu_ms[method])
        rate = 1000 / self.ms(method)
        return f"  {method} {self.name:<14} {rate:7.0f} requests/s  p99 {p99:7.2f} ms  {cpu:6.3f} ms of processor time each"


def run(options: Options) -> Findings:
    """Measure reads first, then writes, in turns."""
    with ExitStack() as stack:
        subjects = _subjects(stack)
        for method in ("PUT", "GET"):  # there must be something to read
            for subject in subjects.values():
                put_under_load(subject.server.port, _requests(method), _WARM_UP_S)
            for _ in range(options.times(_ROUNDS)):
                for subject in subjects.values():
                    subject.turn(method, _TURN_S)
    details = [
        f"one worker, {_CONNECTIONS} connections, {len(_TODOS)} to-dos ({len(_body())} bytes), median of {options.times(_ROUNDS)} turns:"
    ]
    details += [subject.line(method) for method in ("GET", "PUT") for subject in subjects.values()]
    details += [
        f"  memory of {s.name:<14} {s.memory_mb:5.0f} MiB (PSS, arbiter and worker)"
        for s in subjects.values()
    ]
    return Findings(_measures(subjects), details, {"subjects": [_data(s) for s in subjects.values()]})


def _measures(subjects: dict[str, Subject]) -> list[Measure]:
    def against(name: str, peer: str, method: str, aim: float | None) -> Measure:
        ours, theirs = subjects[name].ms(method), subjects[peer].ms(method)
        return Measure(f"{method} {name}", ours, "ms/request", peer, theirs, aim, aim_is_ratio=True)

    found = [against("s3", "plain s3", method, AIM_S3) for method in ("GET", "PUT")]
    found += [against(name, "empty", "GET", AIM_READS) for name in ("disk", "sqlite")]
    found += [against("postgresql", "empty", "GET", None)] if "postgresql" in subjects else []
    found += [against("disk", "plain disk", method, None) for method in ("GET", "PUT")]
    return [
        *found,
        Measure("memory of a task with S3 under load", subjects["s3"].memory_mb, "MiB", aim=AIM_MEMORY_MB),
    ]


def _subjects(stack: ExitStack) -> dict[str, Subject]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-backend-")))
    aws = stack.enter_context(servers.s3())
    servers.make_bucket(aws, "lists")
    servers.make_bucket(aws, "plain-lists")
    (folder / "plain").mkdir()
    environments = {
        "disk": {"STORAGE_DIR": str(folder / "disk")},
        "s3": {**aws, "STORAGE_BUCKET": "lists"},
        "sqlite": {"DATABASE_URL": f"sqlite:///{folder}/lists.db"},
    }
    with suppress(servers.NoServerError):
        environments["postgresql"] = {"DATABASE_URL": stack.enter_context(servers.postgresql())}
    started = {name: (environment, "") for name, environment in environments.items()}
    started["plain disk"] = ({"STORAGE_DIR": str(folder / "plain")}, _PLAIN)
    started["plain s3"] = ({**aws, "STORAGE_BUCKET": "plain-lists"}, _PLAIN)
    started["empty"] = ({}, _EMPTY)
    return {
        name: stack.enter_context(_running(folder / f"server {place}", name, *how))
        for place, (name, how) in enumerate(started.items())
    }


@contextmanager
def _running(folder: Path, name: str, environment: dict[str, str], application: str) -> Iterator[Subject]:
    folder.mkdir()
    with running_backend(folder, environment, application or "backend.app:create_app()") as server:
        yield Subject(name, server)


def _body() -> bytes:
    return json.dumps(_TODOS).encode()


def _requests(method: str) -> list[bytes]:
    """A request for each connection; each has a list of its own."""
    body = _body() if method == "PUT" else b""
    described = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return [
        f"{method} /api/state/list-{number} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{described}\r\n".encode()
        + body
        for number in range(_CONNECTIONS)
    ]


def _data(subject: Subject) -> dict[str, object]:
    return {
        "name": subject.name,
        "memory_mb": subject.memory_mb,
        **{
            method: {
                "rate": [load.rate for load in loads],
                "p99_ms": [load.p99_ms for load in loads],
                "cpu_ms": subject.cpu_ms[method],
            }
            for method, loads in subject.loads.items()
        },
    }
