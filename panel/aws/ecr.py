"""ECR: repositories, what is in them, and the login for the registry. Moving bytes is in ``registry``."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated
from panel.errors import AwsError, ConfigurationError, NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageDetailTypeDef, ImageIdentifierTypeDef

#: Media types of a list of manifests, one for each platform.
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_PAGE = 1000  # images that one answer may hold
# https://github.com/opencontainers/distribution-spec/blob/main/spec.md (tags), image-spec's descriptor.md (digests)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Repository:
    """One ECR repository. ``immutable``: a tag, once given, stays with its digest."""

    name: str
    arn: str
    uri: str
    registry_id: str
    immutable: bool


@dataclass(frozen=True)
class Scan:
    """What ECR found in an image.

    Attributes:
        status: ECR's word; only ``COMPLETE`` and ``ACTIVE`` (scanned again and again) say anything of the image.
        counts: findings by severity (``CRITICAL``, ``HIGH``, ...).
        completed_at: when it was scanned last.
    """

    status: str
    counts: Mapping[str, int]
    completed_at: datetime | None = None


@dataclass(frozen=True)
class StoredImage:
    """One image in ECR.

    Attributes:
        digest: of its manifest, or of the index of its manifests for several platforms.
        size: bytes as ECR counts them.
        pushed_at: with time zone.
        media_type: of the manifest or index.
        scan: what the list of images says of findings; ``None`` where it says nothing, see :func:`image_scan`.
        of: digest of the image that this one belongs to (a signature, a list of parts); empty for an image.
        archived: it is kept, and cannot be pulled.
    """

    digest: str
    tags: tuple[str, ...]
    size: int
    pushed_at: datetime | None
    media_type: str
    scan: Scan | None = None
    of: str = ""
    archived: bool = False

    @property
    def index(self) -> bool:
        """Whether this names several manifests, one for each platform."""
        return self.media_type in INDEX_TYPES


@dataclass(frozen=True)
class RegistryLogin:
    """User name and password for the registry, good for twelve hours."""

    username: str
    password: str = field(repr=False)
    endpoint: str
    expires_at: datetime | None


def _client(aws: Aws) -> ECRClient:
    client: ECRClient = aws.client("ecr")
    return client


def find_repository(aws: Aws, name: str) -> Repository | None:
    """The repository of that name, or ``None``."""
    with translated(f"look for the image repository {name}"):
        try:
            found = _client(aws).describe_repositories(repositoryNames=[name])["repositories"]
        except ClientError as error:
            if error_code(error) == "RepositoryNotFoundException":
                return None
            raise
    first = found[0]
    return Repository(
        name=first["repositoryName"],
        arn=first["repositoryArn"],
        uri=first["repositoryUri"],
        registry_id=first["registryId"],
        immutable=first.get("imageTagMutability", "MUTABLE").startswith("IMMUTABLE"),
    )


def get_repository(aws: Aws, name: str) -> Repository:
    """The repository of that name.

    Raises:
        NotFoundError: there is none; the shared stack creates it.
    """
    found = find_repository(aws, name)
    if found is None:
        raise NotFoundError(
            f"There is no image repository {name} in {aws.account.region}.",
            hint="It is made with the shared network: create or update an environment first.",
        )
    return found


def check_reference(*, tag: str = "", digest: str = "") -> None:
    """See that a person has named one image, in words that a registry can know.

    Raises:
        ConfigurationError: neither or both are named, or what is named is no tag or no digest.
    """
    if bool(tag) == bool(digest):
        raise ConfigurationError(
            "Name one image: either a tag or a digest.",
            hint="'panel images SERVICE' lists what is there.",
        )
    if tag and not _TAG.fullmatch(tag):
        raise ConfigurationError(
            f"{tag[:140]!r} cannot be the tag of an image.",
            hint="A tag has up to 128 letters, digits, '.', '_' and '-', and begins with a letter, a digit or '_'.",
        )
    if digest and not _DIGEST.fullmatch(digest):
        raise ConfigurationError(
            f"{digest[:140]!r} is no digest of an image.",
            hint="A digest is 'sha256:' and 64 digits from 0 to f, all of them.",
        )


def describe_images(aws: Aws, repository: str) -> tuple[StoredImage, ...]:
    """Everything in a repository, the newest first: images, and what belongs to images.

    Raises:
        AwsError: no such repository, or it may not be read.
    """
    with translated(f"list the images of {repository}"):
        pages = _client(aws).get_paginator("describe_images")
        answers = pages.paginate(repositoryName=repository, PaginationConfig={"PageSize": _PAGE})
        images = [_image(detail) for page in answers for detail in page["imageDetails"]]
    return tuple(
        sorted(images, key=lambda image: (image.pushed_at is not None, image.pushed_at), reverse=True)
    )


def find_image(aws: Aws, repository: str, *, tag: str = "", digest: str = "") -> StoredImage | None:
    """The image with that tag or digest (name one of them), or ``None``."""
    wanted: ImageIdentifierTypeDef = {"imageDigest": digest} if digest else {"imageTag": tag}
    with translated(f"look for the image {tag or digest} in {repository}"):
        try:
            details = _client(aws).describe_images(repositoryName=repository, imageIds=[wanted])[
                "imageDetails"
            ]
        except ClientError as error:
            if error_code(error) == "ImageNotFoundException":
                return None
            raise
    return _image(details[0]) if details else None


def _image(detail: ImageDetailTypeDef) -> StoredImage:
    return StoredImage(
        digest=detail["imageDigest"],
        tags=tuple(sorted(detail.get("imageTags", ()))),
        size=detail.get("imageSizeInBytes", 0),
        pushed_at=detail.get("imagePushedAt"),
        media_type=detail.get("imageManifestMediaType", ""),
        scan=_scan(detail),
        of=detail.get("subjectManifestDigest", ""),
        archived=detail.get("imageStatus", "ACTIVE") != "ACTIVE",
    )


def _scan(detail: ImageDetailTypeDef) -> Scan | None:
    status = str(detail.get("imageScanStatus", {}).get("status", ""))
    summary = detail.get("imageScanFindingsSummary", {})
    if not status and not summary:
        return None
    return Scan(
        status or "COMPLETE",
        {str(severity): count for severity, count in summary.get("findingSeverityCounts", {}).items()},
        summary.get("imageScanCompletedAt"),
    )


def registry_login(aws: Aws) -> RegistryLogin:
    """Credentials for the account's registry.

    Raises:
        AwsError: the identity may not log in, or the answer makes no sense.
    """
    with translated("get a login for the image registry"):
        grants = _client(aws).get_authorization_token()["authorizationData"]
    if not grants:
        raise AwsError("The panel could not log in to the image registry: AWS granted no login.")
    grant = grants[0]
    username, _, password = base64.b64decode(grant["authorizationToken"]).decode().partition(":")
    return RegistryLogin(username, password, grant["proxyEndpoint"], grant.get("expiresAt"))


def registry_host(aws: Aws, repository: Repository) -> str:
    """Host (and port) under which container engines reach the repository's registry.

    An emulator's ``….dkr.ecr.….amazonaws.com`` name resolves nowhere, so its own port on ``localhost``,
    which container engines trust without TLS, stands in.
    """
    if aws.account.endpoint_url is None:
        return repository.uri.partition("/")[0]
    return f"localhost:{urlsplit(aws.account.endpoint_url).port}"


def image_reference(aws: Aws, repository: Repository, digest: str) -> str:
    """How a task definition names an image: ``<registry>/<repository>@<digest>``."""
    return f"{registry_host(aws, repository)}/{repository.name}@{digest}"
