"""Lists in an S3 bucket: one object per list, versions told apart by S3's own entity tags."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backend.storage.interface import Condition, PreconditionFailedError, StorageError, Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

# A person waits for the answer, and the load balancer gives up at 60 s: fail well before that.
CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
MAX_ATTEMPTS = 3
MAX_CONNECTIONS = 16

_ABSENT_CODES = frozenset({"NoSuchKey", "404"})
# 409 is S3's answer when two conditional writes of one object meet.
_LOST_RACE_CODES = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})

_log = logging.getLogger("backend.storage")


class S3Storage:
    """Keeps each list as the object ``<name>.json`` of one bucket, over one reused client."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @classmethod
    def connect(cls, bucket: str, *, region: str | None = None, endpoint_url: str | None = None) -> S3Storage:
        """Build the storage with a client of the ambient credentials.

        ``region`` None leaves the region to boto3's own configuration. ``endpoint_url`` names an emulator; it has no name per bucket, so the bucket goes into the path.
        """
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
            max_pool_connections=MAX_CONNECTIONS,
            s3={"addressing_style": "path" if endpoint_url else "auto"},
        )
        return cls(boto3.client("s3", region_name=region, endpoint_url=endpoint_url, config=config), bucket)

    def read(self, name: str) -> Stored | None:
        """Return the object, None when there is none. Raises StorageError.

        S3 tells a role that may not list the bucket "access denied" for an object that is absent too:
        the task's role needs ``s3:ListBucket``.
        """
        with _failures("read"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=_key(name))
            except ClientError as error:
                if _code(error) in _ABSENT_CODES:
                    return None
                raise
            return Stored(answer["Body"].read(), _unquoted(answer["ETag"]))

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        """Put the object, leaving the comparison of tags to S3, and return the new tag.

        Raises PreconditionFailedError when ``condition`` does not hold, StorageError when it fails.
        """
        match, only_if_absent = self._guard(name, condition)
        with _failures("write"):
            try:
                return self._put(name, content, match, only_if_absent)
            except ClientError as error:
                code = _code(error)
                if code not in _LOST_RACE_CODES and not (match and code in _ABSENT_CODES):
                    raise
        raise PreconditionFailedError(self.read(name))

    def check(self) -> None:
        """Return when the bucket answers. Raises StorageError."""
        with _failures("reach"):
            self._client.head_bucket(Bucket=self._bucket)

    def _put(self, name: str, content: bytes, match: str | None, only_if_absent: bool) -> str:
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": _key(name),
            "Body": content,
            "ContentType": "application/json",
        }
        if match:
            request["IfMatch"] = f'"{match}"'
        elif only_if_absent:
            request["IfNoneMatch"] = "*"
        return _unquoted(self._client.put_object(**request)["ETag"])

    def _guard(self, name: str, condition: Condition) -> tuple[str | None, bool]:
        """Express the condition as S3's: a single tag to match, or "only if absent", or neither."""
        if condition.is_empty:
            return None, False
        if condition.none_match is None and condition.match and len(condition.match) == 1:
            if condition.match != ("*",):
                return condition.match[0], False
        elif condition.match is None and condition.none_match == ("*",):
            return None, True
        # Anything else S3 cannot say: decide on what is there now, then pin the write to it.
        current = self.read(name)
        if not condition.holds(current.etag if current else None):
            raise PreconditionFailedError(current)
        return (current.etag, False) if current else (None, True)


@contextmanager
def _failures(verb: str) -> Iterator[None]:
    """Turn boto3's errors into ours: the code for the client, the whole story for the log."""
    try:
        yield
    except ClientError as error:
        _log.error("S3 refused to %s: %s", verb, error)
        raise StorageError(f"the storage bucket could not be used ({verb}): {_code(error)}") from error
    except BotoCoreError as error:
        _log.error("S3 could not be reached to %s: %s", verb, error)
        raise StorageError(
            f"the storage bucket could not be used ({verb}): {type(error).__name__}"
        ) from error


def _key(name: str) -> str:
    return f"{name}.json"


def _code(error: ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "Unknown")
    # A HEAD request has no body to name the reason, so the status stands there instead.
    if error.operation_name == "HeadBucket":
        return {"404": "NoSuchBucket", "403": "AccessDenied"}.get(code, code)
    return code


def _unquoted(etag: str) -> str:
    return etag.strip('"')
