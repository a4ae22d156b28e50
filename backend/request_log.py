"""One structured line per request, and the request's id on every other line written meanwhile."""

from __future__ import annotations

import json
import logging
import random
import re
import time
from contextvars import ContextVar
from functools import lru_cache

import falcon

REQUEST_ID_HEADER = "X-Request-Id"
# Asked every few seconds by load balancers and probes: worth a line only when they fail.
PROBE_PATHS = frozenset({"/status", "/ready", "/api/status", "/api/ready"})
_SAFE_ID = re.compile(r"[A-Za-z0-9._=;-]{1,128}")

_current_request: ContextVar[str | None] = ContextVar("current_request", default=None)
_log = logging.getLogger("backend.request")
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class RequestLog:
    """Falcon middleware that names each request and logs its outcome, never its body or query."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take the client's request id when it is harmless, else make one; answer it back."""
        given = req.get_header(REQUEST_ID_HEADER) or ""
        # No secret: it only has to differ from others.
        request_id = given if _SAFE_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
        req.context.request_id = request_id
        req.context.started = time.perf_counter()
        _current_request.set(request_id)
        resp.set_header(REQUEST_ID_HEADER, request_id)
        resp.set_header("X-Content-Type-Options", "nosniff")
        # Lists change under everybody's hands; a kept 404 would hide a list that was just made.
        resp.set_header("Cache-Control", "no-store")

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Log method, path, status and duration in milliseconds."""
        status = resp.status_code
        quiet = req.path in PROBE_PATHS and status < 400
        level = logging.DEBUG if quiet else logging.ERROR if status >= 500 else logging.INFO
        if not _log.isEnabledFor(level):
            return
        fields = {
            "method": req.method,
            "path": req.path,
            "status": status,
            "duration_ms": round((time.perf_counter() - req.context.started) * 1000, 2),
        }
        trace = req.get_header("X-Amzn-Trace-Id") or ""
        if _SAFE_ID.fullmatch(trace):
            fields["trace"] = trace
        trace_id = req.context.get("trace_id")
        if trace_id:
            fields["trace_id"] = trace_id
        # The record is made here: the logger's own way takes half as long again as the rest of the line.
        record = logging.LogRecord(_log.name, level, "", 0, "request", None, None)
        record.fields = fields
        _log.handle(record)


class JsonFormatter(logging.Formatter):
    """Writes a log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time (UTC), level, logger, message, request id, the record's own fields, traceback."""
        line: dict[str, object] = {
            "time": _moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = _current_request.get()
        if request_id and record.name.startswith("backend."):
            line["request_id"] = request_id
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update(fields)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _encode(line)


def _moment(seconds: float) -> str:
    """The time in UTC by ISO 8601, to the millisecond."""
    whole, thousandths = divmod(int(seconds * 1000), 1000)
    return f"{_second(whole)}.{thousandths:03d}+00:00"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    # Hundreds of lines share it.
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
