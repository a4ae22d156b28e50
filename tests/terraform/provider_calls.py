"""What Terraform asked of AWS, from its debug log: each call, how long it took and which resource it was for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

#: Makes Terraform write such a log; the file is TF_LOG_PATH's to say. The provider logs its calls at this
#: level, the S3 backend is part of Terraform's own core.
RECORDING = {"TF_LOG_CORE": "DEBUG", "TF_LOG_PROVIDER": "DEBUG"}

_ANSWERED = "HTTP Response Received"
_RECORD = re.compile(r"^(\d{4}-\d\d-\d\dT\S+) \[")
_FIELD = re.compile(r'([@a-z][a-z0-9_.]*)=("(?:[^"\\]|\\.)*"|\S*)')
# A value of several lines, a body most often, follows as lines of its own.
_VALUE_LINE = "  |"


@dataclass(frozen=True)
class Call:
    """One answered request.

    Attributes:
        service: the SDK's name of the service, such as ``Elastic Load Balancing v2``.
        operation: as AWS names it in its API.
        region: that was asked.
        began: seconds since 1970.
        ended: the same; the log knows milliseconds.
        resource_type: of the resource or data source that it was for; empty where it was for none.
        request: the same for all calls that one resource's creation, reading or deletion took.
    """

    service: str
    operation: str
    region: str
    began: float
    ended: float
    resource_type: str
    request: str


def calls_in(log: Path) -> list[Call]:
    """The calls in one log, in the order of their ends."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        return [_call(moment, text) for moment, text in _records(lines) if _ANSWERED in text]


def _records(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Each record's time and its text without the values of several lines."""
    moment = ""
    parts: list[str] = []
    for line in lines:
        begin = _RECORD.match(line)
        if begin:
            yield moment, " ".join(parts)
            moment, parts = begin[1], []
        if not line.startswith(_VALUE_LINE):
            parts.append(line.strip())
    yield moment, " ".join(parts)


def _call(moment: str, text: str) -> Call:
    fields = {name: value.strip('"') for name, value in _FIELD.findall(text)}
    # Newer SDKs write "S3/PutObject", older ones the two apart.
    service, _, operation = fields["rpc.method"].rpartition("/")
    ended = datetime.fromisoformat(moment).timestamp()
    return Call(
        service=service or fields["rpc.service"],
        operation=operation,
        region=fields.get("aws.region", ""),
        began=ended - int(fields.get("http.duration", "0")) / 1000,
        ended=ended,
        resource_type=fields.get("tf_resource_type") or fields.get("tf_data_source", ""),
        request=fields.get("tf_req_id") or fields.get("tf_backend.req_id", ""),
    )
