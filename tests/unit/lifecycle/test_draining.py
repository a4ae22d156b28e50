"""The gate that steps go through while a worker ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from panel.lifecycle.draining import StepGate

_PATIENCE_S = 20


@pytest.fixture
def in_thread() -> Iterator[Callable[[Callable[[], None]], threading.Thread]]:
    def start(work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    yield start


def test_closing_waits_for_the_step_at_work_and_lets_none_begin(
    in_thread: Callable[[Callable[[], None]], threading.Thread],
) -> None:
    gate, at_work, go_on, closed = StepGate(), threading.Event(), threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        with gate.step():
            at_work.set()
            go_on.wait(_PATIENCE_S)
            done.append("first")
        with gate.step():
            done.append("second")

    def close() -> None:
        assert gate.close(_PATIENCE_S, threading.Event())
        closed.set()

    in_thread(first)
    assert at_work.wait(_PATIENCE_S)
    in_thread(close)
    assert not closed.wait(0.3)
    go_on.set()

    assert closed.wait(_PATIENCE_S)
    assert done == ["first"]


def test_hurry_and_the_limit_end_the_waiting() -> None:
    for limit_s, hurried in ((0, False), (_PATIENCE_S, True)):
        gate, hurry = StepGate(), threading.Event()
        if hurried:
            hurry.set()
        with gate.step():
            assert not gate.close(limit_s, hurry)


def test_a_step_that_only_waits_is_cut_where_it_says_so(
    in_thread: Callable[[Callable[[], None]], threading.Thread],
) -> None:
    gate, waiting, look = StepGate(), threading.Event(), threading.Event()
    passed: list[int] = []

    def wait() -> None:
        with gate.step():
            gate.pause()
            waiting.set()
            look.wait(_PATIENCE_S)
            gate.pause()
            passed.append(1)

    in_thread(wait)
    assert waiting.wait(_PATIENCE_S)
    look_later = threading.Timer(0.2, look.set)
    look_later.start()

    assert gate.close(_PATIENCE_S, threading.Event())
    look_later.join()
    assert passed == []
