"""CloudWatch Logs: the last lines of a log stream, and what was written to a log group since a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_MOST = 200
#: Lines that one answer may hold, and answers that one reading takes: a megabyte each at the most.
_PAGE = 10_000
_PAGES = 5


@dataclass(frozen=True)
class LogEvent:
    """One line. ``id`` is the same however often it is read; ``at_ms``: when it was written, in milliseconds since 1970."""

    id: str
    at_ms: int
    stream: str
    message: str

    @property
    def at(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


@dataclass(frozen=True)
class LogEvents:
    """What was read, the oldest first. ``cut``: there is more, written after the last of these."""

    events: tuple[LogEvent, ...]
    cut: bool = False


def last_lines(aws: Aws, group: str, stream: str, *, limit: int, region: str = "") -> tuple[str, ...] | None:
    """The last lines of a stream, oldest first; ``None`` where there is no such stream (yet).

    Args:
        limit: lines, 200 at most.
        region: where the group is; empty for the account's own region.

    Raises:
        AwsError, EndpointError: it may not be read, or AWS did not answer.
    """
    client: CloudWatchLogsClient = aws.client("logs", region=region) if region else aws.client("logs")
    with translated(f"read the log stream {stream} of {group}"):
        try:
            events = client.get_log_events(
                logGroupName=group, logStreamName=stream, limit=min(limit, _MOST), startFromHead=False
            )["events"]
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return None
            raise
    return tuple(event.get("message", "").rstrip() for event in events)


def events_since(aws: Aws, group: str, since_ms: int) -> LogEvents | None:
    """What was written to a log group from a moment on; ``None`` where there is no such group (yet).

    At most five megabytes, the oldest lines first: where there is more, ask again from the last one on.

    Args:
        since_ms: the moment, in milliseconds since 1970; lines of that very millisecond are among the answer.

    Raises:
        AwsError, EndpointError: it may not be read, or AWS did not answer.

    Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """
    client: CloudWatchLogsClient = aws.client("logs")
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"logGroupName": group, "startTime": max(0, since_ms), "limit": _PAGE}
    with translated(f"read the log {group}"):
        for _ in range(_PAGES):
            try:
                answer: Any = client.filter_log_events(**asked)
            except ClientError as error:
                if error_code(error) == "ResourceNotFoundException":
                    return None
                raise
            found += answer["events"]
            if not answer.get("nextToken"):
                # The embedded AWS has no pages: it answers with the first lines and leaves out the rest.
                return LogEvents(_events(found), cut=aws.account.emulated and len(found) >= _PAGE)
            asked["nextToken"] = answer["nextToken"]
    return LogEvents(_events(found), cut=True)


def _events(found: list[dict[str, Any]]) -> tuple[LogEvent, ...]:
    events = [
        LogEvent(raw["eventId"], int(raw["timestamp"]), raw["logStreamName"], raw.get("message", "").rstrip())
        for raw in found
    ]
    # Pages are in order, of each stream at least.
    return tuple(sorted(events, key=lambda event: event.at_ms))
