"""Creating the bucket of the Terraform state when others do so too, or have taken its name."""

import pytest
from botocore.exceptions import ClientError

from panel.aws.s3 import ensure_bucket
from panel.aws.session import Account
from panel.errors import AwsError


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": code}}, "CreateBucket")


class FakeAws:
    """S3 and STS: what the head of a bucket and each attempt to create it answer, in order."""

    def __init__(self, head, *creations):
        self.account = Account("us-east-2")
        self.head, self.creations, self.settings, self.asked_owner = head, list(creations), set(), ""

    def client(self, service):
        return self

    def get_caller_identity(self):
        return {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ana"}

    def head_bucket(self, Bucket, ExpectedBucketOwner):
        self.asked_owner = ExpectedBucketOwner
        if self.head is not None:
            raise refusal(self.head)

    def create_bucket(self, Bucket, CreateBucketConfiguration):
        assert CreateBucketConfiguration == {"LocationConstraint": "us-east-2"}
        code = self.creations.pop(0)
        if code is not None:
            raise refusal(code)

    def __getattr__(self, name):
        assert name.startswith("put_")
        return lambda **request: self.settings.add(name)


ALL = {"put_public_access_block", "put_bucket_encryption", "put_bucket_versioning"}


def test_a_worker_that_was_quicker_is_not_an_error_and_both_make_it_safe():
    aws = FakeAws("404", "BucketAlreadyOwnedByYou")

    assert ensure_bucket(aws, "todo-state") is False
    assert aws.settings == ALL


def test_another_worker_creating_it_at_this_moment_is_waited_for():
    waited = []
    aws = FakeAws("404", "OperationAborted", "OperationAborted", "BucketAlreadyOwnedByYou")

    assert ensure_bucket(aws, "todo-state", pause=waited.append) is False
    assert len(waited) == 2


def test_waiting_for_another_worker_has_an_end():
    aws = FakeAws("404", *["OperationAborted"] * 100)

    with pytest.raises(AwsError, match="OperationAborted"):
        ensure_bucket(aws, "todo-state", pause=lambda seconds: None)


def test_a_name_that_another_account_has_is_said_with_what_to_do():
    aws = FakeAws("403", "BucketAlreadyExists")

    with pytest.raises(AwsError, match=r"belongs to another AWS account.*Choose another name"):
        ensure_bucket(aws, "todo-state")

    assert aws.asked_owner == "123456789012"
    assert aws.settings == set()


def test_a_refusal_to_create_is_told():
    with pytest.raises(AwsError, match=r"could not create the bucket todo-state.*AccessDenied"):
        ensure_bucket(FakeAws("404", "AccessDenied"), "todo-state")
