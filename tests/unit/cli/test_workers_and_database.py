"""`panel worker list` and `panel db`: who works, what waits, and a backup put back only where it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panel.store.tables import WorkerRecord


@pytest.fixture
def quiet(panel: Any) -> Any:
    """The panel without a worker."""
    panel.worker_process.dead = True
    return panel


def test_workers_and_the_queue_are_listed_in_the_order_they_will_be_taken(terminal: Any, quiet: Any) -> None:
    stores = quiet.stores
    numbers = [stores.runs.create(name, "plan", "ana", ["plan"]).id for name in ("staging", "production")]
    stores.runs.update(numbers[1], priority=30)
    stores.workers.beat(WorkerRecord(id="box:7:aa", host="box", pid=7, capacity=8, memory_mb=210.4))
    taken = stores.runs.create("e3", "plan", "ana", ["plan"]).id
    assert stores.claims.claim(taken, "box:7:aa", "box/1")

    answer, found = terminal("worker", "list"), terminal.json("worker", "list")

    assert answer.stdout.splitlines()[1].split() == ["box:7", "working", "1/8", "210", "MB", str(taken)]
    assert "2 runs wait for a worker" in answer.stderr
    assert [entry["run"] for entry in found["queue"]] == numbers[::-1]
    assert found["oldest_wait_s"] >= found["queue"][0]["age_s"]
    assert found["workers"][0]["runs"] == [taken]


def test_a_backup_is_put_back_only_when_nobody_works_and_with_a_confirmation(
    terminal: Any, quiet: Any, tmp_path: Path
) -> None:
    number = quiet.stores.runs.create("staging", "plan", "ana", ["plan"]).id
    quiet.stores.environments.save("staging", url="then")
    file = str(tmp_path / "kept.zip")
    assert terminal("db", "backup", file).exit_code == 0
    quiet.stores.environments.save("staging", url="since")

    quiet.stores.workers.beat(WorkerRecord(id="far:7:aa", host="far", pid=7))
    alive = terminal("db", "restore", file, "--force", "--confirm", "restore")
    assert (alive.exit_code, "on far, process 7" in alive.stderr) == (3, True)
    quiet.stores.workers.leave("far:7:aa")
    for words, typed in (((), None), (("--force",), None), (("--force",), "yes\n")):
        refused = terminal("db", "restore", file, *words, typed=typed)
        assert refused.exit_code == 3, refused.stderr
    assert quiet.stores.environments.get("staging").url == "since"

    done = terminal("db", "restore", file, "--force", typed="restore\n")

    assert done.exit_code == 0, done.stderr
    assert "1 runs that were under way are interrupted" in done.stdout
    assert quiet.stores.environments.get("staging").url == "then"
    assert quiet.stores.runs.get(number).state == "interrupted"
    assert [entry.action for entry in quiet.trail.recent()][:1] == ["restore"]
    assert quiet.trail.first_broken() is None


def test_a_file_that_is_no_backup_is_a_usage_error(terminal: Any, quiet: Any) -> None:
    answer = terminal("db", "restore", "/nowhere/at-all.zip")
    assert answer.exit_code == 2
    assert "not a backup" in answer.stderr
