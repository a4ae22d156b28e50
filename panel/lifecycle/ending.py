"""Ending Terraform in good order, before the endpoint that it works against goes away."""

from __future__ import annotations

import time
from pathlib import Path

from panel.engine.execution import Execution

#: Longer than anything the provider waits for on the embedded AWS.
_GRACE_S = 180.0
_LOOK_S = 0.2


def end_executions(data_path: Path, *, grace_s: float = _GRACE_S) -> int:
    """Let every Terraform of a data directory finish what it has begun, write its state and release its lock.

    Without that, what it had made would be in no state, and nobody could ever change or destroy it.

    Args:
        data_path: the panel's data directory.
        grace_s: seconds after which one that is still at work is killed.

    Returns:
        How many were at work.

    Raises:
        StorageError: one had to be killed, and that cannot be noted down.
    """
    folders = (data_path / "workspaces").glob("*/executions/*")
    alive = asked = [one for one in map(Execution, folders) if one.cancel()]
    deadline = time.monotonic() + grace_s
    while alive := [one for one in alive if one.is_alive()]:
        if time.monotonic() > deadline:
            for one in alive:
                one.cancel(force=True)
            break
        time.sleep(_LOOK_S)
    return len(asked)
