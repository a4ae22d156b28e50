"""Reading what AWS says, from moto's AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from panel.aws import observe
from panel.aws.session import Account, Aws
from panel.errors import AwsError, NotFoundError

REGION = "us-east-2"
DIGEST = "sha256:" + "cd" * 32


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Aws(Account(REGION, None, "testing", "testing"))


def register(aws: Aws, image: str, variables: dict[str, str]) -> str:
    answer = aws.client("ecs").register_task_definition(
        family="todo-staging-backend",
        containerDefinitions=[
            {
                "name": "backend",
                "image": image,
                "memory": 128,
                "environment": [{"name": name, "value": value} for name, value in variables.items()],
            }
        ],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def test_services_are_described_by_name_and_unknown_ones_are_not_in_the_answer(aws: Aws) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="todo-staging")
    arn = register(aws, "todo/backend:v1", {})
    names = [f"service-{number}" for number in range(12)]
    for name in names:
        ecs.create_service(cluster="todo-staging", serviceName=name, taskDefinition=arn, desiredCount=2)

    found = observe.ecs_services(aws, "todo-staging", [*names, "other"])

    assert set(found) == set(names)
    seen = found["service-0"]
    assert (seen.desired, seen.status, seen.serving_task_definition) == (2, "ACTIVE", arn)
    assert [deployment.status for deployment in seen.deployments] == ["PRIMARY"]


def test_a_cluster_that_does_not_exist_is_not_found(aws: Aws) -> None:
    with pytest.raises(NotFoundError, match="todo-staging"):
        observe.ecs_services(aws, "todo-staging", ["backend"])


def test_in_a_roll_out_the_version_that_serves_is_that_of_most_running_tasks() -> None:
    def deployment(status: str, running: int, definition: str) -> observe.Deployment:
        return observe.Deployment(definition, status, "IN_PROGRESS", "", definition, 2, running, 0, 0, None)

    def serving(*deployments: observe.Deployment) -> str:
        seen = observe.ServiceSeen("backend", "ACTIVE", 2, 2, 0, "td:0", deployments, ())
        return seen.serving_task_definition

    new, old = "td:2", "td:1"
    assert serving(deployment("PRIMARY", 0, new), deployment("ACTIVE", 2, old)) == old
    assert serving(deployment("PRIMARY", 1, new), deployment("ACTIVE", 1, old)) == new
    assert serving() == "td:0"


@pytest.mark.parametrize(
    ("image", "variables", "version", "digest"),
    [
        ("repo/backend:v1", {"APP_VERSION": "v1", "IMAGE_DIGEST": DIGEST}, "v1", DIGEST),
        (f"repo/backend@{DIGEST}", {"APP_VERSION": "v1"}, "v1", DIGEST),
        ("repo/backend:v1", {"APP_VERSION": "", "OTHER": "x"}, None, None),
    ],
)
def test_what_a_task_definition_runs(
    aws: Aws, image: str, variables: dict[str, str], version: str | None, digest: str | None
) -> None:
    arn = register(aws, image, variables)

    seen = observe.task_definition(aws, arn, "backend")

    assert (seen.arn, seen.image, seen.version, seen.digest) == (arn, image, version, digest)


def test_a_task_definition_without_the_container_is_not_found(aws: Aws) -> None:
    arn = register(aws, "repo/backend:v1", {})

    with pytest.raises(NotFoundError, match="no container named 'worker'"):
        observe.task_definition(aws, arn, "worker")


def test_a_task_definition_that_does_not_exist_is_a_refusal(aws: Aws) -> None:
    with pytest.raises(AwsError, match="task definition todo:9"):
        observe.task_definition(aws, "todo:9", "backend")


def target_group(aws: Aws) -> str:
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    answer = aws.client("elbv2").create_target_group(
        Name="todo-staging-backend", Protocol="HTTP", Port=5000, VpcId=vpc, TargetType="ip"
    )
    return str(answer["TargetGroups"][0]["TargetGroupArn"])


def test_targets_come_by_address(aws: Aws) -> None:
    arn = target_group(aws)
    aws.client("elbv2").register_targets(
        TargetGroupArn=arn, Targets=[{"Id": "10.0.1.9", "Port": 5000}, {"Id": "10.0.1.5", "Port": 5001}]
    )

    seen = observe.targets(aws, arn)

    assert [(target.address, target.port) for target in seen] == [("10.0.1.5", 5001), ("10.0.1.9", 5000)]
    assert all(target.state for target in seen)


def test_a_target_group_that_does_not_exist_is_not_found(aws: Aws) -> None:
    arn = target_group(aws)
    aws.client("elbv2").delete_target_group(TargetGroupArn=arn)

    with pytest.raises(NotFoundError):
        observe.targets(aws, arn)


def test_a_distribution(aws: Aws) -> None:
    answer = aws.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{"Id": "site", "DomainName": "site.s3.amazonaws.com"}]},
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all"},
        }
    )["Distribution"]

    seen = observe.distribution(aws, answer["Id"])

    assert (seen.id, seen.domain_name, seen.enabled) == (answer["Id"], answer["DomainName"], True)
    assert seen.status in ("InProgress", "Deployed")


def test_a_distribution_that_does_not_exist_is_not_found(aws: Aws) -> None:
    with pytest.raises(NotFoundError, match="E123"):
        observe.distribution(aws, "E123")


def test_a_machine_group(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName="todo", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="todo-staging",
        LaunchTemplate={"LaunchTemplateName": "todo"},
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=2,
        AvailabilityZones=[f"{REGION}a", f"{REGION}b"],
    )

    seen = observe.machine_group(aws, "todo-staging")

    assert seen.desired == 2
    assert len(seen.machines) == 2
    assert all(machine.in_service for machine in seen.machines)


def test_a_machine_group_that_does_not_exist_is_not_found(aws: Aws) -> None:
    with pytest.raises(NotFoundError, match="todo-staging"):
        observe.machine_group(aws, "todo-staging")
