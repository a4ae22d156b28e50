"""One run of Terraform as seen from outside: its folder, whether it lives, its events, its end.

The folder is all there is to an execution, so whoever has it (this process, or one that was started after
a crash) sees the same:

    request.json   what was asked; written before the process is started
    process.json   which process does it; written by the runner itself, once
    events.jsonl   Terraform's events, one JSON object a line, secrets masked
    stderr.log     what else was said
    plan.tfplan, plan.json
                   the saved plan and its masked JSON form
    errored.tfstate
                   the state that an apply could not save: for its owner alone, and pushed back later
    stopped.json   that it was killed on purpose: asked for by force, or past its time limit
    result.json    how it ended; written last, in one step
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from panel.engine.atomic import read_json, storage_error, write_json
from panel.engine.events import Event, EventKind, parse_event
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, load_outcome
from panel.engine.process import end_orphans, find
from panel.errors import InterruptedRunError, NotFoundError, TimeLimitError

REQUEST = "request.json"
PROCESS = "process.json"
EVENTS = "events.jsonl"
STDERR = "stderr.log"
RESULT = "result.json"
STOPPED = "stopped.json"
# Terraform's own name for a state it could not save.
UNSAVED_STATE = "errored.tfstate"
RUNNER_LOCK = "runner.lock"

# Exit code of a runner that found the execution taken on by another one.
EXIT_TAKEN = 75

_CHUNK = 1 << 20


class Execution:
    """One run of Terraform, known by its folder.

    Args:
        directory: the execution's folder, ``WORKSPACE/executions/KEY``.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._asked: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Execution({str(self.directory)!r})"

    @property
    def key(self) -> str:
        """The key it was started under."""
        return self.directory.name

    @property
    def operation(self) -> Operation:
        """What was asked.

        Raises:
            NotFoundError: nothing was started under this key.
        """
        return Operation.from_json(self._request()["operation"])

    def is_started(self) -> bool:
        """Whether a process has taken it on; it is never taken on twice."""
        return (self.directory / PROCESS).exists() or (self.directory / RESULT).exists()

    def is_alive(self) -> bool:
        """Whether a process of this machine is still at work on it."""
        return self._process() is not None

    def outcome(self) -> Outcome | None:
        """How it ended; None while it has not, or when its process died without saying.

        Raises:
            StorageError: the result cannot be read.
        """
        if not (self.directory / RESULT).exists():
            return None
        return load_outcome(self.directory, folder=str(self._request().get("folder", "")))

    def last_activity(self) -> datetime | None:
        """When it last gave a sign of life, or None when it never did."""
        moments = []
        for name in (EVENTS, PROCESS, RESULT):
            with contextlib.suppress(OSError):
                moments.append((self.directory / name).stat().st_mtime)
        return datetime.fromtimestamp(max(moments), UTC) if moments else None

    def events(self, from_offset: int = 0) -> Iterator[Event]:
        """The complete events written so far, from a position on.

        Raises:
            StorageError: the file cannot be read.
        """
        folder = str(self._request().get("folder", ""))
        path = self.directory / EVENTS
        try:
            with path.open("rb") as file:
                file.seek(from_offset)
                yield from _events_of(file, from_offset, folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise storage_error(path, error) from error

    def cancel(self, *, force: bool = False) -> bool:
        """Ask it to stop, as Terraform stops on an interrupt: what is under way ends, the rest is left.

        Args:
            force: kill it and its providers at once. What Terraform was doing then is lost from the state,
                and the state stays locked.

        Returns:
            Whether there was a process to stop.
        """
        process = self._process()
        if process is None:
            return False
        try:
            if force:
                write_json(self.directory / STOPPED, {"at": datetime.now(UTC).isoformat(), "force": True})
                os.killpg(process.pid, signal.SIGKILL)
            else:
                # Not SIGINT: the built-in Terraform takes that for itself, past the runner.
                process.terminate()
        except (ProcessLookupError, psutil.NoSuchProcess):
            return False
        return True

    def follow(
        self,
        *,
        poll_interval: float,
        timeout: float,
        on_event: Callable[[Event], None],
        from_offset: int = 0,
    ) -> Outcome:
        """Read its events until it ends; stopping to follow does not stop it.

        Args:
            poll_interval: seconds between two looks at its files.
            timeout: seconds since the execution's start after which to give up following.
            on_event: called for each event in order; keep `Event.offset` to resume.
            from_offset: where to begin, 0 for the first event.

        Returns:
            The outcome, also of a failure: see `Outcome.check`.

        Raises:
            InterruptedRunError: the process is gone without a result.
            TimeLimitError: the time limit passed; the process may still be running, unless it says that it was
                stopped by force.
            StorageError: its files cannot be read.
        """
        offset = from_offset
        while True:
            # In this order: what is written before the process ends is seen after it has ended.
            alive = self.is_alive()
            outcome = self.outcome()
            for event in self.events(offset):
                offset = event.offset
                on_event(event)
            if outcome is not None:
                return outcome
            if not alive:
                raise self._interrupted()
            if time.time() - self._started_at() > timeout:
                raise TimeLimitError(
                    f"{self.operation.title} has not ended within {timeout:.0f} seconds.",
                    hint="Cancel it, or follow it again with more time.",
                )
            time.sleep(poll_interval)

    def _request(self) -> dict[str, Any]:
        if self._asked is None:
            self._asked = read_json(self.directory / REQUEST)
        if self._asked is None:
            raise NotFoundError(f"Nothing was started in {self.directory}.", hint="Start it first.")
        return self._asked

    def _process(self) -> psutil.Process | None:
        """The process that is at work on it; one that has written its result is merely on its way out."""
        value = read_json(self.directory / PROCESS)
        if value is None or (self.directory / RESULT).exists():
            return None
        return find(value)

    def _started_at(self) -> float:
        value = read_json(self.directory / PROCESS) or {}
        # Not when its process was made: a warm one has been at work on others before.
        if started := value.get("started_at"):
            return datetime.fromisoformat(started).timestamp()
        return float(value.get("create_time", time.time()))

    def _interrupted(self) -> InterruptedRunError | TimeLimitError:
        process = read_json(self.directory / PROCESS)
        if process is not None:
            end_orphans(process)
        done, under_way = progress_of(self.events())
        detail = "\n".join(
            [
                *(f"finished: {address}" for address in done),
                *(f"under way: {address}" for address in under_way),
            ]
        )
        reached = f"Finished: {len(done)}, under way: {len(under_way)}."
        hint = "Unlock the state if it is still locked, then plan again to see what is left."
        stopped = read_json(self.directory / STOPPED) or {}
        if limit := stopped.get("time_limit_s"):
            return TimeLimitError(
                f"{self.operation.title} did not end at its time limit of {limit:.0f} seconds, did not listen when it "
                f"was asked to stop, and was stopped by force. {reached}",
                hint=hint,
                detail=detail,
            )
        cause = (
            "was stopped by force"
            if stopped
            else "is gone: its process died before it could say how it ended"
        )
        return InterruptedRunError(f"{self.operation.title} {cause}. {reached}", hint=hint, detail=detail)


def progress_of(events: Iterator[Event]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The changes an apply has finished and those under way, as ``ADDRESS (ACTION)``, in order."""
    done: list[str] = []
    under_way: dict[str, None] = {}
    for event in events:
        name = f"{event.address} ({event.action})"
        if event.kind is EventKind.APPLY_START:
            under_way[name] = None
        elif event.kind in (EventKind.APPLY_COMPLETE, EventKind.APPLY_ERRORED):
            under_way.pop(name, None)
            if event.kind is EventKind.APPLY_COMPLETE:
                done.append(name)
    return tuple(done), tuple(under_way)


def _events_of(file: Any, offset: int, folder: str) -> Iterator[Event]:
    """Events of the complete lines from here on; half a line at the end is left for later."""
    rest = b""
    while chunk := file.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            offset += len(line) + 1
            event = _event(line, offset, folder)
            if event is not None:
                yield event


def _event(line: bytes, offset: int, folder: str) -> Event | None:
    if not line.strip():
        return None
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return Event(EventKind.LOG, line.decode(errors="replace"), offset=offset)
    return parse_event(value, folder=folder, offset=offset)
