"""Ending in good order: no step begins any more, those at work come to a point from which another worker goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class StepGate:
    """Every step of every workflow goes through it. Once closed, threads that come to it stay there for ever."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = True
        self._at_work = 0

    @contextmanager
    def step(self) -> Iterator[None]:
        """Around one step, its record in the database included."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def pause(self) -> None:
        """Called by a step that only waits and may be cut here: it never returns when the gate is closed."""
        with self._changed:
            if self._open:
                return
        self._leave()
        self._enter()

    def close(self, limit_s: float, hurry: threading.Event) -> bool:
        """Let no step begin, and wait for those at work; True when none is left.

        Args:
            limit_s: the longest wait, in seconds.
            hurry: ends the wait at once.
        """
        with self._changed:
            self._open = False
        waited = 0.0
        while waited < limit_s and not hurry.is_set():
            with self._changed:
                if self._changed.wait_for(lambda: self._at_work == 0, timeout=_LOOK_S):
                    return True
            waited += _LOOK_S
        with self._changed:
            return self._at_work == 0

    def _enter(self) -> None:
        with self._changed:
            # The process ends underneath them: what they were about to do is done by another worker.
            self._changed.wait_for(lambda: self._open)
            self._at_work += 1

    def _leave(self) -> None:
        with self._changed:
            self._at_work -= 1
            self._changed.notify_all()


_LOOK_S = 0.1
#: One process is one worker, as it has one DBOS.
GATE = StepGate()
