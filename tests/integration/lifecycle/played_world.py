"""What plays a worker's surroundings: files that hold and fail its steps, and a registry, services and sites as files."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panel import errors
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
from panel.errors import PanelError
from panel.lifecycle.deploy_acts import DeployActs
from panel.runs.stack import StackJob
from panel.store.runs import Runs

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
