"""The runner's pen: events go to the file masked, and a full disk never stops Terraform."""

from __future__ import annotations

import errno
import json
import os
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panel.masking import Masker

# Kept in memory while the disk refuses: about a minute of a talkative apply.
_LINES_KEPT = 20_000


class EventLog:
    """Appends events to a file, one JSON object a line.

    An apply in the middle of its work must not die because a line cannot be written: such lines are kept
    in memory and written as soon as the disk takes them again.

    Args:
        path: the file.
        masker: masks every text before it is written.
    """

    def __init__(self, path: Path, masker: Masker) -> None:
        self.path = path
        self._masker = masker
        self._waiting: deque[bytes] = deque(maxlen=_LINES_KEPT)
        self._descriptor: int | None = None
        self._dropped = False
        self.failure: OSError | None = None

    @property
    def complete(self) -> bool:
        """Whether every event so far is on disk."""
        return not self._waiting and not self._dropped

    def line(self, text: str) -> dict[str, Any] | None:
        """Append a line of Terraform's output and give back the masked event, or None for plain text."""
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, dict):
            return self.event(value)
        if text.strip():
            self.event({"type": "log", "@level": "info", "@message": text})
        return None

    def event(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Append an event and give it back masked."""
        stamped = {"@timestamp": datetime.now(UTC).isoformat(), **value}
        masked: dict[str, Any] = self._masker.value(stamped)
        if len(self._waiting) == _LINES_KEPT:
            self._dropped = True
        self._waiting.append(json.dumps(masked, separators=(",", ":")).encode() + b"\n")
        self.flush()
        return masked

    def flush(self) -> bool:
        """Write what is waiting; whether all of it could be written."""
        try:
            while self._waiting:
                self._write(self._waiting[0])
                self._waiting.popleft()
        except OSError as error:
            self.failure = error
        return not self._waiting

    def close(self) -> None:
        """Write what is waiting and close the file."""
        self.flush()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        size = os.fstat(self._descriptor).st_size
        if os.write(self._descriptor, line) != len(line):
            # The disk took a part of the line: take it back, or the next try would leave a broken one.
            os.ftruncate(self._descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
