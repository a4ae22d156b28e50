"""The steps around a person's decision: where a plan leads, and what was decided."""

from __future__ import annotations

from typing import Any

from panel.errors import IllegalTransitionError, ProtectedError, RefusedError
from panel.lifecycle.approvals import approvals_of, takes_others
from panel.lifecycle.stack_steps import Planned, StackSteps
from panel.lifecycle.stages import READ_ONLY
from panel.runs.guardrails import DELETION_PROTECTION, Finding, blocked, overridable
from panel.runs.journal import Journal
from panel.store.states import WAITING
from panel.store.tables import Run

#: States of a run that comes to its review: a deployment has no plan.
_UNREVIEWED = frozenset({"preparing", "planning"})


class DecisionSteps(StackSteps):
    """Between the plan and the apply."""

    def settle_plan(self, run_id: int, planned: Planned) -> str:
        """Say where the plan leads: ``apply``, ``wait`` (for a person), ``skip`` (nothing to change) or ``stop``.

        Raises:
            RefusedError: guardrails block it, and nobody is there who may let it through.
        """
        run = self._runs.get(run_id)
        if planned["blocked"]:
            return self._ask_to_override(run)
        if run.kind in READ_ONLY:
            return "stop"
        if not planned["changes"]:
            self._runs.transition(run_id, "no_changes", "worker")
            self._runs.set_stage(run_id, "review", "skipped", detail="nothing to review")
            return "skip"
        if run.auto_approve and not self._takes_others(run):
            return self._approve_in_advance(run)
        return self._ask_for_review(run)

    def settle_changes(self, run_id: int) -> str:
        """Say where a deployment leads that was compared: ``ship``, or ``wait`` for a person.

        A promotion is always reviewed, a deployment where the catalogue asks for other people, a roll-back never:
        it is what one does when something is wrong.
        """
        run = self._runs.get(run_id)
        others = takes_others(approvals_of(self._context.catalogue(), run))
        if run.kind == "rollback" or (run.kind == "deploy" and not others):
            self._runs.set_stage(run_id, "review", "skipped", detail="not asked for")
            return "ship"
        if run.auto_approve and not self._takes_others(run):
            self._approve_in_advance(run)
            return "ship"
        return self._ask_for_review(run)

    def _takes_others(self, run: Run) -> bool:
        """Whether an approval in advance is not enough any more, since the catalogue asks for other people now."""
        others = takes_others(approvals_of(self._context.catalogue(), run))
        if others and run.state in _UNREVIEWED:
            with Journal(self._runs, run.id or 0, "review") as journal:
                journal.say(
                    "Approved in advance, but environments.yaml asks for other people by now.", "warn"
                )
        return others

    def _approve_in_advance(self, run: Run) -> str:
        run_id = run.id or 0
        if run.state != "approved":  # it is, where a worker was killed after saying so
            self._runs.transition(run_id, "planned", "worker")
            self._runs.transition(
                run_id, "approved", run.author, comment="approved in advance", decided_by=run.author
            )
        self._runs.set_stage(run_id, "review", "done", detail="approved in advance")
        return "apply"

    def _ask_for_review(self, run: Run) -> str:
        run_id = run.id or 0
        if (
            run.state in _UNREVIEWED
        ):  # otherwise this is a repetition, and somebody may have decided meanwhile
            # In this order: from the transition on, people decide, and a decision may end the stage.
            self._runs.set_stage(run_id, "review", "waiting")
            self._runs.transition(run_id, "planned", "worker", awaiting=True, **self._approvals(run))
        return "wait"

    def _ask_to_override(self, run: Run) -> str:
        findings = [Finding.from_dict(kept) for kept in self._findings(run)]
        refusal = _refusal(run, blocked(findings))
        # What was approved in advance was approved without knowing of this; a plan alone leads nowhere anyway.
        if run.auto_approve or run.kind in READ_ONLY or not overridable(findings):
            raise refusal
        if run.state == "planning":
            run_id = run.id or 0
            self._runs.set_stage(run_id, "review", "waiting", detail="blocked by a guardrail")
            self._runs.transition(
                run_id, "blocked", "worker", awaiting=True, **self._approvals(run),
                error=refusal.message, error_detail=refusal.detail,
                error_hint=f"An admin may override it with a reason ('panel runs override {run_id}'), or discard it.",
            )  # fmt: skip
        return "wait"

    def _approvals(self, run: Run) -> dict[str, Any]:
        """Columns that say who must approve, as the catalogue asks for at the end of the plan."""
        asked = approvals_of(self._context.catalogue(), run)
        return {"approvals_needed": asked.count, "author_may_approve": not asked.other_than_author}

    def _findings(self, run: Run) -> list[dict[str, Any]]:
        plan = self._own_plan(run)
        return plan.guardrails if plan else []

    def decision(self, run_id: int, too_late: bool) -> str:
        """What people decided: ``approved``, ``discarded``, ``canceled``, ``cancel``, or that it still waits.

        Args:
            too_late: the time for a decision is over; where nobody decided, the plan is discarded.
        """
        run = self._runs.get(run_id)
        if run.active and run.cancel_requested and run.state in WAITING | {"approved"}:
            return "cancel"
        if too_late and run.active and run.state in WAITING:
            try:
                run = self._runs.transition(run_id, "discarded", "worker", comment="nobody decided in time")
            except IllegalTransitionError:
                run = self._runs.get(run_id)  # somebody decided at the last moment
        if run.state == "approved":
            self._runs.set_stage(run_id, "review", "done", detail=f"approved by {run.decided_by}")
        if run.state not in WAITING:
            self._runs.update(run_id, awaiting=False)
        return run.state


def _refusal(run: Run, findings: list[Finding]) -> RefusedError:
    """Why a plan is not even shown for review, and what to do about it."""
    names = [f"{f.rule}: {f.address} {f.reason}" for f in findings]
    name = run.environment
    if run.kind == "destroy" and any(f.rule == DELETION_PROTECTION for f in findings):
        return ProtectedError(
            f"{name} is not protected by environments.yaml any more, but AWS still protects its load balancer: "
            "nothing was destroyed.",
            hint=f"Update {name} first ('panel env update {name}'): that lifts the protection. Then destroy it.",
            detail="\n".join(names),
        )
    return RefusedError(
        f"The plan of {name} is blocked by {len(names)} guardrail finding(s): {names[0]}.",
        hint="Change what the plan would do, or the rule, and plan again.",
        detail="\n".join(names),
    )
