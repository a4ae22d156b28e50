"""CloudWatch Logs: the last lines of a log stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_MOST = 200


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
