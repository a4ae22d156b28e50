"""Buckets and objects against moto."""

import pytest

from panel.aws.s3 import (
    bucket_exists,
    delete_objects,
    empty_bucket,
    ensure_bucket,
    get_object,
    head_object,
    list_objects,
    put_if_unchanged,
    put_object,
)
from panel.aws.session import Account, Aws
from panel.errors import AwsError, NotFoundError


@pytest.fixture
def bucket(aws):
    ensure_bucket(aws, "todo-state")
    return "todo-state"


@pytest.mark.parametrize("region", ["us-east-2", "us-east-1"])
def test_a_bucket_is_made_private_versioned_and_encrypted(aws, region):
    there = Aws(Account(region, access_key="test", secret_key="test"))

    assert ensure_bucket(there, "todo-state") is True

    s3 = there.client("s3")
    assert s3.get_bucket_versioning(Bucket="todo-state")["Status"] == "Enabled"
    assert set(
        s3.get_public_access_block(Bucket="todo-state")["PublicAccessBlockConfiguration"].values()
    ) == {True}
    rules = s3.get_bucket_encryption(Bucket="todo-state")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_ensuring_again_changes_nothing_and_keeps_what_is_in_it(aws, bucket):
    put_object(aws, bucket, "a", b"1")

    assert ensure_bucket(aws, bucket) is False
    assert get_object(aws, bucket, "a") == b"1"


def test_a_bucket_made_with_weaker_settings_is_brought_up_to_them(aws):
    aws.client("s3").create_bucket(
        Bucket="todo-state", CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )

    ensure_bucket(aws, "todo-state")

    assert aws.client("s3").get_bucket_versioning(Bucket="todo-state")["Status"] == "Enabled"


def test_objects_are_written_listed_looked_at_and_read(aws, bucket):
    put_object(
        aws, bucket, "site/index.html", b"<html>", content_type="text/html", cache_control="no-cache",
        metadata={"sha256": "abc"},
    )  # fmt: skip

    head = head_object(aws, bucket, "site/index.html")
    assert (head.content_type, head.cache_control, head.metadata) == (
        "text/html",
        "no-cache",
        {"sha256": "abc"},
    )
    assert [item.key for item in list_objects(aws, bucket, "site/")] == ["site/index.html"]
    assert list_objects(aws, bucket)[0].etag == head.etag
    assert get_object(aws, bucket, "site/index.html") == b"<html>"


def test_a_listing_has_every_page(aws, bucket):
    for number in range(1003):
        aws.client("s3").put_object(Bucket=bucket, Key=f"{number:04}", Body=b"")

    assert len(list_objects(aws, bucket)) == 1003
    assert delete_objects(aws, bucket, [f"{number:04}" for number in range(1003)]) == 1003
    assert list_objects(aws, bucket) == ()


def test_what_is_not_there_is_none_or_not_found(aws, bucket):
    assert head_object(aws, bucket, "nothing") is None
    assert not bucket_exists(aws, "no-such-bucket")
    with pytest.raises(NotFoundError, match="nothing"):
        get_object(aws, bucket, "nothing")
    with pytest.raises(AwsError, match="no-such-bucket"):
        list_objects(aws, "no-such-bucket")


def test_only_the_first_of_two_writers_wins(aws, bucket):
    first = put_if_unchanged(aws, bucket, "lock", b"one", etag=None)

    assert first is not None
    assert put_if_unchanged(aws, bucket, "lock", b"two", etag=None) is None
    assert get_object(aws, bucket, "lock") == b"one"


def test_emptying_leaves_no_version_marker_or_upload(aws, bucket):
    put_object(aws, bucket, "a", b"1")
    put_object(aws, bucket, "a", b"2")
    delete_objects(aws, bucket, ["a"])
    put_object(aws, bucket, "b", b"3")
    aws.client("s3").create_multipart_upload(Bucket=bucket, Key="c")

    assert empty_bucket(aws, bucket) == 4
    assert empty_bucket(aws, bucket) == 0
    aws.client("s3").delete_bucket(Bucket=bucket)  # refused by S3 for a bucket with anything left in it


def test_a_bucket_that_is_gone_is_empty(aws):
    assert empty_bucket(aws, "no-such-bucket") == 0
