"""How often health sweeps may ask AWS, and when they had better stop for a while.

Belongs here: the pace of calls, waiting after AWS has asked for it, and the circuit breaker. It stands before every
call of a client that was made with it (:class:`panel.aws.session.Gate`); what is asked is none of its business.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from panel.aws.session import THROTTLED, Outcome
from panel.errors import AwsError, EndpointError, PanelError

#: What the breaker says: calls pass; none does; one does, to try.
BreakerState = Literal["closed", "open", "half-open"]
_Trouble = Literal["silent", "throttled"]

_SEVERAL = 5  # failures one after the other that open the breaker
_MANY_THROTTLED = 30
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 15.0, 300.0
_LONGEST_TRIAL_S = 15.0

_ATTEMPTS = 4
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 4.0
# AWS lets short bursts pass; a sweep of a few environments need not wait at all.
_BURST_S = 4.0
# What a service of AWS takes of all that ask it, where that is less than the others: calls at once and calls a second. The
# load balancers' is told in their user guide (40 and 10), and the panel is not alone.
_SMALLER = {"elbv2": (32.0, 8.0)}
_SLOWER, _FASTER = 0.7, 1.02
_SLOWER_EVERY_S = 1.0  # calls under way at the same time are refused together
_SLOWEST_SHARE = 0.1


@dataclass(frozen=True)
class Spent:
    """Calls so far: in all, by service of AWS, and how many of them AWS refused because there were too many."""

    calls: int
    throttled: int
    by_service: dict[str, int]

    def since(self, before: Spent) -> Spent:
        """What was spent after ``before``."""
        services = {name: count - before.by_service.get(name, 0) for name, count in self.by_service.items()}
        return Spent(
            self.calls - before.calls,
            self.throttled - before.throttled,
            {name: count for name, count in services.items() if count},
        )


class Breaker:
    """Stops asking an account that does not answer, or only ever refuses.

    It opens after several failures one after the other, and lets one call through after a pause to see whether things
    are well again. Each time they are not, the pause doubles, up to five minutes.

    Args:
        clock: seconds, going up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._state: BreakerState = "closed"
        self._failures = self._throttled = 0
        self._pause = _FIRST_PAUSE_S
        self._open_until = self._trial_until = 0.0
        self._why: _Trouble = "silent"

    @property
    def state(self) -> BreakerState:
        """What it says now."""
        with self._changed:
            return "half-open" if self._state == "open" and self._clock() >= self._open_until else self._state

    def enter(self) -> None:
        """Ask whether a call may be made. The first one after a pause tries; those beside it wait for its outcome.

        Raises:
            EndpointError: AWS did not answer several times.
            AwsError: AWS refused many times because there were too many calls.
        """
        with self._changed:
            if self._state == "open" and self._clock() >= self._open_until:
                self._state, self._trial_until = "half-open", self._clock() + _LONGEST_TRIAL_S
                return
            while self._state == "half-open":
                left = self._trial_until - self._clock()
                if left <= 0:  # whoever tried is gone
                    self._trial_until = self._clock() + _LONGEST_TRIAL_S
                    return
                self._changed.wait(left)
            if self._state == "open":
                raise self._refusal()

    def note(self, outcome: Outcome | Literal["throttled"]) -> None:
        """Count what became of a call."""
        with self._changed:
            if outcome == "answered":
                self._failures = self._throttled = 0
                self._close()
                return
            if outcome == "silent":
                self._failures += 1
            else:
                self._failures, self._throttled = 0, self._throttled + 1
            if self._state == "half-open":
                self._open(outcome, min(self._pause * 2, _LONGEST_PAUSE_S))
            elif self._state == "closed" and (
                self._failures >= _SEVERAL or self._throttled >= _MANY_THROTTLED
            ):
                self._open(outcome, _FIRST_PAUSE_S)

    def _open(self, why: _Trouble, pause_s: float) -> None:
        self._state, self._why, self._pause = "open", why, pause_s
        self._open_until = self._clock() + pause_s
        self._failures = self._throttled = 0
        self._changed.notify_all()

    def _close(self) -> None:
        # An answer to a call from before it opened says nothing yet: only the one that tries closes it.
        if self._state == "half-open":
            self._state, self._pause = "closed", _FIRST_PAUSE_S
            self._changed.notify_all()

    def _refusal(self) -> PanelError:
        seconds = max(1, round(self._open_until - self._clock()))
        hint = f"The panel asks again by itself in {seconds} s."
        if self._why == "throttled":
            return AwsError(
                "AWS was not asked: it refused too many calls of the health checks one after the other.",
                hint=f"{hint} If it stays so, lower PANEL_API_CALLS_PER_S.",
                detail="the circuit breaker of this account is open: throttled",
            )
        return EndpointError(
            "AWS was not asked: it did not answer several calls one after the other.",
            hint=hint,
            detail="the circuit breaker of this account is open: no answer",
        )


class Pace:
    """At most so many calls a second, with a short burst at first. Slows down when AWS refuses, and recovers.

    Args:
        calls_per_s: the most in the long run.
        clock, sleep: time in seconds, and waiting for it to pass.
        burst: how many pass at once; those of four seconds where it is not said.
    """

    def __init__(
        self, calls_per_s: float, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep, *, burst: float | None = None,
    ) -> None:  # fmt: skip
        self._most = self._rate = calls_per_s
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._burst = max(1.0, calls_per_s * _BURST_S if burst is None else burst)
        self._tokens, self._at = self._burst, clock()
        self._slowed_at = float("-inf")

    @property
    def calls_per_s(self) -> float:
        """Calls a second that pass now."""
        with self._lock:
            return self._rate

    def wait(self) -> None:
        """Wait until a call may be made. Whoever comes first goes first."""
        with self._lock:
            present = self._clock()
            self._tokens = min(self._burst, self._tokens + (present - self._at) * self._rate) - 1
            self._at = present
            seconds = -self._tokens / self._rate
        if seconds > 0:
            self._sleep(seconds)

    def note(self, *, throttled: bool) -> None:
        """Count what became of a call: slower after a refusal, a little faster after an answer."""
        with self._lock:
            if not throttled:
                self._rate = min(self._most, self._rate * _FASTER)
                return
            self._tokens = min(self._tokens, 0.0)  # the burst was too much
            if self._clock() - self._slowed_at >= _SLOWER_EVERY_S:
                self._rate = max(self._most * _SLOWEST_SHARE, self._rate * _SLOWER)
                self._slowed_at = self._clock()


class CallBudget:
    """What health sweeps may spend on one account. One for the life of a worker; shared between threads.

    Args:
        calls_per_s: the most calls a second in the long run.
        clock, sleep: time in seconds, and waiting for it to pass.
        spread: a random share between 0 and 1, so that those who were refused do not come back all at once.
    """

    def __init__(
        self,
        calls_per_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self.breaker = Breaker(clock)
        self.pace = Pace(calls_per_s, clock, sleep)
        self._paces = {
            service: Pace(min(rate, calls_per_s), clock, sleep, burst=min(burst, calls_per_s * _BURST_S))
            for service, (burst, rate) in _SMALLER.items()
        }
        self._sleep, self._spread = sleep, spread
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._throttled = 0

    @property
    def spent(self) -> Spent:
        """Calls since the budget was made."""
        with self._lock:
            return Spent(self._calls.total(), self._throttled, dict(self._calls))

    def before(self, service: str) -> None:
        """Wait until a call may be made, and count it.

        Args:
            service: AWS's name of the service that is asked, such as ``ecs``.

        Raises:
            EndpointError, AwsError: the breaker is open; nothing is asked.
        """
        self.breaker.enter()
        if service in self._paces:
            self._paces[service].wait()
        self.pace.wait()
        with self._lock:
            self._calls[service] += 1

    def after(self, code: str, outcome: Outcome, attempts: int) -> bool:
        """Take note of what became of a call; whether it is to be made again. Waits before it says so.

        Args:
            code: AWS's error code, empty where there is none.
            attempts: how often this call was made by now.
        """
        throttled = outcome == "answered" and code in THROTTLED
        self.breaker.note("throttled" if throttled else outcome)
        if outcome == "silent":
            return False  # a connection that failed has cost seconds already: the next sweep asks again
        self.pace.note(throttled=throttled)
        if not throttled:
            return False
        with self._lock:
            self._throttled += 1
        if attempts >= _ATTEMPTS or self.breaker.state != "closed":
            return False
        longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**attempts)
        self._sleep(longest * (0.5 + 0.5 * self._spread()))
        return True
