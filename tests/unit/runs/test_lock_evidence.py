"""Whether a lock's holder lives is judged by what was seen, and said in words that can be checked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panel.engine.state import LockInfo
from panel.runs.lock_evidence import ALIVE, ORPHANED, UNKNOWN, Witness, age, held_by, judge

_NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
_LOCK = LockInfo("1", "ana@box", "OperationTypeApply", _NOW - timedelta(minutes=5))


def _witness(**fields: Any) -> Witness:
    values: dict[str, Any] = {
        "run_id": 7, "action": "apply", "host": "box", "process": None, "run_active": True, "ended_at": None,
        "last_sign": _NOW - timedelta(seconds=3), "over_at": _NOW + timedelta(minutes=50),
    }  # fmt: skip
    return Witness(**(values | fields))


@pytest.mark.parametrize(
    ("fields", "holder", "words"),
    [
        ({"process": True}, ALIVE, "its process is alive"),
        ({"process": True, "run_active": False, "last_sign": None}, ALIVE, "its process is alive"),
        ({"process": False}, ORPHANED, "its process is gone"),
        ({"ended_at": _NOW - timedelta(minutes=1)}, ORPHANED, "ended at 2026-01-02 11:59:00 UTC without"),
        ({}, ALIVE, "its worker was last heard of 3 s ago"),
        ({"last_sign": _NOW - timedelta(minutes=3)}, UNKNOWN, "until 2026-01-02 12:50:00 UTC at the latest"),
        ({"run_active": False}, UNKNOWN, "Terraform may still be at work there"),
        ({"last_sign": None}, UNKNOWN, "its worker was given up as gone"),
        (
            {"last_sign": _NOW - timedelta(hours=2), "over_at": _NOW - timedelta(hours=1)},
            ORPHANED,
            "last heard of 2 h ago, and its time limit would have ended it",
        ),
    ],
)
def test_a_lock_of_a_run_is_judged_by_its_execution(fields: dict[str, Any], holder: str, words: str) -> None:
    found = judge(_LOCK, _witness(**fields), at=_NOW)

    assert (found.holder, found.run_id) == (holder, 7)
    assert "The apply of run 7 on box" in found.evidence
    assert words in found.evidence


def test_a_lock_that_no_run_took_is_somebody_elses() -> None:
    found = judge(_LOCK, None, at=_NOW)

    assert (found.holder, found.run_id) == (UNKNOWN, None)
    assert "ana@box works on it with another Terraform" in found.evidence


def test_a_lock_tells_who_for_what_and_since_when() -> None:
    assert held_by(_LOCK, _NOW) == "ana@box, for an apply, since 2026-01-02 11:55:00 UTC (5 min)"
    assert held_by(LockInfo("1", "", "", None), _NOW) == "somebody"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (90_000, "25 h"), (200_000, "2 days")],
)
def test_an_age_for_people(seconds: int, text: str) -> None:
    assert age(timedelta(seconds=seconds)) == text
