"""The steps of a run that are Terraform's, as one value: taking a run up, planning, deciding, applying, unlocking.

Each step may be repeated from its start. By topic: ``shared_steps``, ``plan_steps``, ``decision_steps``, ``apply_steps``.
"""

from __future__ import annotations

from panel.errors import CanceledRunError, EndpointError, PanelError
from panel.lifecycle.apply_steps import ApplySteps
from panel.lifecycle.decision_steps import DecisionSteps
from panel.lifecycle.shared_steps import SharedSteps
from panel.lifecycle.stack_steps import Planned
from panel.runs.journal import Journal
from panel.store.tables import now

__all__ = ["Planned", "TerraformSteps"]


class TerraformSteps(SharedSteps, DecisionSteps, ApplySteps):
    """Steps over one context."""

    def begin(self, run_id: int, worker: str) -> None:
        """Take a run up: the endpoint must answer before anything else.

        Raises:
            CanceledRunError: it was canceled before a worker came to it.
        """
        if not self._runs.get(run_id).active:
            raise CanceledRunError(f"Run {run_id} was canceled before it began.")
        self._runs.transition(run_id, "preparing", "worker", worker=worker, heartbeat_at=now())
        self._context.ensure_endpoint()

    def unlock(self, run_id: int) -> None:
        """Take care of the state's lock, as a person asked for.

        Raises:
            RefusedError: its holder is alive, or it is another lock than the one that was asked about.
        """
        run = self._runs.get(run_id)
        self._runs.set_stage(run_id, "unlock", "active")
        done = self._context.release_lock(run_id, run.environment, str(run.options.get("lock_id") or ""))
        self._runs.transition(run_id, "applying", "worker")
        self._runs.set_stage(run_id, "unlock", "done", detail=done)

    def explain(self, environment: str, error: PanelError) -> PanelError:
        """The same error, or the reason behind it where the embedded AWS ended under the run's feet."""
        if self._context.emulated_endpoint is None or self._context.world():
            return error
        return EndpointError(
            f"The embedded AWS ended while {environment} was being worked on, and what it held is lost.",
            hint=f"Create {environment} again: the panel starts a new, empty embedded AWS for it.",
            detail=f"{error.message}\n{error.detail}".strip(),
        )

    def report(self, run_id: int, stage: str, text: str, level: str = "info") -> None:
        """Write one line to the run's log."""
        with Journal(self._runs, run_id, stage) as journal:
            journal.say(text, level)
