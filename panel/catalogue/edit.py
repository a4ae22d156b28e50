"""Edits of environments.yaml on disk: checked before they are written, in one step, one writer at a time.

How the text changes is in :mod:`panel.catalogue.splice`.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from panel.catalogue import splice
from panel.catalogue.load import parse_catalogue, read_text
from panel.errors import BusyError, StorageError

_LOCK_TIMEOUT_S = 10.0
_LOCK_POLL_S = 0.05


def set_value(path: Path, keys: tuple[str, ...], value: object) -> str:
    """Set one value, such as ``("environments", "staging", "desired_tasks")``, and return the diff.

    Raises:
        NotFoundError: the section that the key belongs to is not there.
        CatalogueError: the file is wrong as it stands, or would be afterwards; nothing was written.
        BusyError: someone else has been editing for ten seconds.
        StorageError: the disk refused.
    """
    return _edit(path, lambda text: splice.with_value(text, keys, value))


def add_environment(path: Path, name: str, environment: Mapping[str, object]) -> str:
    """Add an environment (keys and plain values as in the file) after the last one, and return the diff.

    Raises: as :func:`set_value`; also CatalogueError where the name is taken.
    """
    return _edit(path, lambda text: splice.with_entry(text, ("environments", name), environment))


def remove_environment(path: Path, name: str) -> str:
    """Take an environment and the comments right above it out of the file, and return the diff.

    What it stands for in AWS is not touched: destroy it first.

    Raises: as :func:`set_value`; NotFoundError where there is no such environment.
    """
    return _edit(path, lambda text: splice.without_entry(text, ("environments", name)))


def diff(old_text: str, new_text: str, file_name: str = "environments.yaml") -> str:
    """What changed, as unified text; empty where nothing did."""
    lines = difflib.unified_diff(
        old_text.splitlines(keepends=True), new_text.splitlines(keepends=True), file_name, file_name
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _edit(path: Path, change: Callable[[str], str]) -> str:
    real = path.resolve()  # a link stays a link
    with _locked(real):
        old = read_text(real)
        parse_catalogue(old, path.name)
        new = change(old)
        parse_catalogue(new, path.name)
        if new != old:
            _replace(real, new)
    return diff(old, new, path.name)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder's lock. The folder, not the file: the file itself is replaced by every edit."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        _wait_for(folder, path)
        yield
    finally:
        os.close(folder)  # releases the lock


def _wait_for(folder: int, path: Path) -> None:
    end = time.monotonic() + _LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise BusyError(
                    f"Someone else is editing {path.name}.", hint="Wait a moment and try again."
                ) from None
            time.sleep(_LOCK_POLL_S)
        except OSError as error:
            raise _refused(path, error) from error


def _replace(path: Path, text: str) -> None:
    """Write beside the file and rename over it: a reader sees the old text or the new, never half."""
    temporary: Path | None = None
    try:
        mark = b"\xef\xbb\xbf" if path.read_bytes().startswith(b"\xef\xbb\xbf") else b""
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(mark + text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, temporary)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path.name} was not changed: {error.strerror or error}.",
        hint="Check that the panel's user may write in its folder and that the disk has room.",
    )
