"""Put a built image into the registry: only what is missing there, and never another image under a used tag."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from panel.aws.ecr import Repository, find_image, get_repository, image_reference
from panel.aws.registry import Registry, open_registry
from panel.aws.session import Aws
from panel.deploys import Parts, Report, Stopped, StoppedError, never, no_parts
from panel.deploys.image import AssembledImage, Blob
from panel.deploys.layer_progress import LayerProgress
from panel.errors import AwsError, DeployError, PanelError


@dataclass(frozen=True)
class PushedImage:
    """An image in the registry.

    Attributes:
        repository_uri: ECR's name of the repository.
        image_ref: how a task definition names the image, by digest.
        tag: the tag that names it; empty when that tag belongs to another image and only the digest does.
        size: bytes.
        already_there: nothing had to be uploaded.
        durations: seconds by what took them (``build``, ``push``); empty where nothing had to be done.
    """

    repository_uri: str
    image_ref: str
    digest: str
    tag: str
    size: int
    already_there: bool
    durations: Mapping[str, float] = field(default_factory=dict)


def push_image(
    aws: Aws,
    image: AssembledImage,
    repository: str,
    tag: str,
    report: Report,
    *,
    parts: Parts = no_parts,
    stopped: Stopped = never,
    registry: Callable[[Aws, Repository], Registry] = open_registry,
) -> PushedImage:
    """Upload an image to the ECR repository and tag it; doing so again changes nothing.

    Args:
        parts: gets the layers while they are uploaded.
        stopped: asked with every part of a layer.
        registry: opens the registry of a repository.

    Raises:
        NotFoundError: there is no such repository.
        AwsError: the registry refused.
        EndpointError: the registry does not answer.
        DeployError: the registry took everything and then does not show the image.
        StoppedError: somebody asked for it to stop; the registry does not know the image then.
    """
    begun = time.monotonic()
    found = get_repository(aws, repository)
    kept_tag = _free_tag(aws, found, tag, image.digest, report)
    with registry(aws, found) as opened:
        upload = _Upload(aws, opened, found, image, report, LayerProgress(parts), stopped)
        sent = upload.send_all()
        stored = opened.manifest(repository, kept_tag or image.digest, image.media_type)
        if stored != image.manifest:
            kept_tag = upload.put(kept_tag)
        if opened.manifest(repository, image.digest, image.media_type) != image.manifest:
            raise DeployError(
                f"The registry does not show the image {image.digest} that was just pushed to {repository}.",
                hint="Deploy again; if it stays so, look at the repository.",
            )
    already_there = stored == image.manifest and not sent
    report(_outcome(repository, kept_tag, image.digest, already_there=already_there))
    return PushedImage(
        repository_uri=found.uri,
        image_ref=image_reference(aws, found, image.digest),
        digest=image.digest,
        tag=kept_tag,
        size=image.size,
        already_there=already_there,
        durations={} if already_there else {"push": time.monotonic() - begun},
    )


def _outcome(repository: str, tag: str, digest: str, *, already_there: bool) -> str:
    if already_there:
        return f"The registry has the image already ({digest[:19]})"
    return " ".join(word for word in ("Pushed", repository, tag, f"({digest[:19]})") if word)


def _free_tag(aws: Aws, repository: Repository, tag: str, digest: str, report: Report) -> str:
    """The tag, or nothing where it names another image and may not be moved."""
    holder = find_image(aws, repository.name, tag=tag)
    if holder is None or holder.digest == digest or not repository.immutable:
        return tag
    report(
        f"The tag {tag} already names another image ({holder.digest[:19]}) and may not be moved: "
        f"this image goes by its digest {digest[:19]} alone."
    )
    return ""


@dataclass(frozen=True)
class _Upload:
    """One image on its way into a registry."""

    aws: Aws
    registry: Registry
    repository: Repository
    image: AssembledImage
    report: Report
    progress: LayerProgress
    stopped: Stopped

    def put(self, tag: str) -> str:
        """Make an image of what was uploaded; the tag it got."""
        image, name = self.image, self.repository.name
        try:
            self.registry.put_manifest(name, tag or image.digest, image.manifest, image.media_type)
        except AwsError:
            # Somebody else may have used the tag since it was looked at: for the same image, or for another.
            holder = find_image(self.aws, name, tag=tag) if tag else None
            if holder is None or (holder.digest != image.digest and not self.repository.immutable):
                raise
            if holder.digest != image.digest:
                tag = _free_tag(self.aws, self.repository, tag, image.digest, self.report)
                self.registry.put_manifest(name, image.digest, image.manifest, image.media_type)
        return tag

    def send_all(self) -> int:
        """Upload what the registry misses; how many parts that were."""
        blobs = self.image.blobs
        for blob in blobs:
            self.progress.at(blob.digest, "waiting", total=blob.size)
        sent = 0
        for number, blob in enumerate(blobs, start=1):
            self._look()
            part = f"Part {number} of {len(blobs)} ({blob.digest[:19]}"
            if self.registry.has_blob(self.repository.name, blob.digest):
                self.report(f"{part}) is in the registry already")
                self._keep(blob)
                continue
            self.report(f"{part}, {blob.size / 1e6:.1f} MB): uploading")
            self._send(blob)
            sent += 1
        return sent

    def _send(self, blob: Blob) -> None:
        name = self.repository.name
        self.progress.at(blob.digest, "working")
        try:
            self.registry.upload_blob(name, blob.digest, blob.path, lambda count: self._went(blob, count))
        except AwsError:
            # Two deployments may upload the same layer at once: the later one is refused, and has what it wants.
            if not self.registry.has_blob(name, blob.digest):
                self.progress.fail("did not arrive")
                raise
            self._keep(blob)
        except PanelError:
            self.progress.fail("did not arrive")
            raise
        else:
            self.progress.at(blob.digest, "done")

    def _went(self, blob: Blob, count: int) -> None:
        self._look()
        self.progress.at(blob.digest, "working", done=count)

    def _keep(self, blob: Blob) -> None:
        self.progress.at(blob.digest, "kept", detail="in the registry already")

    def _look(self) -> None:
        if self.stopped():
            raise StoppedError
