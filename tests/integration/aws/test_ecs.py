"""Services, revisions, tasks and targets against moto."""

import time

import pytest

from panel.aws.ecs import find_service, get_service, list_tasks, update_service
from panel.aws.elb import target_health
from panel.aws.logs import last_lines
from panel.aws.sts import caller_identity
from panel.aws.task_definitions import (
    LogPlace,
    active_revision,
    describe_task_definition,
    find_task_definition,
    register_revision,
)
from panel.errors import AwsError, NotFoundError

FAMILY = "todo-staging-backend"


@pytest.fixture
def service(aws):
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="todo-staging")
    ecs.register_task_definition(
        family=FAMILY,
        networkMode="awsvpc",
        requiresCompatibilities=["EC2"],
        tags=[{"key": "Project", "value": "todo"}],
        containerDefinitions=[
            {
                "name": "backend",
                "image": "r/backend:bootstrap",
                "memory": 128,
                "environment": [{"name": "PORT", "value": "5000"}],
                "portMappings": [{"containerPort": 5000}],
            },
            {"name": "beside", "image": "r/beside:1", "memory": 64},
        ],
    )
    ecs.create_service(cluster="todo-staging", serviceName="backend", taskDefinition=FAMILY, desiredCount=0)
    return get_service(aws, "todo-staging", "backend")


def test_a_service_is_described(service):
    assert (service.name, service.status, service.desired) == ("backend", "ACTIVE", 0)
    assert service.task_definition.endswith(f"{FAMILY}:1")


def test_what_is_not_there_is_none_or_said(aws, service):
    assert find_service(aws, "todo-staging", "worker") is None
    with pytest.raises(NotFoundError, match="has no service worker"):
        get_service(aws, "todo-staging", "worker")
    with pytest.raises(AwsError, match="ClusterNotFound"):
        find_service(aws, "other", "backend")
    with pytest.raises(NotFoundError, match="no cluster other"):
        get_service(aws, "other", "backend")
    with pytest.raises(AwsError, match="nothing"):
        describe_task_definition(aws, "nothing")
    assert find_task_definition(aws, "nothing") is None


def test_a_revision_differs_in_image_and_variables_alone(aws, service):
    current = describe_task_definition(aws, service.task_definition)

    made = register_revision(
        aws, current, "backend", image="r/backend@sha256:1", environment={"APP_VERSION": "v1"}
    )

    assert (made.family, made.revision) == (FAMILY, 2)
    assert made.image("backend") == "r/backend@sha256:1"
    assert made.environment("backend") == {"PORT": "5000", "APP_VERSION": "v1"}
    assert made.container("backend")["portMappings"] == current.container("backend")["portMappings"]
    assert made.container("beside") == current.container("beside")
    assert {key: made.request[key] for key in ("networkMode", "tags")} == {
        "networkMode": "awsvpc",
        "tags": [{"key": "Project", "value": "todo"}],
    }


def test_the_same_revision_is_used_again_also_from_a_later_one(aws, service):
    current = describe_task_definition(aws, service.task_definition)
    first = register_revision(
        aws, current, "backend", image="r/b@sha256:1", environment={"APP_VERSION": "v1"}
    )
    second = register_revision(aws, first, "backend", image="r/b@sha256:2", environment={"APP_VERSION": "v2"})

    again = register_revision(aws, second, "backend", image="r/b@sha256:1", environment={"APP_VERSION": "v1"})

    assert again.arn == first.arn


def test_a_revision_that_was_taken_away_is_made_anew(aws, service):
    current = describe_task_definition(aws, service.task_definition)
    first = register_revision(aws, current, "backend", image="r/b@sha256:1", environment={})
    aws.client("ecs").deregister_task_definition(taskDefinition=first.arn)

    again = register_revision(aws, current, "backend", image="r/b@sha256:1", environment={})

    assert again.active
    assert again.arn != first.arn


def test_a_deregistered_revision_is_stood_in_for_by_an_active_one_of_the_same_content(aws, service):
    first = describe_task_definition(aws, service.task_definition)
    aws.client("ecs").deregister_task_definition(taskDefinition=first.arn)
    gone = describe_task_definition(aws, first.arn)

    copy = active_revision(aws, gone, "backend")

    assert not gone.active
    assert copy.active
    assert copy.request == gone.request
    assert active_revision(aws, gone, "backend").arn == copy.arn


def test_only_the_named_variables_are_kept_where_that_is_asked_for(aws, service):
    current = describe_task_definition(aws, service.task_definition)

    made = register_revision(aws, current, "backend", image="r/b@sha256:1", environment={"A": "1"}, only=True)

    assert made.environment("backend") == {"A": "1"}


def test_where_a_container_logs_is_in_its_definition_and_the_last_lines_are_read_there(aws):
    aws.client("ecs").register_task_definition(
        family=FAMILY,
        containerDefinitions=[
            {
                "name": "backend", "image": "x", "memory": 64,
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/todo", "awslogs-stream-prefix": "p", "awslogs-region": "us-east-2"},
                },
            },
            {"name": "silent", "image": "x", "memory": 64},
        ],
    )  # fmt: skip
    definition = describe_task_definition(aws, FAMILY)
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/todo")
    logs.create_log_stream(logGroupName="/todo", logStreamName="p/backend/1")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": f"line {number}"} for number in range(5)]
    logs.put_log_events(logGroupName="/todo", logStreamName="p/backend/1", logEvents=events)

    assert definition.log_place("backend") == LogPlace("/todo", "p", "us-east-2")
    assert definition.log_place("silent") is None
    assert last_lines(aws, "/todo", "p/backend/1", limit=2, region="us-east-2") == ("line 3", "line 4")
    assert last_lines(aws, "/todo", "p/backend/2", limit=2) is None


def test_a_container_that_is_not_there_is_said(aws, service):
    current = describe_task_definition(aws, service.task_definition)

    with pytest.raises(NotFoundError, match="no container web"):
        register_revision(aws, current, "web", image="r/b@sha256:1", environment={})


def test_a_service_is_updated(aws, service):
    current = describe_task_definition(aws, service.task_definition)
    made = register_revision(aws, current, "backend", image="r/b@sha256:1", environment={})

    update_service(aws, "todo-staging", "backend", task_definition=made.arn, desired=2)

    after = get_service(aws, "todo-staging", "backend")
    assert (after.task_definition, after.desired) == (made.arn, 2)


def test_a_service_without_tasks_has_none(aws, service):
    assert list_tasks(aws, "todo-staging", "backend") == ()
    assert list_tasks(aws, "todo-staging", "backend", stopped=True) == ()


def test_targets_come_and_go(aws):
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = aws.client("elbv2").create_target_group(
        Name="backend", Protocol="HTTP", Port=5000, VpcId=vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]

    targets = [{"Id": "10.0.0.2", "Port": 5000}, {"Id": "10.0.0.1", "Port": 5000}]
    aws.client("elbv2").register_targets(TargetGroupArn=group, Targets=targets)
    assert [(target.id, target.port) for target in target_health(aws, group)] == [
        ("10.0.0.1", 5000),
        ("10.0.0.2", 5000),
    ]

    aws.client("elbv2").deregister_targets(TargetGroupArn=group, Targets=targets[1:])
    assert [target.id for target in target_health(aws, group) if target.in_service] == ["10.0.0.2"]


def test_a_target_group_that_is_not_there_is_said(aws):
    with pytest.raises(AwsError, match="could not read the targets"):
        target_health(aws, "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/none/0")


def test_the_identity_is_told(aws):
    assert caller_identity(aws).account_id.isdigit()
