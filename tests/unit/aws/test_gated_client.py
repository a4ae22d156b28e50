"""A client behind a gate: each request asks it first, and it alone decides whether one is made again."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from panel.aws.session import Account, Aws, Outcome, translated
from panel.errors import AwsError, EndpointError


class PlayedGate:
    """Lets so many pass, writes down what it hears, and wants throttled calls again."""

    def __init__(self, passes: int = 100) -> None:
        self.passes = passes
        self.asked: list[str] = []
        self.heard: list[tuple[str, Outcome, int]] = []

    def before(self, service: str) -> None:
        if len(self.asked) >= self.passes:
            raise EndpointError("AWS was not asked.")
        self.asked.append(service)

    def after(self, code: str, outcome: Outcome, attempts: int) -> bool:
        self.heard.append((code, outcome, attempts))
        return code == "ThrottlingException"


class _Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Any:
        yield self.content


def client_of(gate: PlayedGate, answers: list[tuple[int, str] | Exception]) -> Any:
    """An ECS client behind a gate, whose network is a list."""
    aws = Aws(Account("us-east-2", "http://127.0.0.1:9", "testing", "testing"), gate=gate)
    client, left = aws.client("ecs"), iter(answers)

    def answer(request: Any, **_: Any) -> AWSResponse:
        given = next(left)
        if isinstance(given, Exception):
            raise given
        return AWSResponse(request.url, given[0], {}, _Body(given[1].encode()))

    client.meta.events.register_last("before-send", answer)
    return client


CLUSTERS = (200, '{"clusterArns": ["one"]}')
THROTTLED = (400, '{"__type": "ThrottlingException", "message": "Rate exceeded"}')


def test_each_request_passes_the_gate_also_those_of_further_pages() -> None:
    gate = PlayedGate()
    client = client_of(gate, [(200, '{"clusterArns": ["a"], "nextToken": "more"}'), CLUSTERS])

    pages = [*client.get_paginator("list_clusters").paginate()]

    assert len(pages) == 2
    assert gate.asked == ["ecs", "ecs"]
    assert gate.heard == [("", "answered", 1), ("", "answered", 1)]


def test_what_the_gate_wants_again_is_asked_again() -> None:
    gate = PlayedGate()

    assert client_of(gate, [THROTTLED, THROTTLED, CLUSTERS]).list_clusters()["clusterArns"] == ["one"]

    assert gate.asked == ["ecs"] * 3
    assert gate.heard == [("ThrottlingException", "answered", 1), ("ThrottlingException", "answered", 2),
                          ("", "answered", 3)]  # fmt: skip


def test_the_sdk_itself_tries_nothing_again() -> None:
    gate = PlayedGate()
    client = client_of(gate, [(500, '{"__type": "SomethingBroke"}'), CLUSTERS])

    with pytest.raises(AwsError, match="SomethingBroke"), translated("list clusters"):
        client.list_clusters()

    assert gate.asked == ["ecs"]


def test_silence_is_told_to_the_gate_and_to_the_caller() -> None:
    gate = PlayedGate()
    client = client_of(gate, [ReadTimeoutError(endpoint_url="http://127.0.0.1:9")])

    with pytest.raises(EndpointError, match="did not answer"), translated("list clusters"):
        client.list_clusters()

    assert gate.heard == [("", "silent", 1)]


@pytest.mark.parametrize("passes", [0, 1])
def test_a_closed_gate_is_the_callers_error_and_asks_nothing(passes: int) -> None:
    gate = PlayedGate(passes)
    client = client_of(gate, [CLUSTERS])

    for _ in range(passes):
        client.list_clusters()
    with pytest.raises(EndpointError, match="was not asked"), translated("list clusters"):
        client.list_clusters()

    assert len(gate.heard) == passes
