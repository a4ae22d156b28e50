"""A run's sign of life while a stage works."""

import threading

from panel.errors import StorageError
from panel.runs.pulse import Pulse
from panel.store.stores import Stores

_LONG_S = 20


def test_it_beats_and_writes_what_was_held_back(stores: Stores, run_id: int) -> None:
    beats = threading.Semaphore(0)

    with Pulse(stores.runs, run_id, on_cancel=lambda: None, on_beat=beats.release, every_s=0.01):
        assert beats.acquire(timeout=_LONG_S)
        assert beats.acquire(timeout=_LONG_S)

    assert stores.runs.get(run_id).heartbeat_at is not None


def test_a_request_to_cancel_is_told_once(stores: Stores, run_id: int) -> None:
    told, beats = [], threading.Semaphore(0)
    stores.runs.update(run_id, cancel_requested=True)

    with Pulse(
        stores.runs, run_id, on_cancel=lambda: told.append("cancel"), on_beat=beats.release, every_s=0.01
    ):
        for _ in range(3):
            assert beats.acquire(timeout=_LONG_S)

    assert told == ["cancel"]


def test_without_a_request_nothing_is_canceled(stores: Stores, run_id: int) -> None:
    told, beats = [], threading.Semaphore(0)

    with Pulse(
        stores.runs, run_id, on_cancel=lambda: told.append("cancel"), on_beat=beats.release, every_s=0.01
    ):
        assert beats.acquire(timeout=_LONG_S)
        assert beats.acquire(timeout=_LONG_S)

    assert told == []


def test_a_store_that_refuses_for_a_moment_does_not_stop_it(stores: Stores, run_id: int) -> None:
    beats = threading.Semaphore(0)
    refusals = iter([True, False])
    told = threading.Event()
    stores.runs.update(run_id, cancel_requested=True)

    def beat() -> None:
        beats.release()
        if next(refusals, False):
            raise StorageError("The database is locked.")

    with Pulse(stores.runs, run_id, on_cancel=told.set, on_beat=beat, every_s=0.01):
        assert told.wait(timeout=_LONG_S)


def test_it_stops_with_its_block(stores: Stores, run_id: int) -> None:
    names: list[str] = []
    with Pulse(stores.runs, run_id, on_cancel=lambda: None, on_beat=lambda: None):
        names = [thread.name for thread in threading.enumerate()]

    assert f"pulse-{run_id}" in names
    assert f"pulse-{run_id}" not in [thread.name for thread in threading.enumerate()]
