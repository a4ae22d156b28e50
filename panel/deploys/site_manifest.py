"""What a published site is made of, and where each file's content is kept: enough to put it back or promote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class SitePlace:
    """Where a site is published: its bucket, and the CloudFront distribution in front of it."""

    bucket: str
    distribution_id: str


@dataclass(frozen=True)
class FileEntry:
    """One file of a release.

    Attributes:
        sha256: of the file as it was built, in hexadecimal.
        etag: S3's, of the content as it is stored, without quotes.
        size: bytes of the content as it is stored.
        version: S3's name of the object version that holds it; ``null`` in a bucket without versions.
        encoding: ``gzip``, or empty where it is stored as it was built.
    """

    sha256: str
    etag: str
    size: int
    version: str
    encoding: str = ""


@dataclass(frozen=True)
class Manifest:
    """A release of a site.

    Attributes:
        bucket: the bucket that keeps the object versions.
        digest: ``sha256:…`` of the build.
        files: by name; without ``config.js``, which each environment and release has its own of.
    """

    bucket: str
    digest: str
    files: Mapping[str, FileEntry]

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        files = {name: asdict(entry) for name, entry in self.files.items()}
        return {"bucket": self.bucket, "digest": self.digest, "files": files}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Manifest:
        """From what :meth:`to_dict` gave."""
        files = {name: FileEntry(**entry) for name, entry in stored["files"].items()}
        return cls(bucket=stored["bucket"], digest=stored["digest"], files=files)
