"""Who the panel is, as AWS sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from panel.aws.session import Aws, translated

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


@dataclass(frozen=True)
class Identity:
    """Account number and ARN of the identity in use."""

    account_id: str
    arn: str


def caller_identity(aws: Aws) -> Identity:
    """The identity whose credentials are in use.

    Raises:
        EndpointError: there are no credentials, or AWS does not answer.
        AwsError: the credentials are refused (for example because they ran out).
    """
    client: STSClient = aws.client("sts")
    with translated("ask AWS who it is speaking to"):
        answer = client.get_caller_identity()
    return Identity(answer["Account"], answer["Arn"])
