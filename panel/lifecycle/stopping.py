"""How a deployment under way hears that it shall stop: when asked, it undoes what must be undone; by force, it lets go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from panel.deploys.clock import Clock

# How often a step that waits makes sure that the run is still its own, in seconds.
_LOOK_S = 2.0


class ForcedEndError(Exception):
    """Somebody ended the run by force: nothing more is changed or looked at. Told as CanceledRunError outside."""


class Stopping:
    """Two wishes of people, heard by the run's pulse in its own thread.

    Args:
        asked: somebody had asked before the step began (again).
        forced: the same, by force.
    """

    def __init__(self, *, asked: bool = False, forced: bool = False) -> None:
        self._asked, self._forced = threading.Event(), threading.Event()
        if asked:
            self._asked.set()
        if forced:
            self._forced.set()

    def ask(self) -> None:
        """Somebody asks for the run to stop."""
        self._asked.set()

    def force(self) -> None:
        """Somebody ends it by force."""
        self._asked.set()
        self._forced.set()

    def stopped(self) -> bool:
        """Whether the work shall stop.

        Raises:
            ForcedEndError: it shall not even be undone.
        """
        self.heed()
        return self._asked.is_set()

    def heed(self) -> None:
        """Go on, unless the run was ended by force.

        Raises:
            ForcedEndError: it was.
        """
        if self._forced.is_set():
            raise ForcedEndError


class HeedfulClock(Clock):
    """Real time; who waits hears of an end by force, and that another worker has taken the run over.

    Args:
        stopping: people's wishes.
        still_mine: raises SupersededError where the run is another worker's by now.
    """

    def __init__(self, stopping: Stopping, still_mine: Callable[[], object]) -> None:
        self._stopping = stopping
        self._still_mine = still_mine
        self._looked = time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass.

        Raises:
            ForcedEndError: the run was ended by force.
            SupersededError: the run is another worker's.
        """
        super().wait(seconds)
        self._stopping.heed()
        if time.monotonic() - self._looked > _LOOK_S:
            self._looked = time.monotonic()
            self._still_mine()
