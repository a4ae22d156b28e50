"""Which refusals pass by themselves, and which ask for a person."""

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)

from panel.aws.refusals import denied_permission, passes_by_itself, sign_in_expired
from panel.aws.session import translated
from panel.errors import PanelError


def told(error):
    """The panel's error for one of the SDK's."""
    with pytest.raises(PanelError) as caught, translated("read it"):
        raise error
    return caught.value


@pytest.mark.parametrize("code", ["ThrottlingException", "RequestLimitExceeded", "ServerException"])
def test_too_many_calls_and_trouble_within_aws_pass(code):
    error = told(ClientError({"Error": {"Code": code}}, "DescribeServices"))

    assert passes_by_itself(error)
    assert not sign_in_expired(error)


def test_no_answer_and_no_credentials_pass():
    assert passes_by_itself(told(EndpointConnectionError(endpoint_url="http://127.0.0.1")))
    assert passes_by_itself(told(NoCredentialsError()))


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ExpiredTokenException"}}, "DescribeServices"),
        UnauthorizedSSOTokenError(),
    ],
    ids=["by AWS", "by the SDK"],
)
def test_an_expired_sign_in_is_known(error):
    assert sign_in_expired(told(error))
    assert not passes_by_itself(told(error))


def test_everything_else_is_neither():
    error = told(ClientError({"Error": {"Code": "AccessDeniedException"}}, "UpdateService"))

    assert not passes_by_itself(error)
    assert not sign_in_expired(error)
    assert not sign_in_expired(PanelError("of the panel's own"))


@pytest.mark.parametrize(
    ("code", "said", "operation", "permission"),
    [
        (
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/p is not authorized to perform: ecs:ListTasks on resource: *",
            "ListTasks",
            "ecs:ListTasks",
        ),
        (
            "UnauthorizedOperation",
            "You are not authorized to perform this operation.",
            "DescribeSubnets",
            "DescribeSubnets",
        ),
        ("403", "Forbidden", "HeadBucket", "s3:ListBucket"),
        ("AccessDenied", "Access Denied", "GetBucketVersioning", "s3:GetBucketVersioning"),
        ("ThrottlingException", "Rate exceeded", "ListTasks", None),
        ("ExpiredTokenException", "The token is expired", "ListTasks", None),
    ],
)
def test_a_refusal_names_the_permission_that_is_missing(code, said, operation, permission):
    error = told(ClientError({"Error": {"Code": code, "Message": said}}, operation))

    assert denied_permission(error) == permission


def test_no_answer_is_no_missing_permission():
    assert denied_permission(told(NoCredentialsError())) is None
