"""A roll-out against the embedded AWS, with the load balancer's targets set as a task agent would."""

import uuid
from types import SimpleNamespace

import pytest

from panel.aws.ecs import get_service
from panel.aws.front_door import VersionSeen
from panel.aws.task_definitions import describe_task_definition
from panel.deploys.rollout import Eyes, ServiceTarget, Wanted, read_baseline, roll_out
from panel.errors import DeployError


@pytest.fixture
def target(aws):
    """What the environment's Terraform stack leaves: a service of no tasks, waiting for its first release."""
    name = f"todo-{uuid.uuid4().hex[:8]}"
    ecs, elbv2 = aws.client("ecs"), aws.client("elbv2")
    ecs.create_cluster(clusterName=name)
    network = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.client("ec2").create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=5000, VpcId=network, TargetType="ip")[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    container = {
        "name": "backend", "image": "r/backend:bootstrap", "memory": 128, "essential": True,
        "environment": [{"name": "PORT", "value": "5000"}], "portMappings": [{"containerPort": 5000}],
    }  # fmt: skip
    ecs.register_task_definition(
        family=f"{name}-backend", networkMode="awsvpc", requiresCompatibilities=["EC2"],
        containerDefinitions=[container],
    )  # fmt: skip
    ecs.create_service(
        cluster=name, serviceName="backend", taskDefinition=f"{name}-backend", desiredCount=0,
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        loadBalancers=[{"targetGroupArn": group, "containerName": "backend", "containerPort": 5000}],
    )  # fmt: skip
    return ServiceTarget(name, "backend", f"{name}-backend", "backend", 5000, group, 2)


@pytest.fixture
def agent(aws, target):
    """Stands in for the task agent: registers the wanted tasks, and answers with their version."""

    def look():
        service = get_service(aws, target.cluster, target.service)
        addresses = [{"Id": f"127.0.0.{number + 2}", "Port": 5000} for number in range(service.desired)]
        if addresses:
            aws.client("elbv2").register_targets(TargetGroupArn=target.target_group_arn, Targets=addresses)
        return describe_task_definition(aws, service.task_definition).environment("backend")

    def verify():
        environment = look()
        return VersionSeen(environment["APP_VERSION"], environment["IMAGE_DIGEST"])

    return SimpleNamespace(look=look, verify=verify)


class Clock:
    """Each wait lets the agent look; nothing really waits."""

    def __init__(self, agent):
        self.agent, self.seconds = agent, 0.0

    def now(self):
        return self.seconds

    def wait(self, seconds):
        self.seconds += seconds
        self.agent.look()


@pytest.fixture
def deploy(aws, target, agent, lines):
    def deploy(version, *, verify=agent.verify, baseline=None):
        wanted = Wanted(f"localhost/r@sha256:{version}", f"sha256:{version}", version)
        eyes = Eyes(report=lines.append, verify=verify, clock=Clock(agent))
        return roll_out(aws, target, wanted, eyes, deadline_s=60, baseline=baseline)

    return deploy


def test_releases_follow_each_other_and_back(aws, target, deploy):
    first = deploy("v1")
    second = deploy("v2")
    again = deploy("v2")
    back = deploy("v1")

    assert (first.running, first.desired) == (2, 2)
    assert second.previous_task_definition_arn == first.task_definition_arn
    assert again.task_definition_arn == second.task_definition_arn
    assert back.task_definition_arn == first.task_definition_arn
    service = get_service(aws, target.cluster, target.service)
    assert (service.task_definition, service.desired) == (first.task_definition_arn, 2)
    definition = describe_task_definition(aws, service.task_definition)
    assert definition.image("backend") == "localhost/r@sha256:v1"
    assert definition.environment("backend")["PORT"] == "5000"


def test_a_release_that_does_not_answer_is_taken_back(aws, target, deploy, agent):
    good = deploy("v1")

    with pytest.raises(DeployError, match="went back to version v1"):
        deploy("v2", verify=lambda: seen if (seen := agent.verify()).version == "v1" else None)

    assert get_service(aws, target.cluster, target.service).task_definition == good.task_definition_arn


def test_the_first_release_that_fails_leaves_no_task(aws, target, deploy):
    before = read_baseline(aws, target)

    with pytest.raises(DeployError, match="the service is stopped"):
        deploy("v1", verify=lambda: None, baseline=before)

    service = get_service(aws, target.cluster, target.service)
    assert (service.desired, service.task_definition) == (0, before.task_definition_arn)
