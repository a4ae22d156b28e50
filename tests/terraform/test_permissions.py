"""The policy files for a real account: what IAM accepts, and that they allow what the panel itself calls."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.terraform.permissions import (
    LARGEST,
    PANEL_POLICY,
    TERRAFORM_POLICIES,
    Policy,
    actions_of,
    excused,
    filled,
    listed,
    read_policy,
)

REPOSITORY = Path(__file__).resolve().parents[2]
ALL = [*TERRAFORM_POLICIES, PANEL_POLICY]
IDS = [file.stem for file in ALL]
# As long as each of them may be.
LONGEST = {
    "STATE_BUCKET": "b" * 63,
    "PROJECT": "p" * 20,
    "ACCOUNT": "1" * 12,
    "REGION": "ap-southeast-2",
    "DOMAIN": "d" * 60,
}


@pytest.mark.parametrize("file", ALL, ids=IDS)
def test_a_file_fits_into_a_managed_policy_whatever_it_is_filled_with(file: Path) -> None:
    document = json.loads(filled(file.read_text(encoding="utf-8"), LONGEST))
    assert len(json.dumps(document, separators=(",", ":"))) <= LARGEST
    assert document["Version"] == "2012-10-17"


@pytest.mark.parametrize("file", ALL, ids=IDS)
def test_every_statement_has_a_name_of_its_own_and_says_exactly_what_it_allows(file: Path) -> None:
    statements = json.loads(file.read_text(encoding="utf-8"))["Statement"]
    names = [statement["Sid"] for statement in statements]
    assert len(set(names)) == len(names)
    for statement in statements:
        assert re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"])
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == sorted(set(statement["Action"]))
        assert not [action for action in statement["Action"] if "*" in action]


@pytest.mark.parametrize("file", ALL, ids=IDS)
def test_roles_are_handed_to_named_services_alone_and_are_the_projects(file: Path) -> None:
    for statement in json.loads(file.read_text(encoding="utf-8"))["Statement"]:
        if "iam:PassRole" in statement["Action"]:
            assert statement["Action"] == ["iam:PassRole"]
            assert statement["Condition"]["StringEquals"]["iam:PassedToService"]
        if statement["Sid"] != "RolesThatServicesMakeOnce" and any(
            action.startswith("iam:") for action in statement["Action"]
        ):
            assert all("/PROJECT-" in resource for resource in listed(statement["Resource"]))


# Asked of the embedded AWS alone, where nobody asks for permissions.
NOT_ASKED_OF_AWS = {"ec2:DescribeSubnets"}


def policy(**statement: Any) -> Policy:
    return Policy(({"Sid": "One", "Effect": "Allow", **statement},))


def test_an_action_is_allowed_where_a_pattern_fits() -> None:
    some = policy(Action=["s3:ListBucket"], Resource=["arn:aws:s3:::todo-*"])
    assert some.allows("s3:ListBucket", "arn:aws:s3:::todo-site")
    assert not some.allows("s3:ListBucket", "arn:aws:s3:::other")
    assert not some.allows("s3:GetObject", "arn:aws:s3:::todo-site")


def test_operations_are_known_by_the_names_that_iam_gives_them() -> None:
    assert actions_of("S3", "ListObjectsV2") == ("s3:ListBucket",)
    assert actions_of("S3", "HeadBucket") == ("s3:ListBucket",)
    assert actions_of("S3", "GetBucketCors") == ("s3:GetBucketCORS",)
    assert actions_of("Elastic Load Balancing v2", "CreateRule") == ("elasticloadbalancing:CreateRule",)
    assert actions_of("CloudWatch Logs", "CreateLogGroup") == ("logs:CreateLogGroup",)
    assert actions_of("Auto Scaling", "DescribeAutoScalingGroups") == (
        "autoscaling:DescribeAutoScalingGroups",
    )
    assert actions_of("STS", "GetCallerIdentity") == ()


def calls_of_the_panel() -> set[str]:
    """The actions behind every call in panel/aws, which is the panel's only door to AWS."""
    needed: set[str] = set()
    for file in sorted((REPOSITORY / "panel/aws").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        words = set(re.findall(r"\.([a-z0-9_]+)\(", text))
        words |= set(re.findall(r'get_(?:paginator|waiter)\(\s*"([a-z0-9_]+)"', text))
        for service in set(re.findall(r'client\("([a-z0-9-]+)"', text)):
            client = boto3.client(
                service, region_name="us-east-2", aws_access_key_id="x", aws_secret_access_key="x"
            )
            operations = client.meta.method_to_api_mapping
            needed |= {
                action for word in words & set(operations) for action in actions_of(service, operations[word])
            }
    return needed


def test_the_panel_may_call_what_it_calls_and_nothing_else() -> None:
    allowed = read_policy([PANEL_POLICY], {}).actions
    called = calls_of_the_panel()
    assert len(called) > 20
    assert called - allowed - NOT_ASKED_OF_AWS == set()
    assert allowed - called - excused("panel") == set()


@pytest.mark.parametrize(("who", "files"), [("terraform", TERRAFORM_POLICIES), ("panel", [PANEL_POLICY])])
def test_no_reason_is_given_for_what_is_not_allowed(who: str, files: list[Path]) -> None:
    assert excused(who) - read_policy(files, {}).actions == set()
