"""Writing files so that a reader sees the old content or the new one, never half of it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from pathlib import Path
from typing import Any

from panel.errors import StorageError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def storage_error(path: Path, error: OSError) -> StorageError:
    """The error a person sees when the disk refuses ``path``."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    reason = "the disk is full" if full else (error.strerror or str(error)).lower()
    return StorageError(
        f"{path} could not be written: {reason}.",
        hint="Free some space and try again." if full else "Check the folder's owner and permissions.",
    )


def make_folder(path: Path) -> None:
    """Create a folder, and its parents, that only its owner can read.

    Raises:
        StorageError: the folder cannot be made.
    """
    try:
        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def write_atomically(path: Path, content: bytes, *, mode: int = PRIVATE_FILE) -> bool:
    """Put ``content`` into ``path`` in one step; a file that already holds it is left alone.

    Args:
        path: the file; its folder must exist.
        content: the whole new content.
        mode: permission bits of the file.

    Returns:
        Whether the file was written.

    Raises:
        StorageError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        if path.is_file() and path.read_bytes() == content:
            path.chmod(mode)
            return False
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise storage_error(path, error) from error
    return True


def write_json(path: Path, value: object) -> bool:
    """Put ``value`` as JSON into ``path`` in one step; raises as `write_atomically` does."""
    return write_atomically(path, json.dumps(value, indent=1).encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in ``path``, or None when there is no such file.

    Raises:
        StorageError: the file is there but cannot be read or is not a JSON object.
    """
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"{path} could not be read: {error.strerror}.", hint="Check its permissions."
        ) from error
    except ValueError as error:
        raise StorageError(f"{path} is not valid JSON: {error}.", hint="Start the operation anew.") from error
    if not isinstance(value, dict):
        raise StorageError(f"{path} does not hold a JSON object.", hint="Start the operation anew.")
    return value
