"""Getting the image of a service into the registry: built from source, whichever way, or picked among those there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from panel.aws.ecr import check_reference, find_image, get_repository, image_reference
from panel.aws.ecr_images import measured
from panel.aws.session import Aws
from panel.deploys import Parts, Report, Stopped, never, no_parts, seconds
from panel.deploys.docker_build import ship_with_docker
from panel.deploys.image import DEFAULT_BASE, assemble_image
from panel.deploys.push import PushedImage, push_image
from panel.deploys.revision import Revision
from panel.errors import DeployError, NotFoundError


@dataclass(frozen=True)
class ServiceSource:
    """What an image is built from, and where it goes.

    Attributes:
        root: the project.
        source: folder of the service's source, relative to ``root``.
        requirements: the file that pins its dependencies with hashes, relative to ``root``.
        port: the port it listens on.
        base: the image it is put upon; empty for the usual one.
        revision: what :func:`panel.deploys.revision.source_revision` says of the source and the requirements.
        data_dir: where dependencies and images are kept.
        repository: name of the ECR repository.
        runtime: ``process`` assembles the image without an engine; ``docker`` and ``aws`` build it with one.
        docker_host: address of the engine (``unix:///...``); empty for the usual one.
        keep_local: leave the image in the engine afterwards.
    """

    root: Path
    source: str
    requirements: str
    port: int
    base: str
    revision: Revision
    data_dir: Path
    repository: str
    runtime: Literal["docker", "process", "aws"]
    docker_host: str = ""
    keep_local: bool = False


@dataclass(frozen=True)
class Shipment:
    """An image that is in the registry.

    Attributes:
        image_ref: how a task definition names it, by digest.
        tag: the tag that names it; empty when there is none, or when that tag belongs to another image.
        size: bytes.
        already_there: nothing had to be built or uploaded.
        durations: seconds by what took them (``build``, ``push``); empty for an image that was there.
    """

    image_ref: str
    digest: str
    tag: str
    size: int
    already_there: bool
    durations: Mapping[str, float] = field(default_factory=dict)


def ship_from_source(
    aws: Aws,
    source: ServiceSource,
    *,
    report: Report,
    parts: Parts = no_parts,
    stopped: Stopped = never,
) -> Shipment:
    """Build the image of a service and push it; what the registry has is neither built nor pushed again.

    Args:
        parts: gets the layers while they are pushed.
        stopped: asked often; nothing is left half done in the registry, since an image is there only with its manifest.

    Raises:
        BuildError: it could not be built or pushed; the message says why.
        NotFoundError: there is no such repository.
        AwsError, EndpointError: AWS or the registry refused, or does not answer.
        DeployError: the registry took everything and does not show the image.
        StoppedError: somebody asked for it to stop.
    """
    base = source.base or DEFAULT_BASE
    if source.runtime != "process":
        pushed = ship_with_docker(
            aws, source.root, source.source, source.revision, source.repository, data_dir=source.data_dir,
            report=report, parts=parts, stopped=stopped, requirements=source.requirements, base=base,
            docker_host=source.docker_host, keep_local=source.keep_local,
        )  # fmt: skip
        return _shipment(pushed)
    begun = time.monotonic()
    image = assemble_image(
        source.root, source.source, source.revision, data_dir=source.data_dir, report=report,
        requirements=source.requirements, port=source.port, base=base, stopped=stopped,
    )  # fmt: skip
    built = time.monotonic() - begun
    pushed = push_image(
        aws, image, source.repository, source.revision.tag, report, parts=parts, stopped=stopped
    )
    return _shipment(pushed, {} if pushed.already_there else {"build": built})


def pick_image(aws: Aws, repository: str, *, tag: str = "", digest: str = "") -> Shipment:
    """The image with that tag or digest (name one of them), as it is in the registry.

    The digest may be that of an index for several platforms: ECS takes the manifest that fits its machines.

    Raises:
        ConfigurationError: neither or both are named, or what is named cannot be a tag or a digest.
        NotFoundError: there is no such repository, or it has no such image.
        DeployError: the image is there, and cannot be run.
        AwsError, EndpointError: AWS refused, or does not answer.
    """
    check_reference(tag=tag, digest=digest)
    found = get_repository(aws, repository)
    stored = find_image(aws, repository, tag=tag, digest=digest)
    named = f"the tag {tag}" if tag else f"the digest {digest}"
    if stored is None:
        raise NotFoundError(
            f"The registry has no image with {named} in {repository}.",
            hint="'panel images SERVICE' lists what is there; '--build' makes one from the source.",
        )
    if stored.archived or stored.of:
        why = "is archived: restore it in ECR first" if stored.archived else f"only belongs to {stored.of}"
        raise DeployError(f"The image with {named} in {repository} cannot be run: it {why}.")
    (stored,) = measured(aws, repository, [stored])
    return Shipment(
        image_ref=image_reference(aws, found, stored.digest),
        digest=stored.digest,
        tag=tag or next(iter(stored.tags), ""),
        size=stored.size,
        already_there=True,
    )


def _shipment(pushed: PushedImage, durations: Mapping[str, float] | None = None) -> Shipment:
    return Shipment(
        image_ref=pushed.image_ref,
        digest=pushed.digest,
        tag=pushed.tag,
        size=pushed.size,
        already_there=pushed.already_there,
        durations=seconds({**(durations or {}), **pushed.durations}),
    )
