"""What ``--json`` prints. The field names are a promise to scripts (docs/cli.md); tests hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from panel.cli.output import iso

if TYPE_CHECKING:
    from panel.lifecycle.overview import Cause, EnvironmentView
    from panel.store.stores import Stores
    from panel.store.tables import Run, RunPlan


def environment_document(view: EnvironmentView) -> dict[str, Any]:
    """One environment, as ``env list`` and ``env show`` print it."""
    return {
        "name": view.name,
        "state": view.state,
        "url": view.url,
        "protected": view.protected,
        "owner": {"team": view.owner.team, "contact": view.owner.contact},
        "health": {"verdict": view.verdict, "causes": [_cause(cause) for cause in view.causes]},
        "services": {
            name: {
                "version": service.version,
                "digest": service.digest,
                "desired": service.desired,
                "running": service.running,
            }
            for name, service in view.services.items()
        },
        "cost": {"monthly_usd": view.monthly_usd},
        "last_run": run_document(view.last_run) if view.last_run is not None else None,
    }


def run_document(run: Run) -> dict[str, Any]:
    """One run, as ``runs list`` and every act print it."""
    return {
        "id": run.id,
        "environment": run.environment,
        "kind": run.kind,
        "state": run.state,
        "author": run.author,
        "created_at": iso(run.created_at),
        "summary": {"add": run.add, "change": run.change, "destroy": run.destroy},
    }


def run_details(run: Run, stores: Stores) -> dict[str, Any]:
    """One run with everything about it, as ``runs show`` prints it."""
    number = run.id or 0
    return {
        **run_document(run),
        "active": run.active,
        "stage": run.stage,
        "started_at": iso(run.started_at),
        "ended_at": iso(run.ended_at),
        "decided_by": run.decided_by,
        "comment": run.comment,
        "approvals": [
            {"actor": one.actor, "comment": one.comment, "at": iso(one.at)}
            for one in stores.runs.approvals(number)
        ],
        "approvals_needed": run.approvals_needed,
        "author_may_approve": run.author_may_approve,
        "overridden_by": run.overridden_by,
        "override_reason": run.override_reason,
        "retry_of": run.retry_of,
        "drifted": run.drifted,
        "waiting_for": run.waiting_for,
        "progress": {"done": run.progress_done, "total": run.progress_total},
        "monthly_usd": run.monthly_usd,
        "stages": [
            {
                "name": stage.name,
                "state": stage.state,
                "detail": stage.detail,
                "started_at": iso(stage.started_at),
                "ended_at": iso(stage.ended_at),
            }
            for stage in stores.runs.stages(number)
        ],
        "transitions": [
            {
                "before": step.before,
                "after": step.after,
                "actor": step.actor,
                "comment": step.comment,
                "at": iso(step.at),
            }
            for step in stores.runs.transitions(number)
        ],
        "error": _error(run),
        "changes": [*run.changes],
        "parts": [*run.parts],
        "plan": plan_document(own_plan(run, stores)),
    }


def own_plan(run: Run, stores: Stores) -> RunPlan | None:
    """The plan that is reviewed in this run: of its environment, or of the shared network itself."""
    from panel.catalogue.schema import SHARED

    return stores.runs.plan(run.id or 0, "shared" if run.environment == SHARED else "environment")


def plan_document(plan: RunPlan | None) -> dict[str, Any] | None:
    """A plan: what changes, its price, and what the guardrails found; None where there is none (yet)."""
    if plan is None:
        return None
    from panel.runs.review import document, review_of

    return document(review_of(plan))


def run_documents(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Several runs."""
    return [run_document(run) for run in runs]


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "text": cause.text,
        "owner": {"team": cause.team, "contact": cause.contact},
        "evidence": cause.evidence,
    }


def _error(run: Run) -> dict[str, str] | None:
    if not run.error:
        return None
    return {"message": run.error, "hint": run.error_hint, "detail": run.error_detail}
