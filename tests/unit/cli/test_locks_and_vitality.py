"""`panel locks`, and what a terminal says of how alive a run is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from panel.store.tables import StateLock, now


def _lock(panel: Any, subject: str, holder: str, **fields: Any) -> None:
    panel.stores.locks.save(
        StateLock(
            subject=subject, lock_id=f"{subject}-1", who="ana@box", holder=holder, evidence=f"{holder}, we saw.",
            operation="OperationTypePlan", created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC), **fields,
        )
    )  # fmt: skip


def test_locks_are_listed_with_their_evidence_and_what_to_do(terminal: Any, panel: Any) -> None:
    assert "No state was locked" in terminal("locks").stdout
    _lock(panel, "staging", "orphaned", run_id=None)
    _lock(panel, "production", "alive")
    _lock(panel, "shared", "unknown")
    answer = terminal("locks")

    assert answer.exit_code == 0
    assert "staging: orphaned, we saw." in answer.stdout
    assert "panel env unlock staging\n" in answer.stderr
    assert "panel env unlock shared --lock-id shared-1" in answer.stderr
    assert "unlock production" not in answer.stderr
    documents = terminal.json("locks")
    assert [one["holder"] for one in documents] == ["alive", "unknown", "orphaned"]
    assert set(documents[0]) == {
        "environment", "lock_id", "holder", "evidence", "who", "operation", "created_at", "run_id", "checked_at",
    }  # fmt: skip


def test_a_stuck_run_is_called_stuck(terminal: Any, panel: Any) -> None:
    panel.worker_process.dead = True
    number = panel.stores.runs.create("staging", "plan", "ana", ["plan"]).id
    panel.stores.runs.transition(number, "preparing", "worker")
    assert " (stuck)" not in terminal("runs", "list").stdout
    panel.stores.runs.transition(number, "planning", "worker", heartbeat_at=now() - timedelta(minutes=5))

    assert "planning (stuck)" in terminal("runs", "list").stdout
    shown = terminal("runs", "show", str(number)).stdout
    assert "stuck: No worker has given a sign of life for 5 min" in shown
    found = terminal.json("runs", "show", str(number))["vitality"]
    assert (found["state"], set(found)) == ("stuck", {"state", "text", "last_sign", "limit_s"})

    panel.stores.runs.finish(number, "interrupted", "worker")
    assert terminal.json("runs", "show", str(number))["vitality"] is None
