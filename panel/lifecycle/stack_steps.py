"""What all steps of Terraform stand on: the run's job, and what is remembered of an environment."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from panel.catalogue.schema import SHARED
from panel.lifecycle.context import Context
from panel.lifecycle.instance_keys import ensure_key, key_place
from panel.lifecycle.stages import REFRESH_ONLY
from panel.runs.stack import StackJob
from panel.store.tables import EnvironmentRecord, Run, RunPlan, now

#: Columns of a run whose progress begins anew.
FRESH: dict[str, Any] = {"progress_done": 0, "progress_total": 0, "waiting_for": ""}


class Planned(TypedDict):
    """What the plan step hands to the steps after it; stored with the workflow."""

    changes: bool
    plan_path: str
    plan_digest: str
    blocked: bool


class StackSteps:
    """Steps over one context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._runs = context.stores.runs

    def _job(self, run: Run, stage: str) -> StackJob:
        destroy = run.kind == "destroy"
        key = None if destroy else self._public_key(run)
        return self._context.job(
            run.id or 0,
            run.environment,
            stage,
            destroy=destroy,
            refresh_only=run.kind in REFRESH_ONLY,
            ssh_public_key=key,
        )

    def _public_key(self, run: Run) -> str | None:
        """Public half of the key of an environment that asks for one; made here, at the first plan."""
        entry = self._context.catalogue().environments.get(run.environment)
        if entry is None or not entry.ssh_key:
            return None
        place = key_place(self._context.stores, run.environment)
        return ensure_key(self._context.aws(), place)

    def _own_plan(self, run: Run) -> RunPlan | None:
        """The plan that is reviewed in this run."""
        return self._runs.plan(run.id or 0, "shared" if run.environment == SHARED else "environment")

    def _created_at(self, name: str) -> datetime:
        record = self._context.stores.environments.get(name)
        return record.created_at if record.exists and record.created_at else now()

    def _record(self, name: str, **fields: Any) -> EnvironmentRecord:
        return self._context.stores.environments.save(name, world=self._context.world() or "", **fields)
