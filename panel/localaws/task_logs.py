"""What tasks print: kept in one file per task, within bounds, and passed on to CloudWatch Logs."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from panel.localaws.clients import Logs
from panel.localaws.demand import Container

_LARGEST = 5 * 1024 * 1024
_KEPT_FILES = 20
_PIECE = 128 * 1024  # Read at once; PutLogEvents takes a megabyte and 10 000 lines.
_LINES = 1000
_RETRY_S = 30.0

logger = logging.getLogger(__name__)


def log_path(folder: Path, service: str, task: str, in_use: Collection[str] = ()) -> Path:
    """File of one task; makes room by removing the oldest files of its service but those in use."""
    place = folder / re.sub(r"[^A-Za-z0-9_-]", ".", service)
    place.mkdir(parents=True, exist_ok=True)
    over = [file for file in place.iterdir() if file.name.partition(".")[0] not in in_use]
    over.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    for file in over[_KEPT_FILES:]:
        file.unlink(missing_ok=True)
    return place / f"{task}.log"


class LogShipper:
    """Passes new lines of one task's file on, as the awslogs driver of a container would."""

    def __init__(self, logs: Logs | None, path: Path, container: Container, task: str) -> None:
        self._logs = logs if container.log_group else None
        self._path = path
        self._group = container.log_group
        prefix = f"{container.log_prefix}/" if container.log_prefix else ""
        self._stream = f"{prefix}{container.name}/{task}"
        self._mark = path.with_suffix(".shipped")
        self._offset = self._recall()
        self._made = False
        self._not_before = 0.0

    def ship(self) -> None:
        """Pass on what is new, and cut the file when it is large. Never raises: logs must not stop a task."""
        try:
            if self._logs is not None and time.monotonic() >= self._not_before:
                self._pass_on(self._logs)
        except Exception as error:
            # The log group may come later, or the emulator be away: the lines wait in the file.
            self._not_before = time.monotonic() + _RETRY_S
            logger.warning("lines of %s are not passed on for now: %s", self._stream, error)
        try:
            if self._path.exists() and self._path.stat().st_size > _LARGEST:
                self._cut()
        except OSError as error:
            logger.warning("%s could not be cut: %s", self._path, error)

    def forget(self) -> None:
        """Drop the note of how far was read: the task is over."""
        self.ship()
        self._mark.unlink(missing_ok=True)

    def _pass_on(self, logs: Logs) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            piece = file.read(_PIECE)
        whole = piece.rfind(b"\n") + 1 or (len(piece) if len(piece) == _PIECE else 0)
        lines = piece[:whole].splitlines(keepends=True)[:_LINES]
        if not lines:
            return
        if not self._made:
            self._make_stream(logs)
        now = int(time.time() * 1000)
        texts = [line.decode("utf-8", "replace").rstrip() for line in lines]
        events: list[dict[str, Any]] = [{"timestamp": now, "message": text} for text in texts if text]
        if events:
            logs.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=events)
        self._offset += sum(map(len, lines))
        self._mark.write_text(str(self._offset))

    def _make_stream(self, logs: Logs) -> None:
        try:
            logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
        except Exception as error:
            if "ResourceAlreadyExists" not in f"{type(error).__name__} {error}":
                raise
        self._made = True

    def _cut(self) -> None:
        # The task keeps writing to the same file, at its end: what it writes between the two steps is lost.
        shutil.copyfile(self._path, self._path.with_suffix(".log.1"))
        with self._path.open("r+b") as file:
            file.truncate(0)
        self._offset = 0
        self._mark.unlink(missing_ok=True)

    def _recall(self) -> int:
        try:
            return int(self._mark.read_text())
        except (FileNotFoundError, ValueError):
            return 0
