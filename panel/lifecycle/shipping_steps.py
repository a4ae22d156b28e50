"""What all steps of a deployment stand on: the services a run is about, where they run, and being at work on a stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from panel.catalogue.schema import ContainerService, StaticService
from panel.deploys import StoppedError
from panel.deploys.service import ServiceTarget
from panel.errors import CanceledRunError, DeployError, NotFoundError
from panel.lifecycle.context import Context
from panel.lifecycle.deploy_acts import DeployActs
from panel.lifecycle.earlier_releases import label
from panel.lifecycle.instance import instance_id
from panel.lifecycle.stopping import ForcedEndError, HeedfulClock, Stopping
from panel.runs.journal import Journal
from panel.runs.pulse import Pulse
from panel.store.releases import OPEN
from panel.store.tables import Release, Run, now

T = TypeVar("T")

_ONCE_MORE = "Deploy again when it shall go on."


@dataclass(frozen=True)
class Work:
    """A stage at work: its log, and people's wish to stop it."""

    journal: Journal
    stopping: Stopping
    clock: HeedfulClock


class ShippingSteps:
    """Steps over one context.

    Args:
        acts: what is done outside of the store.
    """

    def __init__(self, context: Context, acts: DeployActs | None = None) -> None:
        self._context = context
        self._acts = acts or DeployActs()
        self._runs = context.stores.runs
        self._releases = context.stores.releases

    def _containers(self, run: Run) -> dict[str, ContainerService]:
        """The container services that the run is about."""
        return _chosen(run, self._context.catalogue().containers)

    def _sites(self, run: Run) -> dict[str, StaticService]:
        """The sites that the run is about: one, or none."""
        site = self._context.catalogue().site
        return _chosen(run, dict([site]) if site else {})

    def _origin(self, run: Run, name: str) -> Release | None:
        """The release that a service's new one repeats: a roll-back's or a promotion's."""
        number = dict(run.options.get("releases") or {}).get(name)
        return self._releases.get(int(number)) if number is not None else None

    def _outputs(self, environment: str) -> dict[str, Any]:
        outputs = self._context.stores.environments.get(environment).outputs
        if not outputs:
            raise NotFoundError(
                f"The panel knows no outputs of {environment}: its last apply did not succeed.",
                hint=f"Run 'panel env update {environment}' first.",
            )
        return outputs

    def _skip(self, run_id: int, stage: str) -> None:
        self._runs.set_stage(run_id, stage, "skipped", detail="not part of this run")

    @contextmanager
    def _at_work(self, run: Run, stage: str) -> Iterator[Work]:
        """Be at work on a stage, with a log, a sign of life, and an ear for people who want it to stop.

        Raises:
            CanceledRunError: they did.
        """
        run_id = run.id or 0
        self._runs.set_stage(run_id, stage, "active")
        self._runs.update(run_id, waiting_for="", parts=[])
        stopping = Stopping(asked=run.cancel_requested, forced=run.force_cancel)
        clock = HeedfulClock(stopping, lambda: self._runs.update(run_id, heartbeat_at=now()))
        with (
            Journal(self._runs, run_id, stage) as journal,
            Pulse(self._runs, run_id, on_cancel=stopping.ask, on_force=stopping.force, on_beat=journal.flush),
        ):
            try:
                yield Work(journal, stopping, clock)
            except StoppedError as error:
                raise CanceledRunError(
                    f"Somebody stopped this run midway; what runs in {run.environment} was left as it is.",
                    hint=_ONCE_MORE,
                ) from error
            except ForcedEndError as error:
                raise CanceledRunError(
                    f"Somebody ended this run by force: nothing more was changed in {run.environment}, and what runs "
                    "there now was not looked at.",
                    hint=f"Look at it with 'panel health {run.environment}', then deploy again.",
                ) from error

    def _be_where_the_source_is(self, run: Run) -> None:
        """A run that is about one checkout must not build another one's source.

        Raises:
            DeployError: it was taken over by a worker elsewhere.
        """
        here = instance_id(self._context.settings.data_path)
        if run.pinned_instance not in {"", here}:
            host = run.pinned_instance.partition("/")[0]
            raise DeployError(
                f"What this run is to build lies on {host}, whose worker is gone.",
                hint=f"Start the worker there ('panel worker'), and deploy again with --here on {host}.",
            )

    def _start_release(
        self, run: Run, name: str, kind: str, version: str, source: str, **fields: Any
    ) -> Release:
        """Begin a service's release; a repeated step finds the one it began.

        Raises:
            DeployError: it has ended badly already, which the run has not heard of.
        """
        release = self._releases.start(
            run.environment, name, kind, version,
            run_id=run.id or 0, source=source, author=run.author, world=self._context.world() or "", **fields,
        )  # fmt: skip
        refuse_ended(release)
        return release


def _chosen(run: Run, services: Mapping[str, T]) -> dict[str, T]:
    chosen = run.options.get("services") or list(services)
    return {name: service for name, service in services.items() if name in chosen}


def refuse_ended(release: Release) -> None:
    """A step that was cut after it closed its release, and before the run heard of it, ends the same way again."""
    if release.status in OPEN or release.status == "live":
        return
    text = release.detail or f"{release.service} {label(release)} has ended: {release.status}."
    if release.status == "stopped":
        raise CanceledRunError(text, hint=_ONCE_MORE)
    raise DeployError(text, hint="Look at the run's log, correct the cause and deploy again.")


def descent(release: Release) -> dict[str, Any]:
    """Where something comes from, as the release that was built of it says."""
    return {
        "revision": release.revision,
        "committed_at": release.committed_at,
        "position": release.position,
    }


def service_target(outputs: Mapping[str, Any], name: str, port: int) -> ServiceTarget:
    """Where a service of an environment runs, by the outputs of its stack.

    Raises:
        DeployError: the stack does not have it.
    """
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
        # Stacks that were applied by an older panel do not tell it.
        template=str(service.get("task_definition_arn", "")),
    )  # fmt: skip
