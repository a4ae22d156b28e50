"""Writing a run's log and progress into the store while Terraform or a deployment goes on."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from panel.engine.events import Event, EventKind
from panel.errors import StorageError
from panel.masking import Masker
from panel.store.runs import Line, Runs

_log = logging.getLogger(__name__)

#: Seconds between two writes: pages look every second or two, a write each line would only wear the disk.
_FLUSH_EVERY = 0.4
_FLUSH_LINES = 200
_MOST_HELD_BACK = 5000
# Terraform calls drift whatever it learned since the apply; what matters of it is in the plan's data.
_QUIET = frozenset({
    EventKind.REFRESH_START, EventKind.REFRESH_COMPLETE, EventKind.RESOURCE_DRIFT, EventKind.OUTPUTS,
    EventKind.VERSION,
})  # fmt: skip

# What a person builds and deploys with may print anything; Terraform's own lines are masked by its runner.
_MASKER = Masker()
# Terraform's words for what it begins and what it has done, as they stand in the log.
_SAID = re.compile(r"^(\S+): (Creat|Modif|Destr|Replac)\w+(?:\.\.\.| (complete|errored) after)")
_ACTIONS = {"Creat": "create", "Modif": "update", "Destr": "delete", "Replac": "replace"}

# Reading a data source is no change: it neither counts nor is it worth waiting for in words.
_READ = "read"


class Part(Protocol):
    """Something that a stage is made of, and how far it is."""

    def to_dict(self) -> Mapping[str, Any]:
        """As the store keeps it."""


class Journal:
    """The log of one stage of one run. Use it as a context manager: leaving it writes what is left.

    Args:
        runs: where to write.
        run_id: the run.
        stage: the stage the lines belong to.
        source: name of the output that events come from; with their offsets it makes reading twice harmless.
    """

    def __init__(self, runs: Runs, run_id: int, stage: str, *, source: str = "") -> None:
        self._runs = runs
        self._run_id = run_id
        self._stage = stage
        self._source = source
        self._lock = threading.Lock()
        self._lines: list[Line] = []
        self._flushed = 0.0
        self._progress = Progress()
        self._parts: list[dict[str, Any]] | None = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    @property
    def reached(self) -> Reached:
        """How far the apply came whose events this journal has taken."""
        with self._lock:
            return self._progress.reached

    def say(self, text: str, level: str = "info") -> None:
        """Write one line of the panel's own; what looks like a credential is masked."""
        with self._lock:
            self._lines.append(Line(text=_MASKER.text(text), level=level))
        self.flush()

    def report(self, text: str) -> None:
        """Write one line; the shape that deployments want for their reports."""
        self.say(text)

    def parts(self, parts: Sequence[Part]) -> None:
        """Take note of what the stage is made of and how far each part is; written at once in a while."""
        with self._lock:
            self._parts = [dict(part.to_dict()) for part in parts]
            due = time.monotonic() - self._flushed > _FLUSH_EVERY
        if due:
            self.flush()

    def event(self, event: Event) -> None:
        """Take one Terraform event: its line, and what it says of the progress."""
        with self._lock:
            self._progress.take(event)
            if event.message and event.kind not in _QUIET and event.action != _READ:
                text = str(event.diagnostic) if event.diagnostic else event.message
                self._lines.append(Line(text, event.level, source=self._source, position=event.offset))
            due = len(self._lines) >= _FLUSH_LINES or time.monotonic() - self._flushed > _FLUSH_EVERY
        if due:
            self.flush()

    def flush(self) -> None:
        """Write lines and progress that were held back; also called by the run's pulse, from its thread.

        A store that refuses (a full disk) must not end the work that is logged: the lines are kept for the
        next time, as many as fit.
        """
        with self._lock:
            self._flushed = time.monotonic()
            try:
                if self._lines:
                    self._runs.append(self._run_id, self._stage, self._lines)
                    self._lines = []
                if self._parts is not None:
                    self._runs.update(self._run_id, parts=self._parts)
                    self._parts = None
                if changed := self._progress.pending():
                    self._runs.update(self._run_id, **changed)
                    self._progress.written(changed)
            except StorageError as error:
                _log.warning("Run %s: its log is held back: %s", self._run_id, error.message)
                del self._lines[:-_MOST_HELD_BACK]


@dataclass(frozen=True)
class Reached:
    """How far an apply came.

    Attributes:
        finished: changes that were done, as ``ADDRESS (ACTION)``.
        stopped: changes that failed, or were under way when it stopped: what became of them is for a plan to find out.
    """

    finished: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"finished: {name}" for name in self.finished]
        return "\n".join(lines + [f"under way: {name}" for name in self.stopped])

    @property
    def summary(self) -> str:
        """The numbers in a sentence."""
        return f"Finished: {len(self.finished)}, under way: {len(self.stopped)}."


class Progress:
    """Resources done (the plan told the total), and the one that has been waited for the longest."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._started: dict[str, str] = {}
        self._failed: list[str] = []
        self._applying = False
        self._known: dict[str, object] = {}

    @property
    def reached(self) -> Reached:
        """How far it came."""
        return Reached(tuple(self._done), (*self._failed, *self._started.values()))

    def take(self, event: Event) -> None:
        """Follow one event."""
        handlers: dict[EventKind, Callable[[Event], None]] = {
            EventKind.APPLY_START: self._start,
            EventKind.APPLY_COMPLETE: self._complete,
            EventKind.APPLY_ERRORED: self._errored,
        }
        if event.action != _READ and (handler := handlers.get(event.kind)):
            handler(event)

    def _start(self, event: Event) -> None:
        self._applying = True
        self._started[event.address] = _named(event)

    def _complete(self, event: Event) -> None:
        self._done.append(_named(event))
        self._started.pop(event.address, None)

    def _errored(self, event: Event) -> None:
        self._failed.append(_named(event))
        self._started.pop(event.address, None)

    def pending(self) -> dict[str, object]:
        """Columns of the run that differ from what was written last."""
        if not self._applying:
            return {}
        wanted: dict[str, object] = {
            "progress_done": len(self._done),
            "waiting_for": next(iter(self._started), ""),
        }
        return {name: value for name, value in wanted.items() if self._known.get(name) != value}

    def written(self, columns: dict[str, object]) -> None:
        """These columns are in the store now."""
        self._known |= columns


def reached_by(texts: Iterable[str]) -> Reached:
    """How far an apply came by its log lines: all there is where it ran on a machine that is out of reach."""
    finished: list[str] = []
    under_way: dict[str, None] = {}
    failed: list[str] = []
    for text in texts:
        said = _SAID.match(text)
        if said is None:
            continue
        name = f"{said[1]} ({_ACTIONS[said[2]]})"
        if said[3] is None:
            under_way[name] = None
            continue
        under_way.pop(name, None)
        (finished if said[3] == "complete" else failed).append(name)
    return Reached(tuple(finished), (*failed, *under_way))


def _named(event: Event) -> str:
    return f"{event.address} ({event.action})"
