"""The steps that change something: exactly the reviewed plan, and what is remembered of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from panel.aws.front_door import front_door
from panel.catalogue.schema import SHARED
from panel.engine.outcome import Outcome
from panel.errors import StaleError, TerraformError
from panel.lifecycle.context import fingerprint
from panel.lifecycle.scaling import after_apply, before_apply
from panel.lifecycle.schedule_hours import SCALING
from panel.lifecycle.stack_steps import Planned, StackSteps
from panel.lifecycle.stages import REFRESH_ONLY
from panel.runs.mark import ReviewMark
from panel.runs.stack import StackJob
from panel.store.tables import Run, now

# What Terraform says when the state is not the one that a saved plan was made from.
_STALE_FOR_TERRAFORM = ("Saved plan is stale", "Saved plan does not match the given state")


class ApplySteps(StackSteps):
    """Applying and destroying."""

    def apply(self, run_id: int, planned: Planned) -> None:
        """Apply exactly the reviewed plan and remember the stack's outputs."""
        run = self._runs.get(run_id)
        job = self._job(run, "apply")
        self._refuse_stale(run, job, planned)
        self._runs.transition(run_id, "applying", "worker")
        self._runs.set_stage(run_id, "apply", "active")
        if run.kind not in REFRESH_ONLY:
            self._record(
                run.environment, exists=True, ready=False, created_at=self._created_at(run.environment)
            )
        before_apply(self._context, run)
        outcome = self._apply_plan(job, planned)
        self._applied(job, dict(outcome.outputs))
        after_apply(self._context, run)
        if run.kind in REFRESH_ONLY:
            # The state has learned of it: from here on it is a difference to the configuration.
            self._context.stores.environments.save(run.environment, drift=[], drift_checked_at=now())
        self._keep_price(run)
        self._runs.update(run_id, waiting_for="")
        done = self._runs.get(run_id).progress_done
        self._runs.set_stage(
            run_id, "apply", "done", detail="1 resource" if done == 1 else f"{done} resources"
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
        job = self._job(run, "destroy")
        self._refuse_stale(run, job, planned)
        self._runs.transition(run_id, "applying", "worker")
        self._runs.set_stage(run_id, "destroy", "active")
        self._context.stores.environments.save(run.environment, ready=False)
        self._apply_plan(job, planned)
        self._runs.update(run_id, waiting_for="")
        self._runs.set_stage(run_id, "destroy", "done")

    def _refuse_stale(self, run: Run, job: StackJob, planned: Planned) -> None:
        """Go on only where everything the plan was made from is as it was reviewed.

        Raises:
            StaleError: something changed since; nothing is applied.
        """
        plan = self._own_plan(run)
        changed = self._context.stacks.changed_since(
            job,
            ReviewMark.from_dict(plan.mark) if plan else None,
            self._plan_file(job, planned),
            planned["plan_digest"],
        )
        if changed:
            raise _stale(job.subject, changed)

    def _apply_plan(self, job: StackJob, planned: Planned) -> Outcome:
        """Apply the reviewed plan; Terraform compares the state once more, and its refusal is ours."""
        path = self._plan_file(job, planned)
        try:
            return self._context.stacks.apply(job, path, planned["plan_digest"])
        except TerraformError as error:
            if any(words in error.detail for words in _STALE_FOR_TERRAFORM):
                raise _stale(job.subject, ("the state was written by somebody since",)) from error
            raise
        finally:
            self._context.plans.keep_log(job, job.key("apply"))

    def _plan_file(self, job: StackJob, planned: Planned) -> Path:
        """The reviewed plan on this machine, be it that another one made it."""
        return self._context.plans.bring(job, Path(planned["plan_path"]), planned["plan_digest"])

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
            expires_at=None,
            expiry_warned_at=None,
            drift=[],
            drift_checked_at=None,
            drift_due_at=None,
            asleep=False,
        )

    def _applied(self, job: StackJob, outputs: dict[str, Any]) -> None:
        """Remember what a stack that is as wanted now offers."""
        if job.refresh_only:  # what the sources say was not applied
            self._context.stores.environments.save(job.subject, outputs=outputs)
            return
        mark = fingerprint(self._context.settings.terraform_path, job.variables)
        if job.subject == SHARED:
            self._record(SHARED, exists=True, ready=True, outputs=outputs, fingerprint=mark, drift=[])
            return
        door = front_door(outputs, emulated_endpoint=self._context.emulated_endpoint)
        self._record(
            job.subject, exists=True, outputs=outputs, url=door.url, fingerprint=mark, drift=[],
            created_at=self._created_at(job.subject),
        )  # fmt: skip

    def _keep_price(self, run: Run) -> None:
        if run.kind in SCALING | REFRESH_ONLY:
            return  # what an environment costs is said of its working hours
        plan = self._runs.plan(run.id or 0, "environment")
        if plan is not None and run.environment != SHARED:
            self._record(
                run.environment, estimate=plan.estimate, monthly_usd=plan.estimate.get("monthly_usd")
            )


def _stale(subject: str, changed: tuple[str, ...]) -> StaleError:
    return StaleError(
        f"What was reviewed of {subject} is not what is there any more: {changed[0]}."
        + (f" {len(changed) - 1} more differ." if len(changed) > 1 else "")
        + " Nothing was applied.",
        hint="Plan again and review the new plan.",
        detail="\n".join(changed),
    )
