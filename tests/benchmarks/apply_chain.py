"""What an apply waited for: the chain of resources behind its end, and how short it could have been.

From the apply's events (when each resource began and was complete) and the state (which resource depends on which).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_INDEX = re.compile(r"\[[^\]]*\]")
# Less than this between two links is Terraform's own work, not a wait for a free place.
_NOTICEABLE_S = 1.0


@dataclass(frozen=True)
class Link:
    """One resource of a chain, in seconds since the apply's first event.

    Attributes:
        waited: seconds between the end of what it needed and its own begin: it had no place to run in.
    """

    address: str
    begin: float
    end: float
    waited: float

    @property
    def took(self) -> float:
        """Its own duration."""
        return self.end - self.begin


@dataclass(frozen=True)
class Chain:
    """The chain behind an apply's end.

    Attributes:
        links: first link first.
        total: seconds from the first to the last event.
        shortest: seconds of the longest chain of dependencies, had every resource begun as soon as it could.
        longest_chain: that chain's addresses.
    """

    links: tuple[Link, ...]
    total: float
    shortest: float
    longest_chain: tuple[str, ...]

    def lines(self) -> list[str]:
        """Lines for people."""
        rows = [
            f"  {link.begin:6.1f} s  {link.took:6.1f} s  {link.address}"
            + (f"  (began {link.waited:.1f} s after what it needed)" if link.waited > _NOTICEABLE_S else "")
            for link in self.links
        ]
        return [
            f"  {self.total:.1f} s from the first event to the last; the longest chain of dependencies is {self.shortest:.1f} s",
            *rows,
        ]


@dataclass(frozen=True)
class Span:
    """One resource's part of an apply; begin and end in seconds since the apply's first event."""

    address: str
    begin: float
    end: float


def chain_of(lines: Iterable[str], state: Mapping[str, Any]) -> Chain:
    """The chain behind an apply.

    Args:
        lines: of ``terraform apply -json``; others are passed over.
        state: the state after it (format 4), for its dependencies.
    """
    spans, total = _spans(lines)
    needs = _needs(state)
    by_resource: dict[str, list[Span]] = {}
    for span in spans:
        by_resource.setdefault(_INDEX.sub("", span.address), []).append(span)

    def needed(span: Span) -> list[Span]:
        found = needs.get(_INDEX.sub("", span.address), set())
        return [other for name in found for other in by_resource.get(name, []) if other.end <= span.begin]

    links: list[Link] = []
    current = max(spans, key=lambda span: span.end, default=None)
    while current is not None:
        before = max(needed(current), key=lambda span: span.end, default=None)
        waited = current.begin - (before.end if before else min(span.begin for span in spans))
        links.append(Link(current.address, current.begin, current.end, waited))
        current = before
    shortest, longest = _longest(spans, needed)
    return Chain(tuple(reversed(links)), total, shortest, longest)


def spans_of(lines: Iterable[str]) -> list[Span]:
    """Every resource action of ``terraform apply -json`` that was completed, in the order of their ends."""
    return _spans(lines)[0]


def _spans(lines: Iterable[str]) -> tuple[list[Span], float]:
    first = last = None
    begun: dict[str, float] = {}
    spans: list[Span] = []
    for line in lines:
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        last = datetime.fromisoformat(event["@timestamp"])
        first = first or last
        seconds = (last - first).total_seconds()
        if event["type"] == "apply_start":
            begun[event["hook"]["resource"]["addr"]] = seconds
        elif event["type"] == "apply_complete":
            address = event["hook"]["resource"]["addr"]
            spans.append(Span(address, begun.pop(address), seconds))
    return spans, (last - first).total_seconds() if first and last else 0.0


def _needs(state: Mapping[str, Any]) -> dict[str, set[str]]:
    """By resource (without instances): the resources it depends on."""
    needs: dict[str, set[str]] = {}
    for resource in state.get("resources", []):
        prefix = f"{resource['module']}." if resource.get("module") else ""
        data = "data." if resource["mode"] == "data" else ""
        address = _INDEX.sub("", f"{prefix}{data}{resource['type']}.{resource['name']}")
        found = needs.setdefault(address, set())
        for instance in resource["instances"]:
            found |= {_INDEX.sub("", name) for name in instance.get("dependencies", [])}
        found.discard(address)
    return needs


def _longest(spans: list[Span], needed: Any) -> tuple[float, tuple[str, ...]]:
    """Seconds and addresses of the longest chain of dependencies, waits for a free place left out."""
    best: dict[str, tuple[float, tuple[str, ...]]] = {}
    # What a resource needed ended before it began, so in order of their begins all that is needed is known.
    for span in sorted(spans, key=lambda span: (span.begin, span.end)):
        before = max(
            (best[other.address] for other in needed(span) if other.address in best), default=(0.0, ())
        )
        best[span.address] = (before[0] + span.end - span.begin, (*before[1], span.address))
    return max(best.values(), default=(0.0, ()))
