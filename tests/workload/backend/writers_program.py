"""``python -m tests.workload.backend.writers_program ACT FIRST COUNT``: many writers of one list, in one process.

The storage is the environment's. ``add`` has each writer put its own number into the list without losing
another's; ``replace`` has each write a list of its own over whatever is there. Two such processes at once
are like two tasks of a service.
"""

from __future__ import annotations

import json
import sys
import threading

from backend.settings import Settings
from backend.storage import Condition, PreconditionFailedError, Storage, open_storage

NAME = "crowded"
FILLING = 20_000


def add(storage: Storage, number: int) -> None:
    """Read, add the number, write on the condition that nobody was quicker; again until it is in."""
    stored = storage.read(NAME)
    while True:
        numbers = json.loads(stored.content) if stored else []
        condition = Condition(match=(stored.etag,)) if stored else Condition(none_match=("*",))
        try:
            storage.write(NAME, json.dumps([*numbers, number]).encode(), condition)
        except PreconditionFailedError as error:
            stored = error.current
        else:
            return


def replace(storage: Storage, number: int) -> None:
    """Write and read: what is read must be somebody's list, whole."""
    storage.write(NAME, json.dumps([number] * FILLING).encode(), Condition())
    stored = storage.read(NAME)
    assert stored is not None
    numbers = json.loads(stored.content)
    assert len(numbers) == FILLING, len(numbers)
    assert len(set(numbers)) == 1, set(numbers)


def main(act: str, first: int, count: int) -> int:
    """Let all writers go at the same moment; the number of those that failed."""
    storage = open_storage(Settings.from_environment())
    gate = threading.Barrier(count)
    failures: list[str] = []

    def write(number: int) -> None:
        gate.wait()
        try:
            {"add": add, "replace": replace}[act](storage, number)
        except Exception as error:
            failures.append(f"{number}: {error!r}")

    threads = [threading.Thread(target=write, args=(first + place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(failures), file=sys.stderr)
    return len(failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
