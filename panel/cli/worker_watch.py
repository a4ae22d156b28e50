"""Noticing, while waiting for a run, that no worker is alive, and starting one again: once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from panel.cli import output
from panel.errors import PanelError

if TYPE_CHECKING:
    from panel.wiring import Panel

_LOOK_S = 1.0
_START_S = 30.0


class WorkerWatch:
    """Looks after the worker during one wait.

    Args:
        panel: the panel.
        started: a worker was started a moment ago and needs some seconds before it says that it is alive.
    """

    def __init__(self, panel: Panel, *, started: bool) -> None:
        self._panel = panel
        self._began = self._last_look = time.monotonic()
        self._seen = not started
        self._restarted = False

    def look(self, tell: Callable[[str], None]) -> None:
        """Start a worker where none is alive. A run waits for one as long as it takes, so failing is only told."""
        now = time.monotonic()
        if self._restarted or now - self._last_look < _LOOK_S:
            return
        self._last_look = now
        if self._panel.worker_process.alive():
            self._seen = True
            return
        if not self._seen and now - self._began < _START_S:
            return
        self._restarted = True
        tell("No worker is alive: starting one; the run goes on where it was.")
        try:
            self._panel.ensure_running()
        except PanelError as problem:
            output.error(problem)
            output.say("The run waits until a worker is alive: panel worker")
