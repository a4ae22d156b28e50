"""Planning a run by the warm engine, where there is one: whatever goes wrong in it, the cold run answers."""

from __future__ import annotations

from panel.engine.operation import Operation
from panel.engine.outcome import Outcome
from panel.engine.terraform import Terraform
from panel.engine.workspace import Workspace
from panel.errors import CanceledRunError, InterruptedRunError, PanelError, TimeLimitError
from panel.runs.following import Follower, Work
from panel.store.stores import Stores

#: How an execution is noted that the warm engine had no time for.
_NOT_TAKEN = "not_taken"


class ColdInsteadError(Exception):
    """The warm engine began and did not bring it to a good end."""


class WarmPlans:
    """Plans by the warm engine.

    Args:
        terraform: the engine.
        stores: where executions are noted.
        follower: follows them.
    """

    def __init__(self, terraform: Terraform, stores: Stores, follower: Follower) -> None:
        self._terraform = terraform
        self._runs = stores.runs
        self._executions = stores.executions
        self._follower = follower

    def plan(self, job: Work, workspace: Workspace, operation: Operation, *, key: str) -> Outcome | None:
        """The plan; None when the warm engine is not there, or at work on another one.

        Args:
            job: what is planned.
            workspace: its workspace.
            operation: the plan wanted.
            key: name of the execution, not that of a cold one.

        Raises:
            ColdInsteadError: it failed or died. The cause may be its own, so only a cold plan may say what is wrong.
            CanceledRunError, TimeLimitError: as for a cold plan.
        """
        if self._terraform.find(workspace, key) is None and not self._terraform.has_warm(workspace):
            return None
        if not self._follower.begin(job, workspace, "plan", key):
            return None
        execution = self._terraform.start_warm(workspace, operation, key=key)
        if execution is None:
            self._executions.end(job.run_id, key, _NOT_TAKEN)
            return None
        try:
            return self._follower.follow(job, execution, key)
        except (CanceledRunError, TimeLimitError):
            raise
        except InterruptedRunError as error:
            if self._runs.get(job.run_id).cancel_requested:
                raise CanceledRunError(
                    f"The plan of {job.subject} was stopped by force; nothing was changed.",
                    hint="Plan again.",
                ) from error
            raise ColdInsteadError from error
        except PanelError as error:
            raise ColdInsteadError from error

    def warm_up(self, workspace: Workspace) -> None:
        """Have the warm engine ready for the next plan; returns at once."""
        self._terraform.warm_up(workspace)
