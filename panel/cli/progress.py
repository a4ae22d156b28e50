"""How a run under way is shown: a progress bar on a terminal, plain lines in CI."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from panel.cli import output
from panel.cli.output import seconds
from panel.lifecycle.stages import TITLES

if TYPE_CHECKING:
    from panel.store.tables import Run, RunStage

#: Seconds between two lines of progress where there is no terminal.
PLAIN_INTERVAL_S = 10.0
#: Stages that are about one service after the other.
SHIPPING_STAGES = frozenset({"image", "rollout", "site"})
_COUNTED = frozenset({"shared", "apply", "destroy"})
# Kinds of which a stage has several, even where there is one now.
_PLURAL = frozenset({"layer", "task", "target"})
# Kinds of which the new ones take the place of earlier ones, which are kept until then.
_REPLACED = frozenset({"task", "target"})
_OVER = frozenset({"done", "kept"})
_MARKS = {"done": "✓", "skipped": "–", "failed": "✗", "active": "…", "waiting": "▲"}


class Reporter(Protocol):
    """Something that shows a run. Used as a context manager."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *caught: Any) -> None:
        """End: the terminal is left as it was."""

    def stage(self, stage: RunStage) -> None:
        """A stage changed its state."""

    def progress(self, run: Run, service: str = "") -> None:
        """What the run does now, and on which service where that is known; called at every look."""

    def line(self, text: str) -> None:
        """A line to stay on the screen."""


def stage_text(stage: RunStage) -> str:
    """A stage in one line: ``✓ Apply: 42 resources``."""
    title = TITLES.get(stage.name, stage.name)
    text = f"{_MARKS.get(stage.state, '○')} {title}"
    return f"{text}: {stage.detail}" if stage.detail else text


def progress_text(run: Run, service: str = "") -> str:
    """What a run does now and what it waits for: ``Apply, 31 of 42, waits for aws_route53_record.app``.

    Args:
        service: the service that is being shipped, where that is known.
    """
    words = [TITLES.get(run.stage, "waiting for a worker")]
    parts = parts_text(run.parts)
    if parts:
        words.append(f"{service}: {parts}" if service else parts)
    elif service and run.stage in SHIPPING_STAGES:
        words.append(service)
    elif run.progress_total and run.stage in _COUNTED:
        words.append(f"{run.progress_done} of {run.progress_total}")
    if run.waiting_for:
        words.append(f"waits for {run.waiting_for}")
    return ", ".join(words)


def parts_text(parts: Sequence[Mapping[str, Any]]) -> str:
    """What a stage is made of, by kind: ``3 of 7 layers, 41 of 96 MB``, ``1 of 2 tasks``, ``120 of 2000 files``."""
    kinds = list(dict.fromkeys(str(part.get("kind", "")) for part in parts))
    return ", ".join(
        _kind_text(kind, [part for part in parts if str(part.get("kind", "")) == kind]) for kind in kinds
    )


def _kind_text(kind: str, parts: Sequence[Mapping[str, Any]]) -> str:
    if len(parts) == 1 and kind not in _PLURAL and not parts[0].get("total"):
        (only,) = parts
        return f"{only.get('name') or kind}: {only.get('detail') or only.get('state')}"
    if all(part.get("unit") == "files" for part in parts):
        done, total = measure(parts)
        return f"{done} of {total} files"
    words = [_count_text(kind, parts)]
    total = sum(int(part.get("total") or 0) for part in parts if part.get("unit") == "B")
    if total:
        done = sum(int(part.get("done") or 0) for part in parts if part.get("unit") == "B")
        words.append(output.size_of(done, total))
    failed = sum(part.get("state") == "failed" for part in parts)
    return ", ".join([*words, *([f"{failed} failed"] if failed else [])])


def _count_text(kind: str, parts: Sequence[Mapping[str, Any]]) -> str:
    """``3 of 7 layers``; of tasks, which come and go, ``1 of 2 tasks, 2 earlier``."""
    states = [str(part.get("state")) for part in parts]
    earlier = 0
    if kind in _REPLACED:
        earlier = states.count("kept")
        states = [state for state in states if state not in {"kept", "failed"}]
    over = sum(state in _OVER for state in states)
    text = f"{over} of {len(states)} {kind or 'part'}{'s' if len(states) != 1 else ''}"
    return f"{text}, {earlier} earlier" if earlier else text


def measure(parts: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How far a stage is by its parts: done and total, of files where it is about files."""
    files = [part for part in parts if part.get("unit") == "files"]
    if files:
        done = sum(int(part.get("done") or 0) for part in files)
        return done, sum(int(part.get("total") or 0) for part in files)
    counted = [part for part in parts if part.get("kind") not in _REPLACED or part.get("state") != "kept"]
    return sum(str(part.get("state")) in _OVER for part in counted), len(counted)


class PlainReporter:
    """Plain lines: every change of a stage, and the progress about every ten seconds.

    Args:
        interval_s: seconds between two lines of progress.
    """

    def __init__(self, interval_s: float = PLAIN_INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._began = self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        output.flush()

    def stage(self, stage: RunStage) -> None:
        """See `Reporter.stage`."""
        self._print(stage_text(stage))

    def progress(self, run: Run, service: str = "") -> None:
        """See `Reporter.progress`."""
        if time.monotonic() - self._last >= self._interval_s:
            self._print(progress_text(run, service))

    def line(self, text: str) -> None:
        """See `Reporter.line`."""
        output.say(text)

    def _print(self, text: str) -> None:
        self._last = time.monotonic()
        output.say(f"[{seconds(self._last - self._began)}] {text}")
        output.flush()


class LiveReporter:
    """One moving line under the stages that are over: a bar, done of total, elapsed time."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        self._progress = Progress(
            SpinnerColumn(), BarColumn(bar_width=24), MofNCompleteColumn(), Elapsed(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("waiting for a worker", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, stage: RunStage) -> None:
        """See `Reporter.stage`; a stage that only begins is told by the moving line."""
        if stage.state not in {"active", "pending"}:
            self.line(stage_text(stage))

    def progress(self, run: Run, service: str = "") -> None:
        """See `Reporter.progress`."""
        done, total = measure(run.parts) if run.parts else (run.progress_done, run.progress_total)
        self._progress.update(
            self._task,
            description=output.clean(progress_text(run, service)),
            completed=done,
            total=total or None,
        )

    def line(self, text: str) -> None:
        """See `Reporter.line`."""
        self._progress.console.print(output.clean(text), markup=False, highlight=False)
