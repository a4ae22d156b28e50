"""Names at their longest keep within what AWS takes, and no two environments and no two projects share one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.terraform import worlds
from tests.terraform.inventory import type_of
from tests.terraform.mocked import UNKNOWN, Finished

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Name:
    """Which attribute of a type is its name, how long AWS takes it, and by which page of its documentation.

    ``alone`` is false where the name is only told apart within something that has a name of its own.
    """

    attribute: str
    longest: int
    documented: str
    alone: bool = True


NAMES = {
    "aws_appautoscaling_policy": Name(
        "name", 256, "Application Auto Scaling API, PutScalingPolicy", alone=False
    ),
    "aws_autoscaling_group": Name("name", 255, "EC2 Auto Scaling API, CreateAutoScalingGroup"),
    "aws_cloudfront_function": Name("name", 64, "CloudFront API, CreateFunction"),
    "aws_cloudfront_origin_access_control": Name("name", 64, "CloudFront API, OriginAccessControlConfig"),
    "aws_cloudfront_response_headers_policy": Name(
        "name", 128, "CloudFront API, ResponseHeadersPolicyConfig"
    ),
    "aws_cloudwatch_log_group": Name("name", 512, "CloudWatch Logs API, CreateLogGroup"),
    "aws_db_subnet_group": Name("name", 255, "RDS API, CreateDBSubnetGroup"),
    "aws_ecr_repository": Name("name", 256, "ECR API, CreateRepository"),
    "aws_ecs_cluster": Name("name", 255, "ECS API, CreateCluster"),
    "aws_ecs_service": Name("name", 255, "ECS API, CreateService", alone=False),
    "aws_ecs_task_definition": Name("family", 255, "ECS API, RegisterTaskDefinition"),
    "aws_iam_instance_profile": Name("name", 128, "IAM API, CreateInstanceProfile"),
    "aws_iam_role": Name("name", 64, "IAM API, CreateRole"),
    "aws_iam_role_policy": Name("name", 128, "IAM API, PutRolePolicy", alone=False),
    "aws_key_pair": Name("key_name", 255, "EC2 API, ImportKeyPair"),
    "aws_launch_template": Name("name", 128, "EC2 API, CreateLaunchTemplate"),
    "aws_lb": Name("name", 32, "Elastic Load Balancing API, CreateLoadBalancer"),
    "aws_lb_target_group": Name("name", 32, "Elastic Load Balancing API, CreateTargetGroup"),
    "aws_route53_zone": Name("name", 255, "Route 53 Developer Guide, DNS domain name format"),
    "aws_s3_bucket": Name("bucket", 63, "S3 User Guide, General purpose bucket naming rules"),
    "aws_security_group": Name("name", 255, "EC2 API, CreateSecurityGroup"),
}
# A record's name is a host name, which the environment's domain makes: as long as it is allowed to be.
NOT_NAMED = {"aws_route53_record"}
# Attributes that a type is named by. In the bucket's settings `bucket` says whose settings they are.
NAMING = {
    "name",
    "family",
    "key_name",
    "cluster_identifier",
    "identifier",
    "function_name",
    "queue_name",
    "bucket",
}

LONGEST = ("longest_shared", "longest_environment")


def names(resources: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Type and name of everything that has one, by address."""
    return {
        address: (type_of(address), values[NAMES[type_of(address)].attribute])
        for address, values in resources.items()
        if type_of(address) in NAMES
    }


@pytest.mark.parametrize("run", [*LONGEST, "stack_shared", "stack_environment", "environment", "network"])
def test_every_named_type_has_its_limit_in_the_table(planned: Finished, run: str) -> None:
    named = {
        type_of(address)
        for address, values in planned.run(run).resources.items()
        if any(values.get(attribute) not in (None, "", UNKNOWN) for attribute in NAMING)
        and not type_of(address).startswith("aws_s3_bucket_")
    }
    assert named - NOT_NAMED - set(NAMES) == set()


@pytest.mark.parametrize("run", LONGEST)
def test_the_longest_names_keep_within_their_limits(planned: Finished, run: str) -> None:
    found = names(planned.run(run).resources)
    assert UNKNOWN not in {name for _, name in found.values()}
    too_long = {
        address: f"{len(name)} of {NAMES[kind].longest} ({NAMES[kind].documented}): {name}"
        for address, (kind, name) in found.items()
        if not 0 < len(name) <= NAMES[kind].longest
    }
    assert too_long == {}


def test_the_longest_names_are_the_longest_there_are(planned: Finished) -> None:
    assert [len(worlds.LONGEST_PROJECT), len(worlds.LONGEST_ENVIRONMENT), len(worlds.LONGEST_SERVICE)] == [
        20,
        20,
        32,
    ]
    found = {kind for run in LONGEST for kind, _ in names(planned.run(run).resources).values()}
    # What only comes with options that the longest environment does not have.
    assert set(NAMES) - found == {"aws_appautoscaling_policy", "aws_cloudfront_function"}


@pytest.mark.parametrize("other", ["longest_sibling", "longest_cousin"])
def test_no_name_is_shared_with_another_environment_or_project(planned: Finished, other: str) -> None:
    both = [
        {name for name in names(planned.run(run).resources).values() if NAMES[name[0]].alone}
        for run in ("longest_environment", other)
    ]
    assert all(both)
    assert both[0] & both[1] == set()
