"""The steps of a worker's deployments over one store and services that are played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from panel.catalogue.schema import SHARED, Catalogue
from panel.deploys.rollout import Baseline, Rollout, RolloutFailedError, Wanted
from panel.deploys.shipping import Shipment
from panel.deploys.site import Publication
from panel.deploys.site_manifest import FileEntry, Manifest
from panel.errors import CanceledRunError, PanelError
from panel.lifecycle.deploy_acts import DeployActs
from panel.lifecycle.deploy_steps import DeploySteps
from panel.settings import Settings
from panel.store.stores import Stores
from panel.store.tables import Release

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64

_SECOND = {
    "kind": "container", "title": "Mails", "source": "backend", "port": 5001, "path_pattern": "/mail/*",
    "health_path": "/status", "owner": {"team": "API team", "contact": "api-team@example.com"},
}  # fmt: skip


@dataclass
class Services:
    """Services that do as they are told, and remember what was asked."""

    ends: dict[str, Exception | Callable[..., None]] = field(default_factory=dict)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    acts: list[str] = field(default_factory=list)
    pruned: list[Manifest] = field(default_factory=list)
    published: Mapping[str, Any] = field(default_factory=dict)

    def roll_out(
        self, _aws: Any, target: Any, wanted: Wanted, eyes: Any, *, reverting: Any, **_: Any
    ) -> Rollout:
        self.acts.append(f"roll out {target.service}")
        self.wanted[target.service] = wanted
        self._end(target.service, eyes, reverting)
        moment = datetime.now(UTC)
        return Rollout("arn:new", "arn:old", wanted.digest, wanted.version, moment, moment, 2, 2)

    def go_back(self, _aws: Any, target: Any, baseline: Baseline, _eyes: Any, *, why: str, **_: Any) -> Any:
        self.acts.append(f"back {target.service} to {baseline.version}")
        return RolloutFailedError(f"It failed: {why}.", outcome="rolled_back")

    def ship(self, _aws: Any, source: Any, **_: Any) -> Shipment:
        self.acts.append(f"build {source.repository}")
        return Shipment("ref", NEW, source.revision.tag, 7, already_there=False, durations={"build": 1.5})

    def pick(self, _aws: Any, repository: str, *, tag: str = "", digest: str = "") -> Shipment:
        self.acts.append(f"pick {repository} {tag or digest[:9]}")
        self._end("pick")
        return Shipment("ref", digest or OLD, tag, 7, already_there=True)

    def publish(self, _aws: Any, what: Any, place: Any, **more: Any) -> Publication:
        self.acts.append(f"publish {more['release']}")
        self.published = more
        self._end("publish", more["stopped"])
        files = {"index.html": FileEntry("1", "2", 3, "v1")}
        manifest = what if isinstance(what, Manifest) else Manifest(place.bucket, NEW, files)
        moment = datetime.now(UTC)
        return Publication(more["release"], manifest, 1, 1, 0, 1, (), {"publish": 0.1}, moment, moment)

    def prune(self, _aws: Any, _place: Any, keep: list[Manifest], **_: Any) -> int:
        self.pruned = keep
        self._end("prune")
        return 0

    def _end(self, name: str, *how: Any) -> None:
        end = self.ends.get(name)
        if isinstance(end, Exception):
            raise end
        if end is not None:
            end(*how)

    def as_acts(self) -> DeployActs:
        return DeployActs(
            settings=lambda *_, **__: ({"LOG": "1", "API_TOKEN": "old-value-1"}, {"LOG": "2", "API_TOKEN": "new-value-2"}),
            ship_from_source=self.ship, pick_image=self.pick, read_baseline=lambda *_: Baseline("arn:old", 2, "v0"),
            roll_out=self.roll_out, go_back=self.go_back, build_site=lambda *_: None, publish_site=self.publish,
            republish_site=self.publish, prune_site=self.prune, look_at_images=lambda _: None,
        )  # fmt: skip


@dataclass
class Room:
    """A worker's steps over one store."""

    stores: Stores
    services: Services
    context: Any

    def steps(self) -> DeploySteps:
        return DeploySteps(self.context, self.services.as_acts())

    def run(self, kind: str = "deploy", **order: Any) -> int:
        stages = ["compare", "review", "image", "rollout", "site", "checks"]
        number = self.stores.runs.create("staging", kind, "ana", stages, **order).id
        assert number is not None
        self.stores.runs.transition(number, "preparing", "worker")
        return number

    def ship(self, number: int) -> None:
        """From the image to the site, as the workflow has it."""
        steps = self.steps()
        images = steps.image(number)
        steps.rollout(number, images, steps.baselines(number))
        steps.site(number)

    def fails(self, number: int) -> PanelError:
        """Ship, and end the run as the workflow does."""
        with pytest.raises(PanelError) as caught:
            self.ship(number)
        self.end(number, caught.value)
        return caught.value

    def end(self, number: int, error: PanelError) -> None:
        state = "canceled" if isinstance(error, CanceledRunError) else "errored"
        self.stores.runs.finish(number, state, "worker", error=error.message)

    def released(self, service: str, version: str, environment: str = "staging", **fields: Any) -> Release:
        run = self.stores.runs.create(environment, "deploy", "ana", ["image"]).id
        kind = "static" if service == "frontend" else "container"
        release = self.stores.releases.start(
            environment, service, kind, version, run_id=run, **({"digest": OLD} | fields)
        )
        if kind == "static":
            manifest = Manifest(f"{environment}-site", OLD, {"index.html": FileEntry("1", "2", 3, version)})
            self.stores.releases.keep_files(release.id or 0, manifest.to_dict())
        self.stores.runs.finish(run, "canceled", "ana")
        return self.stores.releases.finish(release.id or 0, "live")

    def of(self, number: int) -> dict[str, str]:
        return {one.service: one.status for one in self.stores.releases.of_run(number)}


def furnished(stores: Stores, catalogue: Catalogue, tmp_path: Path) -> Room:
    """A room with two container services and a site, and a staging environment that stands."""
    for path in (
        "backend/api.py",
        "frontend/index.html",
        "requirements/backend.txt",
        "requirements/mails.txt",
    ):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("1")
    model = catalogue.model_dump(by_alias=True)
    model["services"] = {
        "backend": model["services"]["backend"] | {"environment": {"LOG": "2"}},
        "mails": _SECOND, "frontend": model["services"]["frontend"],
    }  # fmt: skip
    larger = Catalogue.model_validate(model)
    catalogue.services.clear()
    catalogue.services.update(larger.services)
    names = {name: {"name": f"todo/{name}"} for name in ("backend", "mails")}
    stores.environments.save(SHARED, exists=True, outputs={"repositories": names})
    service = {
        "task_definition_family": "f",
        "container_name": "c",
        "target_group_arn": "",
        "desired_count": 2,
    }
    outputs = {
        "cluster_name": "todo", "site_bucket": "staging-site", "cloudfront_distribution_id": "D1",
        "services": {name: service | {"service_name": name} for name in names}, "domain_name": "x.example.com",
        "cloudfront_domain_name": "d1.cloudfront.net",
    }  # fmt: skip
    stores.environments.save("staging", exists=True, ready=True, outputs=outputs)
    context: Any = SimpleNamespace(
        stores=stores, settings=Settings(root=tmp_path, data_dir=tmp_path / "data"), catalogue=lambda: catalogue,
        aws=lambda: None, runtime=lambda: "process", tasks=lambda: None, world=lambda: "w1", emulated_endpoint="http://x",
    )  # fmt: skip
    return Room(stores, Services(), context)
