"""A run's sign of life while a stage works, and the ear for a request to cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from panel.errors import PanelError
from panel.store.runs import Runs
from panel.store.tables import now

_EVERY_S = 1.0


class Pulse:
    """Beats (once a second) in its own thread, for as long as the ``with`` block lasts.

    Args:
        runs: where the run is.
        run_id: the run.
        on_cancel: called once, when somebody asked for the run to be cancelled.
        on_force: called once, when somebody asked for that by force, after all that was said about it.
        on_beat: called at every beat, for what else must not wait (lines of the log that were held back).
        every_s: seconds between two beats.
    """

    def __init__(
        self,
        runs: Runs,
        run_id: int,
        *,
        on_cancel: Callable[[], object],
        on_beat: Callable[[], None],
        on_force: Callable[[], object] = lambda: None,
        every_s: float = _EVERY_S,
    ) -> None:
        self._runs = runs
        self._run_id = run_id
        self._on_cancel = on_cancel
        self._on_force = on_force
        self._on_beat = on_beat
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"pulse-{run_id}", daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        told = forced = False
        while not self._stop.wait(self._every_s):
            try:
                self._on_beat()
                self._runs.update(self._run_id, heartbeat_at=now())
                run = self._runs.get(self._run_id)
                if not told and run.cancel_requested:
                    told = True
                    self._on_cancel()
                if not forced and run.force_cancel:
                    forced = True
                    self._on_force()
            except PanelError:
                # A database that refuses for a moment must not end the work; the next beat tries again.
                continue
