"""A worker as a process of its own, over the real workflows and Terraform's real steps; Terraform, roll-outs and
the endpoint are played by files that the test lays into the data directory:

    hold/ENVIRONMENT.STEP        the step waits before its effect for as long as the file is there
    hold/ENVIRONMENT.STEP.after  the same, after its effect and before the workflow hears of it
    fail/ENVIRONMENT.STEP        the step raises the error of this name
    hold/ENVIRONMENT.rolling     a roll-out waits when the new version runs; .reverting: on its way back; .publishing: a site
    fail/ENVIRONMENT.rolling     a roll-out fails for the reason in the file, and goes back
    world/                       images by repository, what services run (ENVIRONMENT-SERVICE), sites (ENVIRONMENT-site)
    stale/ENVIRONMENT            what is not as it was reviewed, one a line
    drift/ENVIRONMENT            types of resources that drifted, one a line
    plan/ENVIRONMENT             actions of the plan as TYPE:ACTION, one a line; an empty file changes nothing
    calls.jsonl                  what was begun and ended, in order, written here
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import SHARED
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, Status
from panel.errors import PanelError
from panel.lifecycle.context import Context
from panel.lifecycle.deploy_steps import DeploySteps, Shipped
from panel.lifecycle.terraform_steps import TerraformSteps
from panel.lifecycle.worker import Worker
from panel.runs.artifacts import FolderArtifacts, KeptPlans
from panel.runs.mark import ReviewMark
from panel.runs.stack import StackJob
from panel.settings import Settings
from panel.store.database import Database
from panel.store.stores import Stores
from tests.integration.lifecycle.played_world import PlayedServices, Stage

_TAGS = {"Project": "todo", "Environment": "e", "ManagedBy": "panel", "Owner": "API team"}


class RecordedTerraform(TerraformSteps):
    """The real steps, held and noted."""

    def __init__(self, context: Context, stage: Stage) -> None:
        super().__init__(context)
        self._stage = stage

    def begin(self, run_id: int, worker: str) -> None:
        self._stage.step(
            self._runs, run_id, "begin", lambda: super(RecordedTerraform, self).begin(run_id, worker)
        )

    def shared(self, run_id: int) -> None:
        self._stage.step(self._runs, run_id, "shared", lambda: super(RecordedTerraform, self).shared(run_id))

    def plan(self, run_id: int) -> Any:
        return self._stage.step(
            self._runs, run_id, "plan", lambda: super(RecordedTerraform, self).plan(run_id)
        )

    def settle_plan(self, run_id: int, planned: Any) -> str:
        effect = super().settle_plan
        return str(self._stage.step(self._runs, run_id, "settle_plan", lambda: effect(run_id, planned)))

    def decision(self, run_id: int, too_late: bool) -> str:
        effect = super().decision
        return str(self._stage.step(self._runs, run_id, "decision", lambda: effect(run_id, too_late)))

    def apply(self, run_id: int, planned: Any) -> None:
        effect = super().apply
        self._stage.step(self._runs, run_id, "apply", lambda: effect(run_id, planned))

    def destroy(self, run_id: int, planned: Any) -> None:
        effect = super().destroy
        self._stage.step(self._runs, run_id, "destroy", lambda: effect(run_id, planned))

    def settle_changes(self, run_id: int) -> str:
        effect = super().settle_changes
        return str(self._stage.step(self._runs, run_id, "settle_changes", lambda: effect(run_id)))

    def unlock(self, run_id: int) -> None:
        effect = super().unlock
        self._stage.step(self._runs, run_id, "unlock", lambda: effect(run_id))

    def gone(self, run_id: int) -> None:
        effect = super().gone
        self._stage.step(self._runs, run_id, "gone", lambda: effect(run_id))


class PlayedDeploys(DeploySteps):
    """The real steps of a deployment, held and noted, over a registry and services that are files; checks only set
    their stage."""

    def __init__(self, context: Context, stage: Stage, folder: Path) -> None:
        super().__init__(context, PlayedServices(folder, stage).acts())
        self._stage = stage

    def compare(self, run_id: int) -> None:
        self._held(run_id, "compare", super().compare)

    def begin(self, run_id: int) -> None:
        self._held(run_id, "deploying", super().begin)

    def baselines(self, run_id: int) -> dict[str, dict[str, Any]]:
        return dict(self._held(run_id, "baselines", super().baselines))

    def image(self, run_id: int) -> dict[str, Shipped]:
        return dict(self._held(run_id, "image", super().image))

    def rollout(self, run_id: int, images: Any, baselines: Any) -> None:
        effect = super().rollout
        self._held(run_id, "rollout", lambda number: effect(number, images, baselines))

    def site(self, run_id: int) -> None:
        self._held(run_id, "site", super().site)

    def checks(self, run_id: int) -> None:
        self._play(run_id, "checks")
        self._context.stores.environments.save(self._runs.get(run_id).environment, ready=True)

    def cleanup(self, run_id: int) -> None:
        self._play(run_id, "cleanup")

    def _held(self, run_id: int, name: str, effect: Callable[[int], Any]) -> Any:
        return self._stage.step(self._runs, run_id, name, lambda: effect(run_id))

    def _play(self, run_id: int, name: str) -> None:
        self._runs.set_stage(run_id, name, "active")
        self._held(run_id, name, lambda number: self._runs.set_stage(number, name, "done"))


class PlayedStacks:
    """Terraform without Terraform: plans that the test wrote, applies that only note what was asked."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self._folder = folder
        self._stage = stage

    def plan(self, job: StackJob) -> Outcome:
        self._stage.stack("plan", job)
        changes = [_change(*action.split(":")) for action in self._stage.plan(job.subject)]
        if job.destroy:
            changes = [_change("aws_s3_bucket", "delete"), _change("aws_lb", "delete", self._protection(job))]
        drift = self._lines("drift", job.subject)
        changes += [_change(type_, "update") for type_ in drift]
        path = self._folder / f"{job.key('plan')}.json"
        document = {
            "format_version": "1.2",
            "resource_changes": [] if job.refresh_only else changes,
            "resource_drift": [_change(type_, "update", {"name": "y"}) for type_ in drift],
            "planned_values": {},
        }
        path.write_text(json.dumps(document))
        return self._outcome(
            job, plan_path=path, plan_json_path=path, plan_digest=f"digest-{job.key('plan')}"
        )

    def apply(self, job: StackJob, plan_path: Path, plan_digest: str) -> Outcome:
        assert plan_path.exists()
        self._stage.stack("apply", job, digest=plan_digest)
        (self._folder / "protection").mkdir(exist_ok=True)
        (self._folder / "protection" / job.subject).write_text(
            json.dumps({"enable_deletion_protection": bool(job.variables.get("deletion_protection"))})
        )
        return self._outcome(job, outputs=self.outputs(job))

    def review_mark(self, job: StackJob) -> ReviewMark:
        return ReviewMark(sources={"main.tf": "1"}, variables=job.variables)

    def changed_since(
        self, job: StackJob, reviewed: ReviewMark | None, plan_path: Path, plan_digest: str
    ) -> tuple[str, ...]:
        assert reviewed is not None
        assert reviewed.variables["project_name"] == "todo"
        return tuple(self._lines("stale", job.subject))

    def unlock(self, job: StackJob, lock_id: str = "") -> str:
        self._stage.stack("unlock", job, lock=lock_id)
        return f"Removed the state lock of {job.subject}."

    def _lines(self, folder: str, subject: str) -> list[str]:
        path = self._folder / folder / subject
        return path.read_text().splitlines() if path.exists() else []

    def look_at_locks(self, bucket: str) -> None:
        """Nothing here locks a state."""

    def outputs(self, job: StackJob) -> dict[str, Any]:
        service = {
            "service_name": f"{job.subject}-backend", "task_definition_family": "backend",
            "container_name": "backend", "target_group_arn": "", "desired_count": 2,
        }  # fmt: skip
        return {
            "domain_name": f"{job.subject}.example.com", "cloudfront_domain_name": "d1.cloudfront.net",
            "cluster_name": job.subject, "services": {"backend": service},
            "site_bucket": f"{job.subject}-site", "cloudfront_distribution_id": job.subject,
            "repositories": {"backend": {"name": "todo"}},
        }  # fmt: skip

    def _protection(self, job: StackJob) -> dict[str, Any]:
        """What the last apply left of the load balancer's protection."""
        path = self._folder / "protection" / job.subject
        return dict(json.loads(path.read_text())) if path.exists() else {}

    @staticmethod
    def _outcome(job: StackJob, **fields: Any) -> Outcome:
        moment = datetime.now(UTC)
        return Outcome(Operation.plan(destroy=job.destroy), Status.SUCCEEDED, 0, moment, moment, **fields)


def _change(type_: str, action: str, before: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    after = None if action == "delete" else {"name": "x", "tags_all": _TAGS}
    return {
        "address": f"{type_}.it", "type": type_, "name": "it", "mode": "managed",
        "provider_name": "hashicorp/aws",
        "change": {
            "actions": [action], "before": before or (None if after else {}), "after": after,
            "after_unknown": {},
        },
    }  # fmt: skip


def main(root: Path, approval_timeout_s: int, data: str, silence_s: float) -> None:
    """Work until SIGTERM."""
    settings = Settings(
        root=root, data_dir=root / data, poll_interval_s=0.05, health_interval_s=1,
        approval_timeout_s=approval_timeout_s,
    )  # fmt: skip
    database = Database(settings.store_url)
    database.upgrade()
    stores, stage = Stores(database), Stage(root)
    context = Context(
        settings=settings,
        catalogue=lambda: load_catalogue(settings.catalogue_path),
        stores=stores,
        aws=_NoAws,  # type: ignore[arg-type]  # nobody looks into it
        stacks=PlayedStacks(root, stage),  # type: ignore[arg-type]  # plays the runner's methods
        plans=KeptPlans(FolderArtifacts(root / "artifacts")),  # one place for all machines
        emulated_endpoint="http://127.0.0.1:14760",
        world=lambda: "w1",
        ensure_endpoint=lambda: None,
        keep_tasks_running=lambda: None,
        runtime=lambda: "process",
        tasks=lambda: None,
    )
    stop, hurry = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: hurry.set() if stop.is_set() else stop.set())
    worker = Worker(
        context,
        (root / "swept").touch,
        terraform=lambda own: RecordedTerraform(own, stage),
        deploys=lambda own: PlayedDeploys(own, stage, root),
        silence_s=silence_s,
    )
    try:
        worker.run(stop, hurry)
    except PanelError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(error.exit_code)
    os._exit(0)


class _NoAws:
    """Handed on, and never asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nothing here asks AWS for {name}, not even about {SHARED}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
