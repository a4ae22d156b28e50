"""Any condition on a write, reduced to the two that storages can check and write in one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.storage.interface import Condition, PreconditionFailedError, StorageError, Stored

# Each attempt that is lost means that somebody else's write was done; so many in a row means a crowd.
_ATTEMPTS = 20


@dataclass(frozen=True)
class Pin:
    """What the write replaces: the version with this tag, or (None) nothing at all."""

    tag: str | None


def write_if(
    condition: Condition, read: Callable[[], Stored | None], swap: Callable[[Pin], str | None]
) -> str:
    """Write under ``condition`` (not an empty one) and return the new tag.

    ``read`` tells what is kept now; ``swap`` writes if the pin still holds, in one step, and returns the
    new tag, or None when it did not hold. Raises PreconditionFailedError, StorageError.
    """
    pin = _one_step(condition)
    if pin is not None:
        tag = swap(pin)
        if tag is None:
            raise PreconditionFailedError(read())
        return tag
    for _ in range(_ATTEMPTS):
        current = read()
        if not condition.holds(current.etag if current else None):
            raise PreconditionFailedError(current)
        tag = swap(Pin(current.etag if current else None))
        if tag is not None:
            return tag
    raise StorageError("too many others write this list at the moment")


def _one_step(condition: Condition) -> Pin | None:
    match, none_match = condition.match, condition.none_match
    if match is None and none_match == ("*",):
        return Pin(None)
    if none_match is None and match is not None and len(match) == 1 and match != ("*",):
        return Pin(match[0])
    return None
