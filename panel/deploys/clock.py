"""Time as a deployment needs it."""

from __future__ import annotations

import time


class Clock:
    """Time as a deployment needs it, in seconds; tests hand over one that does not really wait."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass."""
        time.sleep(seconds)
