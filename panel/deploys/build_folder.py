"""Folders of build results: made beside their final place and moved there whole, so none is ever half made."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from panel.errors import StorageError

# A build that was killed leaves its scratch folder behind; no build takes this long.
_ABANDONED_S = 6 * 3600
_KEPT = 20


def build_once(target: Path, make: Callable[[Path], None]) -> bool:
    """Make ``target`` by calling ``make`` with an empty scratch folder, unless it is there already.

    Several processes may do so at once: one result stays, all are equal. The folders beside it that were
    not used for longest go, so that builds do not fill the disk over the years.

    Returns:
        Whether ``make`` was called.

    Raises:
        StorageError: the disk refused (full, read-only).
        Whatever ``make`` raises; nothing is left behind then.
    """
    if target.is_dir():
        os.utime(target)
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(target.parent)
        scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    except OSError as error:
        raise _refused(target, error) from error
    try:
        make(scratch)
        scratch.chmod(0o755)
        try:
            scratch.rename(target)
        except OSError:
            # Another process was quicker, and its result is the same as ours.
            if not target.is_dir():
                raise
        _clear_unused(target.parent)
    except OSError as error:
        raise _refused(target, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return True


def _clear_unused(parent: Path) -> None:
    kept = [path for path in parent.iterdir() if path.is_dir() and not path.name.startswith(".")]
    kept.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for unused in kept[_KEPT:]:
        shutil.rmtree(unused, ignore_errors=True)


def _clear_abandoned(parent: Path) -> None:
    limit = time.time() - _ABANDONED_S
    for scratch in parent.glob(".making-*"):
        if scratch.stat().st_mtime < limit:
            shutil.rmtree(scratch, ignore_errors=True)


def _refused(target: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The panel could not write {target}: {error.strerror or error}.",
        hint="Make room on the disk or correct the permissions of the data directory, then try again.",
    )
