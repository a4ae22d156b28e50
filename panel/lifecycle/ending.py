"""Ending Terraform in good order, before the endpoint that it works against goes away."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from panel.engine.execution import Execution

#: An apply on the embedded AWS takes about a minute, nearly all of it the provider's own delays.
_FINISH_S = 300.0
#: After that, how long one may take that was asked to stop.
_STOP_S = 60.0
_LOOK_S = 0.2


def end_executions(data_path: Path, *, finish_s: float = _FINISH_S, stop_s: float = _STOP_S) -> None:
    """Let every apply of a data directory finish, and stop every plan.

    An apply that loses its endpoint can save no state: what it had made would be forgotten, and stand in the way for
    ever. Asked to stop, Terraform saves its state, but the provider forgets what it has made and not yet seen
    come up. So an apply is waited for; the next worker finds it finished and goes on from there.

    Args:
        data_path: the panel's data directory.
        finish_s: seconds after which an apply that is still at work is asked to stop.
        stop_s: seconds after which one that was asked to stop is killed.

    Raises:
        StorageError: one had to be killed, and that cannot be noted down.
    """
    folders = (data_path / "workspaces").glob("*/executions/*")
    alive = [one for one in map(Execution, folders) if one.is_alive()]
    for one in alive:
        if not one.operation.is_long:
            one.cancel()
    alive = _wait(alive, finish_s)
    for one in alive:
        one.cancel()
    for one in _wait(alive, stop_s):
        one.cancel(force=True)


def _wait(executions: Iterable[Execution], limit_s: float) -> list[Execution]:
    """Those that are still at work when all have ended or the limit has passed."""
    deadline = time.monotonic() + limit_s
    alive = [one for one in executions if one.is_alive()]
    while alive and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        alive = [one for one in alive if one.is_alive()]
    return alive
