"""Gateways, addresses, disks and logs of a project among those of others."""

from datetime import UTC, datetime, timedelta

import pytest

from panel.aws.unused import (
    NatGateway,
    bytes_out,
    edge_requests,
    idle_volumes,
    log_groups,
    nat_gateways,
    public_addresses,
)


def tags(kind, project="todo", environment="staging"):
    pairs = {"Project": project, "Environment": environment}
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in pairs.items()]}]


@pytest.fixture
def ec2(aws):
    return aws.client("ec2")


def test_gateways_of_the_project_with_their_addresses(aws, ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
    held = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=held, TagSpecifications=tags("natgateway", environment="shared")
    )["NatGateway"]["NatGatewayId"]
    ec2.create_nat_gateway(SubnetId=subnet, TagSpecifications=tags("natgateway", "other"))

    (gateway,) = nat_gateways(aws, "todo")
    assert (gateway.id, gateway.environment, gateway.allocations) == (made, "shared", (held,))
    assert gateway.created_at is not None


def test_addresses_with_and_without_something_that_has_them(aws, ec2):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    machine = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    free, used, other = (
        ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", project))["AllocationId"]
        for project in ("todo", "todo", "other")
    )
    ec2.associate_address(InstanceId=machine, AllocationId=used)

    found = {address.allocation_id: address.used for address in public_addresses(aws, "todo")}
    assert found == {free: False, used: True}
    assert other not in found


def test_disks_that_no_instance_has(aws, ec2):
    made = ec2.create_volume(
        AvailabilityZone="us-east-2a", Size=30, VolumeType="gp3", TagSpecifications=tags("volume")
    )
    ec2.create_volume(AvailabilityZone="us-east-2a", Size=30, TagSpecifications=tags("volume", "other"))
    (volume,) = idle_volumes(aws, "todo")
    assert (volume.id, volume.kind, volume.size_gb, volume.environment) == (
        made["VolumeId"],
        "gp3",
        30,
        "staging",
    )


def test_logs_with_and_without_an_end(aws):
    logs = aws.client("logs")
    for name in ("/ecs/todo-staging/backend", "/ecs/todo-production/backend", "/ecs/other/backend"):
        logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName="/ecs/todo-staging/backend", retentionInDays=30)

    found = {group.name: group.kept_days for group in log_groups(aws, "/ecs/todo-")}
    assert found == {"/ecs/todo-production/backend": None, "/ecs/todo-staging/backend": 30}


def test_what_was_sent_and_asked_in_a_week(aws, ec2):
    now = datetime.now(UTC)
    sent = {"MetricName": "BytesOutToDestination", "Dimensions": [{"Name": "NatGatewayId", "Value": "nat-1"}]}
    aws.client("cloudwatch").put_metric_data(
        Namespace="AWS/NATGateway",
        MetricData=[
            {**sent, "Value": 40.0, "Timestamp": now - timedelta(days=2)},
            {**sent, "Value": 2.0, "Timestamp": now - timedelta(days=1)},
            {**sent, "Value": 900.0, "Timestamp": now - timedelta(days=9)},
        ],
    )
    edge = [{"Name": "DistributionId", "Value": "EDIST"}, {"Name": "Region", "Value": "Global"}]
    aws.client("cloudwatch", region="us-east-1").put_metric_data(
        Namespace="AWS/CloudFront",
        MetricData=[
            {"MetricName": "Requests", "Dimensions": edge, "Value": 7.0, "Timestamp": now - timedelta(days=3)}
        ],
    )
    gateways = [NatGateway(name, "", None, ()) for name in ("nat-1", "nat-2")]
    assert bytes_out(aws, gateways, now) == {"nat-1": 42.0, "nat-2": None}
    assert edge_requests(aws, ["EDIST", "EGONE"], now) == {"EDIST": 7.0, "EGONE": None}
    assert bytes_out(aws, [], now) == {}
