"""A run never hangs silently: what it says of itself is judged by its last signs of life and its time limits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panel.lifecycle.vitality import OVERDUE, QUIET, STUCK, WORKING, Limits, Vitality, vitality, vitality_of
from panel.settings import Settings
from panel.store.stores import Stores
from panel.store.tables import Run, RunStage

_NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
_LIMITS = Limits(plan_s=900, apply_s=3600, rollout_s=900, approval_s=86_400)


def _ago(seconds: float) -> datetime:
    return _NOW - timedelta(seconds=seconds)


def _judged(
    state: str, stage: str, *, since: float = 60, beat: float = 1, line: float | None = 5, **fields: Any
) -> Vitality:
    run = Run(
        environment="staging", kind="update", author="ana", state=state, created_at=_ago(since + 5),
        started_at=_ago(since + 4), heartbeat_at=_ago(beat), **fields,
    )  # fmt: skip
    shown = "waiting" if stage == "review" else "active"
    stages = [RunStage(run_id=1, name=stage, position=0, state=shown, started_at=_ago(since))]
    found = vitality(run, stages, _LIMITS, last_line_at=None if line is None else _ago(line), at=_NOW)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        (_judged("applying", "apply"), WORKING, "Apply for 1 min."),
        (_judged("applying", "apply", since=600, line=200, waiting_for="aws_lb.main"), QUIET, "aws_lb.main"),
        (_judged("planning", "plan", since=300, line=None), QUIET, "has said nothing for 5 min"),
        (_judged("deploying", "checks", since=300, line=200), WORKING, "Checks for 5 min."),
        (_judged("applying", "apply", beat=120), STUCK, "No worker has given a sign of life for 2 min"),
        (_judged("applying", "apply", since=3600 + 181), OVERDUE, "its limit is 1 h"),
        (_judged("applying", "apply", since=3600 + 179), WORKING, "Apply for 1 h."),
        (_judged("deploying", "image", since=2000), OVERDUE, "Image has taken 33 min"),
        (_judged("planned", "review", since=3600, beat=3600), WORKING, "for 23 h at the most"),
        (_judged("blocked", "review", since=90_000, beat=90_000), OVERDUE, "Nobody decided in time"),
        (_judged("queued", "plan", since=1), WORKING, "Waits for a worker"),
        (_judged("queued", "plan", since=100), QUIET, "No worker has taken it up for 1 min"),
        (_judged("queued", "image", since=100, pinned_instance="ci/1"), QUIET, "The worker on ci has not taken it up"),
        (_judged("preparing", "image", beat=90, pinned_instance="ci/1"), STUCK, "Only one on ci can go on with it"),
        (_judged("deploying", "rollout", beat=90, pinned_instance="ci/1"), STUCK, "when a worker takes it over"),
    ],
)  # fmt: skip
def test_a_run_is_judged_by_its_signs_and_limits(found: Vitality, state: str, words: str) -> None:
    assert found.state == state
    assert words in found.text
    assert found.is_well is (state == WORKING)


def test_the_last_sign_is_the_latest_of_worker_and_terraform() -> None:
    assert _judged("applying", "apply", beat=10, line=5).last_sign == _ago(5)
    assert _judged("applying", "apply", beat=3, line=50).last_sign == _ago(3)
    assert _judged("applying", "apply").limit_s == 3600


def test_a_run_that_has_ended_is_not_judged(stores: Stores) -> None:
    number = stores.runs.create("staging", "update", "ana", ["plan"]).id
    assert number is not None
    judged = vitality_of(stores.runs.get(number), stores, Settings())
    assert judged is not None
    assert judged.is_well
    ended = stores.runs.finish(number, "canceled", "ana")
    assert vitality_of(ended, stores, Settings()) is None
