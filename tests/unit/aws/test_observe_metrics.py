"""Metrics: the questions in batches, and figures out of points."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import ANY, Stubber

from panel.aws.observe_metrics import (
    BalancerTraffic,
    EdgeTraffic,
    MetricPoint,
    MetricQuery,
    Utilisation,
    balancer_queries,
    balancer_traffic,
    edge_queries,
    edge_traffic,
    metrics,
    service_queries,
    utilisation,
)
from panel.aws.session import Account, Aws
from panel.errors import AwsError

END = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEGIN = END - timedelta(minutes=5)
ARN = "arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/app/todo-staging/50dc"


def points(*values, start=0):
    """One figure a minute."""
    return tuple(MetricPoint(BEGIN + timedelta(minutes=start + n), value) for n, value in enumerate(values))


@pytest.fixture(scope="module")
def aws():
    return Aws(Account("us-east-2", None, "test", "test"))


def query(number):
    return MetricQuery("AWS/ECS", "CPUUtilization", (("ServiceName", f"s{number}"),), "Average")


def answer(ids, token=None, **more):
    results = [{"Id": f"q{n}", "Timestamps": [BEGIN], "Values": [float(n)], "StatusCode": "Complete", **more}
               for n in ids]  # fmt: skip
    return {"MetricDataResults": results, **({"NextToken": token} if token else {})}


def asked(stub, response, **more):
    expected = {
        "MetricDataQueries": ANY, "StartTime": BEGIN, "EndTime": END, "ScanBy": "TimestampAscending",
        "MaxDatapoints": ANY, **more,
    }  # fmt: skip
    stub.add_response("get_metric_data", response, expected)


def test_five_hundred_are_asked_for_at_a_time_each_once(aws):
    queries = [query(number) for number in range(501)]
    sizes = []
    client = aws.client("cloudwatch")
    client.meta.events.register(
        "before-parameter-build.cloudwatch.GetMetricData",
        lambda params, **_: sizes.append(len(params["MetricDataQueries"])),
    )
    with Stubber(client) as stub:
        asked(stub, answer(range(500)))
        asked(stub, answer(range(1)))
        found = metrics(aws, [*queries, *queries], begin=BEGIN, end=END)
        stub.assert_no_pending_responses()

    assert sizes == [500, 1]
    assert len(found) == 501
    assert found[query(7)][0].value == 7


def test_points_of_several_pages_are_joined_and_no_points_are_none(aws):
    first, second = query(0), query(1)
    with Stubber(aws.client("cloudwatch")) as stub:
        asked(stub, answer([0], "more"))
        later = {"Id": "q0", "Timestamps": [END], "Values": [9.0], "StatusCode": "Complete"}
        asked(stub, {"MetricDataResults": [later]}, NextToken="more")
        found = metrics(aws, [first, second], begin=BEGIN, end=END)

    assert [point.value for point in found[first]] == [0, 9]
    assert found[second] == ()


def test_no_queries_are_no_call(aws):
    with Stubber(aws.client("cloudwatch")):
        assert metrics(aws, [], begin=BEGIN, end=END) == {}


@pytest.mark.parametrize("status", ["Forbidden", "InternalError"])
def test_a_query_that_failed_is_not_a_metric_without_figures(aws, status):
    with Stubber(aws.client("cloudwatch")) as stub:
        asked(stub, answer([0], StatusCode=status))
        with pytest.raises(AwsError, match=status):
            metrics(aws, [query(0)], begin=BEGIN, end=END)


@pytest.mark.parametrize(
    ("requests", "rates", "expected"),
    [
        (points(90, 10), points(0, 50), EdgeTraffic(100, 5.0)),
        (points(90, 10), points(0), EdgeTraffic(100, 0.0)),
        (points(10), points(50, start=3), EdgeTraffic(10, None)),
        (points(10), (), EdgeTraffic(10, None)),
        ((), points(50), EdgeTraffic()),
        (points(0), points(0), EdgeTraffic()),
    ],
)
def test_each_minutes_share_of_errors_counts_by_its_requests(requests, rates, expected):
    counted, share = edge_queries("E1")

    assert edge_traffic({counted: requests, share: rates}, "E1") == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((points(100, 300), (), (), points(0.1, 0.2)), BalancerTraffic(400, 0, 0, pytest.approx(175))),
        ((points(100), points(3, 1), points(5), ()), BalancerTraffic(100, 4, 5, None)),
        (((), points(7), (), ()), BalancerTraffic(0, 7, 0, None)),
        (((), (), (), ()), BalancerTraffic()),
    ],
)
def test_the_figures_of_a_load_balancer(figures, expected):
    seen = dict(zip(balancer_queries(ARN), figures, strict=True))

    assert balancer_traffic(seen, ARN) == expected


def test_a_load_balancer_is_named_by_the_end_of_its_arn():
    assert {item.dimensions for item in balancer_queries(ARN)} == {
        (("LoadBalancer", "app/todo-staging/50dc"),)
    }


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        (points(20, 40), points(50), Utilisation(30, 50)),
        ((), points(50), Utilisation(None, 50)),
        ((), (), Utilisation()),
    ],
)
def test_use_is_the_mean_of_the_window(cpu, memory, expected):
    seen = dict(zip(service_queries("todo-staging", "backend"), (cpu, memory), strict=True))

    assert utilisation(seen, "todo-staging", "backend") == expected


def test_what_was_not_asked_for_is_not_measured():
    assert utilisation({}, "todo-staging", "backend") == Utilisation()
    assert edge_traffic({}, "E1") == EdgeTraffic()
