"""The steps of a run that are Terraform's: shared network, plan, decision, apply, destroy. Each may be repeated."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from panel.aws.front_door import front_door
from panel.catalogue.guardrails import guardrails_for
from panel.catalogue.schema import SHARED
from panel.cost.estimate import estimate, to_dict
from panel.engine.outcome import Outcome
from panel.engine.plan import PlanSummary
from panel.errors import (
    CanceledRunError,
    EndpointError,
    IllegalTransitionError,
    OperationError,
    PanelError,
    ProtectedError,
    RefusedError,
)
from panel.lifecycle.context import Context, fingerprint
from panel.lifecycle.draining import GATE
from panel.lifecycle.instance_keys import ensure_key, key_place
from panel.lifecycle.scaling import after_apply, before_apply, refuse_more_than_sizes
from panel.lifecycle.schedule_hours import SCALING
from panel.runs import checkov
from panel.runs.guardrails import (
    DELETION_PROTECTION,
    Finding,
    Situation,
    Written,
    blocked,
    judge,
    written_attributes,
)
from panel.runs.journal import Journal
from panel.runs.pulse import Pulse
from panel.runs.review import change_to_dict, output_to_dict
from panel.runs.stack import StackJob
from panel.store.tables import EnvironmentRecord, Run, RunPlan, now


class Planned(TypedDict):
    """What the plan step hands to the steps after it."""

    changes: bool
    plan_path: str
    plan_digest: str
    blocked: bool


# Between two looks whether the shared stack is free, in seconds.
_LOOK_S = 0.25
_FRESH: dict[str, Any] = {"progress_done": 0, "progress_total": 0, "waiting_for": ""}


class TerraformSteps:
    """Steps over one context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._runs = context.stores.runs

    def begin(self, run_id: int, worker: str) -> None:
        """Take a run up: the endpoint must answer before anything else.

        Raises:
            CanceledRunError: it was canceled before a worker came to it.
        """
        if not self._runs.get(run_id).active:
            raise CanceledRunError(f"Run {run_id} was canceled before it began.")
        self._runs.transition(run_id, "preparing", "worker", worker=worker, heartbeat_at=now())
        self._context.ensure_endpoint()

    def shared(self, run_id: int) -> None:
        """Make sure that the shared stack is applied as the catalogue says.

        Raises:
            RefusedError: bringing it up to date would change or destroy what others use; that needs a review.
        """
        context, stage = self._context, "shared"
        self._await_shared(run_id)
        job = context.job(run_id, SHARED, stage)
        mark = fingerprint(context.settings.terraform_path, job.variables)
        if self._current(mark):
            self._runs.set_stage(run_id, stage, "done", detail="up to date")
            return
        outcome = context.stacks.plan(job)
        summary = outcome.plan_summary()
        self._keep_plan(job, summary, self._price(outcome), [])
        if summary.counts.change or summary.counts.destroy:
            raise RefusedError(
                f"The shared network would change ({summary.counts}), and other environments live in it.",
                hint="Review it on its own: 'panel env apply shared', then run this again.",
            )
        if summary.counts.add:
            self._runs.update(run_id, **(_FRESH | {"progress_total": summary.counts.add}))
            self._record(SHARED, exists=True, ready=False)
            outputs = dict(context.stacks.apply(job, _plan_path(outcome), outcome.plan_digest).outputs)
        else:
            outputs = context.stacks.outputs(job)
        self._record(SHARED, exists=True, ready=True, outputs=outputs, fingerprint=mark)
        self._runs.update(run_id, **_FRESH)
        self._runs.set_stage(
            run_id, stage, "done", detail=f"+{summary.counts.add}" if summary.counts.add else "up to date"
        )

    def _await_shared(self, run_id: int) -> None:
        """Two runs must not be at the shared stack at once: wait for the others, on whatever worker they are."""
        while not self._context.stores.claims.enter_shared(run_id, SHARED):
            if self._runs.get(run_id).cancel_requested:
                raise CanceledRunError("Somebody canceled this run while it waited for the shared network.")
            self._runs.update(run_id, heartbeat_at=now(), waiting_for="the shared network")
            GATE.pause()
            time.sleep(_LOOK_S)

    def _current(self, mark: str) -> bool:
        record = self._context.stores.environments.get(SHARED)
        return (
            record.exists
            and record.ready
            and record.fingerprint == mark
            and record.world == self._context.world()
        )

    def plan(self, run_id: int) -> Planned:
        """Plan the run's own stack, price it, judge it; the result is what a reviewer sees."""
        run = self._runs.get(run_id)
        self._runs.transition(run_id, "planning", "worker", **_FRESH)
        self._runs.set_stage(run_id, "plan", "active")
        if run.environment != SHARED and not self._context.stores.environments.get(SHARED).exists:
            raise RefusedError(
                f"{run.environment} cannot be planned yet: the network that all environments share does not exist.",
                hint=f"Create {run.environment}: that makes the network first, and still asks before the rest.",
            )
        job = self._job(run, "plan")
        outcome = self._context.stacks.plan(job)
        summary, price = outcome.plan_summary(), self._price(outcome)
        findings = self._judge(run, outcome, summary, price["monthly_usd"])
        self._keep_plan(job, summary, price, findings)
        if run.kind in SCALING:
            refuse_more_than_sizes(run.environment, summary)
        counts = summary.counts
        total = counts.add + counts.change + counts.destroy
        self._runs.update(
            run_id, add=counts.add, change=counts.change, destroy=counts.destroy,
            monthly_usd=price["monthly_usd"], plan_digest=outcome.plan_digest, progress_total=total,
        )  # fmt: skip
        self._runs.set_stage(run_id, "plan", "done", detail=str(counts))
        return Planned(
            changes=summary.has_changes,
            plan_path=str(_plan_path(outcome)),
            plan_digest=outcome.plan_digest,
            blocked=bool(blocked(findings)),
        )

    def _job(self, run: Run, stage: str) -> StackJob:
        destroy = run.kind == "destroy"
        key = None if destroy else self._public_key(run)
        return self._context.job(run.id or 0, run.environment, stage, destroy=destroy, ssh_public_key=key)

    def _public_key(self, run: Run) -> str | None:
        """Public half of the key of an environment that asks for one; made here, at the first plan."""
        entry = self._context.catalogue().environments.get(run.environment)
        if entry is None or not entry.ssh_key:
            return None
        place = key_place(self._context.stores, run.environment)
        return ensure_key(self._context.aws(), place)

    def _judge(self, run: Run, outcome: Outcome, summary: PlanSummary, monthly_usd: float) -> list[Finding]:
        """What the guardrails say about a plan, and Checkov where it is asked for."""
        document = json.loads(outcome.plan_json_path.read_bytes()) if outcome.plan_json_path else None
        situation = self._situation(run, monthly_usd, written_attributes(document))
        found, config = judge(summary, situation), situation.guardrails.checkov
        if config.severity == "off":
            return found
        run_id, program = run.id or 0, self._context.settings.checkov
        with (
            Journal(self._runs, run_id, "plan") as journal,
            Pulse(self._runs, run_id, on_cancel=lambda: None, on_beat=journal.flush),
        ):
            journal.say("Checkov looks at the plan")
            return [*found, *checkov.findings(outcome.plan_json_path, config, program=program)]

    def _situation(self, run: Run, monthly_usd: float, written: Written) -> Situation:
        catalogue = self._context.catalogue()
        entry = catalogue.environments.get(run.environment)
        record = self._context.stores.environments.get(run.environment)
        return Situation(
            kind=run.kind,
            protected=bool(entry and entry.protected),
            monthly_usd=monthly_usd,
            budget_usd=entry.monthly_budget_usd if entry else None,
            before_usd=record.monthly_usd if record.exists else None,
            guardrails=guardrails_for(catalogue.guardrails, entry.guardrails if entry else None),
            written=written,
        )

    def _price(self, outcome: Outcome) -> dict[str, Any]:
        """The estimate of a plan, as the store keeps it."""
        if outcome.plan_json_path is None:
            raise OperationError("The plan was not read back, so it cannot be priced.", hint="Plan again.")
        document = json.loads(outcome.plan_json_path.read_text(encoding="utf-8"))
        return to_dict(estimate(document, region=self._context.catalogue().region))

    def _keep_plan(
        self, job: StackJob, summary: PlanSummary, price: dict[str, Any], findings: list[Finding]
    ) -> None:
        self._runs.save_plan(
            RunPlan(
                run_id=job.run_id,
                stack=job.stack,
                changes=[change_to_dict(change) for change in summary.effective],
                outputs=[output_to_dict(item) for item in summary.outputs if item.action != "no-op"],
                drift=[change_to_dict(change) for change in summary.drift],
                estimate=price,
                guardrails=[finding.to_dict() for finding in findings],
            )
        )

    def settle_plan(self, run_id: int, planned: Planned) -> str:
        """Say where the plan leads: ``apply``, ``wait`` (for a person), ``skip`` (nothing to change) or ``stop``."""
        run = self._runs.get(run_id)
        if planned["blocked"]:
            raise _refusal(run, [f for f in self._findings(run) if f["severity"] == "block"])
        if run.kind == "plan":
            return "stop"
        if not planned["changes"]:
            self._runs.transition(run_id, "no_changes", "worker")
            self._runs.set_stage(run_id, "review", "skipped", detail="nothing to review")
            return "skip"
        return self._approve_in_advance(run) if run.auto_approve else self._ask_for_review(run)

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
        if run.state == "planning":  # otherwise this is a repetition, and somebody may have decided meanwhile
            # In this order: from the transition on, people decide, and a decision may end the stage.
            self._runs.set_stage(run_id, "review", "waiting")
            self._runs.transition(run_id, "planned", "worker", awaiting=True)
        return "wait"

    def _findings(self, run: Run) -> list[dict[str, Any]]:
        plan = self._runs.plan(run.id or 0, "shared" if run.environment == SHARED else "environment")
        return plan.guardrails if plan else []

    def decision(self, run_id: int, too_late: bool) -> str:
        """What people decided: ``approved``, ``discarded``, ``cancel`` or still ``planned``.

        Args:
            too_late: the time for a decision is over; where nobody decided, the plan is discarded.
        """
        run = self._runs.get(run_id)
        if run.cancel_requested and run.state in {"planned", "approved"}:
            return "cancel"
        if too_late and run.state == "planned":
            try:
                run = self._runs.transition(run_id, "discarded", "worker", comment="nobody decided in time")
            except IllegalTransitionError:
                run = self._runs.get(run_id)  # somebody decided at the last moment
        if run.state == "approved":
            self._runs.set_stage(run_id, "review", "done", detail=f"approved by {run.decided_by}")
        if run.state != "planned":
            self._runs.update(run_id, awaiting=False)
        return run.state

    def apply(self, run_id: int, planned: Planned) -> None:
        """Apply exactly the reviewed plan and remember the stack's outputs."""
        run = self._runs.get(run_id)
        self._runs.transition(run_id, "applying", "worker")
        job = self._job(run, "apply")
        self._runs.set_stage(run_id, "apply", "active")
        self._record(run.environment, exists=True, ready=False, created_at=self._created_at(run.environment))
        before_apply(self._context, run)
        outcome = self._context.stacks.apply(job, Path(planned["plan_path"]), planned["plan_digest"])
        self._applied(job, dict(outcome.outputs))
        after_apply(self._context, run)
        self._keep_price(run)
        self._runs.update(run_id, waiting_for="")
        self._runs.set_stage(
            run_id, "apply", "done", detail=f"{self._runs.get(run_id).progress_done} resources"
        )

    def keep_outputs(self, run_id: int) -> None:
        """Where there was nothing to apply: read the outputs, so that what follows knows the stack."""
        run = self._runs.get(run_id)
        self._runs.set_stage(run_id, "apply", "skipped", detail="nothing to change")
        job = self._job(run, "apply")
        self._applied(job, self._context.stacks.outputs(job))
        after_apply(self._context, run)
        self._keep_price(run)

    def destroy(self, run_id: int, planned: Planned) -> None:
        """Apply the reviewed destruction."""
        run = self._runs.get(run_id)
        self._runs.transition(run_id, "applying", "worker")
        self._runs.set_stage(run_id, "destroy", "active")
        self._context.stores.environments.save(run.environment, ready=False)
        job = self._job(run, "destroy")
        self._context.stacks.apply(job, Path(planned["plan_path"]), planned["plan_digest"])
        self._runs.update(run_id, waiting_for="")
        self._runs.set_stage(run_id, "destroy", "done")

    def gone(self, run_id: int) -> None:
        """Forget an environment that was destroyed."""
        run = self._runs.get(run_id)
        self._context.stores.releases.retire(run.environment)
        self._context.stores.environments.save(
            run.environment,
            exists=False,
            ready=False,
            url="",
            outputs={},
            fingerprint="",
            world="",
            monthly_usd=None,
            created_at=None,
        )

    def _created_at(self, name: str) -> datetime:
        record = self._context.stores.environments.get(name)
        return record.created_at if record.exists and record.created_at else now()

    def _record(self, name: str, **fields: Any) -> EnvironmentRecord:
        return self._context.stores.environments.save(name, world=self._context.world() or "", **fields)

    def _applied(self, job: StackJob, outputs: dict[str, Any]) -> None:
        """Remember what a stack that is as wanted now offers."""
        mark = fingerprint(self._context.settings.terraform_path, job.variables)
        if job.subject == SHARED:
            self._record(SHARED, exists=True, ready=True, outputs=outputs, fingerprint=mark)
            return
        door = front_door(outputs, emulated_endpoint=self._context.emulated_endpoint)
        self._record(
            job.subject, exists=True, outputs=outputs, url=door.url, fingerprint=mark,
            created_at=self._created_at(job.subject),
        )  # fmt: skip

    def _keep_price(self, run: Run) -> None:
        if run.kind in SCALING:
            return  # what an environment costs is said of its working hours
        plan = self._runs.plan(run.id or 0, "environment")
        if plan is not None and run.environment != SHARED:
            self._record(
                run.environment, estimate=plan.estimate, monthly_usd=plan.estimate.get("monthly_usd")
            )

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


def _refusal(run: Run, findings: list[dict[str, Any]]) -> RefusedError:
    """Why a plan is not even shown for review, and what to do about it."""
    names = [f"{f['rule']}: {f['address']} {f['reason']}" for f in findings]
    name = run.environment
    if run.kind == "destroy" and any(f["rule"] == DELETION_PROTECTION for f in findings):
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


def _plan_path(outcome: Outcome) -> Path:
    if outcome.plan_path is None:
        raise OperationError("Terraform saved no plan.", hint="Plan again.")
    return outcome.plan_path
