"""Being a process that ends when asked: SIGTERM, Ctrl-C and a closed terminal set an event, and its log goes to standard error."""

from __future__ import annotations

import _thread
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

_QUIET = ("httpx", "httpcore", "botocore", "boto3", "urllib3", "s3transfer", "alembic")


def stop_events(count: int) -> Sequence[threading.Event]:
    """Events of which the first request to end sets the first, the next one the next, and any more the last.

    Python calls a handler in the main thread between any two of its steps, even while that thread holds the lock of the
    very event that it waits for: setting the event there would wait for ever. So another thread does that.
    """
    events = tuple(threading.Event() for _ in range(count))
    unset = list(events)

    def ask(_number: int, _frame: FrameType | None) -> None:
        _thread.start_new_thread((unset.pop(0) if len(unset) > 1 else unset[0]).set, ())

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    return events


def stop_event() -> threading.Event:
    """The same with one event, which every request sets."""
    return stop_events(1)[0]


class _Discreet(logging.Formatter):
    """A traceback may show anything: what looks like a credential is masked in the whole entry."""

    mask: Callable[[str], str] = staticmethod(str)

    def format(self, record: logging.LogRecord) -> str:
        return self.mask(super().format(record))


def log_to_stderr() -> None:
    """Log with UTC times to standard error, masked; libraries only when something is wrong."""
    # Only a process that works logs: one that prints help need not load the settings.
    from panel.masking import Masker
    from panel.settings import own_environment

    formatter = _Discreet("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    formatter.mask = Masker.for_environment(own_environment()).text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
