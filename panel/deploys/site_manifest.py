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
        digest: ``sha256:…`` of the build, without ``config.js``.
        files: by name, without ``config.js``.
        config: ``config.js``, which each release has its own of: it is put back with the release that it was made for,
            and never goes to another one.
    """

    bucket: str
    digest: str
    files: Mapping[str, FileEntry]
    config: FileEntry | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        files = {name: asdict(entry) for name, entry in self.files.items()}
        config = asdict(self.config) if self.config is not None else None
        return {"bucket": self.bucket, "digest": self.digest, "files": files, "config": config}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Manifest:
        """From what :meth:`to_dict` gave."""
        files = {name: FileEntry(**entry) for name, entry in stored["files"].items()}
        config = FileEntry(**stored["config"]) if stored.get("config") else None
        return cls(bucket=stored["bucket"], digest=stored["digest"], files=files, config=config)
