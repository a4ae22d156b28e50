"""Lines of a log that look like errors: counted in CloudWatch Logs, the newest kept as evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panel.aws.observe import reading
from panel.aws.session import Aws

#: Seconds back that health looks.
WINDOW_S = 300
_LINES_PER_CALL = 1000
_LONGEST = 500

# Any of these words; what fits is looked at again here, since the pattern knows no word boundaries.
_PATTERN = "?ERROR ?CRITICAL ?FATAL ?Traceback ?Exception ?panic ?error"
_LOOKS_LIKE_ERROR = re.compile(
    r"""\b(?:ERROR|CRITICAL|FATAL)\b|^Traceback\ |\b[A-Za-z]*Exception\b[:\ ]|^panic:
    |["']?\b(?:level|severity|levelname)["']?\s*[=:]\s*["']?(?:error|critical|fatal)\b""",
    re.VERBOSE | re.MULTILINE,
)


@dataclass(frozen=True)
class LogErrors:
    """Lines that look like errors.

    ``newest`` is the latest of them, cut to 500 characters, as it was printed: mask it before it is shown.
    ``complete``: false where there was more to read than was read, so that there may be more of them.
    """

    count: int
    newest: str = ""
    newest_at_ms: int = 0
    complete: bool = True


def looks_like_error(line: str) -> bool:
    """Whether a line of a log looks like an error: by its level, or as a program's cry."""
    return _LOOKS_LIKE_ERROR.search(line) is not None


def log_errors(
    aws: Aws, group: str, *, begin: datetime, end: datetime, region: str | None = None, most_calls: int = 3
) -> LogErrors:
    """Count the lines of a log group that look like errors between two moments.

    Args:
        most_calls: answers that are read at most; each tells up to 1,000 lines.

    Raises:
        NotFoundError: there is no such log group.
        EndpointError, AwsError: CloudWatch Logs did not answer, or refused.
    """
    asked: dict[str, Any] = {
        "logGroupName": group,
        "startTime": round(begin.timestamp() * 1000),
        "endTime": round(end.timestamp() * 1000),
        "limit": _LINES_PER_CALL,
    }
    if not aws.account.emulated:
        asked["filterPattern"] = _PATTERN  # the embedded AWS reads "any of" as "all of"
    count, newest, newest_at, token = 0, "", 0, None
    for _ in range(most_calls):
        with reading(f"the log {group}", "ResourceNotFoundException"):
            answer = aws.client("logs", region=region).filter_log_events(**asked)
        for raw in answer["events"]:
            if looks_like_error(line := raw.get("message", "")):
                count += 1
                if raw.get("timestamp", 0) >= newest_at:
                    newest, newest_at = line.strip()[:_LONGEST], raw.get("timestamp", 0)
        token = answer.get("nextToken")
        if not token:
            break
        asked["nextToken"] = token
    return LogErrors(count, newest, newest_at, complete=not token)
