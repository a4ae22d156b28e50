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

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panel import errors
from panel.catalogue.load import load_catalogue
from panel.catalogue.schema import SHARED
from panel.deploys.rollout import (
    ASKED_TO_STOP,
    Baseline,
    Eyes,
    Rollout,
    RolloutFailedError,
    ServiceTarget,
    Wanted,
)
from panel.deploys.shipping import ServiceSource, Shipment
from panel.deploys.site import Publication
from panel.deploys.site_manifest import Manifest, SitePlace
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome, Status
from panel.errors import PanelError
from panel.lifecycle.context import Context
from panel.lifecycle.deploy_acts import DeployActs
from panel.lifecycle.deploy_steps import DeploySteps, Shipped
from panel.lifecycle.terraform_steps import TerraformSteps
from panel.lifecycle.worker import Worker
from panel.runs.artifacts import FolderArtifacts, KeptPlans
from panel.runs.mark import ReviewMark
from panel.runs.stack import StackJob
from panel.settings import Settings
from panel.store.database import Database
from panel.store.runs import Runs
from panel.store.stores import Stores

_TAGS = {"Project": "todo", "Environment": "e", "ManagedBy": "panel", "Owner": "API team"}
_DEFAULT_PLAN = "aws_cloudwatch_log_group:create"


class Stage:
    """Where the files are: holds, failures, plans, and the record of calls."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def step(self, runs: Runs, run_id: int, name: str, effect: Callable[[], Any]) -> Any:
        """Do one step of a run as the test's files say."""
        environment = runs.get(run_id).environment
        self._note("begin", name, run_id)
        self._wait(f"{environment}.{name}")
        failure = self._folder / "fail" / f"{environment}.{name}"
        if failure.exists():
            raise _error(failure.read_text(), name)
        result = effect()
        self._wait(f"{environment}.{name}.after")
        self._note("end", name, run_id)
        return result

    def act(self, environment: str, name: str, version: str) -> None:
        """Note what was done to a service or a site."""
        self._note("act", name, 0, subject=environment, version=version)

    def hold(self, name: str, eyes: Eyes | None) -> None:
        """Wait in the middle of an act for as long as the test's file is there, or until somebody stops it."""
        while (self._folder / "hold" / name).exists() and not (eyes and eyes.stopped()):
            (self._folder / "held" / name).touch()
            if eyes:
                eyes.clock.wait(0.01)

    def failure(self, name: str) -> str:
        """Why an act fails; empty where it does not."""
        path = self._folder / "fail" / name
        return path.read_text() if path.exists() else ""

    def plan(self, subject: str) -> list[str]:
        """What the plan of a stack does."""
        path = self._folder / "plan" / subject
        return (path.read_text() if path.exists() else _DEFAULT_PLAN).split()

    def stack(self, action: str, job: StackJob, **more: str) -> None:
        """Note what was asked of Terraform."""
        self._note("terraform", action, job.run_id, subject=job.subject, key=job.key(action), **more)

    def _wait(self, name: str) -> None:
        while (self._folder / "hold" / name).exists():
            (self._folder / "held" / name).touch()
            time.sleep(0.01)

    def _note(self, what: str, name: str, run_id: int, **more: str) -> None:
        line = json.dumps({"what": what, "name": name, "run": run_id, "pid": os.getpid()} | more) + "\n"
        handle = os.open(self._folder / "calls.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, line.encode())
        os.close(handle)


def _error(kind: str, step: str) -> Exception:
    found = getattr(errors, kind, None)
    if found is None:
        return ValueError(f"{step} stumbled")
    assert issubclass(found, PanelError)
    return found(f"It broke in {step}.", hint="Mend it.", detail="line 3")


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


class PlayedServices:
    """A registry, services and sites as files: what an environment's service runs is in ``world``."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self._world, self._stage = folder / "world", stage
        self._world.mkdir(exist_ok=True)

    def acts(self) -> DeployActs:
        """These acts instead of the real ones."""
        return DeployActs(
            settings=lambda *_, **__: ({}, {}), ship_from_source=self._ship, pick_image=self._pick,
            read_baseline=self._baseline, roll_out=self._roll_out, go_back=self._go_back,
            build_site=lambda *_: None, publish_site=self._publish, republish_site=self._republish,
            prune_site=lambda *_, **__: 0, look_at_images=lambda _: None,
        )  # fmt: skip

    def _ship(self, _aws: object, source: ServiceSource, **_: object) -> Shipment:
        return self._image(source.repository, source.revision.tag)

    def _pick(self, _aws: object, repository: str, *, tag: str = "", digest: str = "") -> Shipment:
        for path in (self._world / repository).glob("*"):
            if tag == path.name or digest == path.read_text():
                return self._image(repository, path.name)
        raise errors.NotFoundError(f"There is no image {tag or digest} in {repository}.")

    def _image(self, repository: str, tag: str) -> Shipment:
        digest = f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"
        (self._world / repository).mkdir(exist_ok=True)
        (self._world / repository / tag).write_text(digest)
        return Shipment(f"localhost/{repository}@{digest}", digest, tag, 7, already_there=False)

    def _baseline(self, _aws: object, target: ServiceTarget) -> Baseline:
        running = self._world / target.service
        return Baseline("arn:before", 2, running.read_text() if running.exists() else "")

    def _roll_out(
        self, _aws: object, target: ServiceTarget, wanted: Wanted, eyes: Eyes, *, deadline_s: float,
        baseline: Baseline, reverting: Callable[[str], None],
    ) -> Rollout:  # fmt: skip
        began, environment = datetime.now(UTC), target.cluster
        self._stage.act(environment, "rolling", wanted.version)
        (self._world / target.service).write_text(wanted.version)
        self._stage.hold(f"{environment}.rolling", eyes)
        why = ASKED_TO_STOP if eyes.stopped() else self._stage.failure(f"{environment}.rolling")
        if why:
            reverting(why)
            raise self._go_back(None, target, baseline, eyes, why=why)
        arn = f"arn:{wanted.digest[:19]}"
        return Rollout(arn, None, wanted.digest, wanted.version, began, datetime.now(UTC), 2, 2)

    def _go_back(
        self, _aws: object, target: ServiceTarget, baseline: Baseline, eyes: Eyes, *, why: str, **_: object
    ) -> RolloutFailedError:
        self._stage.act(target.cluster, "going back", baseline.version)
        self._stage.hold(f"{target.cluster}.reverting", eyes)
        (self._world / target.service).write_text(baseline.version)
        return RolloutFailedError(
            f"It did not succeed: {why}.", outcome="stopped" if why == ASKED_TO_STOP else "rolled_back"
        )

    def _publish(self, _aws: object, _build: object, place: SitePlace, **more: Any) -> Publication:
        return self._republish(None, Manifest(place.bucket, f"sha256:{'5' * 64}", {}), place, **more)

    def _republish(self, _aws: object, manifest: Manifest, place: SitePlace, **more: Any) -> Publication:
        moment = datetime.now(UTC)
        self._stage.act(place.distribution_id, "publishing", more["release"])
        self._stage.hold(f"{place.distribution_id}.publishing", None)
        (self._world / place.bucket).write_text(more["release"])
        there = Manifest(place.bucket, manifest.digest, manifest.files)
        return Publication(more["release"], there, 1, 1, 0, 0, (), {"publish": 0.0}, moment, moment)


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
