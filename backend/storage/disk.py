"""Lists on disk, for development: one JSON file per list, replaced whole, never torn."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.storage.interface import Condition, PreconditionFailedError, StorageError, Stored

# More than most lists have, so that one call reads them.
_PART_BYTES = 32 * 1024


class DiskStorage:
    """Keeps ``<name>.json`` in one directory, made on first use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> Stored | None:
        """Return the file's bytes, None when there is no file. Raises StorageError."""
        try:
            content = _content(f"{self._directory}/{name}.json")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failure("read", error) from error
        return Stored(content, _tag(content))

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        """Replace the file in one step that survives a power cut, and return the new tag.

        Raises PreconditionFailedError when ``condition`` does not hold, StorageError when it fails.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with self._locked(name):
                if not condition.is_empty:
                    current = self.read(name)
                    if not condition.holds(current.etag if current else None):
                        raise PreconditionFailedError(current)
                self._replace(name, content)
        except OSError as error:
            raise _failure("write", error) from error
        return _tag(content)

    def check(self) -> None:
        """Return when the directory can be written. Raises StorageError."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._directory):
                pass
        except OSError as error:
            raise _failure("write", error) from error

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        # Each opening of the file is a lock holder of its own, so this keeps threads apart as well as
        # processes. The lock file stays: removing it would let two writers hold "the" lock.
        lock = os.open(self._directory / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _replace(self, name: str, content: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=self._directory)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path(name))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)  # the new name itself must be on the disk too
        finally:
            os.close(directory)


def _content(path: str) -> bytes:
    """The file's bytes by as few calls of the system as can be: each lets another thread go first."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = [os.read(descriptor, _PART_BYTES)]
        while len(parts[-1]) == _PART_BYTES:
            parts.append(os.read(descriptor, _PART_BYTES))
    finally:
        os.close(descriptor)
    return b"".join(parts)


def _tag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _failure(verb: str, error: OSError) -> StorageError:
    # Paths stay out of the message: it is shown to clients.
    return StorageError(
        f"the storage directory could not be used ({verb}): {error.strerror or 'input/output error'}"
    )
