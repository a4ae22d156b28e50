"""S3: buckets and objects as values. What is stored in them, and why, is decided by the callers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated
from panel.aws.sts import caller_identity
from panel.errors import AwsError, NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_DELETE_BATCH = 1000  # the most that DeleteObjects takes
_ABSENT = {"404", "NoSuchKey", "NotFound"}
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}
# us-east-1 is S3's default place and refuses to be named as a location.
_UNNAMED_LOCATION = "us-east-1"
_CREATE_ATTEMPTS = 6
_CREATE_PAUSE_S = 1.0


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing: ``size`` in bytes, ``etag`` without quotes (the MD5 of a plain upload)."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True)
class ObjectHead:
    """What is known of an object without reading it."""

    size: int
    etag: str
    content_type: str
    cache_control: str
    metadata: Mapping[str, str]


def _client(aws: Aws) -> S3Client:
    client: S3Client = aws.client("s3")
    return client


def bucket_exists(aws: Aws, bucket: str) -> bool:
    """Whether the bucket exists and is ours to see.

    Raises:
        AwsError: it exists but belongs to someone else, or may not be seen.
    """
    with translated(f"look for the bucket {bucket}"):
        try:
            _client(aws).head_bucket(Bucket=bucket)
        except ClientError as error:
            if error_code(error) in _ABSENT | {"NoSuchBucket"}:
                return False
            raise
    return True


def ensure_bucket(aws: Aws, bucket: str, *, pause: Callable[[float], None] = time.sleep) -> bool:
    """Make sure that a private, versioned, encrypted bucket exists; may run any number of times at once.

    Args:
        pause: how to wait while another worker creates the same bucket; only tests need another.

    Returns:
        Whether this call created it.

    Raises:
        AwsError: the name is taken by another account, or the identity may not create it.
        EndpointError: AWS does not answer.
    """
    created = not _is_ours(aws, bucket) and _create(aws, bucket, pause)
    client = _client(aws)
    with translated(f"make the bucket {bucket} private, versioned and encrypted"):
        client.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        client.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return created


def _is_ours(aws: Aws, bucket: str) -> bool:
    # The owner is checked, because a stranger may have taken the name and let us in to read our secrets.
    owner = caller_identity(aws).account_id
    with translated(f"look for the bucket {bucket}"):
        try:
            _client(aws).head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        except ClientError as error:
            # Forbidden tells nothing about whose it is; the attempt to create it does.
            if error_code(error) in _ABSENT | {"NoSuchBucket", "403", "AccessDenied"}:
                return False
            raise
    return True


def _create(aws: Aws, bucket: str, pause: Callable[[float], None]) -> bool:
    region = aws.account.region
    place: dict[str, Any] = (
        {} if region == _UNNAMED_LOCATION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    for remaining in reversed(range(_CREATE_ATTEMPTS)):
        with translated(f"create the bucket {bucket}"):
            try:
                _client(aws).create_bucket(Bucket=bucket, **place)
            except ClientError as error:
                code = error_code(error)
                if code == "BucketAlreadyOwnedByYou":
                    return False
                if code == "BucketAlreadyExists":
                    raise AwsError(
                        f"The bucket {bucket} belongs to another AWS account: bucket names are unique in the world.",
                        hint="Choose another name in environments.yaml, for example with your organisation's name in it.",
                    ) from None
                # S3's answer while another worker creates the same bucket at this moment.
                if code != "OperationAborted" or not remaining:
                    raise
            else:
                return True
        pause(_CREATE_PAUSE_S)
    return False


def list_objects(aws: Aws, bucket: str, prefix: str = "") -> tuple[StoredObject, ...]:
    """All objects below ``prefix``, in key order.

    Raises:
        AwsError: no such bucket, or it may not be listed.
    """
    with translated(f"list the bucket {bucket}"):
        pages = _client(aws).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return tuple(
            StoredObject(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"])
            for page in pages
            for item in page.get("Contents", ())
        )


def head_object(aws: Aws, bucket: str, key: str) -> ObjectHead | None:
    """What is known of one object, or ``None`` when there is none of that name."""
    with translated(f"look at {key} in the bucket {bucket}"):
        try:
            answer = _client(aws).head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return None
            raise
    return ObjectHead(
        size=answer["ContentLength"],
        etag=answer["ETag"].strip('"'),
        content_type=answer.get("ContentType", ""),
        cache_control=answer.get("CacheControl", ""),
        metadata=dict(answer.get("Metadata", {})),
    )


def get_object(aws: Aws, bucket: str, key: str) -> bytes:
    """The content of one object.

    Raises:
        NotFoundError: there is none of that name.
    """
    with translated(f"read {key} of the bucket {bucket}"):
        try:
            return _client(aws).get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error_code(error) in _ABSENT:
                raise NotFoundError(f"The bucket {bucket} has no object {key}.") from None
            raise


def read_with_etag(aws: Aws, bucket: str, key: str) -> tuple[bytes, str] | None:
    """The content of one object and its ETag, or ``None`` when there is none of that name (or no bucket)."""
    with translated(f"read {key} of the bucket {bucket}"):
        try:
            answer = _client(aws).get_object(Bucket=bucket, Key=key)
            return answer["Body"].read(), answer["ETag"].strip('"')
        except ClientError as error:
            if error_code(error) in _ABSENT | {"NoSuchBucket"}:
                return None
            raise


def put_object(
    aws: Aws,
    bucket: str,
    key: str,
    body: bytes,
    *,
    content_type: str = "application/octet-stream",
    cache_control: str = "",
    metadata: Mapping[str, str] | None = None,
) -> str:
    """Write one object and return its ETag."""
    headers: dict[str, Any] = {"ContentType": content_type, "Metadata": dict(metadata or {})}
    if cache_control:
        headers["CacheControl"] = cache_control
    with translated(f"write {key} to the bucket {bucket}"):
        answer = _client(aws).put_object(Bucket=bucket, Key=key, Body=body, **headers)
    return answer["ETag"].strip('"')


def put_if_unchanged(aws: Aws, bucket: str, key: str, body: bytes, *, etag: str | None) -> str | None:
    """Write one object only if nobody else did since it was read.

    Args:
        etag: the ETag it had when read; ``None`` when it was not there.

    Returns:
        The new ETag, or ``None`` when somebody was quicker and nothing was written.
    """
    condition: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": f'"{etag}"'}
    with translated(f"write {key} to the bucket {bucket}"):
        try:
            answer = _client(aws).put_object(Bucket=bucket, Key=key, Body=body, **condition)
        except ClientError as error:
            # With If-Match, an object deleted in between answers 404.
            if error_code(error) in _LOST_RACE | _ABSENT:
                return None
            raise
    return answer["ETag"].strip('"')


def create_object(
    aws: Aws,
    bucket: str,
    key: str,
    body: bytes,
    *,
    content_type: str = "application/octet-stream",
    metadata: Mapping[str, str] | None = None,
) -> bool:
    """Write one object, encrypted at rest, only if there is none of that name.

    Returns:
        Whether it was written; False where there is one already, or somebody was quicker.
    """
    with translated(f"create {key} in the bucket {bucket}"):
        try:
            _client(aws).put_object(
                Bucket=bucket, Key=key, Body=body, ContentType=content_type, Metadata=dict(metadata or {}),
                ServerSideEncryption="AES256", IfNoneMatch="*",
            )  # fmt: skip
        except ClientError as error:
            if error_code(error) in _LOST_RACE:
                return False
            raise
    return True


def delete_if_unchanged(aws: Aws, bucket: str, key: str, *, etag: str) -> bool:
    """Delete one object only if it is still the one that was read.

    Returns:
        Whether it was deleted; False when somebody deleted or replaced it meanwhile.
    """
    with translated(f"delete {key} of the bucket {bucket}"):
        try:
            _client(aws).delete_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"')
        except ClientError as error:
            if error_code(error) in _LOST_RACE | _ABSENT:
                return False
            raise
    return True


def delete_objects(aws: Aws, bucket: str, keys: Iterable[str]) -> int:
    """Delete the named objects (the newest version of each) and return how many were named."""
    return _delete(aws, bucket, [{"Key": key} for key in keys])


def delete_for_ever(aws: Aws, bucket: str, prefix: str) -> int:
    """Delete everything below ``prefix`` with all its versions and delete markers; nobody can bring it back.

    Returns:
        How many versions and markers were deleted; 0 for a bucket that does not exist.
    """
    if not bucket_exists(aws, bucket):
        return 0
    with translated(f"list the versions below {prefix} in the bucket {bucket}"):
        versions = list(_versions(_client(aws), bucket, prefix))
    return _delete(aws, bucket, versions)


def empty_bucket(aws: Aws, bucket: str) -> int:
    """Delete everything in a bucket for ever: all versions, delete markers and unfinished uploads.

    Returns:
        How many versions and markers were deleted; 0 for a bucket that does not exist.
    """
    if not bucket_exists(aws, bucket):
        return 0
    client = _client(aws)
    with translated(f"list the unfinished uploads of the bucket {bucket}"):
        uploads = [
            (item["Key"], item["UploadId"])
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
            for item in page.get("Uploads", ())
        ]
    for key, upload in uploads:
        with translated(f"abort an upload of {key} to the bucket {bucket}"):
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    # Listed fully before deleting: a page's marker may otherwise point at what is gone.
    with translated(f"list the versions in the bucket {bucket}"):
        versions = list(_versions(client, bucket))
    return _delete(aws, bucket, versions)


def _versions(client: S3Client, bucket: str, prefix: str = "") -> Iterator[ObjectIdentifierTypeDef]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for version in page.get("Versions", ()):
            yield {"Key": version["Key"], "VersionId": version["VersionId"]}
        for marker in page.get("DeleteMarkers", ()):
            yield {"Key": marker["Key"], "VersionId": marker["VersionId"]}


def _delete(aws: Aws, bucket: str, objects: Sequence[ObjectIdentifierTypeDef]) -> int:
    for start in range(0, len(objects), _DELETE_BATCH):
        with translated(f"delete objects of the bucket {bucket}"):
            answer = _client(aws).delete_objects(
                Bucket=bucket, Delete={"Objects": objects[start : start + _DELETE_BATCH], "Quiet": True}
            )
        refused = answer.get("Errors", [])
        if refused:
            first = refused[0]
            raise AwsError(
                f"The panel could not delete {len(refused)} objects of the bucket {bucket}, "
                f"the first of them {first.get('Key', '')}: {first.get('Message', first.get('Code', ''))}.",
                hint="Check the permissions of the panel's AWS identity and the bucket's policy.",
            )
    return len(objects)
