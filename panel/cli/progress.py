"""How a run under way is shown: a progress bar on a terminal, plain lines in CI."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from panel.cli import output
from panel.cli.output import seconds
from panel.lifecycle.stages import TITLES

if TYPE_CHECKING:
    from panel.store.tables import Run, RunStage

#: Seconds between two lines of progress where there is no terminal.
PLAIN_INTERVAL_S = 10.0
_MARKS = {"done": "✓", "skipped": "–", "failed": "✗", "active": "…", "waiting": "▲"}


class Reporter(Protocol):
    """Something that shows a run. Used as a context manager."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *caught: Any) -> None:
        """End: the terminal is left as it was."""

    def stage(self, stage: RunStage) -> None:
        """A stage changed its state."""

    def progress(self, run: Run) -> None:
        """What the run does now; called at every look."""

    def line(self, text: str) -> None:
        """A line to stay on the screen."""


def stage_text(stage: RunStage) -> str:
    """A stage in one line: ``✓ Apply: 42 resources``."""
    title = TITLES.get(stage.name, stage.name)
    text = f"{_MARKS.get(stage.state, '○')} {title}"
    return f"{text}: {stage.detail}" if stage.detail else text


def progress_text(run: Run) -> str:
    """What a run does now and what it waits for: ``Apply, 31 of 42, waits for aws_route53_record.app``."""
    parts = [TITLES.get(run.stage, "waiting for a worker")]
    if run.progress_total and run.stage in {"shared", "apply", "destroy"}:
        parts.append(f"{run.progress_done} of {run.progress_total}")
    if run.waiting_for:
        parts.append(f"waits for {run.waiting_for}")
    return ", ".join(parts)


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

    def progress(self, run: Run) -> None:
        """See `Reporter.progress`."""
        if time.monotonic() - self._last >= self._interval_s:
            self._print(progress_text(run))

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

    def progress(self, run: Run) -> None:
        """See `Reporter.progress`."""
        self._progress.update(
            self._task,
            description=output.clean(progress_text(run)),
            completed=run.progress_done,
            total=run.progress_total or None,
        )

    def line(self, text: str) -> None:
        """See `Reporter.line`."""
        self._progress.console.print(output.clean(text), markup=False, highlight=False)
