"""Being asked to end: by a first signal, by a second one, and in the very moment in which the request is waited for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from panel.cli.stopping import stop_event, stop_events

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LIMIT_S = 30


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_of_the_signals_asks_to_end(number: signal.Signals) -> None:
    stop = stop_event()
    assert not stop.is_set()
    signal.raise_signal(number)
    assert stop.wait(_LIMIT_S)


def test_a_second_signal_hurries_and_a_third_changes_nothing() -> None:
    stop, hurry = stop_events(2)
    signal.raise_signal(signal.SIGTERM)
    assert stop.wait(_LIMIT_S)
    assert not hurry.is_set()
    signal.raise_signal(signal.SIGINT)
    assert hurry.wait(_LIMIT_S)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.timeout(60)
def test_a_signal_in_the_moment_in_which_the_event_is_looked_at_is_not_waited_for_for_ever() -> None:
    stop = stop_event()
    looked_at: Any = stop._cond  # what threading.Event holds while it looks
    with looked_at:
        signal.raise_signal(signal.SIGTERM)
    assert stop.wait(_LIMIT_S)


def test_a_thread_that_waits_hears_of_it() -> None:
    stop = stop_event()
    heard = threading.Thread(target=stop.wait)
    heard.start()
    signal.raise_signal(signal.SIGTERM)
    heard.join(_LIMIT_S)
    assert not heard.is_alive()
