"""The step that plans a run's own stack: planned, priced, judged, and kept with what it was made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from panel.catalogue.guardrails import guardrails_for
from panel.catalogue.schema import SHARED
from panel.cost.actuals import month_of
from panel.cost.assumptions import usage_of
from panel.cost.estimate import estimate, to_dict
from panel.engine.events import ChangeCounts
from panel.engine.outcome import Outcome
from panel.engine.plan import PlanSummary, ResourceChange
from panel.errors import OperationError, RefusedError
from panel.lifecycle.current_prices import stored_prices
from panel.lifecycle.scaling import refuse_more_than_sizes
from panel.lifecycle.schedule_hours import SCALING
from panel.lifecycle.stack_steps import FRESH, Planned, StackSteps
from panel.lifecycle.stages import REFRESH_ONLY
from panel.runs import checkov
from panel.runs.guardrails import Finding, Situation, Written, blocked, judge, written_attributes
from panel.runs.journal import Journal
from panel.runs.mark import ReviewMark
from panel.runs.pulse import Pulse
from panel.runs.review import change_to_dict, output_to_dict
from panel.runs.stack import StackJob
from panel.store.tables import Run, RunPlan, now


class PlanSteps(StackSteps):
    """Planning."""

    def plan(self, run_id: int) -> Planned:
        """Plan the run's own stack, price it, judge it; the result is what a reviewer sees."""
        run = self._runs.get(run_id)
        self._runs.transition(run_id, "planning", "worker", **FRESH)
        self._runs.set_stage(run_id, "plan", "active")
        if run.environment != SHARED and not self._context.stores.environments.get(SHARED).exists:
            raise RefusedError(
                f"{run.environment} cannot be planned yet: the network that all environments share does not exist.",
                hint=f"Create {run.environment}: that makes the network first, and still asks before the rest.",
            )
        job = self._job(run, "plan")
        outcome = self._context.stacks.plan(job)
        summary, price = outcome.plan_summary(), self._price(job.subject, outcome)
        # What only compares changes nothing that a rule could be about.
        compares = run.kind in REFRESH_ONLY or run.kind == "drift"
        findings = [] if compares else self._judge(job, run.kind, outcome, summary, price)
        self._keep_plan(
            job, summary, price, findings, self._context.stacks.review_mark(job),
            artifact=self._context.plans.keep(job, outcome), acts=run.kind != "drift",
        )  # fmt: skip
        if compares:
            self._keep_drift(run, _drift(job, summary))
        if run.kind in SCALING:
            refuse_more_than_sizes(run.environment, summary)
        counts = summary.counts if run.kind != "drift" else ChangeCounts()
        total = counts.add + counts.change + counts.destroy
        self._runs.update(
            run_id, add=counts.add, change=counts.change, destroy=counts.destroy,
            monthly_usd=price["monthly_usd"], plan_digest=outcome.plan_digest, progress_total=total,
        )  # fmt: skip
        detail = f"{len(_drift(job, summary))} drifted" if compares else str(counts)
        self._runs.set_stage(run_id, "plan", "done", detail=detail)
        return Planned(
            changes=bool(_drift(job, summary)) if compares else summary.has_changes,
            plan_path=str(plan_path(outcome)),
            plan_digest=outcome.plan_digest,
            blocked=bool(blocked(findings)),
        )

    def _judge(
        self, job: StackJob, kind: str, outcome: Outcome, summary: PlanSummary, price: dict[str, Any]
    ) -> list[Finding]:
        """What the guardrails say about a plan, and Checkov where it is asked for."""
        document = json.loads(outcome.plan_json_path.read_bytes()) if outcome.plan_json_path else None
        situation = self._situation(job.subject, kind, price["monthly_usd"], written_attributes(document))
        found, config = judge(summary, situation), situation.guardrails.checkov
        if config.severity == "off":
            return found
        program = self._context.settings.checkov
        with (
            Journal(self._runs, job.run_id, job.stage) as journal,
            Pulse(self._runs, job.run_id, on_cancel=lambda: None, on_beat=journal.flush),
        ):
            journal.say("Checkov looks at the plan")
            return [*found, *checkov.findings(outcome.plan_json_path, config, program=program)]

    def _situation(self, name: str, kind: str, monthly_usd: float, written: Written) -> Situation:
        catalogue = self._context.catalogue()
        entry = catalogue.environments.get(name)
        record = self._context.stores.environments.get(name)
        billed, forecast = self._charged(name)
        return Situation(
            kind=kind,
            protected=bool(entry and entry.protected),
            monthly_usd=monthly_usd,
            budget_usd=entry.monthly_budget_usd if entry else None,
            before_usd=record.monthly_usd if record.exists else None,
            billed_usd=billed,
            forecast_usd=forecast,
            guardrails=guardrails_for(catalogue.guardrails, entry.guardrails if entry else None),
            written=written,
        )

    def _charged(self, name: str) -> tuple[float | None, float | None]:
        """What an environment was charged this month, and what AWS expects of the month; the embedded AWS has no bill."""
        if self._context.emulated_endpoint is not None:
            return None, None
        bills, month = self._context.stores.bills, month_of(now().date())
        forecast = bills.forecast(name, month)
        return bills.month(name, month), forecast.usd if forecast is not None else None

    def _price(self, subject: str, outcome: Outcome) -> dict[str, Any]:
        """The estimate of a plan, as the store keeps it: with the usage that environments.yaml has for its subject."""
        if outcome.plan_json_path is None:
            raise OperationError("The plan was not read back, so it cannot be priced.", hint="Plan again.")
        document = json.loads(outcome.plan_json_path.read_text(encoding="utf-8"))
        catalogue = self._context.catalogue()
        return to_dict(
            estimate(
                document,
                region=catalogue.region,
                assumptions=usage_of(catalogue, subject),
                prices=stored_prices(self._context.stores),
            )
        )

    def _keep_plan(
        self,
        job: StackJob,
        summary: PlanSummary,
        price: dict[str, Any],
        findings: list[Finding],
        mark: ReviewMark | None = None,
        *,
        artifact: str,
        acts: bool = True,
    ) -> None:
        """Keep what a reviewer sees; of a plan that nobody will apply (not ``acts``) only what drifted."""
        self._runs.save_plan(
            RunPlan(
                run_id=job.run_id,
                stack=job.stack,
                changes=[change_to_dict(change) for change in (summary.effective if acts else ())],
                outputs=[output_to_dict(item) for item in summary.outputs if acts and item.action != "no-op"],
                drift=[change_to_dict(change) for change in _drift(job, summary)],
                estimate=price,
                guardrails=[finding.to_dict() for finding in findings],
                mark=mark.to_dict() if mark else {},
                artifact=artifact,
            )
        )

    def _keep_drift(self, run: Run, drift: tuple[ResourceChange, ...]) -> None:
        """Remember what drifted: with the run, and with its environment."""
        self._runs.update(run.id or 0, drifted=len(drift))
        found = [
            {
                "address": change.address,
                "type": change.type,
                "action": change.action,
                "attributes": [attribute.path for attribute in change.attributes],
            }
            for change in drift
        ]
        self._context.stores.environments.save(run.environment, drift=found, drift_checked_at=now())


def _drift(job: StackJob, summary: PlanSummary) -> tuple[ResourceChange, ...]:
    """What drifted; where the state is to learn what is real, all that it would learn."""
    return summary.drift if job.refresh_only else summary.drifted


def plan_path(outcome: Outcome) -> Path:
    """Where a plan was saved.

    Raises:
        OperationError: none was.
    """
    if outcome.plan_path is None:
        raise OperationError("Terraform saved no plan.", hint="Plan again.")
    return outcome.plan_path
