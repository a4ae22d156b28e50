"""What health sweeps may spend: their pace, waiting after a refusal, and the circuit breaker. No test waits."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from panel.errors import AwsError, EndpointError
from panel.health.budget import Breaker, CallBudget, Pace


@dataclass
class Time:
    """A clock that goes on only when somebody sleeps, or a test says so."""

    present: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.present

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.present += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def budget(time: Time) -> CallBudget:
    return CallBudget(10, clock=time, sleep=time.sleep, spread=lambda: 1.0)


def test_a_burst_passes_at_once_and_then_so_many_calls_a_second(time: Time) -> None:
    pace = Pace(10, time, time.sleep)

    for _ in range(40):
        pace.wait()
    assert time.slept == []

    for _ in range(20):
        pace.wait()
    assert time.present == pytest.approx(1002)


def test_a_pause_fills_the_burst_again_but_no_more_than_that(time: Time) -> None:
    pace = Pace(10, time, time.sleep)
    for _ in range(40):
        pace.wait()
    time.present += 3600

    for _ in range(40):
        pace.wait()
    assert time.slept == []
    pace.wait()
    assert time.slept == [pytest.approx(0.1)]


def test_calls_refused_together_slow_down_once_and_answers_make_up_for_it(time: Time) -> None:
    pace = Pace(10, time, time.sleep)

    for _ in range(30):
        pace.note(throttled=True)
    assert pace.calls_per_s == pytest.approx(7)

    for _ in range(200):
        time.present += 1
        pace.note(throttled=True)
    assert pace.calls_per_s == pytest.approx(1), "it never stops altogether"

    for _ in range(200):
        pace.note(throttled=False)
    assert pace.calls_per_s == 10


def test_calls_are_counted_by_service(budget: CallBudget) -> None:
    budget.before("ecs")
    before = budget.spent
    budget.before("ecs")
    budget.before("elbv2")
    budget.after("ThrottlingException", "answered", 1)

    spent = budget.spent.since(before)
    assert (spent.calls, spent.throttled, spent.by_service) == (2, 1, {"ecs": 1, "elbv2": 1})


def test_a_refused_call_is_made_again_after_a_growing_time_but_not_for_ever(
    budget: CallBudget, time: Time
) -> None:
    again = [budget.after("Throttling", "answered", attempt) for attempt in (1, 2, 3, 4)]

    assert again == [True, True, True, False]
    assert time.slept == [0.5, 1.0, 2.0]


def test_those_who_were_refused_come_back_at_different_moments(time: Time) -> None:
    shares = iter([0.0, 0.5, 1.0])
    budget = CallBudget(10, clock=time, sleep=time.sleep, spread=lambda: next(shares))

    for _ in range(3):
        budget.after("Throttling", "answered", 1)

    assert time.slept == [0.25, 0.375, 0.5]


@pytest.mark.parametrize("code", ["", "AccessDeniedException", "ClusterNotFoundException"])
def test_an_answer_that_is_no_throttling_is_not_asked_again(
    budget: CallBudget, code: str, time: Time
) -> None:
    assert budget.after(code, "answered", 1) is False
    assert time.slept == []


def test_an_account_that_does_not_answer_is_not_asked_until_a_pause_is_over(
    budget: CallBudget, time: Time
) -> None:
    for _ in range(5):
        budget.before("ecs")
        assert budget.after("", "silent", 1) is False

    with pytest.raises(EndpointError, match="did not answer several calls") as refused:
        budget.before("ecs")
    assert "asks again by itself in 15 s" in refused.value.hint
    assert budget.breaker.state == "open"
    assert budget.spent.calls == 5, "what was not asked is not counted"

    time.present += 15
    assert budget.breaker.state == "half-open"
    budget.before("ecs")
    budget.after("", "answered", 1)
    budget.before("elbv2")
    assert budget.breaker.state == "closed"


def test_single_failures_among_answers_open_nothing(budget: CallBudget) -> None:
    for _ in range(20):
        for _ in range(4):
            budget.after("", "silent", 1)
        budget.after("AccessDenied", "answered", 1)

    assert budget.breaker.state == "closed"


def test_throttling_without_end_opens_it_too(budget: CallBudget) -> None:
    while budget.breaker.state == "closed":
        budget.after("SlowDown", "answered", 1)

    assert budget.spent.throttled == 30
    with pytest.raises(AwsError, match="too many calls") as refused:
        budget.before("ecs")
    assert "PANEL_API_CALLS_PER_S" in refused.value.hint


def test_each_failed_trial_doubles_the_pause_and_success_forgets_them(time: Time) -> None:
    breaker = Breaker(time)
    for _ in range(5):
        breaker.note("silent")
    pauses = []
    for _ in range(6):
        before = time.present
        while breaker.state == "open":
            time.present += 1
        pauses.append(time.present - before)
        breaker.enter()
        breaker.note("silent")
    assert pauses == [15, 30, 60, 120, 240, 300]

    time.present += 300
    breaker.enter()
    breaker.note("answered")
    for _ in range(5):
        breaker.note("silent")
    time.present += 15
    assert breaker.state == "half-open"


@pytest.mark.parametrize("outcome", ["answered", "silent"])
def test_those_beside_the_trial_wait_for_its_outcome(time: Time, outcome: str) -> None:
    breaker = Breaker(time)
    for _ in range(5):
        breaker.note("silent")
    time.present += 15
    breaker.enter()
    passed: list[bool] = []

    def ask() -> None:
        try:
            breaker.enter()
            passed.append(True)
        except EndpointError:
            passed.append(False)

    others = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for other in others:
        other.start()
    assert passed == []
    breaker.note("answered" if outcome == "answered" else "silent")
    for other in others:
        other.join(30)

    assert passed == [outcome == "answered"] * 4


def test_a_trial_that_never_ends_gives_way_to_another(time: Time) -> None:
    breaker = Breaker(time)
    for _ in range(5):
        breaker.note("silent")
    time.present += 15
    breaker.enter()
    time.present += 15

    breaker.enter()
    breaker.note("answered")

    assert breaker.state == "closed"
