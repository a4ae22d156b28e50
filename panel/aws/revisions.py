"""Task-definition revisions that nobody needs any more: deployments make them outside of Terraform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from panel.aws.session import Aws, error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

_DELETE_BATCH = 10  # the most that DeleteTaskDefinitions takes
_NOT_THERE = {"ClientException", "InvalidParameterException"}


def retire_revisions(aws: Aws, family: str) -> int:
    """Deregister and delete every revision of a family; doing so again changes nothing.

    Returns:
        How many revisions were deregistered by this call.

    Raises:
        AwsError, EndpointError: AWS refused or did not answer.
    """
    client: ECSClient = aws.client("ecs")
    active = _revisions(client, family, "ACTIVE")
    with translated(f"deregister the task definitions of {family}"):
        for arn in active:
            client.deregister_task_definition(taskDefinition=arn)
    inactive = _revisions(client, family, "INACTIVE")
    with translated(f"delete the task definitions of {family}"):
        for start in range(0, len(inactive), _DELETE_BATCH):
            client.delete_task_definitions(taskDefinitions=inactive[start : start + _DELETE_BATCH])
    return len(active)


def _revisions(client: ECSClient, family: str, status: str) -> list[str]:
    found: list[str] = []
    with translated(f"list the task definitions of {family}"):
        try:
            pages = client.get_paginator("list_task_definitions").paginate(
                familyPrefix=family, status="ACTIVE" if status == "ACTIVE" else "INACTIVE"
            )
            for page in pages:
                found += page["taskDefinitionArns"]
        except ClientError as error:
            if error_code(error) in _NOT_THERE:
                return []
            raise
    # The prefix also finds the families of environments whose names begin alike.
    return [arn for arn in found if arn.rpartition("/")[2].rpartition(":")[0] == family]
