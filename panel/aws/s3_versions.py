"""S3: the versions of objects in a bucket that keeps them. What is stored, and why, is decided by the callers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated
from panel.errors import AwsError, NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, ObjectIdentifierTypeDef

#: How S3 names the only version of an object in a bucket that keeps none.
NO_VERSION = "null"
_DELETE_BATCH = 1000  # the most that DeleteObjects takes
_GONE = {"404", "NoSuchKey", "NotFound", "NoSuchVersion", "NoSuchBucket"}


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object.

    Attributes:
        key: name of the object.
        version: S3's name of the version; :data:`NO_VERSION` where the bucket keeps none.
        etag: without quotes; empty for a marker.
        size: bytes.
        latest: whether it is what readers get who name no version.
        marker: whether it says that the object was deleted.
    """

    key: str
    version: str
    etag: str
    size: int
    latest: bool
    marker: bool = False


@dataclass(frozen=True)
class Written:
    """What S3 answers to a write: the ETag without quotes, and the new version's name."""

    etag: str
    version: str


def _client(aws: Aws) -> S3Client:
    client: S3Client = aws.client("s3")
    return client


def list_versions(aws: Aws, bucket: str) -> tuple[ObjectVersion, ...]:
    """All versions and delete markers of a bucket.

    Raises:
        NotFoundError: there is no such bucket.
        AwsError: its versions may not be listed.
    """
    found: list[ObjectVersion] = []
    with translated(f"list the versions in the bucket {bucket}"):
        try:
            for page in _client(aws).get_paginator("list_object_versions").paginate(Bucket=bucket):
                found += [
                    ObjectVersion(v["Key"], v["VersionId"], v["ETag"].strip('"'), v["Size"], v["IsLatest"])
                    for v in page.get("Versions", ())
                ]
                found += [
                    ObjectVersion(m["Key"], m["VersionId"], "", 0, m["IsLatest"], marker=True)
                    for m in page.get("DeleteMarkers", ())
                ]
        except ClientError as error:
            if error_code(error) == "NoSuchBucket":
                raise NotFoundError(f"There is no bucket {bucket}.") from None
            raise
    return tuple(found)


def put_version(
    aws: Aws,
    bucket: str,
    key: str,
    body: bytes | IO[bytes],
    *,
    content_type: str,
    cache_control: str = "",
    content_encoding: str = "",
    metadata: Mapping[str, str] | None = None,
) -> Written:
    """Write one object, and learn which version that made.

    Args:
        body: the content; a file is read from where it stands, and again from there when S3 asks to slow down.

    Raises:
        AwsError: S3 refused; the object is as it was before.
        EndpointError: S3 did not answer.
    """
    headers: dict[str, Any] = {"ContentType": content_type, "Metadata": dict(metadata or {})}
    if cache_control:
        headers["CacheControl"] = cache_control
    if content_encoding:
        headers["ContentEncoding"] = content_encoding
    with translated(f"write {key} to the bucket {bucket}"):
        answer = _client(aws).put_object(Bucket=bucket, Key=key, Body=body, **headers)
    return Written(answer["ETag"].strip('"'), answer.get("VersionId", NO_VERSION))


def copy_version(aws: Aws, bucket: str, key: str, *, source: str, version: str) -> Written:
    """Make a version of the object ``key`` of the bucket ``source`` the newest one in ``bucket``; it keeps its headers.

    S3 copies by itself, so this takes no longer for what is large (5 GB at most).

    Raises:
        NotFoundError: that version, or a bucket, is gone.
        AwsError: S3 refused; the object is as it was before.
    """
    wanted: CopySourceTypeDef = {"Bucket": source, "Key": key}
    if version != NO_VERSION:
        wanted["VersionId"] = version
    with translated(f"copy {key} from the bucket {source} to {bucket}"):
        try:
            answer = _client(aws).copy_object(Bucket=bucket, Key=key, CopySource=wanted)
        except ClientError as error:
            if error_code(error) in _GONE:
                raise NotFoundError(
                    f"The bucket {source} has no version {version} of {key} any more."
                ) from None
            raise
    return Written(answer["CopyObjectResult"]["ETag"].strip('"'), answer.get("VersionId", NO_VERSION))


def read_version(aws: Aws, bucket: str, key: str, version: str) -> bytes:
    """The content of one version.

    Raises:
        NotFoundError: it is gone.
    """
    named: dict[str, Any] = {} if version == NO_VERSION else {"VersionId": version}
    with translated(f"read {key} of the bucket {bucket}"):
        try:
            return _client(aws).get_object(Bucket=bucket, Key=key, **named)["Body"].read()
        except ClientError as error:
            if error_code(error) in _GONE:
                raise NotFoundError(
                    f"The bucket {bucket} has no version {version} of {key} any more."
                ) from None
            raise


def version_metadata(aws: Aws, bucket: str, key: str, version: str) -> Mapping[str, str]:
    """What was noted with a version when it was written; empty where it is gone."""
    named: dict[str, Any] = {} if version == NO_VERSION else {"VersionId": version}
    with translated(f"look at {key} in the bucket {bucket}"):
        try:
            return dict(_client(aws).head_object(Bucket=bucket, Key=key, **named).get("Metadata", {}))
        except ClientError as error:
            if error_code(error) in _GONE:
                return {}
            raise


def delete_versions(aws: Aws, bucket: str, versions: Iterable[ObjectVersion]) -> int:
    """Delete these versions for ever, and return how many they were. One that is gone already is no error.

    Raises:
        AwsError: S3 refused some of them; the message names the first.
    """
    named: list[ObjectIdentifierTypeDef] = [{"Key": v.key, "VersionId": v.version} for v in versions]
    for start in range(0, len(named), _DELETE_BATCH):
        with translated(f"delete versions in the bucket {bucket}"):
            answer = _client(aws).delete_objects(
                Bucket=bucket, Delete={"Objects": named[start : start + _DELETE_BATCH], "Quiet": True}
            )
        if refused := answer.get("Errors", []):
            first = refused[0]
            raise AwsError(
                f"The panel could not delete {len(refused)} versions in the bucket {bucket}, "
                f"the first of them of {first.get('Key', '')}: {first.get('Message', first.get('Code', ''))}.",
                hint="Check the permissions of the panel's AWS identity and the bucket's policy.",
            )
    return len(named)
