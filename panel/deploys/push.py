"""Put a built image into the registry: only what is missing there, and never another image under a used tag."""

from __future__ import annotations

from dataclasses import dataclass

from panel.aws.ecr import find_image, get_repository, image_reference
from panel.aws.registry import Registry, open_registry
from panel.aws.session import Aws
from panel.deploys import Report
from panel.deploys.image import AssembledImage
from panel.errors import DeployError


@dataclass(frozen=True)
class PushedImage:
    """An image in the registry.

    Attributes:
        repository_uri: ECR's name of the repository.
        image_ref: how a task definition names the image, by digest.
        tag: the tag that names it; empty when that tag belongs to another image and only the digest does.
        size: bytes.
        already_there: nothing had to be uploaded.
    """

    repository_uri: str
    image_ref: str
    digest: str
    tag: str
    size: int
    already_there: bool


def push_image(aws: Aws, image: AssembledImage, repository: str, tag: str, report: Report) -> PushedImage:
    """Upload an image to the ECR repository and tag it; doing so again changes nothing.

    Raises:
        NotFoundError: there is no such repository.
        AwsError: the registry refused.
        EndpointError: the registry does not answer.
        DeployError: the registry took everything and then does not show the image.
    """
    found = get_repository(aws, repository)
    holder = find_image(aws, repository, tag=tag)
    kept_tag = tag
    if holder is not None and holder.digest != image.digest and found.immutable:
        report(
            f"The tag {tag} already names another image ({holder.digest[:19]}) and may not be moved: "
            f"this image goes by its digest {image.digest[:19]} alone."
        )
        kept_tag = ""
    with open_registry(aws, found) as registry:
        sent = [_upload(registry, image, number, repository, report) for number in range(len(image.blobs))]
        reference = kept_tag or image.digest
        stored = registry.manifest(repository, reference, image.media_type)
        if stored != image.manifest:
            registry.put_manifest(repository, reference, image.manifest, image.media_type)
        if registry.manifest(repository, image.digest, image.media_type) != image.manifest:
            raise DeployError(
                f"The registry does not show the image {image.digest} that was just pushed to {repository}.",
                hint="Deploy again; if it stays so, look at the repository.",
            )
    already_there = stored == image.manifest and not any(sent)
    report(
        f"The registry has the image already ({image.digest[:19]})"
        if already_there
        else f"Pushed {repository} {kept_tag or ''} ({image.digest[:19]})".replace("  ", " ")
    )
    return PushedImage(
        repository_uri=found.uri,
        image_ref=image_reference(aws, found, image.digest),
        digest=image.digest,
        tag=kept_tag,
        size=image.size,
        already_there=already_there,
    )


def _upload(registry: Registry, image: AssembledImage, number: int, repository: str, report: Report) -> bool:
    blob = image.blobs[number]
    part = f"Part {number + 1} of {len(image.blobs)}"
    if registry.has_blob(repository, blob.digest):
        report(f"{part} ({blob.digest[:19]}) is in the registry already")
        return False
    report(f"{part} ({blob.digest[:19]}, {blob.size / 1e6:.1f} MB): uploading")
    registry.upload_blob(repository, blob.digest, blob.path)
    return True
