"""The chain behind an apply's end, from its events and the state's dependencies."""

import json
from typing import Any

import pytest

from tests.benchmarks.apply_chain import chain_of


def event(kind: str, second: float, address: str = "") -> str:
    said: dict[str, Any] = {"type": kind, "@timestamp": f"2026-01-01T00:00:{second:09.6f}Z"}
    if address:
        said["hook"] = {"resource": {"addr": address}}
    return json.dumps(said)


def applied(*spans: tuple[str, float, float]) -> list[str]:
    """The events of resources by address, begin and end."""
    events = [event("version", 0)]
    events += [event("apply_start", begin, address) for address, begin, _ in spans]
    events += [
        event("apply_complete", end, address) for address, _, end in sorted(spans, key=lambda span: span[2])
    ]
    return events


def state(**dependencies: list[str]) -> dict[str, Any]:
    """A state in which `aws_x.NAME` depends on the addresses given."""
    return {
        "resources": [
            {"mode": "managed", "type": "aws_x", "name": name, "instances": [{"dependencies": needed}]}
            for name, needed in dependencies.items()
        ]
    }


def test_the_chain_follows_dependencies_not_merely_what_ended_before() -> None:
    events = applied(("aws_x.vpc", 1, 4), ("aws_x.unrelated", 1, 4.5), ("aws_x.lb", 5, 20))
    chain = chain_of(events, state(vpc=[], unrelated=[], lb=["aws_x.vpc"]))
    assert [link.address for link in chain.links] == ["aws_x.vpc", "aws_x.lb"]
    assert chain.total == pytest.approx(20)


def test_a_wait_for_a_free_place_is_told_and_left_out_of_the_shortest_chain() -> None:
    events = applied(("aws_x.vpc", 1, 4), ("aws_x.lb", 10, 20))
    chain = chain_of(events, state(vpc=[], lb=["aws_x.vpc"]))
    assert chain.links[-1].waited == pytest.approx(6)
    assert chain.shortest == pytest.approx(13)
    assert "began 6.0 s after what it needed" in "\n".join(chain.lines())


def test_instances_are_matched_with_the_resource_they_belong_to() -> None:
    events = applied(('aws_x.rule["a"]', 0, 2), ('aws_x.rule["b"]', 0, 3), ("aws_x.end", 3, 4))
    chain = chain_of(events, state(rule=[], end=["aws_x.rule"]))
    assert [link.address for link in chain.links] == ['aws_x.rule["b"]', "aws_x.end"]


def test_nothing_applied_has_no_chain() -> None:
    chain = chain_of([event("version", 0), "not an event"], state())
    assert (chain.links, chain.shortest) == ((), 0.0)
