"""A site published to a bucket behind CloudFront, seen through its front door, put back and promoted."""

import gzip
import json
import shutil
import uuid

import pytest

from panel.aws.front_door import front_door, get, site_seen
from panel.aws.s3 import head_object
from panel.deploys.site import publish_site, republish_site
from panel.deploys.site_build import build_site
from panel.deploys.site_manifest import SitePlace
from panel.deploys.site_prune import prune_site
from panel.errors import AwsError, DeployError

CONFIG = {"apiBase": "/api", "stateName": "default", "environment": "staging"}


@pytest.fixture
def outputs(aws):
    return make_place(aws)


def make_place(aws):
    """A private bucket that keeps versions behind a distribution, as the environment's Terraform stack makes them."""
    bucket = f"site-{uuid.uuid4().hex[:8]}"
    s3, cloudfront = aws.client("s3"), aws.client("cloudfront")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
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


SCRIPT = "/assets/site-L2624VMO.js"
CODE = "console.log('one');\n" * 100


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "frontend"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(f'<!doctype html><script src="{SCRIPT}"></script>')
    (folder / "assets" / "site-L2624VMO.js").write_text(CODE)
    (folder / "assets" / "logo.svg").write_text("<svg/>")
    return folder


@pytest.fixture
def publish(aws, endpoint, outputs, source, tmp_path, lines):
    door = front_door(outputs, emulated_endpoint=endpoint)
    options = {"verify": lambda: site_seen(door), "report": lines.append, "config": CONFIG}

    def publish(release, **changes):
        build = build_site(source, tmp_path / "cache", lines.append)
        return publish_site(aws, build, place_of(outputs), release=release, **options | changes)

    def republish(manifest, release, **changes):
        return republish_site(aws, manifest, place_of(outputs), release=release, **options | changes)

    publish.door, publish.again = door, republish
    return publish


def place_of(outputs):
    return SitePlace(outputs["site_bucket"], outputs["cloudfront_distribution_id"])


def test_a_release_is_served_with_its_types_lifetimes_and_encodings(aws, outputs, publish):
    done = publish("r1")

    assert (done.files_total, done.changed) == (4, 4)
    assert site_seen(publish.door).release == "r1"
    answer = get(publish.door, SCRIPT)
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(answer.body) == CODE.encode()
    assert answer.content_type == "text/javascript"
    assert "immutable" in answer.headers["cache-control"]
    index = head_object(aws, outputs["site_bucket"], "index.html")
    assert (index.content_type, index.cache_control) == ("text/html; charset=utf-8", "no-cache")
    assert "content-encoding" not in get(publish.door, "/").headers


def test_the_second_release_stores_only_what_changed(publish, source):
    first = publish("r1")
    (source / "index.html").write_text('<!doctype html><script src="/assets/site-PQJ3VWWQ.js"></script>')
    (source / "assets" / "site-L2624VMO.js").rename(source / "assets" / "site-PQJ3VWWQ.js")

    done = publish("r2", live=first.manifest)

    assert (done.changed, done.unchanged) == (3, 1)  # the new name, the index, config.js
    assert site_seen(publish.door).release == "r2"
    assert get(publish.door, SCRIPT).status == 200  # pages that are open need it


def test_an_earlier_release_comes_back_and_goes_elsewhere_without_its_source(
    aws, endpoint, outputs, publish, source, lines
):
    first = publish("r1")
    page = (source / "index.html").read_bytes()
    shutil.rmtree(source / "assets")
    (source / "index.html").write_text("<!doctype html><p>two</p>")
    second = publish("r2", live=first.manifest)

    third = publish.again(first.manifest, "r3", live=second.manifest)

    assert third.changed == 2  # index.html and config.js
    assert site_seen(publish.door).page.body == page
    kept = [third.manifest, second.manifest]
    assert prune_site(aws, place_of(outputs), kept, report=lines.append) == 2  # r1's index and config.js

    other = make_place(aws)
    door = front_door(other, emulated_endpoint=endpoint)
    there = {"config": {"environment": "production"}, "verify": lambda: site_seen(door)}
    republish_site(aws, third.manifest, place_of(other), release="r1", report=lines.append, **there)

    assert site_seen(door).page.body == page
    script = get(door, SCRIPT)
    assert (script.headers["content-encoding"], script.content_type) == ("gzip", "text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert b'"environment": "production"' in get(door, "/config.js").body


def test_a_front_door_that_shows_something_else_is_not_success(publish):
    publish("r1")
    old = site_seen(publish.door)

    with pytest.raises(DeployError, match="still tells release r1"):
        publish("r2", verify=lambda: old, deadline_s=0)

    assert site_seen(publish.door).release == "r1"


def test_a_distribution_that_is_gone_is_said(outputs, publish):
    outputs["cloudfront_distribution_id"] = "E0000000000000"

    with pytest.raises(AwsError, match="NoSuchDistribution"):
        publish("r1")
