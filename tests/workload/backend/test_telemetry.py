"""Traces and metrics reach a collector that is configured; without one nothing of the kind is even loaded."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.workload.backend.running import Backend, running_backend
from tests.workload.backend.servers import REPOSITORY

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_LIMIT_S = 30.0


class Collector:
    """An OTLP/HTTP collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.traces: list[Any] = []
        self.metrics: list[Any] = []
        self.address = ""

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in self.traces
            for group in request.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]

    def points(self, name: str) -> list[Any]:
        return [
            point
            for request in self.metrics[-1:]
            for group in request.resource_metrics
            for scope in group.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.histogram.data_points
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                collector.traces.append(ExportTraceServiceRequest.FromString(body))
            elif self.path == "/v1/metrics":
                collector.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield collector
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def backend(tmp_path: Path, collector: Collector) -> Iterator[Backend]:
    environment = {
        "STORAGE_DIR": str(tmp_path / "state"),
        "APP_VERSION": "7",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging",
        # Longer than the test: what arrives is what the end of the process sends.
        "OTEL_BSP_SCHEDULE_DELAY": "600000",
        "OTEL_METRIC_EXPORT_INTERVAL": "600000",
    }
    with running_backend(tmp_path, environment) as backend:
        yield backend


def _attributes(thing: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in thing.attributes}


def _wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_requests_and_what_they_ask_of_the_storage_arrive_even_at_the_very_end(
    backend: Backend, collector: Collector
) -> None:
    body = b'[{"id":1,"title":"a secret plan","completed":false}]'
    assert backend.ask("PUT", "/api/state/private-name", body, {"traceparent": CALLER})[0] == 200
    assert backend.ask("GET", "/api/state/absent")[0] == 404
    assert backend.ask("GET", "/status")[0] == 200
    backend.stop()
    _wait_for(lambda: collector.traces and collector.metrics)
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {
        "PUT /api/state/{name}", "storage write", "GET /api/state/{name}", "storage read",
    }  # fmt: skip
    put, write = spans["PUT /api/state/{name}"], spans["storage write"]
    assert put.trace_id.hex() == CALLER.split("-")[1]
    assert put.parent_span_id.hex() == CALLER.split("-")[2]
    assert (write.trace_id, write.parent_span_id) == (put.trace_id, put.span_id)
    assert _attributes(put)["http.response.status_code"] == 200
    resource = _attributes(collector.traces[0].resource_spans[0].resource)
    assert (resource["service.name"], resource["service.version"]) == ("backend", "7")
    assert resource["deployment.environment.name"] == "staging"
    assert "secret" not in str(collector.traces)


def test_durations_are_counted_by_route_and_status(backend: Backend, collector: Collector) -> None:
    for name in ("one", "two", "three"):
        assert backend.ask("GET", f"/api/state/{name}")[0] == 404
    backend.stop()
    _wait_for(lambda: collector.metrics)
    (requests,) = collector.points("http.server.request.duration")
    told = _attributes(requests)
    assert requests.count == 3
    assert (told["http.route"], told["http.response.status_code"]) == ("/api/state/{name}", 404)
    (reads,) = collector.points("storage.operation.duration")
    assert (reads.count, _attributes(reads)["storage.operation"]) == (3, "read")


def test_a_line_of_the_log_names_its_trace(backend: Backend) -> None:
    backend.ask("GET", "/api/state/absent", headers={"traceparent": CALLER})
    (line,) = [line for line in backend.log_lines() if line["message"] == "request"]
    assert line["trace_id"] == CALLER.split("-")[1]


def test_without_a_collector_neither_telemetry_nor_other_storages_are_loaded() -> None:
    program = "import sys, backend.app as a; a.create_app(); print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env={}, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in told.stdout.split()}
    assert loaded & {"opentelemetry", "requests", "sqlalchemy", "pydantic", "obstore", "psycopg"} == set()
