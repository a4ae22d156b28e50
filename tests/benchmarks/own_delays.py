"""How much of a chain of resources the provider waited by itself, with no request to AWS under way.

A resource's part of an apply is one request of Terraform's to the provider, with an identifier that the provider's log
gives with each call to AWS. Where no call is under way the provider waits out a delay of its own (before it looks
whether something is there, and between two looks) or works: on a machine with a core to spare that is next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.benchmarks.apply_chain import Span
from tests.terraform.provider_calls import Call

# Events and log are written by two processes, one after the other.
_TOLERANCE_S = 0.5
_TYPE = re.compile(r"(?:^|\.)(?:data\.)?(aws_[a-z0-9_]+)\.[^.]+$")


@dataclass(frozen=True)
class Part:
    """One resource of a chain.

    Attributes:
        took: its seconds.
        asked: of them with a request under way.
        calls: how many requests.
    """

    address: str
    took: float
    asked: float
    calls: int

    @property
    def delayed(self) -> float:
        """Seconds without a request under way."""
        return max(0.0, self.took - self.asked)


def parts_of(spans: Sequence[Span], calls: Sequence[Call], first_event: float) -> list[Part]:
    """The parts of a chain.

    Args:
        spans: the chain's resources, in seconds since the apply's first event.
        calls: all of the apply.
        first_event: when that event was, in seconds since 1970.
    """
    requests: dict[str, list[Call]] = {}
    for call in calls:
        requests.setdefault(call.request, []).append(call)
    return [_part(span, requests, first_event) for span in spans]


def _part(span: Span, requests: dict[str, list[Call]], first_event: float) -> Part:
    begin, end = span.begin + first_event, span.end + first_event
    fitting = [
        (abs(min(call.began for call in found) - begin), request)
        for request, found in requests.items()
        if found[0].resource_type == resource_type(span.address)
        and min(call.began for call in found) >= begin - _TOLERANCE_S
        and max(call.ended for call in found) <= end + _TOLERANCE_S
    ]
    # Several of one type may be made at once: the one whose first call is nearest to the resource's begin.
    found = requests[min(fitting)[1]] if fitting else []
    asked = under_way((max(call.began, begin), min(call.ended, end)) for call in found)
    return Part(span.address, span.end - span.begin, asked, len(found))


def resource_type(address: str) -> str:
    """The type in a resource's address, whatever its modules and instances are called."""
    plain = re.sub(r"\[[^\]]*\]", "", address)
    found = _TYPE.search(plain)
    return found[1] if found else ""


def under_way(intervals: Iterable[tuple[float, float]]) -> float:
    """Seconds that at least one of the intervals covers."""
    covered = 0.0
    reached = float("-inf")
    for begin, end in sorted(intervals):
        covered += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return covered
