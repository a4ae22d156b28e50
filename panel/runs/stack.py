"""Planning and applying one stack in a run: each function may be repeated from its start after a cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from panel.aws.s3 import ensure_bucket, get_object
from panel.aws.session import Aws
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome
from panel.engine.state import parse_state
from panel.engine.terraform import Terraform
from panel.engine.workspace import Backend, Workspace, render_workspace
from panel.errors import BusyError, CanceledRunError, InterruptedRunError, StaleError
from panel.runs.elsewhere import begun_elsewhere
from panel.runs.following import Follower, Timing
from panel.runs.journal import Journal
from panel.runs.locks import Locks
from panel.runs.mark import ReviewMark, differences, file_differences, rendered_variables, take_mark
from panel.runs.unsaved_state import push_back
from panel.runs.warm import ColdInsteadError, WarmPlans
from panel.store.stores import Stores

__all__ = ["StackJob", "StackRunner", "Timing"]

# How often a plan may be cut off on this machine before the machine is to blame.
_PLAN_TRIES = 3
# The action under which a plan of the warm engine is begun.
_WARM = "plan-warm"


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
        refresh_only: plan only what the state has to learn.
    """

    run_id: int
    subject: str
    stage: str
    stack: str
    workspace: Path
    variables: Mapping[str, Any]
    backend: Backend
    destroy: bool = False
    refresh_only: bool = False

    def key(self, action: str) -> str:
        """Name of the execution: the same run never starts the same action twice."""
        return f"run-{self.run_id}-{self.stack}-{action}"


def fetched_folder(job: StackJob) -> Path:
    """Where a plan is put that another machine made."""
    return job.workspace / "fetched"


class StackRunner:
    """Terraform for runs.

    Args:
        terraform: the engine.
        aws: the account, for the state bucket and its locks.
        stores: where log, progress and executions go.
        source: the project's ``terraform/`` tree.
        timing: how often to look, and how long to wait.
        instance: this data directory on this machine: what was begun elsewhere is never begun again here.
        warm: plan by the warm engine where it is ready.
    """

    def __init__(
        self,
        terraform: Terraform,
        aws: Callable[[], Aws],
        stores: Stores,
        source: Path,
        timing: Timing,
        *,
        instance: str,
        warm: bool = False,
    ) -> None:
        self._terraform = terraform
        self._aws = aws
        self._stores = stores
        self._runs = stores.runs
        self._source = source
        self._instance = instance
        self._follower = Follower(stores, timing, instance)
        self._warm = WarmPlans(terraform, stores, self._follower) if warm else None
        self.locks = Locks(aws, stores, instance, timing.longest_s)

    def plan(self, job: StackJob) -> Outcome:
        """Render the workspace, init, plan and read the plan back.

        Raises:
            TerraformError, ProviderError, EndpointError, TimeLimitError, CanceledRunError: nothing was changed.
            InterruptedRunError: planning was cut off again and again on this machine.
        """
        with Journal(self._runs, job.run_id, job.stage) as journal:
            made = ensure_bucket(self._aws(), job.backend.bucket)
            if made:
                journal.say(f"Created the state bucket {job.backend.bucket} (private, versioned).")
            # Begun here already, by a worker that was cut off: what it rendered is what is being planned.
            again = any(self._has_begun(job, job.key(one), here=True) for one in ("plan", _WARM))
            workspace = self._planned_workspace(job) if again else self._render(job)
            self._release_orphan(job, journal)
        self._save_what_was_not(job, workspace, new_world=made)
        operation = Operation.plan(destroy=job.destroy, refresh_only=job.refresh_only)
        if (planned := self._plan_warm(job, workspace, operation)) is not None:
            return planned
        cut_off = 0
        for attempt in count(1):
            key = job.key("plan") if attempt == 1 else f"{job.key('plan')}-{attempt}"
            if not self._follower.begin(job, workspace, "plan", key):
                self._say(job, "Another machine began to plan and has not ended it; planning here.", "warn")
                continue
            try:
                execution = self._terraform.start(workspace, operation, key=key)
                planned = self._follower.follow(job, execution, key)
            except InterruptedRunError as error:
                cut_off += 1
                self._after_a_cut(job, error, cut_off)
            except BusyError:
                if attempt >= _PLAN_TRIES or not self._is_free_again(job):
                    raise
            else:
                if self._warm is not None:
                    self._warm.warm_up(workspace)
                return planned
        raise AssertionError("a count has no end")

    def _plan_warm(self, job: StackJob, workspace: Workspace, operation: Operation) -> Outcome | None:
        """The plan of the warm engine; None where the cold run has to answer."""
        if self._warm is None or self._has_begun(job, job.key("plan")):
            return None
        try:
            return self._warm.plan(job, workspace, operation, key=job.key(_WARM))
        except ColdInsteadError:
            with Journal(self._runs, job.run_id, job.stage) as journal:
                journal.say("Planning once more, from the start.")
                self._release_orphan(job, journal)
        return None

    def _is_free_again(self, job: StackJob) -> bool:
        """Whether the lock in the way was nobody's: who is killed while it takes one may have it a moment later."""
        with Journal(self._runs, job.run_id, job.stage) as journal:
            done = self.locks.release_orphan(job.backend.bucket, job.subject)
            if done:
                journal.say(f"{done} Planning again.", "warn")
        return bool(done)

    def _after_a_cut(self, job: StackJob, error: InterruptedRunError, times: int) -> None:
        """A plan changes nothing: where its process was lost (a reboot), planning anew is safe."""
        with Journal(self._runs, job.run_id, job.stage) as journal:
            self._release_orphan(job, journal)
            if self._runs.get(job.run_id).cancel_requested:
                raise CanceledRunError(
                    f"The plan of {job.subject} was stopped by force; nothing was changed.",
                    hint="Plan again.",
                ) from error
            if times == _PLAN_TRIES:
                raise InterruptedRunError(
                    f"Planning {job.subject} was cut off {_PLAN_TRIES} times in a row.",
                    hint="Check the machine's memory and disk, then retry.",
                ) from error
            journal.say("The process that planned is gone; planning again.", "warn")

    def apply(self, job: StackJob, plan_path: Path, plan_digest: str) -> Outcome:
        """Apply exactly the plan that was reviewed, rendered and planned before by :meth:`plan`.

        Raises:
            RefusedError: another plan is being applied by this run.
            StaleError: neither the plan's workspace is here nor was the plan fetched from where it was made, or it is
                kept nowhere.
            OperationError: the saved plan is not, byte for byte, the one that was reviewed.
            InterruptedRunError: Terraform's process is gone and its outcome is not known, or it was begun on
                another machine.
            TerraformError, TimeLimitError, CanceledRunError: what Terraform had finished is in the state.
        """
        key = job.key("apply")
        self._refuse_begun_elsewhere(job, key)
        begun = self._has_begun(job, key, here=True)
        if not begun and not plan_path.is_file():
            raise StaleError(
                f"The reviewed plan of {job.subject} is not on this machine, and no copy of it was kept.",
                hint="Plan again. Workers of several machines share plans through PANEL_ARTIFACTS=s3://BUCKET.",
            )
        if plan_path.parent == fetched_folder(job) and not begun:
            # The plan was made on another machine, from the sources of the review: `changed_since` has seen to that.
            workspace = self._render(job)
        else:
            workspace = self._planned_workspace(job)
        if not self._follower.begin(job, workspace, "apply", key):
            self._refuse_begun_elsewhere(job, key)  # somebody was quicker by a moment
        execution = self._terraform.start(
            workspace, Operation.apply(plan_path, plan_digest=plan_digest), key=key
        )
        try:
            return self._follower.follow(job, execution, key)
        except InterruptedRunError as error:
            raise self._with_lock(job, error) from error

    def review_mark(self, job: StackJob) -> ReviewMark:
        """What the plan was made from that :meth:`plan` has just made.

        Raises:
            AwsError, EndpointError, StorageError: the state or the workspace cannot be read.
        """
        return take_mark(
            self._aws(), job.backend, job.workspace, job.stack,
            variables=rendered_variables(job.workspace, job.stack),
            terraform_version=self._terraform.version(),
        )  # fmt: skip

    def changed_since(
        self, job: StackJob, reviewed: ReviewMark | None, plan_path: Path, plan_digest: str
    ) -> tuple[str, ...]:
        """What is not as it was when the plan was reviewed, in plain words.

        Nothing once the apply has begun: then the state is being written by the run itself.

        Raises:
            AwsError, EndpointError, StorageError: the state or the project's sources cannot be read.
        """
        if self._has_begun(job, job.key("apply")):
            return ()
        if reviewed is None:
            return ("no note was kept of what the plan was made from",)
        present = take_mark(
            self._aws(), job.backend, self._source, job.stack,
            variables=job.variables, terraform_version=self._terraform.version(),
        )  # fmt: skip
        return (*differences(reviewed, present), *file_differences(plan_path, plan_digest))

    def unlock(self, job: StackJob, lock_id: str = "") -> str:
        """Take care of the lock of a stack's state, and save a state that an apply could not save.

        Args:
            lock_id: the lock that a person has read and wants gone; without it only a proven orphan is removed.

        Returns:
            What was done.

        Raises:
            BusyError: the lock's holder is alive.
            RefusedError: it is another lock, or nobody can tell whether its holder lives.
        """
        with Journal(self._runs, job.run_id, job.stage) as journal:
            done = self.locks.release(job.backend.bucket, job.subject, lock_id=lock_id)
            journal.say(done, "warn" if lock_id else "info")
            workspace = self._render(job)
        self._save_what_was_not(job, workspace, new_world=False)
        return done

    def outputs(self, job: StackJob) -> dict[str, Any]:
        """The stack's outputs out of its state, where nothing had to be applied.

        Raises:
            NotFoundError: there is no state.
        """
        state = get_object(self._aws(), job.backend.bucket, job.backend.key)
        return dict(parse_state(state).outputs)

    def look_at_locks(self, bucket: str) -> None:
        """Keep what there is to see of state locks, and how executions ended that nobody follows any more.

        Raises:
            AwsError, EndpointError: the state bucket cannot be read.
        """
        self._follower.settle_unfollowed()
        self.locks.sweep(bucket)

    def _has_begun(self, job: StackJob, key: str, *, here: bool = False) -> bool:
        """Whether an execution was noted under this key; ``here``: on this instance."""
        begun = (one for one in self._stores.executions.of_run(job.run_id) if one.key == key)
        return any(not here or one.instance == self._instance for one in begun)

    def _planned_workspace(self, job: StackJob) -> Workspace:
        # Not rendered again: an edit of terraform/ since the review must not slip into the apply.
        stack_path = job.workspace / "stacks" / job.stack
        if not stack_path.is_dir():
            raise StaleError(
                f"The workspace of the reviewed plan of {job.subject} is not on this machine.",
                hint="Plan again and review the new plan.",
            )
        return Workspace(path=job.workspace, stack_path=stack_path, source_revision="")

    def _render(self, job: StackJob) -> Workspace:
        return render_workspace(
            self._source, job.workspace, stack=job.stack, variables=job.variables, backend=job.backend
        )

    def _release_orphan(self, job: StackJob, journal: Journal) -> None:
        """Remove a lock that is known to be nobody's. Any other lock stays, and Terraform reports it."""
        if done := self.locks.release_orphan(job.backend.bucket, job.subject):
            journal.say(done, "warn")

    def _save_what_was_not(self, job: StackJob, workspace: Workspace, *, new_world: bool) -> None:
        push_back(
            job, workspace, new_world=new_world, aws=self._aws(), terraform=self._terraform,
            follower=self._follower, runs=self._runs,
        )  # fmt: skip

    def _refuse_begun_elsewhere(self, job: StackJob, key: str) -> None:
        for execution in self._stores.executions.of_run(job.run_id):
            if execution.key == key and execution.instance != self._instance:
                raise begun_elsewhere(job.subject, execution, self._runs, self._lock_text(job))

    def _with_lock(self, job: StackJob, error: InterruptedRunError) -> InterruptedRunError:
        """The same error, with what became of the state's lock."""
        if self._runs.get(job.run_id).force_cancel:
            with Journal(self._runs, job.run_id, job.stage) as journal:
                self._release_orphan(job, journal)
        return InterruptedRunError(
            error.message, hint=error.hint, detail=f"{error.detail}\n{self._lock_text(job)}".strip()
        )

    def _lock_text(self, job: StackJob) -> str:
        return self.locks.text(job.backend.bucket, job.subject)

    def _say(self, job: StackJob, text: str, level: str = "info") -> None:
        with Journal(self._runs, job.run_id, job.stage) as journal:
            journal.say(text, level)
