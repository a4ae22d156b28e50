"""How much of a chain the provider waited by itself."""

import pytest

from tests.benchmarks.apply_chain import Span
from tests.benchmarks.own_delays import Part, parts_of, resource_type, under_way
from tests.benchmarks.terraform import first_event, share_delayed
from tests.terraform.provider_calls import Call


def call(request: str, began: float, ended: float, kind: str = "aws_lb") -> Call:
    return Call("EC2", "Operation", "us-east-2", began, ended, kind, request)


def test_requests_that_overlap_count_once() -> None:
    assert under_way([(4, 5), (1, 3), (2, 3.5), (2.5, 3)]) == pytest.approx(3.5)
    assert under_way([]) == 0


def test_what_no_request_covers_is_the_providers_own_delay() -> None:
    spans = [Span("aws_lb.this", 2, 12)]
    calls = [call("a", 102.1, 103.1), call("a", 110.5, 111.5), call("other", 102, 112, "aws_vpc")]
    assert parts_of(spans, calls, 100) == [Part("aws_lb.this", 10, pytest.approx(2.0), 2)]
    assert parts_of(spans, calls, 100)[0].delayed == pytest.approx(8)


def test_of_several_resources_of_one_type_each_gets_its_own_requests() -> None:
    spans = [Span('aws_lb.this["a"]', 0, 10), Span('aws_lb.this["b"]', 2, 10)]
    calls = [call("first", 0.1, 1.1), call("second", 2.1, 5.1)]
    assert [part.asked for part in parts_of(spans, calls, 0)] == [pytest.approx(1), pytest.approx(3)]


def test_a_resource_without_a_call_has_only_waited() -> None:
    (part,) = parts_of([Span("aws_lb.this", 0, 4)], [], 0)
    assert (part.asked, part.delayed, part.calls) == (0, 4, 0)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("aws_vpc.this", "aws_vpc"),
        (
            'module.environment.module.service["back.end"].aws_lb_listener_rule.this["http"]',
            "aws_lb_listener_rule",
        ),
        ("module.a.data.aws_caller_identity.current", "aws_caller_identity"),
        ("terraform_data.this", ""),
    ],
)
def test_the_type_stands_before_the_last_name(address: str, kind: str) -> None:
    assert resource_type(address) == kind


def test_the_share_is_of_the_whole_chain() -> None:
    assert share_delayed([Part("a", 6, 3, 1), Part("b", 4, 0, 0)]) == pytest.approx(70)
    assert share_delayed([]) == 0


def test_time_begins_with_the_first_event() -> None:
    assert first_event(["not an event", '{"@timestamp": "1970-01-01T00:01:40.500000Z"}']) == 100.5
