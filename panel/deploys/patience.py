"""How long a deployment goes on while AWS does not answer, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from panel.aws.refusals import passes_by_itself, sign_in_expired
from panel.deploys import Report
from panel.deploys.clock import Clock
from panel.errors import PanelError

# A call that changes something is tried for so long before it counts as refused or unanswered.
_TRY_S = 60.0
_PAUSE_S = 2.0
# An expired sign-in is waited for so long: somebody may be renewing it.
_SIGN_IN_S = 120.0
# Refusals in a row after which looking on is of no use.
_REFUSALS = 5

Answer = TypeVar("Answer")

SIGN_IN_HINT = "Sign in again (for example with 'aws sso login'), then deploy again."


class OutOfPatienceError(Exception):
    """AWS refuses, and looking on is of no use: ``why``, and what to do about it (``hint``, may be empty)."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


class Patience:
    """Judges the errors that looks at AWS meet, one after the other."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refusals = 0
        self._expired_since: float | None = None

    def worked(self) -> None:
        """Take note of a look that worked."""
        self._refusals, self._expired_since = 0, None

    def failed(self, error: PanelError) -> str:
        """Take note of one that did not; its reason, in words.

        Raises:
            OutOfPatienceError: it is of no use to look on.
        """
        reason = error.message.rstrip(".")
        if passes_by_itself(error):
            return reason
        if sign_in_expired(error):
            if self._expired_since is None:
                self._expired_since = self._clock.now()
            if self._clock.now() - self._expired_since >= _SIGN_IN_S:
                raise OutOfPatienceError(
                    f"the panel's sign-in to AWS has expired ({reason})", SIGN_IN_HINT
                ) from error
            return f"the panel's sign-in to AWS has expired, somebody has to sign in again ({reason})"
        self._refusals += 1
        if self._refusals >= _REFUSALS:
            raise OutOfPatienceError(reason, error.hint) from error
        return reason


def patiently(call: Callable[[], Answer], *, report: Report, clock: Clock) -> Answer:
    """What ``call`` answers, tried for up to a minute while AWS does not answer or has too much to do.

    Raises:
        PanelError: what it raised last, and at once whatever does not pass by itself.
    """
    end, told = clock.now() + _TRY_S, False
    while True:
        try:
            return call()
        except PanelError as error:
            if not passes_by_itself(error) or clock.now() >= end:
                raise
            if not told:
                told = True
                report(f"Waiting: {error.message}")
        clock.wait(_PAUSE_S)
