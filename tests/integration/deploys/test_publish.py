"""A site published twice to a bucket behind CloudFront, seen through its front door."""

import json
import uuid

import pytest

from panel.aws.front_door import front_door, get, site_seen
from panel.aws.s3 import head_object
from panel.deploys.site import publish_site
from panel.deploys.site_build import build_site
from panel.deploys.site_manifest import SitePlace
from panel.errors import AwsError, DeployError

CONFIG = {"apiBase": "/api", "stateName": "default", "environment": "staging"}


@pytest.fixture
def outputs(aws):
    """A private bucket behind a distribution, as the environment's Terraform stack makes them."""
    bucket = f"site-{uuid.uuid4().hex[:8]}"
    s3, cloudfront = aws.client("s3"), aws.client("cloudfront")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    access = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": bucket, "SigningProtocol": "sigv4", "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]  # fmt: skip
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3.us-east-2.amazonaws.com",
        "OriginAccessControlId": access,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behavior = {
        "TargetOriginId": "site",
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        "MinTTL": 0,
    }
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": bucket, "Comment": "", "Enabled": True, "DefaultRootObject": "index.html",
            "Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": behavior,
        }
    )["Distribution"]  # fmt: skip
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": made["ARN"]}},
    }
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    return {
        "site_bucket": bucket,
        "cloudfront_distribution_id": made["Id"],
        "cloudfront_domain_name": made["DomainName"],
        "domain_name": "staging.todo.example.com",
    }


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "frontend"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text('<!doctype html><script src="/assets/site-L2624VMO.js"></script>')
    (folder / "assets" / "site-L2624VMO.js").write_text("console.log('one')")
    (folder / "assets" / "logo.svg").write_text("<svg/>")
    return folder


@pytest.fixture
def publish(aws, endpoint, outputs, source, tmp_path, lines):
    door = front_door(outputs, emulated_endpoint=endpoint)

    def publish(release, **changes):
        build = build_site(source, tmp_path / "cache", lines.append)
        options = {"verify": lambda: site_seen(door), "report": lines.append, **changes}
        return publish_site(
            aws, build, SitePlace(outputs["site_bucket"], outputs["cloudfront_distribution_id"]),
            config=CONFIG, release=release, **options,
        )  # fmt: skip

    publish.door = door
    return publish


def test_a_release_is_served_with_its_types_and_lifetimes(aws, outputs, publish):
    done = publish("r1")

    assert (done.files_total, done.uploaded) == (4, 4)
    assert site_seen(publish.door).release == "r1"
    answer = get(publish.door, "/assets/site-L2624VMO.js")
    assert (answer.status, answer.body) == (200, b"console.log('one')")
    assert answer.content_type == "text/javascript"
    assert "immutable" in answer.headers["cache-control"]
    index = head_object(aws, outputs["site_bucket"], "index.html")
    assert (index.content_type, index.cache_control) == ("text/html; charset=utf-8", "no-cache")


def test_the_second_release_uploads_only_what_changed(publish, source):
    publish("r1")
    (source / "index.html").write_text('<!doctype html><script src="/assets/site-PQJ3VWWQ.js"></script>')
    (source / "assets" / "site-L2624VMO.js").rename(source / "assets" / "site-PQJ3VWWQ.js")

    done = publish("r2")

    assert (done.uploaded, done.unchanged) == (3, 1)  # the new name, the index, config.js
    assert site_seen(publish.door).release == "r2"
    assert get(publish.door, "/assets/site-L2624VMO.js").status == 200  # pages that are open need it


def test_an_earlier_release_comes_back_without_a_build(publish, source, lines):
    publish("r1")
    first = (source / "index.html").read_text()
    (source / "index.html").write_text("<!doctype html><p>two</p>")
    publish("r2")
    (source / "index.html").write_text(first)
    lines.clear()

    done = publish("r3")

    assert "The site is built already" in lines
    assert done.uploaded == 2  # index.html and config.js
    assert site_seen(publish.door).page.body == first.encode()


def test_a_front_door_that_shows_something_else_is_not_success(publish):
    publish("r1")
    old = site_seen(publish.door)

    with pytest.raises(DeployError, match="still tells release r1"):
        publish("r2", verify=lambda: old, deadline_s=0)


def test_a_bucket_that_is_gone_is_said(aws, outputs, publish):
    aws.client("s3").delete_bucket(Bucket=outputs["site_bucket"])

    with pytest.raises(AwsError, match="NoSuchBucket"):
        publish("r1")


def test_a_distribution_that_is_gone_is_said(aws, outputs, publish):
    outputs["cloudfront_distribution_id"] = "E0000000000000"

    with pytest.raises(AwsError, match="NoSuchDistribution"):
        publish("r1")
