"""Small JSON files that several processes read while one writes: always whole, never half."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from panel.errors import StorageError


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file in one step, readable by its owner alone.

    Raises:
        StorageError: the disk refused.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}.",
            hint="Free some space or correct the rights of that folder, then try again.",
        ) from error


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a JSON file; None when there is none or it is not a JSON object (it was damaged by hand)."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise StorageError(
            f"{path} could not be read: {error.strerror or error}.", hint="Correct the rights of that file."
        ) from error
    return content if isinstance(content, dict) else None
