"""The step that gets images into the registry, built or picked; nothing that runs is touched yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypedDict, cast

from panel.catalogue.schema import SHARED, ContainerService
from panel.deploys import seconds
from panel.deploys.revision import source_revision
from panel.deploys.shipping import ServiceSource, Shipment
from panel.errors import DeployError, NotFoundError
from panel.lifecycle.earlier_releases import label
from panel.lifecycle.shipping_steps import ShippingSteps, Work, descent
from panel.store.tables import Release, Run

_SHORT = 12  # characters of a digest in a version


class Shipped(TypedDict):
    """What the image step hands to the roll-out, by service; stored with the workflow."""

    release: int
    image_ref: str
    digest: str
    version: str
    like: str


class ImageSteps(ShippingSteps):
    """Images."""

    def image(self, run_id: int) -> dict[str, Shipped]:
        """Get the image of every container service that the run is about into the registry, and begin its release.

        Raises:
            BuildError, DeployError, AwsError, EndpointError: nothing that runs was changed.
            CanceledRunError: somebody stopped it.
        """
        run = self._runs.get(run_id)
        services = self._containers(run)
        if not services:
            self._skip(run_id, "image")
            return {}
        shipped: dict[str, Shipped] = {}
        with self._at_work(run, "image") as work:
            self._be_where_the_source_is(run)
            for name, service in services.items():
                shipped[name] = self._ship(run, name, service, work)
        # People pick from what a worker saw last: this is new.
        self._acts.look_at_images(self._context)
        said = ", ".join(f"{name} {image['version']}" for name, image in shipped.items())
        self._runs.set_stage(run_id, "image", "done", detail=said)
        return shipped

    def _ship(self, run: Run, name: str, service: ContainerService, work: Work) -> Shipped:
        origin = self._origin(run, name)
        pick = dict(dict(run.options.get("pick") or {}).get(name) or {})
        if origin is not None:
            return self._repeat(run, name, origin, work)
        if pick:
            return self._pick(run, name, str(pick.get("tag", "")), str(pick.get("digest", "")), work)
        return self._build(run, name, service, work)

    def _build(self, run: Run, name: str, service: ContainerService, work: Work) -> Shipped:
        source = self._source(run, name, service)
        revision = source.revision
        release = self._start_release(
            run, name, "container", revision.tag, "build",
            revision=revision.commit or "", committed_at=revision.committed_at,
            position=revision.position,
        )  # fmt: skip
        shipment = self._acts.ship_from_source(
            self._context.aws(), source,
            report=work.journal.report, parts=work.journal.parts, stopped=work.stopping.stopped,
        )  # fmt: skip
        return self._noted(release, shipment)

    def _pick(self, run: Run, name: str, tag: str, digest: str, work: Work) -> Shipped:
        version = tag or digest.removeprefix("sha256:")[:_SHORT]
        release = self._start_release(run, name, "container", version, "tag" if tag else "digest")
        shipment = self._acts.pick_image(self._context.aws(), self._repository(name), tag=tag, digest=digest)
        work.journal.say(f"{name} {version} is in the registry ({shipment.digest[:19]})")
        # Who built it has said where it comes from.
        earlier = self._releases.of_digest(name, shipment.digest)
        if earlier is not None:
            self._releases.note(release.id or 0, **descent(earlier))
        return self._noted(release, replace(shipment, tag=tag or shipment.tag))

    def _repeat(self, run: Run, name: str, origin: Release, work: Work) -> Shipped:
        """The image of an earlier release (its own settings with it), or of another environment's."""
        back = run.kind == "rollback"
        release = self._start_release(
            run, name, "container", origin.version, "rollback" if back else "promote",
            origin_id=origin.id, **descent(origin),
        )  # fmt: skip
        where = "" if back else f" of {origin.environment}"
        try:
            shipment = self._acts.pick_image(
                self._context.aws(), self._repository(name), digest=origin.digest
            )
        except NotFoundError as error:
            raise DeployError(
                f"The image of {name} {label(origin)}{where} ({origin.digest[:19]}) is not in the registry any more.",
                hint="Choose another release, or build that revision again and deploy it.",
                detail=error.message,
            ) from error
        work.journal.say(f"{name} {origin.version} is {label(origin)}{where} ({shipment.digest[:19]})")
        shipped = self._noted(release, replace(shipment, tag=origin.tag or shipment.tag))
        return {**shipped, "like": origin.task_definition if back else ""}

    def _noted(self, release: Release, shipment: Shipment) -> Shipped:
        self._releases.note(
            release.id or 0, digest=shipment.digest, reference=shipment.image_ref, tag=shipment.tag,
            size=shipment.size, durations=seconds(shipment.durations),
        )  # fmt: skip
        return Shipped(
            release=release.id or 0, image_ref=shipment.image_ref, digest=shipment.digest,
            version=release.version, like="",
        )  # fmt: skip

    def _source(self, run: Run, name: str, service: ContainerService) -> ServiceSource:
        settings, requirements = self._context.settings, f"requirements/{name}.txt"
        return ServiceSource(
            root=settings.root, source=service.source, requirements=requirements, port=service.port,
            base=settings.base_image or "",
            revision=source_revision(settings.root, service.source, also=[requirements]),
            data_dir=settings.data_path, repository=self._repository(name),
            runtime=cast("Literal['docker', 'process', 'aws']", self._context.runtime()),
            keep_local=bool(run.options.get("keep_image")),
        )  # fmt: skip

    def _repository(self, name: str) -> str:
        shared = self._context.stores.environments.get(SHARED).outputs
        found: str = shared.get("repositories", {}).get(name, {}).get("name", "")
        if not found:
            raise DeployError(
                f"The shared network has no image repository for {name} yet.",
                hint="Review and apply it ('panel env apply shared'), then deploy again.",
            )
        return found
