"""Where the files of a release come from: a build on this machine, or object versions that S3 keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from panel.aws.s3_versions import copy_version, put_version, read_version
from panel.aws.session import Aws
from panel.deploys.site_build import SiteBuild
from panel.deploys.site_files import CONFIG, INDEX, LARGEST_PACKED, cache_control, content_type, packed
from panel.deploys.site_manifest import FileEntry, Manifest
from panel.deploys.site_stock import Stock
from panel.errors import BuildError, DeployError, NotFoundError


class Origin(Protocol):
    """What a release is published from.

    Attributes:
        digest: of the build.
        names: the files, without ``config.js``.
    """

    digest: str
    names: Sequence[str]

    def page(self) -> bytes:
        """The content of the index."""

    def in_place(self, name: str, stock: Stock) -> FileEntry | None:
        """The file as the bucket shows it already; None where it shows something else, or nothing."""

    def bring(self, name: str, bucket: str) -> FileEntry:
        """Make the file what the bucket shows under its name."""


class BuildOrigin:
    """A build: its files are uploaded.

    Args:
        live: the release that the bucket shows, where it is known: what it names is compared without being packed.
    """

    def __init__(self, aws: Aws, build: SiteBuild, live: Manifest | None) -> None:
        self._aws, self._directory, self._hashes = aws, build.directory, build.hashes
        self._known: Mapping[str, FileEntry] = live.files if live is not None else {}
        self.digest = build.digest
        self.names: Sequence[str] = [name for name in build.files if name != CONFIG]

    def page(self) -> bytes:
        """The content of the index."""
        return self._read(INDEX)

    def in_place(self, name: str, stock: Stock) -> FileEntry | None:
        """The file as the bucket shows it already: with the content that was noted, or with the same MD5 (ETag)."""
        there = stock.current.get(name)
        if there is None:
            return None
        known = self._known.get(name)
        if known is not None and known.etag == there.etag:
            same = known.sha256 == self._hashes[name]
            return replace(known, version=there.version) if same else None
        if self._is_large(name):
            if self._md5(name) != there.etag:
                return None
            return FileEntry(self._hashes[name], there.etag, there.size, there.version)
        body, encoding = packed(name, self._read(name))
        if hashlib.md5(body, usedforsecurity=False).hexdigest() != there.etag:
            return None
        return FileEntry(self._hashes[name], there.etag, there.size, there.version, encoding)

    def bring(self, name: str, bucket: str) -> FileEntry:
        """Upload the file."""
        if not self._is_large(name):
            return upload(self._aws, bucket, name, self._read(name))
        digest, size = self._hashes[name], self._path(name).stat().st_size
        with _readable(name), self._path(name).open("rb") as file:
            written = put_version(
                self._aws, bucket, name, file,
                content_type=content_type(name), cache_control=cache_control(name), metadata={"sha256": digest},
            )  # fmt: skip
        return FileEntry(digest, written.etag, size, written.version)

    def _path(self, name: str) -> Path:
        return self._directory / name

    def _is_large(self, name: str) -> bool:
        with _readable(name):
            return self._path(name).stat().st_size > LARGEST_PACKED

    def _read(self, name: str) -> bytes:
        with _readable(name):
            return self._path(name).read_bytes()

    def _md5(self, name: str) -> str:
        with _readable(name), self._path(name).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


class ReleaseOrigin:
    """An earlier release, of this environment or of another one: S3 copies what differs, nothing is built.

    Args:
        kept: the bucket that the release was published to.
    """

    def __init__(self, aws: Aws, manifest: Manifest, kept: Stock) -> None:
        self._aws, self._manifest, self._kept = aws, manifest, kept
        self.digest = manifest.digest
        self.names: Sequence[str] = list(manifest.files)

    def page(self) -> bytes:
        """The content of the index."""
        with self._still_there():
            return read_version(self._aws, self._kept.bucket, INDEX, self._version(INDEX))

    def in_place(self, name: str, stock: Stock) -> FileEntry | None:
        """The file as the bucket shows it already."""
        entry = self._manifest.files[name]
        return replace(entry, version=stock.current[name].version) if stock.shows(name, entry.etag) else None

    def bring(self, name: str, bucket: str) -> FileEntry:
        """Have S3 copy the file."""
        with self._still_there():
            written = copy_version(
                self._aws, bucket, name, source=self._kept.bucket, version=self._version(name)
            )
        return replace(self._manifest.files[name], etag=written.etag, version=written.version)

    def require(self, names: Sequence[str]) -> None:
        """Make sure that the content of these files is still kept, before anything is changed.

        Raises:
            DeployError: it is not.
        """
        gone = [name for name in names if self._kept.find(name, self._manifest.files[name]) is None]
        if gone:
            raise self._incomplete(f"{len(gone)} of its {len(self.names)} files, the first of them {gone[0]}")

    def _version(self, name: str) -> str:
        entry = self._manifest.files.get(name)
        found = self._kept.find(name, entry) if entry is not None else None
        if found is None:
            raise self._incomplete(name)
        return found.version

    @contextmanager
    def _still_there(self) -> Iterator[None]:
        try:
            yield
        except NotFoundError as error:
            raise self._incomplete(error.message.rstrip(".")) from None

    def _incomplete(self, what: str) -> DeployError:
        return DeployError(
            f"The bucket {self._kept.bucket} does not keep this release any more: gone is {what}.",
            hint="Deploy the site from its source at that revision instead.",
        )


def upload(aws: Aws, bucket: str, name: str, content: bytes) -> FileEntry:
    """Store one file with the type, the lifetime and the encoding that its name asks for."""
    body, encoding = packed(name, content)
    digest = hashlib.sha256(content).hexdigest()
    written = put_version(
        aws, bucket, name, body, content_type=content_type(name), cache_control=cache_control(name),
        content_encoding=encoding, metadata={"sha256": digest},
    )  # fmt: skip
    return FileEntry(digest, written.etag, len(body), written.version, encoding)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BuildError(
            f"The built site's file {name} could not be read: {error.strerror or error}.",
            hint="Deploy again: the site is built anew where its build is gone.",
        ) from error
