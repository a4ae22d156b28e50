"""What people may ask for, as one value: the orders, the decisions, and doing again what did not come to its end."""

from __future__ import annotations

from panel.access.capabilities import Capability, require
from panel.access.identity import Identity
from panel.errors import IllegalTransitionError, RefusedError
from panel.lifecycle.decisions import Decisions
from panel.lifecycle.extension import Extension
from panel.lifecycle.orders import Repeat
from panel.lifecycle.stages import READ_ONLY, STAGES
from panel.store.states import WAITING, words
from panel.store.tables import EnvironmentRecord, Run

#: Ends after which a run may be ordered again: it did not do all that it was ordered to.
RETRIABLE = frozenset({"errored", "canceled", "interrupted", "stale", "discarded", "blocked"})


class Operations(Decisions):
    """The acts. ``catalogue`` is read anew for every act, so that an edited file counts at once."""

    def retry(self, who: Identity, run_id: int, *, confirm: str = "") -> Run:
        """Order again what a run that has ended did not do; it is planned, and reviewed, anew.

        Args:
            confirm: the environment's name, where the run was to destroy it.

        Raises:
            IllegalTransitionError: the run has not ended, or did all that it was ordered to.
            RefusedError, ProtectedError, NotFoundError, BusyError: as for the order itself.
        """
        run = self._stores.runs.get(run_id)
        if run.active or run.state not in RETRIABLE:
            raise IllegalTransitionError(
                f"Run {run_id} of {run.environment} is {words(run.state)}: there is nothing to retry.",
                hint="Cancel or discard it first." if run.active else "Order a new run.",
            )
        self._refuse(run.kind, who, run.environment, confirm=confirm, options=run.options)
        return self._begin(
            who, run.kind, run.environment, options=run.options or None, repeat=Repeat(run_id),
            pinned_instance=run.pinned_instance,
        )  # fmt: skip

    def replan(self, who: Identity, run_id: int) -> Run:
        """Plan again: a new run of the same kind. One that waits for a decision is discarded with it.

        Raises:
            IllegalTransitionError: the run has no plan, or it is being worked on, or its plan was applied.
            RefusedError: a destruction that was not stopped at its review: its name must be typed again.
        """
        run = self._stores.runs.get(run_id)
        waiting = run.active and run.state in WAITING
        if "plan" not in STAGES.get(run.kind, ()):
            raise IllegalTransitionError(
                f"Run {run_id} of {run.environment} has no plan.",
                hint=f"Retry it: panel runs retry {run_id}.",
            )
        if not waiting and (run.active or not (run.state in RETRIABLE or run.kind in READ_ONLY)):
            raise IllegalTransitionError(
                f"Run {run_id} of {run.environment} is {words(run.state)}: it cannot be planned again.",
                hint="Wait until it has ended." if run.active else "Order a new run.",
            )
        if run.kind == "destroy" and not waiting and run.state != "stale":
            raise RefusedError(
                f"Run {run_id} was to destroy {run.environment}: that takes its name again.",
                hint=f"Retry it: panel runs retry {run_id} --confirm {run.environment}.",
            )
        self._refuse(run.kind, who, run.environment, confirm=run.environment)
        if waiting:
            require(who, Capability.DISCARD, run.environment)
        return self._begin(
            who, run.kind, run.environment, options=run.options or None, repeat=Repeat(run_id, waiting),
            pinned_instance=run.pinned_instance,
        )  # fmt: skip

    def extend(self, who: Identity, environment: str, hours: int) -> EnvironmentRecord:
        """Let an environment live longer, by some hours; see :class:`panel.lifecycle.extension.Extension`."""
        return Extension(self._catalogue, self._stores, self._trail).extend(who, environment, hours)
