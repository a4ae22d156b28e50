"""What every storage promises: values, conditions on writes, and the errors it raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """A list as it is kept: its bytes and the tag of this version (opaque text without quotes)."""

    content: bytes
    etag: str


@dataclass(frozen=True)
class Condition:
    """When a write may happen (RFC 9110, sections 13.1.1 and 13.1.2).

    ``match``: the current version must carry one of these tags. ``none_match``: it must carry none of
    them. ``("*",)`` stands for any version at all; None for no condition.
    """

    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None

    def holds(self, current: str | None) -> bool:
        """Whether a version tagged ``current`` (None: there is none) may be replaced."""
        if self.match is not None and not _listed(self.match, current):
            return False
        return self.none_match is None or not _listed(self.none_match, current)

    @property
    def is_empty(self) -> bool:
        """Whether any write may happen."""
        return self.match is None and self.none_match is None


class StorageError(Exception):
    """The storage could not do what was asked; the message says why, in words fit for a client."""


class PreconditionFailedError(Exception):
    """The condition of a write did not hold; nothing was written. ``current`` is what is kept now."""

    def __init__(self, current: Stored | None) -> None:
        super().__init__("the list has changed since it was read")
        self.current = current


class Storage(Protocol):
    """Keeps the bytes of named lists. Safe to call from many threads; names were checked before."""

    def read(self, name: str) -> Stored | None:
        """Return the list kept under ``name``, None when there is none. Raises StorageError."""

    def write(self, name: str, content: bytes, condition: Condition) -> str:
        """Keep ``content`` under ``name``, whole or not at all, and return its tag.

        Raises PreconditionFailedError when ``condition`` does not hold, StorageError when it fails.
        """

    def check(self) -> None:
        """Return when the storage can be reached. Raises StorageError with the reason when not."""


def _listed(tags: tuple[str, ...], current: str | None) -> bool:
    return current is not None and ("*" in tags or current in tags)
