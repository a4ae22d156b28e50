"""The same image by a container engine, from the source's Dockerfile: where tasks run as real containers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from panel.aws.ecr import (
    Repository,
    StoredImage,
    find_image,
    get_repository,
    image_reference,
    registry_host,
    registry_login,
)
from panel.aws.ecr_images import measured
from panel.aws.session import Aws
from panel.deploys import Parts, Report, Stopped, never, no_parts
from panel.deploys.docker_engine import Engine, FindEngine, LoginRefusedError, find_engine
from panel.deploys.dockerfile import DockerSource, build_image
from panel.deploys.image import DEFAULT_BASE
from panel.deploys.layer_progress import LayerProgress
from panel.deploys.push import PushedImage
from panel.deploys.revision import Revision
from panel.errors import BuildError, DeployError


def ship_with_docker(
    aws: Aws,
    root: Path,
    source: str,
    revision: Revision,
    repository: str,
    *,
    data_dir: Path,
    report: Report,
    parts: Parts = no_parts,
    stopped: Stopped = never,
    requirements: str = "requirements/backend.txt",
    base: str = DEFAULT_BASE,
    docker_host: str = "",
    keep_local: bool = False,
    engine: FindEngine = find_engine,
) -> PushedImage:
    """Build the image of a service with Docker and push it; a revision that the registry has is not built again.

    Args:
        parts: gets the layers while they are pushed.
        stopped: asked several times a second.
        base: what the Dockerfile's build argument ``BASE_IMAGE`` becomes.
        docker_host: address of the engine; empty for the usual one.
        keep_local: leave the image in the engine afterwards.
        engine: finds the engine.
        The others as for :func:`panel.deploys.image.assemble_image` and :func:`panel.deploys.push.push_image`.

    Raises:
        BuildError: no engine answers, the base image cannot be had, or the build or push failed.
        NotFoundError: there is no such repository.
        DeployError: the registry does not show what was pushed.
        StorageError: this machine's disk refused.
        StoppedError: somebody asked for it to stop; nothing of it is in the registry under the tag.
    """
    found = get_repository(aws, repository)
    stored = find_image(aws, repository, tag=revision.tag)
    if stored is not None:
        report(f"The registry has {source} {revision.tag} already ({stored.digest[:19]})")
        return _pushed(aws, found, stored, revision.tag)
    what = DockerSource(root, source, requirements, revision, base, data_dir)
    docker = engine(docker_host)
    try:
        push = _Push(docker, aws, found, revision.tag, report, stopped)
        durations = _build_and_push(what, push, LayerProgress(parts), docker_host, keep_local=keep_local)
    finally:
        docker.close()
    return _pushed(aws, found, _shown(aws, repository, revision.tag), revision.tag, durations)


def _build_and_push(
    what: DockerSource, push: _Push, progress: LayerProgress, docker_host: str, *, keep_local: bool
) -> dict[str, float]:
    """Seconds that each of the two took."""
    begun = time.monotonic()
    _have_base(push.docker, what.base, push.report, push.stopped)
    build_image(what, push.reference, report=push.report, stopped=push.stopped, docker_host=docker_host)
    built = time.monotonic()
    try:
        push.send(progress)
    finally:
        if not keep_local:
            _remove(push.docker, push.reference, push.report)
    return {"build": built - begun, "push": time.monotonic() - built}


def _have_base(docker: Engine, base: str, report: Report, stopped: Stopped) -> None:
    if docker.has_image(base):
        return
    report(f"Pulling the base image {base}")
    try:
        docker.pull(base, report, stopped)
    except BuildError as error:
        raise BuildError(
            f"The base image {base} cannot be pulled, so the image cannot be built.",
            hint="Name one that your engine has or can reach (PANEL_BASE_IMAGE): it becomes the build argument BASE_IMAGE.",
            detail=error.detail or error.message,
        ) from error


@dataclass(frozen=True)
class _Push:
    """One image on its way into the registry."""

    docker: Engine
    aws: Aws
    repository: Repository
    tag: str
    report: Report
    stopped: Stopped

    @property
    def reference(self) -> str:
        return f"{registry_host(self.aws, self.repository)}/{self.repository.name}:{self.tag}"

    def send(self, progress: LayerProgress) -> None:
        """Push with a login for this one request; one that ran out meanwhile is made anew, once."""
        self.report(f"Pushing {self.reference}")
        try:
            self._with_login(progress)
        except LoginRefusedError as error:
            progress.fail("the registry refused the login")
            raise BuildError(
                f"The panel could not push {self.reference}: the registry refuses a fresh login too.",
                hint="Check that the panel's AWS identity may push there, and the clock of the engine's machine.",
                detail=error.detail,
            ) from error
        except BuildError:
            # Somebody else has pushed the same revision meanwhile, and the tag may not be moved: theirs serves.
            theirs = find_image(self.aws, self.repository.name, tag=self.tag)
            if not self.repository.immutable or theirs is None:
                progress.fail("did not arrive")
                raise
            self.report(f"Another deployment has pushed {self.tag} meanwhile: its image is used")

    def _with_login(self, progress: LayerProgress) -> None:
        try:
            self._once(progress)
        except LoginRefusedError:
            self.report("The registry did not accept the login: once more with a fresh one")
            self._once(progress)

    def _once(self, progress: LayerProgress) -> None:
        # The embedded AWS asks for no login.
        login = None if self.aws.account.emulated else registry_login(self.aws)
        self.docker.push(self.reference, login, progress, self.stopped)


def _remove(docker: Engine, reference: str, report: Report) -> None:
    # Not worth failing a deployment for: the image is in the registry, or the push has its own error.
    try:
        docker.remove(reference)
    except BuildError as error:
        report(f"The local image stays: {error.message}")
    else:
        report(f"Removed the local image {reference}")


def _shown(aws: Aws, repository: str, tag: str) -> StoredImage:
    stored = find_image(aws, repository, tag=tag)
    if stored is None:
        raise DeployError(
            f"The registry does not show {repository}:{tag}, which was just pushed.",
            hint="Deploy again; if it stays so, look at the repository.",
        )
    return stored


def _pushed(
    aws: Aws,
    repository: Repository,
    stored: StoredImage,
    tag: str,
    durations: Mapping[str, float] | None = None,
) -> PushedImage:
    (stored,) = measured(aws, repository.name, [stored])
    return PushedImage(
        repository_uri=repository.uri,
        image_ref=image_reference(aws, repository, stored.digest),
        digest=stored.digest,
        tag=tag,
        size=stored.size,
        already_there=durations is None,
        durations=durations or {},
    )
