"""What people decide on a run: approve, override, discard, cancel. The store has the last word on each.

Every decision is checked against the person's role, written to the audit trail, then made.
"""

from __future__ import annotations

from panel.access.capabilities import Capability, require
from panel.access.identity import Identity
from panel.catalogue.schema import SHARED
from panel.errors import IllegalTransitionError, RefusedError
from panel.lifecycle.deploy_orders import DeployOrders
from panel.store.states import WAITING, words
from panel.store.tables import Run

#: Words that a reason must have at the least: "ok" is none.
REASON_WORDS = 3
#: What a person must know before a run is ended by force.
FORCE_WARNING = (
    "Terraform is killed at once. What it is making at that moment is lost from the state: it may exist in AWS without "
    "the panel knowing of it, and the state stays locked. A roll-out is let go where it stands: it is neither finished nor "
    "taken back."
)


class Decisions(DeployOrders):
    """The decisions."""

    def approve(self, who: Identity, run_id: int, *, comment: str = "") -> Run:
        """Approve a plan: exactly it will be applied, once enough people have.

        Returns:
            The run: ``approved``, or still ``planned`` where further people are needed.

        Raises:
            IllegalTransitionError: the run does not wait for review.
            RefusedError: the person has approved before, or is the author where another person is asked for.
        """
        run = self._stores.runs.get(run_id)
        needed = Capability.DESTROY if run.kind == "destroy" else Capability.APPROVE
        require(who, needed, run.environment)
        self._waiting(run, "planned")
        # Of a deployment that is reviewed: what was approved are these releases, and no later ones.
        what = {"releases": run.options["releases"]} if run.options.get("releases") else {}
        self._trail.record(
            who.name, who.role, "approve", run.environment,
            run=run_id, plan=run.plan_digest, comment=comment, **what,
        )  # fmt: skip
        return self._stores.runs.approve(run_id, who.name, comment=comment)

    def override(self, who: Identity, run_id: int, *, reason: str) -> Run:
        """Let a plan through that guardrails block; it is reviewed as usual afterwards.

        Raises:
            IllegalTransitionError: the run is not blocked, or its block cannot be overridden.
            RefusedError: the reason says nothing.
        """
        run = self._stores.runs.get(run_id)
        require(who, Capability.OVERRIDE_GUARDRAIL, run.environment)
        self._waiting(run, "blocked")
        reason = " ".join(reason.split())
        if len(reason.split()) < REASON_WORDS:
            raise RefusedError(
                f"Run {run_id} of {run.environment} stays blocked: an override takes a reason of a few words.",
                hint="Say why it is right this time; it is kept with the run and in the audit record.",
            )
        stops = self._stops(run)
        self._trail.record(
            who.name, who.role, "override", run.environment,
            run=run_id, plan=run.plan_digest, reason=reason, guardrails=stops,
        )  # fmt: skip
        return self._stores.runs.transition(
            run_id, "planned", who.name, comment=reason,
            override_reason=reason, overridden_by=who.name, error="", error_hint="", error_detail="",
        )  # fmt: skip

    def discard(self, who: Identity, run_id: int, *, comment: str = "") -> Run:
        """Discard a plan, also a blocked one: nothing is applied.

        Raises:
            IllegalTransitionError: the run does not wait for a decision.
        """
        run = self._stores.runs.get(run_id)
        require(who, Capability.DISCARD, run.environment)
        self._waiting(run, *WAITING)
        self._trail.record(who.name, who.role, "discard", run.environment, run=run_id, comment=comment)
        return self._stores.runs.transition(
            run_id, "discarded", who.name, comment=comment, decided_by=who.name
        )

    def cancel(self, who: Identity, run_id: int, *, force: bool = False) -> Run:
        """Ask a run to stop at the next safe point; what Terraform has finished stays. One that waits ends at once.

        Args:
            force: end it now, after it was asked before; see :data:`FORCE_WARNING`.

        Raises:
            IllegalTransitionError: the run has ended.
            RefusedError: by force, and nobody has asked it to stop before.
        """
        run = self._stores.runs.get(run_id)
        require(who, Capability.CANCEL, run.environment)
        if not run.active:
            raise IllegalTransitionError(
                f"Run {run_id} has ended already ({words(run.state)}).", hint="There is nothing to cancel."
            )
        if not force or run.cancel_requested:  # otherwise the store refuses, and nothing is done
            self._trail.record(
                who.name, who.role, "cancel by force" if force else "cancel", run.environment, run=run_id
            )
        return self._stores.runs.request_cancel(run_id, who.name, force=force)

    def _stops(self, run: Run) -> list[str]:
        """What blocks a run, for the audit record."""
        plan = self._stores.runs.plan(run.id or 0, "shared" if run.environment == SHARED else "environment")
        findings = [kept for kept in plan.guardrails if kept.get("severity") == "block"] if plan else []
        return [f"{kept.get('rule', '')}: {kept.get('address') or 'the plan'}" for kept in findings]

    @staticmethod
    def _waiting(run: Run, *states: str) -> None:
        if run.state not in states or not run.active:
            what = "for an override" if states == ("blocked",) else "for review"
            raise IllegalTransitionError(
                f"Run {run.id} of {run.environment} does not wait {what}: it is {words(run.state)}.",
                hint="Reload the run's page to see where it stands.",
            )
        if run.cancel_requested:
            raise IllegalTransitionError(
                f"Run {run.id} of {run.environment} is being canceled.", hint="Wait until it has ended."
            )
