"""When a run is planned warm and when cold, and that nobody sees the difference."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

import pytest

from panel.engine.events import EventKind
from panel.engine.operation import Operation
from panel.engine.outcome import Status
from panel.errors import CanceledRunError, TimeLimitError
from panel.runs.stack import StackRunner, Timing


@dataclass
class FakeWarm:
    """A Terraform with a warm engine, around the bench's cold one."""

    cold: Any
    ready: bool = True
    free: bool = True
    ends: dict[str, Any] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    warmed_up: int = 0

    def start(self, workspace: Any, operation: Operation, *, key: str) -> Any:
        return self.cold.start(workspace, operation, key=key)

    def find(self, workspace: Any, key: str) -> Any:
        return self.ends[key] if key in self.begun else None

    def has_warm(self, workspace: Any) -> bool:
        return self.ready

    def start_warm(self, workspace: Any, operation: Operation, *, key: str) -> Any:
        if key in self.begun:
            return self.ends[key]
        if not (self.ready and self.free):
            return None
        self.begun.append(key)
        self.ends[key].operation = operation
        return self.ends[key]

    def warm_up(self, workspace: Any) -> None:
        self.warmed_up += 1


@pytest.fixture
def warm(bench):
    """The bench's runner, with a warm engine in front of its Terraform."""
    terraform = FakeWarm(bench.terraform)
    bench.runner = StackRunner(
        terraform,
        lambda: bench.aws,
        bench.stores,
        bench.job.workspace.parents[1] / "terraform",
        Timing(poll_s=0.01, limit_s=5),
        instance=f"{socket.gethostname()}/here",
        warm=True,
    )
    return terraform


def lay_ready(bench, warm, end, *events):
    """How the warm execution goes."""
    execution = bench.ends("plan-warm", end, *events)
    warm.ends[bench.job.key("plan-warm")] = execution
    return execution


def noted(bench):
    """The executions of the run: action and how it ended."""
    prefix = bench.job.key("")
    return {
        one.key.removeprefix(prefix): one.status for one in bench.stores.executions.of_run(bench.job.run_id)
    }


def test_a_ready_engine_plans_and_nothing_else_is_started(bench, warm):
    lay_ready(bench, warm, bench.outcome(exit_code=2))
    assert bench.runner.plan(bench.job).exit_code == 2
    assert bench.keys() == []
    assert noted(bench) == {"plan-warm": "succeeded"}
    assert warm.warmed_up == 0


def test_without_one_the_plan_is_cold_and_one_is_started_for_the_next(bench, warm):
    warm.ready = False
    bench.ends("plan", bench.outcome())
    bench.runner.plan(bench.job)
    assert bench.keys() == ["plan"]
    assert noted(bench) == {"plan": "succeeded"}
    assert warm.warmed_up == 1


def test_one_that_is_at_work_is_not_waited_for(bench, warm):
    warm.free = False
    bench.ends("plan", bench.outcome())
    bench.runner.plan(bench.job)
    assert bench.keys() == ["plan"]
    assert noted(bench) == {"plan-warm": "not_taken", "plan": "succeeded"}


@pytest.mark.parametrize("how", ["it dies", "it fails", "the disk is full"])
def test_what_goes_wrong_in_it_is_one_quiet_line(bench, warm, event, how):
    ends = {
        "it dies": bench.lost(),
        "it fails": bench.outcome(status=Status.FAILED, exit_code=1),
        "the disk is full": bench.outcome(status=Status.FAILED, failed_storage=True, failure="full"),
    }
    lay_ready(bench, warm, ends[how], event(EventKind.REFRESH_COMPLETE, "x", 1))
    bench.ends("plan", bench.outcome(exit_code=2))
    bench.lock()
    assert bench.runner.plan(bench.job).exit_code == 2
    lines = bench.stores.runs.lines(bench.job.run_id)
    assert [line.text for line in lines if "once more" in line.text] == [
        "Planning once more, from the start."
    ]
    assert not [line.text for line in lines if line.level == "error"]
    assert not bench.locked(), "the lock that it left behind would be in the cold plan's way"


def test_what_is_wrong_with_the_plan_is_said_by_the_cold_one(bench, warm):
    lay_ready(bench, warm, bench.outcome(status=Status.FAILED, failure="warm words"))
    bench.ends("plan", bench.outcome(status=Status.FAILED, failure="cold words"))
    with pytest.raises(Exception, match="cold words"):
        bench.runner.plan(bench.job)


@pytest.mark.parametrize(
    ("status", "error"), [(Status.CANCELED, CanceledRunError), (Status.TIMED_OUT, TimeLimitError)]
)
def test_a_canceled_or_endless_plan_is_not_made_again(bench, warm, status, error):
    lay_ready(bench, warm, bench.outcome(status=status))
    with pytest.raises(error):
        bench.runner.plan(bench.job)
    assert bench.keys() == []


def test_one_stopped_by_force_is_canceled(bench, warm):
    lay_ready(bench, warm, bench.lost())
    bench.stores.runs.request_cancel(bench.job.run_id, "tester")
    with pytest.raises(CanceledRunError, match="by force"):
        bench.runner.plan(bench.job)
    assert bench.keys() == []


def test_a_worker_that_was_cut_off_finds_its_warm_plan_again(bench, warm):
    lay_ready(bench, warm, bench.outcome(exit_code=2))
    bench.runner.plan(bench.job)
    warm.ready = False
    assert bench.runner.plan(bench.job).exit_code == 2
    assert warm.begun == [bench.job.key("plan-warm")]


def test_a_plan_begun_cold_is_never_made_warm_as_well(bench, warm):
    warm.ready = False
    bench.ends("plan", bench.outcome())
    bench.runner.plan(bench.job)
    warm.ready = True
    bench.runner.plan(bench.job)
    assert warm.begun == []
