"""The steps of a run that ship: image, site, checks, clean-up. Each may be repeated from its start."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from panel.aws.front_door import FrontDoor, SiteSeen, VersionSeen, front_door, site_seen, version_seen
from panel.aws.revisions import retire_revisions
from panel.catalogue.schema import SHARED, ContainerService
from panel.deploys.docker_build import ship_with_docker
from panel.deploys.image import DEFAULT_BASE, assemble_image
from panel.deploys.push import PushedImage, push_image
from panel.deploys.revision import Revision, source_revision
from panel.deploys.rollout import Baseline, Eyes, ServiceTarget, Wanted, read_baseline, roll_out
from panel.deploys.site import publish_site
from panel.deploys.site_build import build_site
from panel.deploys.site_manifest import SitePlace
from panel.errors import DeployError, EndpointError, NotFoundError, OperationError, PanelError
from panel.lifecycle.context import Context
from panel.lifecycle.instance_keys import key_place, remove_key
from panel.lifecycle.sweeps import sweep_environment
from panel.localaws.tasks import ServiceTasks
from panel.runs.journal import Journal
from panel.runs.pulse import Pulse
from panel.store.runs import Runs
from panel.store.tables import Run

#: How long a new environment may take to look healthy from outside, and how often it is asked.
_CHECKS_LIMIT_S = 90.0
_CHECKS_EVERY_S = 1.5


class DeploySteps:
    """Steps over one context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._runs = context.stores.runs
        self._releases = context.stores.releases

    def begin(self, run_id: int) -> None:
        """Enter the part of the run that ships."""
        self._runs.transition(run_id, "deploying", "worker")

    def baselines(self, run_id: int) -> dict[str, dict[str, Any]]:
        """What every service runs now, to go back to: read in a step of its own, before anything is changed.

        A roll-out that is repeated after a cut could no longer tell what was there before it.
        """
        run = self._runs.get(run_id)
        outputs = self._outputs(run.environment)
        services = self._wanted(run, self._context.catalogue().containers)
        aws = self._context.aws()
        return {
            name: asdict(read_baseline(aws, _target(outputs, name, service.port)))
            for name, service in services.items()
        }

    def image(self, run_id: int, baselines: Mapping[str, Mapping[str, Any]]) -> None:
        """Build, push and roll out every container service the run is about.

        Raises:
            BuildError, DeployError, AwsError, EndpointError: the release is kept as failed, with the reason.
        """
        run = self._runs.get(run_id)

        def ship(run: Run, name: str, service: ContainerService, journal: Journal) -> str:
            return self._ship_service(run, name, service, journal, Baseline(**baselines[name]))

        self._each(run, "image", self._wanted(run, self._context.catalogue().containers), ship)

    def site(self, run_id: int) -> None:
        """Build and publish the static site, where the run is about it."""
        run = self._runs.get(run_id)
        site = self._context.catalogue().site
        self._each(run, "site", self._wanted(run, dict([site]) if site else {}), self._ship_site)

    def _wanted(self, run: Run, services: Mapping[str, Any]) -> dict[str, Any]:
        chosen = run.options.get("services") or list(services)
        return {name: service for name, service in services.items() if name in chosen}

    def _each(
        self, run: Run, stage: str, services: Mapping[str, Any], ship: Callable[[Run, str, Any, Journal], str]
    ) -> None:
        run_id = run.id or 0
        if not services:
            self._runs.set_stage(run_id, stage, "skipped", detail="not part of this run")
            return
        self._runs.set_stage(run_id, stage, "active")
        self._runs.update(run_id, waiting_for="")
        with Journal(self._runs, run_id, stage) as journal, _pulse(self._runs, run_id, journal):
            done = [ship(run, name, service, journal) for name, service in services.items()]
        self._runs.set_stage(run_id, stage, "done", detail=", ".join(done))

    def _ship_service(
        self, run: Run, name: str, service: ContainerService, journal: Journal, baseline: Baseline
    ) -> str:
        context, root = self._context, self._context.settings.root
        requirements = f"requirements/{name}.txt"
        revision = source_revision(root, service.source, also=[requirements])
        release = self._releases.start(
            run.environment, name, "container", revision.tag,
            run_id=run.id or 0, revision=revision.commit or "", author=run.author, world=context.world() or "",
        )  # fmt: skip
        try:
            pushed = self._push(name, service, revision, requirements, journal)
            outputs = self._outputs(run.environment)
            target = _target(outputs, name, service.port)
            bounds = service.autoscaling
            if bounds is not None and context.emulated_endpoint is None:
                target = target.kept_within(bounds.min_tasks, bounds.max_tasks, baseline)
            door = front_door(outputs, emulated_endpoint=context.emulated_endpoint)
            roll_out(
                context.aws(),
                target,
                Wanted(
                    pushed.image_ref, pushed.digest, revision.tag, environment=self._stand_in_credentials()
                ),
                Eyes(
                    report=journal.report,
                    verify=lambda: _version(door, service.version_path, revision.tag),
                    parts=journal.parts,
                    diagnose=lambda: self._diagnosis(target),
                    broken=lambda revision_arn: self._broken(target, revision_arn),
                ),
                deadline_s=context.settings.rollout_timeout_s,
                baseline=baseline,
            )
        except PanelError as error:
            self._releases.finish(release.id or 0, "failed", detail=error.message)
            raise
        self._releases.finish(release.id or 0, "live", digest=pushed.digest, reference=pushed.image_ref)
        return f"{name} {revision.tag}"

    def _stand_in_credentials(self) -> dict[str, str]:
        """Made-up credentials for containers on the embedded AWS; nothing elsewhere.

        The emulator hands out a task role's credentials at an address that SDKs refuse to ask, so a container could
        not even begin. On AWS the task role serves.
        """
        account = self._context.aws().account
        if self._context.runtime() != "docker" or account.access_key is None or account.secret_key is None:
            return {}
        return {"AWS_ACCESS_KEY_ID": account.access_key, "AWS_SECRET_ACCESS_KEY": account.secret_key}

    def _push(
        self, name: str, service: ContainerService, revision: Revision, requirements: str, journal: Journal
    ) -> PushedImage:
        settings = self._context.settings
        shared = self._context.stores.environments.get(SHARED).outputs
        repository = shared.get("repositories", {}).get(name, {}).get("name", "")
        aws, base = self._context.aws(), settings.base_image or DEFAULT_BASE
        if self._context.runtime() != "process":
            return ship_with_docker(
                aws, settings.root, service.source, revision, repository, data_dir=settings.data_path,
                report=journal.report, requirements=requirements, base=base,
            )  # fmt: skip
        image = assemble_image(
            settings.root, service.source, revision, data_dir=settings.data_path,
            report=journal.report, requirements=requirements, port=service.port, base=base,
        )  # fmt: skip
        return push_image(aws, image, repository, revision.tag, journal.report)

    def _tasks(self, target: ServiceTarget) -> ServiceTasks | None:
        """What the task agent says of a service, where the panel itself runs its tasks."""
        report = self._context.tasks() if self._context.runtime() == "process" else None
        return report.service(target.cluster, target.service) if report else None

    def _diagnosis(self, target: ServiceTarget) -> str:
        tasks = self._tasks(target)
        return "\n".join(part for part in (tasks.last_error, tasks.last_log) if part) if tasks else ""

    def _broken(self, target: ServiceTarget, task_definition_arn: str) -> str | None:
        """Why this revision cannot run, so that nobody waits for the deadline of a roll-out that is lost."""
        tasks = self._tasks(target)
        if tasks is None or not tasks.revision.startswith(task_definition_arn):
            return None
        return tasks.last_error or None

    def _ship_site(self, run: Run, name: str, service: Any, journal: Journal) -> str:
        context, root = self._context, self._context.settings.root
        revision = source_revision(root, service.source)
        release = self._releases.start(
            run.environment, name, "static", revision.tag,
            run_id=run.id or 0, revision=revision.commit or "", author=run.author, world=context.world() or "",
        )  # fmt: skip
        label = f"r{release.number}"
        try:
            outputs = self._outputs(run.environment)
            door = front_door(outputs, emulated_endpoint=context.emulated_endpoint)
            build = build_site(
                root / service.source, context.settings.data_path / "cache" / "sites", journal.report
            )
            publish_site(
                context.aws(),
                build,
                SitePlace(str(outputs["site_bucket"]), str(outputs["cloudfront_distribution_id"])),
                config={"apiBase": "/api", "stateName": "default", "environment": run.environment},
                release=label,
                report=journal.report,
                verify=lambda: _site(door),
            )
        except PanelError as error:
            self._releases.finish(release.id or 0, "failed", detail=error.message)
            raise
        self._releases.finish(release.id or 0, "live", digest=build.digest, reference=label)
        return label

    def checks(self, run_id: int) -> None:
        """Look from outside until the environment is healthy; only then it is ready.

        Raises:
            DeployError: it was not healthy in time; the message holds the causes.
        """
        run = self._runs.get(run_id)
        self._runs.set_stage(run_id, "checks", "active")
        deadline = time.monotonic() + _CHECKS_LIMIT_S
        with Journal(self._runs, run_id, "checks") as journal, _pulse(self._runs, run_id, journal):
            while True:
                report = sweep_environment(self._context, run.environment)
                causes = "; ".join(cause.text for cause in report.causes)
                journal.say(f"Checks: {report.verdict}{f' ({causes})' if causes else ''}")
                if report.verdict == "healthy":
                    break
                if time.monotonic() > deadline:
                    raise DeployError(
                        f"{run.environment} came up but does not look healthy from outside: {causes or report.verdict}.",
                        hint="Open the environment's Health tab for the evidence, then deploy again.",
                    )
                time.sleep(_CHECKS_EVERY_S)
        self._context.stores.environments.save(run.environment, ready=True)
        self._runs.set_stage(run_id, "checks", "done", detail="healthy")

    def cleanup(self, run_id: int) -> None:
        """After a destruction: take away what deployments had made outside of Terraform."""
        run = self._runs.get(run_id)
        self._runs.set_stage(run_id, "cleanup", "active")
        outputs = self._context.stores.environments.get(run.environment).outputs
        with Journal(self._runs, run_id, "cleanup") as journal:
            for name, service in dict(outputs.get("services", {})).items():
                count = retire_revisions(self._context.aws(), str(service["task_definition_family"]))
                journal.say(f"Removed the task definitions of {name} ({count} were active).")
            self._remove_key(run.environment, journal)
        self._runs.set_stage(run_id, "cleanup", "done")

    def _remove_key(self, environment: str, journal: Journal) -> None:
        """Also where the catalogue asks for no key any more: one that was made before opens nothing now."""
        if "keys_bucket" not in self._context.stores.environments.get(SHARED).outputs:
            return  # no shared stack, no bucket that a key could be in
        place = key_place(self._context.stores, environment)
        try:
            count = remove_key(self._context.aws(), place)
        except PanelError as error:
            raise OperationError(
                f"{environment} is destroyed, but its SSH key is still in the bucket {place.bucket}: {error.message}",
                hint=f"Correct that and destroy {environment} once more: only the key is left to remove.",
                detail=error.detail,
            ) from error
        if count:
            journal.say(
                f"Removed the SSH key of {environment} from the bucket {place.bucket}, with all versions."
            )

    def _outputs(self, environment: str) -> dict[str, Any]:
        outputs = self._context.stores.environments.get(environment).outputs
        if not outputs:
            raise NotFoundError(
                f"The panel knows no outputs of {environment}: its last apply did not succeed.",
                hint=f"Run 'panel env update {environment}' first.",
            )
        return outputs


def _target(outputs: Mapping[str, Any], name: str, port: int) -> ServiceTarget:
    service = dict(outputs.get("services", {})).get(name)
    if service is None:
        raise DeployError(
            f"The environment's stack does not have the service {name} yet.",
            hint="Update the environment first, so that Terraform makes it.",
        )
    return ServiceTarget(
        cluster=str(outputs["cluster_name"]), service=str(service["service_name"]),
        family=str(service["task_definition_family"]), container=str(service["container_name"]), port=port,
        target_group_arn=str(service["target_group_arn"]), desired=int(service["desired_count"]),
    )  # fmt: skip


def _pulse(runs: Runs, run_id: int, journal: Journal) -> Pulse:
    # A roll-out is not cut in the middle by a cancellation: it ends, one way or the other, and then the run does.
    return Pulse(runs, run_id, on_cancel=lambda: None, on_beat=journal.flush)


def _site(door: FrontDoor) -> SiteSeen | None:
    try:
        return site_seen(door)
    except EndpointError:
        return None


def _version(door: FrontDoor, path: str | None, wanted: str) -> VersionSeen | None:
    """The version that the public address answers with.

    A service without a version path cannot be asked: there the tasks and targets, which the roll-out
    watches as well, have to do.
    """
    if path is None:
        return VersionSeen(wanted, None)
    try:
        return version_seen(door, path)
    except EndpointError:
        return None
