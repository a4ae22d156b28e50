"""Which images of a repository one could run, and what ECR has found in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from panel.aws.ecr import INDEX_TYPES, Scan, StoredImage, describe_images
from panel.aws.session import Aws, error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

_MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_BATCH = 100  # manifests that one question may ask for
# Said by an emulator that does not know the call.
_UNKNOWN_CALL = {"UnknownOperationException", "InvalidAction", "UnsupportedOperation", "NotImplemented"}


def images_to_pick(aws: Aws, repository: str, *, limit: int) -> tuple[StoredImage, ...]:
    """The newest images that a service could run.

    Left out are archived images, signatures and the like (ECR names the image that they belong to), and the manifests
    of an index: it is the index that one runs. What an index holds is read from it; a manifest in it that has a tag
    of its own was meant to be picked, and stays.

    Raises:
        AwsError: no such repository, or it may not be read.
    """
    images = describe_images(aws, repository)
    held = _held_by_indexes(aws, repository, images)
    picked = [
        image
        for image in images
        if not image.archived and not image.of and (image.tags or image.digest not in held)
    ][:limit]
    return measured(aws, repository, picked)


def image_scan(aws: Aws, repository: str, digest: str) -> Scan | None:
    """What ECR found in one image; ``None`` where it was never scanned or ECR cannot say.

    ECR's newer basic scanning tells nothing in the list of images; this asks for one.

    Raises:
        AwsError: it may not be read.
    """
    client: ECRClient = aws.client("ecr")
    with translated(f"read the scan of {digest[:19]} in {repository}"):
        try:
            answer = client.describe_image_scan_findings(
                repositoryName=repository, imageId={"imageDigest": digest}, maxResults=1
            )
        except ClientError as error:
            if error_code(error) in {"ScanNotFoundException", "ImageNotFoundException", *_UNKNOWN_CALL}:
                return None
            raise
    found = answer.get("imageScanFindings", {})
    return Scan(
        str(answer.get("imageScanStatus", {}).get("status", "")),
        {str(severity): count for severity, count in found.get("findingSeverityCounts", {}).items()},
        found.get("imageScanCompletedAt"),
    )


def measured(aws: Aws, repository: str, images: Sequence[StoredImage]) -> tuple[StoredImage, ...]:
    """The images with their true sizes: the embedded AWS tells that of the manifest alone; AWS itself is right.

    Raises:
        AwsError: the repository may not be read.
    """
    if not aws.account.emulated:
        return tuple(images)
    manifests = _manifests(aws, repository, [image.digest for image in images if not image.index])
    sizes = {
        digest: sum(
            int(part.get("size", 0)) for part in [*manifest.get("layers", ()), manifest.get("config", {})]
        )
        for digest, manifest in manifests.items()
    }
    return tuple(replace(image, size=sizes.get(image.digest) or image.size) for image in images)


def _held_by_indexes(aws: Aws, repository: str, images: Sequence[StoredImage]) -> set[str]:
    indexes = [image.digest for image in images if image.index]
    return {
        str(part.get("digest", ""))
        for manifest in _manifests(aws, repository, indexes).values()
        for part in manifest.get("manifests", ())
    }


def _manifests(aws: Aws, repository: str, digests: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Manifests and indexes by digest; one that was deleted meanwhile is not among them."""
    client: ECRClient = aws.client("ecr")
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(digests), _BATCH):
        wanted: list[ImageIdentifierTypeDef] = [
            {"imageDigest": digest} for digest in digests[start : start + _BATCH]
        ]
        with translated(f"read the manifests of {repository}"):
            answer = client.batch_get_image(
                repositoryName=repository,
                imageIds=wanted,
                acceptedMediaTypes=[*_MANIFEST_TYPES, *INDEX_TYPES],
            )
        for image in answer["images"]:
            found[image["imageId"]["imageDigest"]] = json.loads(image["imageManifest"])
    return found
