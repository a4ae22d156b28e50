"""Planning and applying one stack in a run: each function may be repeated from its start after a cut."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panel.aws.s3 import delete_objects, ensure_bucket, get_object
from panel.aws.session import Aws
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, Status
from panel.engine.state import lock_key, parse_lock, parse_state
from panel.engine.terraform import Terraform
from panel.engine.workspace import Backend, Workspace, render_workspace
from panel.errors import CanceledRunError, InterruptedRunError, NotFoundError, RefusedError
from panel.runs.journal import Journal
from panel.runs.pulse import Pulse
from panel.store.runs import Runs

_PLAN_TRIES = 3


@dataclass(frozen=True)
class StackJob:
    """One stack in one run.

    Attributes:
        run_id: the run that is written to.
        subject: what messages call it: the environment's name, or ``shared``.
        stage: the run's stage the log lines belong to.
        stack: folder below ``terraform/stacks``.
        workspace: folder the stack is rendered into.
        variables: the stack's input variables.
        backend: where its state is kept.
        destroy: plan the destruction.
    """

    run_id: int
    subject: str
    stage: str
    stack: str
    workspace: Path
    variables: Mapping[str, Any]
    backend: Backend
    destroy: bool = False

    def key(self, action: str) -> str:
        """Name of the execution: the same run never starts the same action twice."""
        return f"run-{self.run_id}-{self.stack}-{action}"


@dataclass(frozen=True)
class Timing:
    """Seconds between two looks at Terraform's output, and the time limit of one command."""

    poll_s: float
    limit_s: float


class StackRunner:
    """Terraform for runs.

    Args:
        terraform: the engine.
        aws: the account, for the state bucket and its lock.
        runs: where log and progress go.
        source: the project's ``terraform/`` tree.
    """

    def __init__(
        self, terraform: Terraform, aws: Callable[[], Aws], runs: Runs, source: Path, timing: Timing
    ) -> None:
        self._terraform = terraform
        self._aws = aws
        self._runs = runs
        self._source = source
        self._timing = timing

    def plan(self, job: StackJob) -> Outcome:
        """Render the workspace, init, plan and read the plan back.

        Raises:
            TerraformError, ProviderError, EndpointError, TimeLimitError, CanceledRunError: nothing was changed.
        """
        with Journal(self._runs, job.run_id, job.stage) as journal:
            if ensure_bucket(self._aws(), job.backend.bucket):
                journal.say(f"Created the state bucket {job.backend.bucket} (private, versioned).")
            workspace = self._render(job)
            self._release_orphan(job, workspace, journal)
        for attempt in range(1, _PLAN_TRIES + 1):
            key = job.key("plan") if attempt == 1 else f"{job.key('plan')}-{attempt}"
            execution = self._terraform.start(workspace, Operation.plan(destroy=job.destroy), key=key)
            try:
                return self._follow(job, execution, key)
            except InterruptedRunError:
                # A plan changes nothing: where its process was lost (a reboot), planning anew is safe.
                with Journal(self._runs, job.run_id, job.stage) as journal:
                    journal.say("The process that planned is gone; planning again.", "warn")
                    self._release_orphan(job, workspace, journal)
        raise InterruptedRunError(
            f"Planning {job.subject} was cut off {_PLAN_TRIES} times in a row.",
            hint="Check the machine's memory and disk, then retry.",
        )

    def apply(self, job: StackJob, plan_path: Path, plan_digest: str) -> Outcome:
        """Apply exactly the plan that was reviewed, rendered and planned before by :meth:`plan`.

        Raises:
            RefusedError: the workspace of the plan is not here, or another plan is being applied by this run.
            OperationError: the saved plan is not, byte for byte, the one that was reviewed.
            InterruptedRunError: Terraform's process is gone and its outcome is not known.
            TerraformError, TimeLimitError, CanceledRunError: what Terraform had finished is in the state.
        """
        key = job.key("apply")
        workspace = self._planned_workspace(job)
        execution = self._terraform.start(
            workspace, Operation.apply(plan_path, plan_digest=plan_digest), key=key
        )
        return self._follow(job, execution, key)

    def outputs(self, job: StackJob) -> dict[str, Any]:
        """The stack's outputs out of its state, where nothing had to be applied.

        Raises:
            NotFoundError: there is no state.
        """
        state = get_object(self._aws(), job.backend.bucket, job.backend.key)
        return dict(parse_state(state).outputs)

    def _planned_workspace(self, job: StackJob) -> Workspace:
        # Not rendered again: an edit of terraform/ since the review must not slip into the apply.
        stack_path = job.workspace / "stacks" / job.stack
        if not stack_path.is_dir():
            raise RefusedError(
                f"The workspace of the reviewed plan of {job.subject} is not on this machine.",
                hint="Plan again and review the new plan.",
            )
        return Workspace(path=job.workspace, stack_path=stack_path, source_revision="")

    def _render(self, job: StackJob) -> Workspace:
        return render_workspace(
            self._source, job.workspace, stack=job.stack, variables=job.variables, backend=job.backend
        )

    def _follow(self, job: StackJob, execution: Execution, key: str) -> Outcome:
        with (
            Journal(self._runs, job.run_id, job.stage, source=key) as journal,
            Pulse(self._runs, job.run_id, on_cancel=execution.cancel, on_beat=journal.flush),
        ):
            outcome = execution.follow(
                poll_interval=self._timing.poll_s, timeout=self._timing.limit_s, on_event=journal.event
            )
            if not outcome.log_complete:
                journal.say(
                    "The disk refused a part of Terraform's output: this log is not complete.", "warn"
                )
        if outcome.status is Status.CANCELED:
            raise CanceledRunError(
                f"{outcome.operation.title} of {job.subject} was canceled; what had been finished stays.",
                hint="Plan again to see what is left to do.",
            )
        return outcome.check(job.subject)

    def _release_orphan(self, job: StackJob, workspace: Workspace, journal: Journal) -> None:
        """Remove a state lock that a Terraform of this very workspace left behind when it was killed.

        Runs of one environment never overlap, so where the holder is of this machine and no execution of
        the workspace lives, nobody holds the lock any more. Any other lock stays, and Terraform reports it.
        """
        name = lock_key(job.backend.key)
        try:
            lock = parse_lock(get_object(self._aws(), job.backend.bucket, name))
        except NotFoundError:
            return
        here = lock.who.endswith(f"@{socket.gethostname()}")
        folder = workspace.path / "executions"
        alive = folder.is_dir() and any(Execution(item).is_alive() for item in folder.iterdir())
        if here and not alive:
            delete_objects(self._aws(), job.backend.bucket, [name])
            journal.say(f"Removed the state lock of {lock.who}: the process that held it is gone.", "warn")
