"""Reading tasks: pages, what stopped them, and zones, from answers that the test writes."""

from datetime import UTC, datetime
from functools import cache

import pytest
from botocore.stub import Stubber

from panel.aws.observe_tasks import MOST_STOPPED, subnet_zones, tasks
from panel.aws.session import Account, Aws
from panel.errors import NotFoundError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLUSTER = "todo-staging"


def arn(number):
    return f"arn:aws:ecs:us-east-2:123456789012:task/{CLUSTER}/{number:032x}"


# Making clients takes longer than all that is done with them.
@cache
def account(endpoint=None):
    return Aws(Account("us-east-2", endpoint, "test", "test"))


def described(number, **more):
    return {"taskArn": arn(number), "group": "service:backend", "lastStatus": "RUNNING", **more}


def listing(stub, desired, pages, *, most=None):
    """Answers to the question for one kind of tasks, page by page."""
    for position, page in enumerate(pages):
        asked = {"cluster": CLUSTER, "desiredStatus": desired}
        if position:
            asked["nextToken"] = f"{desired}{position}"
        answer = {"taskArns": [arn(number) for number in page]}
        if position + 1 < len(pages):
            answer["nextToken"] = f"{desired}{position + 1}"
        stub.add_response("list_tasks", answer, asked)


def description(stub, numbers, answers):
    stub.add_response(
        "describe_tasks",
        {"tasks": answers},
        {"cluster": CLUSTER, "tasks": [arn(number) for number in numbers]},
    )


def read(aws, script):
    with Stubber(aws.client("ecs")) as stub:
        script(stub)
        found = tasks(aws, CLUSTER)
        stub.assert_no_pending_responses()
    return found


def test_all_pages_are_read_and_described_a_hundred_at_a_time():
    def script(stub):
        listing(stub, "RUNNING", [range(100), range(100, 130)])
        listing(stub, "STOPPED", [[129, 200]])
        description(stub, range(100), [described(number) for number in range(100)])
        description(stub, [*range(100, 130), 200], [described(number) for number in [*range(100, 130), 200]])

    assert len(read(account(), script)) == 131


def test_no_more_stopped_tasks_are_read_than_are_worth_it():
    pages = [range(start, start + 100) for start in range(0, MOST_STOPPED + 200, 100)]

    def script(stub):
        listing(stub, "RUNNING", [[]])
        for position, page in enumerate(pages[: MOST_STOPPED // 100]):
            asked = {"cluster": CLUSTER, "desiredStatus": "STOPPED"}
            if position:
                asked["nextToken"] = f"p{position}"
            answer = {"taskArns": [arn(number) for number in page], "nextToken": f"p{position + 1}"}
            stub.add_response("list_tasks", answer, asked)
        for page in pages[: MOST_STOPPED // 100]:
            description(stub, page, [described(number) for number in page])

    assert len(read(account(), script)) == MOST_STOPPED


@pytest.mark.parametrize(
    ("containers", "exit_code", "reason"),
    [
        (
            [{"name": "backend", "exitCode": 137, "reason": "OutOfMemoryError"}],
            137,
            "Ended: OutOfMemoryError",
        ),
        ([{"name": "log", "exitCode": 0}, {"name": "backend", "exitCode": 1}], 1, "Ended"),
        ([{"name": "backend", "exitCode": 0}], 0, "Ended"),
        (
            [{"name": "backend", "reason": "CannotPullContainerError"}],
            None,
            "Ended: CannotPullContainerError",
        ),
        ([{"name": "backend"}], None, "Ended"),
        ([], None, "Ended"),
    ],
)
def test_what_ended_a_task(containers, exit_code, reason):
    stopped = described(
        1, lastStatus="STOPPED", stopCode="EssentialContainerExited", stoppedReason="Ended", stoppedAt=NOW,
        containers=containers,
    )  # fmt: skip

    def script(stub):
        listing(stub, "RUNNING", [[]])
        listing(stub, "STOPPED", [[1]])
        description(stub, [1], [stopped])

    (found,) = read(account(), script)
    assert (found.exit_code, found.reason, found.stop_code) == (exit_code, reason, "EssentialContainerExited")
    assert found.stopped_at == NOW


def attached(number, subnet):
    details = [{"name": "subnetId", "value": subnet}, {"name": "privateIPv4Address", "value": "10.0.0.7"}]
    return described(number, availabilityZone="us-east-2a", attachments=[{"id": "a", "details": details}])


def test_where_a_task_is_and_whose_it_is():
    def script(stub):
        listing(stub, "RUNNING", [[1, 2]])
        listing(stub, "STOPPED", [[]])
        description(stub, [1, 2], [attached(1, "subnet-1"), described(2, group="family:by-hand")])

    first, second = read(account(), script)
    assert (first.service, first.zone, first.subnet, first.address) == (
        "backend", "us-east-2a", "subnet-1", "10.0.0.7",
    )  # fmt: skip
    assert (second.service, second.address) == ("", "")


def test_on_the_embedded_aws_the_subnet_tells_the_zone():
    aws = account("http://127.0.0.1:9")

    def script(stub):
        listing(stub, "RUNNING", [[1, 2]])
        listing(stub, "STOPPED", [[]])
        description(stub, [1, 2], [attached(1, "subnet-1"), described(2, availabilityZone="us-east-2a")])

    with Stubber(aws.client("ec2")) as ec2:
        ec2.add_response(
            "describe_subnets",
            {"Subnets": [{"SubnetId": "subnet-1", "AvailabilityZone": "us-east-2c"}]},
            {"SubnetIds": ["subnet-1"]},
        )
        assert [task.zone for task in read(aws, script)] == ["us-east-2c", "us-east-2a"]


def test_no_subnets_are_no_question():
    with Stubber(account().client("ec2")):
        assert subnet_zones(account(), []) == {}


def test_a_cluster_that_does_not_exist_is_not_found():
    def script(stub):
        stub.add_client_error("list_tasks", "ClusterNotFoundException")

    with pytest.raises(NotFoundError, match=CLUSTER):
        read(account(), script)
