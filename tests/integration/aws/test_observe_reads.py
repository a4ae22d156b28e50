"""Reads for health from moto's AWS: load balancers, alarms, buckets, certificates, metrics, groups, distributions."""

from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws

from panel.aws import observe
from panel.aws.observe_alarms import alarms
from panel.aws.observe_balancers import Listener, listeners, load_balancers
from panel.aws.observe_buckets import Bucket, bucket
from panel.aws.observe_certificates import certificate
from panel.aws.observe_metrics import (
    EDGE_REGION,
    MetricPoint,
    balancer_queries,
    balancer_traffic,
    edge_queries,
    edge_traffic,
    metrics,
)
from panel.aws.session import Account, Aws
from panel.errors import AwsError, NotFoundError

REGION = "us-east-2"


@pytest.fixture(scope="module")
def aws():
    """One account for the whole file: making clients takes longer than all that is done with them."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        yield Aws(Account(REGION, access_key="test", secret_key="test"))


@pytest.fixture(scope="module")
def balancer(aws):
    """The ARN of a load balancer in two zones."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for n, zone in enumerate("ba")
    ]
    made = aws.client("elbv2").create_load_balancer(
        Name="todo-staging", Subnets=[subnet["SubnetId"] for subnet in subnets], Type="application"
    )
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def test_load_balancers_and_what_they_listen_on(aws, balancer):
    arn = balancer
    for port in (8080, 80):
        aws.client("elbv2").create_listener(
            LoadBalancerArn=arn, Port=port, Protocol="HTTP",
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )  # fmt: skip

    seen = load_balancers(aws, [arn, arn[:-4] + "0000"])

    assert set(seen) == {arn}
    assert (seen[arn].name, seen[arn].zones) == ("todo-staging", (f"{REGION}a", f"{REGION}b"))
    assert seen[arn].state in ("active", "provisioning")
    assert listeners(aws, arn) == (Listener(80, "HTTP"), Listener(8080, "HTTP"))


def test_listeners_of_a_load_balancer_that_is_gone(aws, balancer):
    with pytest.raises(NotFoundError):
        listeners(aws, balancer[:-4] + "0000")


def test_all_alarms_of_the_account_with_what_they_are_about(aws):
    cloudwatch = aws.client("cloudwatch")
    for number in range(101):
        cloudwatch.put_metric_alarm(
            AlarmName=f"todo-{number:03}", Namespace="AWS/ECS", MetricName="CPUUtilization", Statistic="Average",
            Period=60, EvaluationPeriods=1, Threshold=90, ComparisonOperator="GreaterThanThreshold",
            Dimensions=[{"Name": "ClusterName", "Value": "todo-staging"}], AlarmDescription="Too busy.",
        )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="todo-007", StateValue="ALARM", StateReason="95 is over 90")

    seen = alarms(aws)

    assert [alarm.name for alarm in seen] == [f"todo-{number:03}" for number in range(101)]
    assert (seen[7].state, seen[7].reason, seen[7].description) == ("ALARM", "95 is over 90", "Too busy.")
    assert seen[7].dimensions == {"ClusterName": "todo-staging"}
    assert seen[7].since is not None
    assert seen[8].state != "ALARM"


@pytest.mark.parametrize("versioned", [True, False])
def test_a_bucket(aws, versioned):
    s3, name = aws.client("s3"), f"todo-state-{versioned}".lower()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    assert bucket(aws, name) == Bucket(name, versioned)


def test_a_bucket_that_is_not_there(aws):
    with pytest.raises(NotFoundError, match="todo-none"):
        bucket(aws, "todo-none")


def test_a_certificate_is_asked_for_where_it_is(aws):
    arn = aws.client("acm", region=EDGE_REGION).request_certificate(
        DomainName="staging.todo.example.com", ValidationMethod="DNS"
    )["CertificateArn"]

    seen = certificate(aws, arn)

    assert (seen.domain, seen.arn) == ("staging.todo.example.com", arn)
    assert seen.status in ("PENDING_VALIDATION", "ISSUED")


def test_a_certificate_that_is_not_there(aws):
    with pytest.raises(NotFoundError):
        certificate(
            aws, f"arn:aws:acm:{REGION}:123456789012:certificate/11111111-2222-3333-4444-555555555555"
        )


def test_what_is_no_arn_of_a_certificate_is_not_asked_for(aws):
    with pytest.raises(AwsError, match="names no certificate"):
        certificate(aws, "staging.todo.example.com")


def test_metrics_of_many_things_in_one_question(aws):
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    at = end - timedelta(minutes=2)
    first, second = (f"arn:aws:elasticloadbalancing:{REGION}:1:loadbalancer/app/{n}/5" for n in "ab")
    requests, errors, *_ = balancer_queries(first)
    for query, value in ((requests, 200.0), (errors, 3.0)):
        aws.client("cloudwatch").put_metric_data(
            Namespace=query.namespace,
            MetricData=[{
                "MetricName": query.name, "Timestamp": at, "Value": value,
                "Dimensions": [{"Name": name, "Value": text} for name, text in query.dimensions],
            }],
        )  # fmt: skip

    seen = metrics(
        aws, [*balancer_queries(first), *balancer_queries(second)], begin=end - timedelta(minutes=5), end=end
    )

    assert seen[requests] == (MetricPoint(at, 200.0),)
    assert balancer_traffic(seen, first).own_errors == 3
    assert balancer_traffic(seen, second).requests is None


def test_the_edges_metrics_are_read_where_they_are_measured(aws):
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    for query, value in zip(edge_queries("E1"), (100.0, 7.0), strict=True):
        aws.client("cloudwatch", region=EDGE_REGION).put_metric_data(
            Namespace=query.namespace,
            MetricData=[{
                "MetricName": query.name, "Timestamp": end - timedelta(minutes=3), "Value": value,
                "Dimensions": [{"Name": name, "Value": text} for name, text in query.dimensions],
            }],
        )  # fmt: skip
    window = {"begin": end - timedelta(minutes=10), "end": end}

    assert (
        edge_traffic(metrics(aws, edge_queries("E1"), **window, region=EDGE_REGION), "E1").error_percent == 7
    )
    assert edge_traffic(metrics(aws, edge_queries("E1"), **window), "E1").requests is None


def test_groups_of_machines_by_name(aws):
    client = aws.client("autoscaling")
    client.create_launch_configuration(
        LaunchConfigurationName="todo", ImageId="ami-12c6146b", InstanceType="t3.micro"
    )
    for name in ("todo-a", "todo-b"):
        client.create_auto_scaling_group(
            AutoScalingGroupName=name, LaunchConfigurationName="todo", MinSize=0, MaxSize=0,
            AvailabilityZones=[f"{REGION}a"],
        )  # fmt: skip
    asked = []
    client.meta.events.register(
        "before-parameter-build.auto-scaling.DescribeAutoScalingGroups",
        lambda params, **_: asked.append(len(params["AutoScalingGroupNames"])),
    )

    seen = observe.machine_groups(aws, [*("todo-a", "todo-b"), *(f"other-{n}" for n in range(50))])

    assert sorted(seen) == ["todo-a", "todo-b"]
    assert (seen["todo-a"].desired, seen["todo-a"].machines) == (0, ())
    assert asked == [50, 2]


def test_all_distributions_of_the_account(aws):
    made = [
        aws.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": str(number), "Comment": "", "Enabled": bool(number),
                "Origins": {"Quantity": 1, "Items": [{"Id": "s", "DomainName": "s.s3.amazonaws.com"}]},
                "DefaultCacheBehavior": {"TargetOriginId": "s", "ViewerProtocolPolicy": "allow-all"},
            }
        )["Distribution"]
        for number in range(2)
    ]  # fmt: skip

    seen = observe.distributions(aws)

    assert {key: (item.domain_name, item.enabled) for key, item in seen.items()} == {
        raw["Id"]: (raw["DomainName"], bool(number)) for number, raw in enumerate(made)
    }
    assert all(item.pending_invalidations is None for item in seen.values())
