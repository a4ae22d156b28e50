"""The step that looks after the network all environments share, before an environment's own plan."""

from __future__ import annotations

import time

from panel.catalogue.schema import SHARED
from panel.errors import CanceledRunError, RefusedError
from panel.lifecycle.context import fingerprint
from panel.lifecycle.draining import GATE
from panel.lifecycle.plan_steps import PlanSteps, plan_path
from panel.lifecycle.stack_steps import FRESH
from panel.runs.guardrails import blocked
from panel.store.tables import now

# Between two looks whether the shared stack is free, in seconds.
_LOOK_S = 0.25


class SharedSteps(PlanSteps):
    """The shared stack, planned and applied in passing where that only adds things."""

    def shared(self, run_id: int) -> None:
        """Make sure that the shared stack is applied as the catalogue says.

        Raises:
            RefusedError: bringing it up to date would change or destroy what others use, or a guardrail blocks it;
                that needs a review.
        """
        context, stage = self._context, "shared"
        self._await_shared(run_id)
        job = context.job(run_id, SHARED, stage)
        mark = fingerprint(context.settings.terraform_path, job.variables)
        if self._current(mark):
            self._runs.set_stage(run_id, stage, "done", detail="up to date")
            return
        outcome = context.stacks.plan(job)
        summary, price = outcome.plan_summary(), self._price(SHARED, outcome)
        findings = self._judge(job, "update", outcome, summary, price)
        self._keep_plan(job, summary, price, findings, artifact=context.plans.keep(job, outcome))
        if summary.counts.change or summary.counts.destroy:
            raise RefusedError(
                f"The shared network would change ({summary.counts}), and other environments live in it.",
                hint="Review it on its own: 'panel env apply shared', then run this again.",
            )
        if stops := blocked(findings):
            raise RefusedError(
                f"The plan of the shared network is blocked by a guardrail: {stops[0].address} {stops[0].reason}.",
                hint="Review it on its own: 'panel env apply shared', then run this again.",
                detail="\n".join(f"{stop.rule}: {stop.address} {stop.reason}" for stop in stops),
            )
        if summary.counts.add:
            self._runs.update(run_id, **(FRESH | {"progress_total": summary.counts.add}))
            self._record(SHARED, exists=True, ready=False)
            outputs = dict(context.stacks.apply(job, plan_path(outcome), outcome.plan_digest).outputs)
        else:
            outputs = context.stacks.outputs(job)
        self._record(SHARED, exists=True, ready=True, outputs=outputs, fingerprint=mark)
        self._runs.update(run_id, **FRESH)
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
