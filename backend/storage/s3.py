"""Lists in an S3 bucket: one object per list, versions told apart by S3's own entity tags.

The client is obstore (Rust's object_store): a tenth of the processor time and a third of the memory of
boto3's, which a task of 64 MB notices. Credentials are looked for where ECS and EC2 offer them, and in
the usual environment variables.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from backend.storage.interface import Condition, StorageError, Stored
from backend.storage.swap import Pin, write_if

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

# A person waits for the answer, and the load balancer gives up at 60 s: fail well before that.
CONNECT_TIMEOUT = timedelta(seconds=2)
REQUEST_TIMEOUT = timedelta(seconds=5)
RETRIES = 2
RETRY_TIMEOUT = timedelta(seconds=10)
MAX_IDLE_CONNECTIONS = 16

# No list can have it: names begin with a letter or a digit.
_PROBE_KEY = ".ready"
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
# Where credentials of instances and tasks come from; a failure there is one of credentials.
_CREDENTIAL_SOURCES = ("169.254.169.254", "169.254.170.2", "169.254.170.23")

_log = logging.getLogger("backend.storage")


class S3Storage:
    """Keeps each list as the object ``<name>.json`` of one bucket, over reused connections."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    @classmethod
    def connect(
        cls,
        bucket: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        retries: int = RETRIES,
    ) -> S3Storage:
        """Build the storage with a client of the ambient credentials; asks nothing of S3 yet.

        ``region`` None means us-east-1. ``endpoint_url`` names an emulator; it has no name per bucket, so
        the bucket goes into the path. ``retries`` are those of one request.
        """
        client: ClientConfig = {
            "connect_timeout": CONNECT_TIMEOUT,
            "timeout": REQUEST_TIMEOUT,
            "pool_max_idle_per_host": str(MAX_IDLE_CONNECTIONS),
            "allow_http": endpoint_url is not None and endpoint_url.startswith("http://"),
            # A slim image may come without any certificate authorities of its own; the client refuses to
            # start without them even where it speaks plain HTTP.
            "root_certificate": Path(certifi.where()).read_bytes(),
        }
        retry: RetryConfig = {"max_retries": retries, "retry_timeout": RETRY_TIMEOUT}
        config: S3Config = {
            "region": region or "us-east-1",
            "virtual_hosted_style_request": endpoint_url is None,
        }
        if endpoint_url:
            config["endpoint"] = endpoint_url
        store = S3Store(bucket, config=config, client_options=client, retry_config=retry)
        return cls(store)

    def read(self, name: str) -> Stored | None:
        """Return the object, None when there is none. Raises StorageError.

        S3 tells a role that may not list the bucket "access denied" for an object that is absent too:
        the task's role needs ``s3:ListBucket``.
        """
        return self._get(f"{name}.json")

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        """Put the object, leaving the comparison of tags to S3, and return the new tag.

        Raises PreconditionFailedError when ``condition`` does not hold, StorageError when it fails.
        """
        if condition.is_empty:
            return self._put(name, content, "overwrite")
        return write_if(condition, lambda: self.read(name), lambda pin: self._swap(name, content, pin))

    def check(self) -> None:
        """Return when the bucket can be read. Raises StorageError."""
        self._get(_PROBE_KEY)

    def _get(self, key: str) -> Stored | None:
        with _failures("read"):
            try:
                answer = obstore.get(self._store, key)
            except FileNotFoundError as error:
                if _code(error) == "NoSuchBucket":
                    raise
                return None
            return Stored(answer.bytes().to_bytes(), _unquoted(answer.meta["e_tag"]))

    def _swap(self, name: str, content: bytes, pin: Pin) -> str | None:
        try:
            if pin.tag is None:
                return self._put(name, content, "create")
            return self._put(name, content, {"e_tag": f'"{pin.tag}"'})
        except (AlreadyExistsError, PreconditionError):
            return None

    def _put(self, name: str, content: bytes, mode: obstore.PutMode) -> str:
        attributes: obstore.Attributes = {"Content-Type": "application/json"}
        with _failures("write"):
            answer = obstore.put(
                self._store, f"{name}.json", content, mode=mode, attributes=attributes, use_multipart=False
            )
        return _unquoted(answer["e_tag"])


@contextmanager
def _failures(verb: str) -> Iterator[None]:
    """Turn the client's errors into ours: the reason for our client, the whole story for the log."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except (BaseError, OSError) as error:
        story = str(error).partition("\n\nDebug source:")[0]
        _log.error("S3 could not be used (%s): %s", verb, story)
        raise StorageError(f"the storage bucket could not be used ({verb}): {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """S3's own code where it gave one; nothing with an address in it, for clients read this."""
    story = str(error)
    code = _code(error)
    if code:
        return code
    if any(source in story for source in _CREDENTIAL_SOURCES):
        return "no credentials"
    if "timed out" in story:
        return "timed out"
    status = re.search(r"status code: (\d{3})", story)
    return f"HTTP {status[1]}" if status else "no connection"


def _code(error: Exception) -> str | None:
    found = _CODE.search(str(error))
    return found[1] if found else None


def _unquoted(etag: str | None) -> str:
    return (etag or "").strip('"')
