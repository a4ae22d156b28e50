"""Who works in this data directory: a lock file for each worker, which the system lets go when its process ends."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from panel.errors import BusyError

_ALONE = "worker.lock"
_FOLDER = "workers"
# Whoever asks whether a worker is alive holds its lock for a moment.
_LOCK_WAIT_S = 1.0


class Presence:
    """The workers of one data directory.

    Args:
        data_path: the data directory.
    """

    def __init__(self, data_path: Path) -> None:
        self._data_path = data_path
        self._held: list[FileLock] = []

    def take(self, token: str, *, alone: bool) -> None:
        """Be present until the process ends.

        Args:
            token: what tells this process from every other one.
            alone: let no second one in. SQLite has one writer at a time for the whole file, so that a second
                worker on it would win nothing, and wait.

        Raises:
            BusyError: ``alone``, and another worker is alive.
        """
        (self._data_path / _FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
        names = ([_ALONE] if alone else []) + [f"{_FOLDER}/{token}.lock"]
        for name in names:
            lock = FileLock(self._data_path / name)
            try:
                lock.acquire(timeout=_LOCK_WAIT_S)
            except Timeout:
                raise BusyError(
                    "A worker is alive already in this data directory.",
                    hint="With SQLite one worker carries all environments; for more, set PANEL_DATABASE_URL.",
                ) from None
            self._held.append(lock)

    def release(self) -> None:
        """Be gone, before the process ends."""
        for lock in self._held:
            lock.release()
        self._held = []

    def anybody(self) -> bool:
        """Whether any worker of this data directory is alive, whoever started it."""
        folder = self._data_path / _FOLDER
        tokens = [path.stem for path in folder.glob("*.lock")] if folder.is_dir() else []
        return _is_held(self._data_path / _ALONE) or any(self.is_alive(token) for token in tokens)

    def is_alive(self, token: str) -> bool:
        """Whether the worker with this token is alive, be it at work or suspended."""
        return _is_held(self._data_path / _FOLDER / f"{token}.lock")

    def forget(self, token: str) -> None:
        """Take away the lock file of a worker that is gone."""
        if not self.is_alive(token):
            (self._data_path / _FOLDER / f"{token}.lock").unlink(missing_ok=True)


def _is_held(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
