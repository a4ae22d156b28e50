"""Following one execution of a run to its end, and noting in the store that it began and how it ended."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from panel.engine.execution import Execution
from panel.engine.outcome import Outcome, Status
from panel.engine.workspace import Workspace
from panel.errors import BusyError, CanceledRunError, InterruptedRunError, TimeLimitError
from panel.runs.journal import Journal
from panel.runs.pulse import Pulse
from panel.store.executions import Begun
from panel.store.stores import Stores

#: Ends of an execution that somebody else's lock was in the way of: it never had the lock itself.
LOCKED_OUT = "locked_out"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Timing:
    """Seconds between two looks at Terraform's output, and how long one command is waited for at all.

    ``limit_s`` holds for an apply; ``plan_limit_s`` for everything else (0: the same).
    """

    poll_s: float
    limit_s: float
    plan_limit_s: float = 0

    @property
    def longest_s(self) -> float:
        """Seconds after which any command has ended."""
        return max(self.limit_s, self.plan_limit_s)

    def of(self, *, long: bool) -> float:
        """The limit of one command; ``long`` ones are applies."""
        return self.limit_s if long else self.plan_limit_s or self.limit_s


class Work(Protocol):
    """What is known of the job an execution does: see `StackJob`."""

    @property
    def run_id(self) -> int:
        """The run."""

    @property
    def subject(self) -> str:
        """The environment, or ``shared``."""

    @property
    def stage(self) -> str:
        """The run's stage."""

    @property
    def stack(self) -> str:
        """The stack's folder."""


class Follower:
    """Executions of runs.

    Args:
        stores: where log, progress and executions go.
        timing: how often to look, and how long to wait.
        instance: this data directory on this machine.
    """

    def __init__(self, stores: Stores, timing: Timing, instance: str) -> None:
        self._runs = stores.runs
        self._executions = stores.executions
        self._timing = timing
        self._instance = instance

    def begin(self, job: Work, workspace: Workspace, action: str, key: str) -> bool:
        """Note that an execution is about to be started here.

        Returns:
            Whether it is ours to start (or was before); False when it was begun on another instance.
        """
        noted = self._executions.begin(
            job.run_id,
            key,
            stack=job.stack,
            action=action,
            instance=self._instance,
            host=socket.gethostname(),
            path=str(workspace.path.resolve() / "executions" / key),
        )
        return noted.instance == self._instance

    def follow(self, job: Work, execution: Execution, key: str) -> Outcome:
        """Follow an execution to its end, with its lines and progress in the store.

        Returns:
            The outcome of one that did all that was asked.

        Raises:
            InterruptedRunError: its process is gone and its outcome is not known.
            TimeLimitError: it was ended because it took too long.
            CanceledRunError: it was asked to stop, and did.
            PanelError: it failed.
        """
        journal = Journal(self._runs, job.run_id, job.stage, source=key)
        with (
            journal,
            Pulse(
                self._runs,
                job.run_id,
                on_cancel=execution.cancel,
                on_force=lambda: execution.cancel(force=True),
                on_beat=journal.flush,
            ),
        ):
            outcome = self._to_the_end(job, execution, key, journal)
            if not outcome.log_complete:
                journal.say(
                    "The disk refused a part of Terraform's output: this log is not complete.", "warn"
                )
        return self._checked(job, outcome, key, journal)

    def _to_the_end(self, job: Work, execution: Execution, key: str, journal: Journal) -> Outcome:
        try:
            return execution.follow(
                poll_interval=self._timing.poll_s,
                timeout=self._timing.of(long=execution.operation.is_long),
                on_event=journal.event,
            )
        except InterruptedRunError:
            self._executions.end(job.run_id, key, INTERRUPTED)
            raise
        except TimeLimitError as error:
            # Its own time limit should have ended it long ago: whatever it is, it does not listen any more.
            execution.cancel(force=True)
            self._executions.end(job.run_id, key, INTERRUPTED)
            raise TimeLimitError(
                f"{execution.operation.title} of {job.subject} did not end at its time limit and was stopped by force. "
                f"{journal.reached.summary}",
                hint="Plan again to see what is left; look at what it waited for in the log.",
                detail=str(journal.reached),
            ) from error

    def _checked(self, job: Work, outcome: Outcome, key: str, journal: Journal) -> Outcome:
        error = outcome.error(job.subject)
        locked_out = isinstance(error, BusyError)
        self._executions.end(job.run_id, key, LOCKED_OUT if locked_out else outcome.status.value)
        if error is None:
            return outcome
        if outcome.unsaved_state:
            journal.say(
                "Terraform could not save its state: it is kept on this machine, and the next plan or unlock pushes "
                "it back.",
                "error",
            )
        if outcome.operation.is_long and outcome.status in {Status.CANCELED, Status.TIMED_OUT}:
            reached = journal.reached
            parts = (str(reached), error.detail)
            kind = CanceledRunError if outcome.status is Status.CANCELED else TimeLimitError
            what = "canceled" if kind is CanceledRunError else "stopped at its time limit"
            raise kind(
                f"{outcome.operation.title} of {job.subject} was {what}; what had been finished stays. "
                f"{reached.summary}",
                hint="Plan again to see what is left to do.",
                detail="\n\n".join(part for part in parts if part),
            )
        raise error

    def settle_unfollowed(self) -> None:
        """Note how executions of this instance ended whose run was closed while they went on."""
        for begun in self._executions.open(self._instance):
            execution = Execution(Path(begun.execution.path))
            if begun.run.active or execution.is_alive():
                continue
            outcome = execution.outcome() if execution.is_started() else None
            status = outcome.status.value if outcome else INTERRUPTED
            self._executions.end(begun.execution.run_id, begun.execution.key, status)
            if outcome is not None:
                self._tell(begun, outcome)

    def _tell(self, begun: Begun, outcome: Outcome) -> None:
        run = begun.run
        with Journal(self._runs, begun.execution.run_id, run.stage) as journal:
            journal.say(
                f"Terraform had gone on by itself after this run was closed as {run.state}: "
                f"its {begun.execution.action} ended as {outcome.status.value.replace('_', ' ')} ({outcome.counts}). "
                "What it did is in the state; a plan shows what is left.",
                "warn",
            )
