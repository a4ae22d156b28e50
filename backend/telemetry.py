"""Traces and metrics by OpenTelemetry: a span and a duration for each request and each act of the storage.

Imported only when a collector is configured. The SDK reads the rest of its settings (addresses, headers,
intervals, sampling) from its own ``OTEL_…`` variables. Names follow OpenTelemetry's semantic conventions
for HTTP. Neither bodies nor names of lists are told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import falcon
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from backend.request_log import PROBE_PATHS
from backend.storage import Condition, PreconditionFailedError, Storage, Stored

_SCOPE = "backend"
# Seconds; the boundaries that the conventions advise for the duration of requests.
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
# For one delivery with its repetitions: a collector that is gone must not hold up the end of a task, which
# is killed 30 s after it was asked to stop.
_DELIVERY_LIMIT_S = 3
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"})


class Telemetry:
    """What the application is built with: a middleware for requests, a watch over its storage."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self.middleware = RequestTelemetry(tracer, meter)
        self._tracer = tracer
        self._meter = meter

    @classmethod
    def start(cls, version: str) -> Telemetry:
        """Send to the collector of the environment from now on, and the rest when the process ends."""
        told = OTELResourceDetector().detect().attributes
        resource = Resource.create({"service.name": "backend", "service.version": version, **told})
        tracers = TracerProvider(resource=resource)
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=_DELIVERY_LIMIT_S)))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(timeout=_DELIVERY_LIMIT_S))
        meters = MeterProvider([reader], resource=resource)
        return cls(tracers.get_tracer(_SCOPE, version), meters.get_meter(_SCOPE, version))

    def watch(self, storage: Storage) -> Storage:
        """The same storage, with a span and a duration for each of its acts."""
        return WatchedStorage(storage, self._tracer, self._meter)


@dataclass
class _Request:
    span: Span
    token: object
    started: float


class RequestTelemetry:
    """Falcon middleware: one server span and one duration per request; probes are left out."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._duration = _histogram(
            meter, "http.server.request.duration", "Duration of HTTP server requests."
        )
        self._propagator = TraceContextTextMapPropagator()

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Begin a span, as part of the caller's trace when it names one."""
        if req.path in PROBE_PATHS:
            return
        caller = self._propagator.extract({"traceparent": req.get_header("traceparent") or ""})
        attributes = {
            "http.request.method": _method(req),
            "url.path": req.path if req.path.isprintable() else "",
            "url.scheme": req.scheme,
        }
        span = self._tracer.start_span(_method(req), caller, SpanKind.SERVER, attributes)
        token = context.attach(trace.set_span_in_context(span))
        req.context.telemetry = _Request(span, token, time.perf_counter())
        req.context.trace_id = f"{span.get_span_context().trace_id:032x}"

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        """End the span and note how long the request took."""
        request: _Request | None = req.context.get("telemetry")
        if request is None:
            return
        seconds = time.perf_counter() - request.started
        status = resp.status_code
        shared: dict[str, str | int] = {
            "http.request.method": _method(req),
            "http.response.status_code": status,
            "url.scheme": req.scheme,
        }
        if req.uri_template:
            shared["http.route"] = req.uri_template
            request.span.update_name(f"{_method(req)} {req.uri_template}")
        if status >= 500:
            shared["error.type"] = str(status)
            request.span.set_status(StatusCode.ERROR)
        request.span.set_attributes(shared)
        request.span.end()
        context.detach(request.token)  # type: ignore[arg-type]  # the token's class has no public name
        self._duration.record(seconds, shared)


class WatchedStorage:
    """A storage whose acts are spans; it does nothing else."""

    def __init__(self, storage: Storage, tracer: Tracer, meter: Meter) -> None:
        self._storage = storage
        self._tracer = tracer
        self._duration = _histogram(meter, "storage.operation.duration", "Duration of the storage's acts.")

    def read(self, name: str) -> Stored | None:
        """As the storage does."""
        with self._watched("read"):
            return self._storage.read(name)

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        """As the storage does."""
        with self._watched("write"):
            return self._storage.write(name, content, condition)

    def check(self) -> None:
        """As the storage does; probes are not watched."""
        self._storage.check()

    @contextmanager
    def _watched(self, act: str) -> Iterator[None]:
        shared = {"storage.operation": act}
        started = time.perf_counter()
        with self._tracer.start_as_current_span(
            f"storage {act}", kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except PreconditionFailedError:
                shared["storage.outcome"] = "precondition_failed"
                raise
            except Exception as error:
                shared["error.type"] = type(error).__name__
                span.set_status(StatusCode.ERROR, str(error))
                raise
            finally:
                span.set_attributes(shared)
                self._duration.record(time.perf_counter() - started, shared)


def _histogram(meter: Meter, name: str, description: str) -> Histogram:
    return meter.create_histogram(
        name, unit="s", description=description, explicit_bucket_boundaries_advisory=_BUCKETS_S
    )


def _method(req: falcon.Request) -> str:
    # Anybody can invent methods; each would become a time series of its own.
    return req.method if req.method in _METHODS else "_OTHER"
