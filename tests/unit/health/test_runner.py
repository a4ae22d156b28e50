"""Looks side by side: one that hangs or breaks stops none of the others."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import NoReturn

import pytest

from panel.health import runner
from panel.health.probes import Finding, Probe


def well() -> Finding:
    return Finding("healthy", "Fine.")


def broken() -> NoReturn:
    raise ValueError("not foreseen")


def test_results_come_in_the_order_asked_with_their_time(moment: datetime) -> None:
    looks = [Probe(f"p{number}", "backend", well) for number in range(20)]

    results = runner.run(looks, time_limit_s=30, threads=3, clock=lambda: moment)

    assert [result.name for result in results] == [look.name for look in looks]
    assert {(r.verdict, r.checked_at, r.service) for r in results} == {("healthy", moment, "backend")}
    assert all(result.elapsed_ms >= 0 for result in results)


def test_a_broken_look_reads_unknown_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    results = runner.run([Probe("bad", None, broken), Probe("good", None, well)], time_limit_s=30)

    assert [result.verdict for result in results] == ["unknown", "healthy"]
    assert "not foreseen" in results[0].evidence
    assert "the probe bad of the environment broke" in caplog.text


def test_a_hanging_look_reads_unknown_and_the_others_are_done() -> None:
    release = threading.Event()

    def hang() -> Finding:
        release.wait(60)
        return well()

    results = runner.run([Probe("stuck", None, hang), Probe("good", None, well)], time_limit_s=2)
    release.set()

    assert [result.verdict for result in results] == ["unknown", "healthy"]
    assert "within 2 s" in results[0].detail
    assert not results[0].reached


def test_looks_that_cannot_begin_in_time_read_unknown() -> None:
    results = runner.run([Probe("late", None, well)], time_limit_s=0)

    assert results[0].verdict == "unknown"


def test_hanging_looks_never_pile_up() -> None:
    slots = threading.Semaphore(1)
    release = threading.Event()

    def hang() -> Finding:
        release.wait(60)
        return well()

    stuck = runner.run([Probe("stuck", None, hang)], time_limit_s=0.2, slots=slots)
    refused = runner.run([Probe("next", None, well)], time_limit_s=0.1, slots=slots)
    release.set()

    assert [stuck[0].verdict, refused[0].verdict] == ["unknown", "unknown"]
    assert slots.acquire(timeout=30), "a look that ends gives its slot back"


def test_nothing_to_look_at() -> None:
    assert runner.run([], time_limit_s=1) == ()
