"""What the load balancer, machines, buckets, alarms and refusals mean by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from botocore.exceptions import ClientError

from panel.aws.observe import Machine, MachineGroup, Target
from panel.aws.observe_alarms import Alarm
from panel.aws.observe_balancers import Listener, LoadBalancer
from panel.aws.observe_buckets import Bucket
from panel.aws.observe_metrics import BalancerTraffic
from panel.aws.session import translated
from panel.catalogue.health import HealthRules
from panel.errors import AwsError, EndpointError, NotFoundError, PanelError
from panel.health import probes
from panel.health.finding import Finding
from panel.health.probes import AlarmScope

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ARN = "arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/app/todo-staging/50dc"
RULES = HealthRules(error_percent=5, errors_from=20, slow_ms=2000)
LISTENING = [Listener(443, "HTTPS")]
QUIET = BalancerTraffic()


def failing(error: PanelError) -> Callable[..., NoReturn]:
    def read(*_: object) -> NoReturn:
        raise error

    return read


def balancer(state: str = "active", reason: str = "") -> LoadBalancer:
    return LoadBalancer(
        ARN, "todo-staging", "x.elb.amazonaws.com", state, reason, ("us-east-2a", "us-east-2b")
    )


def targets(*states: str) -> list[Target]:
    zones = ("us-east-2a", "us-east-2b")
    return [Target(f"10.0.0.{n}", 5000, zones[n % 2], state, "") for n, state in enumerate(states)]


def look(
    seen: LoadBalancer | None = None,
    *,
    listening: Sequence[Listener] = LISTENING,
    registered: Sequence[Target] | None = None,
    traffic: BalancerTraffic = QUIET,
    emulated: bool = False,
) -> Finding:
    return probes.load_balancer(
        lambda: seen,
        lambda: listening,
        lambda: targets("healthy", "healthy") if registered is None else registered,
        lambda: traffic,
        rules=RULES,
        emulated=emulated,
    )


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (look(balancer()), "healthy", "passes requests on"),
        (look(None), "down", "does not exist"),
        (look(balancer(), listening=[]), "down", "listens on no port"),
        (look(balancer(), registered=[]), "degraded", "no task to pass"),
        (look(balancer(), registered=targets("draining")), "degraded", "no task to pass"),
        (look(balancer(), registered=targets("unhealthy", "unhealthy")), "degraded", "No task answers"),
        (look(balancer(), registered=targets("unhealthy", "healthy")), "healthy", "passes requests on"),
        (look(balancer("provisioning")), "degraded", "still being made"),
        (look(balancer("active_impaired", "no addresses left")), "degraded", "cannot grow"),
        (look(balancer("failed")), "down", "could not be made"),
        (look(balancer("")), "unknown", "does not say"),
        (look(balancer(), emulated=True), "unknown", "embedded AWS"),
        (look(None, emulated=True), "down", "does not exist"),
        (look(balancer(), registered=[], emulated=True), "degraded", "no task to pass"),
        (look(balancer(), listening=[], emulated=True), "down", "listens on no port"),
    ],
)
def test_a_load_balancer_as_it_stands(found: Finding, verdict: str, words: str) -> None:
    assert found.verdict == verdict
    assert words in found.detail


@pytest.mark.parametrize(
    ("traffic", "verdict", "words"),
    [
        (BalancerTraffic(1000, 0, 0, 120), "healthy", "passes requests on"),
        (BalancerTraffic(1000, 0, 49, 120), "healthy", "passes requests on"),
        (BalancerTraffic(1000, 20, 30, 120), "degraded", "5.0 % of the requests"),
        (BalancerTraffic(0, 40, 0, None), "degraded", "100.0 % of the requests"),
        (BalancerTraffic(19, 0, 19, 120), "healthy", "passes requests on"),
        (BalancerTraffic(1000, 0, 0, 2000), "healthy", "passes requests on"),
        (BalancerTraffic(1000, 0, 0, 3200), "degraded", "slowly: 3.2 s"),
    ],
)
def test_what_became_of_the_requests(traffic: BalancerTraffic, verdict: str, words: str) -> None:
    found = look(balancer(), traffic=traffic)

    assert found.verdict == verdict
    assert words in found.detail


def test_the_figures_of_a_load_balancer() -> None:
    found = look(balancer(), traffic=BalancerTraffic(200, 1, 1, 120))

    assert found.reading is not None
    assert found.reading.measures == {
        "requests": 200, "errors_5xx": 2, "error_percent": 1.0, "latency_ms": 120,
    }  # fmt: skip
    assert found.reading.zones == {"us-east-2a": 1, "us-east-2b": 1}


def test_errors_count_where_the_state_is_not_told() -> None:
    assert look(balancer(""), traffic=BalancerTraffic(100, 50, 0, 10)).verdict == "degraded"


def test_no_requests_are_no_figures() -> None:
    found = look(balancer(), traffic=BalancerTraffic())

    assert found.reading is not None
    assert found.reading.measures == {}


def test_figures_that_may_not_be_read_are_a_notice() -> None:
    found = probes.load_balancer(
        balancer, lambda: LISTENING, lambda: targets("healthy"), failing(denied()), emulated=False
    )

    assert found.verdict == "healthy"
    assert "cloudwatch:GetMetricData" in found.notice


@pytest.mark.parametrize(
    ("zones", "notice"),
    [
        (["us-east-2a", "us-east-2b"], ""),
        (["us-east-2a", "us-east-2a"], "All machines are in one zone (us-east-2a)."),
        (["us-east-2a"], ""),
    ],
)
def test_machines_by_zone(zones: Sequence[str], notice: str) -> None:
    machines = tuple(Machine(f"i-{n}", zone, "InService", "Healthy") for n, zone in enumerate(zones))

    found = probes.instances(lambda: MachineGroup("group", len(zones), machines), emulated=False)

    assert (found.verdict, found.notice) == ("healthy", notice)
    assert found.reading is not None
    assert sum(found.reading.zones.values()) == len(zones)


@pytest.mark.parametrize(("versioned", "notice"), [(True, False), (False, True)])
def test_the_bucket_of_the_services(versioned: bool, notice: bool) -> None:
    found = probes.state_bucket(lambda: Bucket("todo-staging-state-1", versioned))

    assert found.verdict == "healthy"
    assert bool(found.notice) == notice


def test_a_bucket_that_is_gone_is_down() -> None:
    assert probes.state_bucket(failing(NotFoundError("Gone."))).verdict == "down"


OUTPUTS = {"cluster_name": "todo-staging", "cloudfront_distribution_id": "E1", "load_balancer_arn": ARN}
SCOPE = AlarmScope.of("todo", "staging", ["staging", "staging-eu", "prod"], OUTPUTS)


def alarm(name: str, state: str = "ALARM", description: str = "", **dimensions: str) -> Alarm:
    return Alarm(name, state, "Threshold crossed", NOW, dimensions, description)


@pytest.mark.parametrize(
    ("seen", "covered"),
    [
        (alarm("todo-staging"), True),
        (alarm("todo-staging-errors"), True),
        (alarm("todo-staging/errors"), True),
        (alarm("todo-stagingx-errors"), False),
        (alarm("todo-staging-eu-errors"), False),
        (alarm("todo-prod-errors"), False),
        (alarm("errors"), False),
        (alarm("too hot", ClusterName="todo-staging"), True),
        (alarm("too hot", ClusterName="todo-staging-eu"), False),
        (alarm("slow", LoadBalancer="app/todo-staging/50dc"), True),
        (alarm("errors", DistributionId="E1", Region="Global"), True),
        (alarm("TargetTracking-service/todo-staging/backend-AlarmLow-1", ClusterName="todo-staging"), False),
    ],
)
def test_which_alarms_are_about_an_environment(seen: Alarm, covered: bool) -> None:
    assert SCOPE.covers(seen) == covered


@pytest.mark.parametrize(
    ("seen", "emulated", "verdict", "words"),
    [
        ([alarm("todo-staging-a", "OK")], False, "healthy", "None of 1 alarm rings"),
        ([alarm("todo-staging-a"), alarm("todo-staging-b", "OK")], False, "degraded", "todo-staging-a rings"),
        ([alarm("todo-staging-a"), alarm("todo-staging-b")], False, "degraded", "2 alarms ring"),
        ([alarm("todo-staging-a", description="Too many errors.")], False, "degraded", "Too many errors."),
        ([alarm("todo-staging-a", "INSUFFICIENT_DATA")], False, "unknown", "none has anything"),
        ([alarm("todo-staging-a", "OK"), alarm("todo-staging-b", "INSUFFICIENT_DATA")], False, "healthy", "2 al"),
        ([alarm("todo-prod-a")], False, "unknown", "No alarm is set"),
        ([], False, "unknown", "No alarm is set"),
        ([alarm("todo-staging-a", "OK")], True, "unknown", "none has anything"),
        ([alarm("todo-staging-a")], True, "degraded", "rings"),
    ],
)  # fmt: skip
def test_alarms(seen: Sequence[Alarm], emulated: bool, verdict: str, words: str) -> None:
    found = probes.alarms(lambda: seen, SCOPE, emulated=emulated)

    assert found.verdict == verdict
    assert words in found.detail


def denied(code: str = "AccessDenied", action: str = "cloudwatch:GetMetricData") -> AwsError:
    said = f"User: arn:aws:iam::1:user/panel is not authorized to perform: {action} on resource: *"
    answer = {"Error": {"Code": code, "Message": said if action else "Forbidden"}}
    try:
        with translated("read something"):
            raise ClientError(answer, "HeadBucket")  # type: ignore[arg-type] # only what is looked at
    except AwsError as error:
        return error


@pytest.mark.parametrize(
    ("error", "permission"),
    [
        (denied("AccessDeniedException", "ecs:DescribeServices"), "ecs:DescribeServices"),
        (denied("UnauthorizedOperation", "ec2:DescribeSubnets"), "ec2:DescribeSubnets"),
        (denied("403", ""), "s3:ListBucket"),
    ],
)
def test_a_refusal_reads_unknown_and_names_the_permission(error: AwsError, permission: str) -> None:
    found = probes.state_bucket(failing(error))

    assert (found.verdict, found.reached) == ("unknown", True)
    assert permission in found.detail


@pytest.mark.parametrize(
    ("error", "verdict", "reached"),
    [
        (NotFoundError("Gone."), "down", True),
        (AwsError("Refused."), "unknown", True),
        (EndpointError("Silent."), "unknown", False),
    ],
)
def test_a_read_that_fails_is_unknown_unless_the_thing_is_gone(
    error: PanelError, verdict: str, reached: bool
) -> None:
    read = failing(error)
    for found in (
        probes.state_bucket(read),
        probes.load_balancer(read, read, read, read, emulated=False),
        probes.load_balancer(balancer, read, read, read, emulated=False),
        probes.alarms(read, SCOPE),
        probes.cloudfront_errors(read, emulated=False),
        probes.utilisation(read, emulated=False),
    ):
        assert (found.verdict, found.reached, found.detail) == (verdict, reached, error.message)
