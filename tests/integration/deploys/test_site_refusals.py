"""S3 that asks to slow down, refuses, breaks off or is not there, while a site is published: by the SDK, on moto."""

from types import SimpleNamespace

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws

from panel.aws.session import Account, Aws
from panel.deploys.site import publish_site, republish_site
from panel.deploys.site_build import read_site
from panel.deploys.site_manifest import SitePlace
from panel.errors import AwsError, DeployError, EndpointError
from tests.unit.deploys.site_world import FakeCloudFront, open_answer

PLACE = SitePlace("site", "D1")
ASSET = "assets/site-L2624VMO.js"


class Cloud:
    """S3 by moto, CloudFront in memory."""

    def __init__(self):
        self._aws, self.cloudfront = (
            Aws(Account("us-east-2", access_key="test", secret_key="test")),
            FakeCloudFront(),
        )
        self.s3 = self._aws.client("s3")
        self.answers, self.puts = [], []
        self.s3.meta.events.register("before-send.s3.PutObject", self._before_send)

    def client(self, service):
        return self.cloudfront if service == "cloudfront" else self.s3

    def body(self, key):
        return self.s3.get_object(Bucket="site", Key=key)["Body"].read()

    def _before_send(self, request, **_):
        self.puts.append(request.url.rpartition("/")[2])
        assert "Expect" not in request.headers  # it would cost every upload a round trip
        if not self.answers:
            return None
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, code = answer
        content = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        raw = SimpleNamespace(stream=lambda **kw: iter([content]), read=lambda *a: content)
        return AWSResponse(request.url, status, {"Content-Type": "application/xml"}, raw)


@pytest.fixture
def cloud(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    # The SDK's pauses between attempts are its own business.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    with mock_aws():
        cloud = Cloud()
        cloud.s3.create_bucket(Bucket="site", CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
        cloud.s3.put_bucket_versioning(Bucket="site", VersioningConfiguration={"Status": "Enabled"})
        yield cloud


@pytest.fixture
def site(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / ASSET).write_text("one")
    (tmp_path / "index.html").write_text("<p>one</p>")
    return tmp_path


@pytest.fixture
def publish(cloud, site, lines):
    seen = lambda: open_answer(cloud.body("index.html"), cloud.body("config.js"))  # noqa: E731 - shared by both
    clock = SimpleNamespace(now=lambda: 0.0, wait=lambda seconds: None)
    options = {"config": {}, "report": lines.append, "verify": seen, "clock": clock}

    def publish(release, **changes):
        return publish_site(cloud, read_site(site), PLACE, release=release, **options | changes)

    publish.again = lambda manifest, release, **changes: republish_site(
        cloud, manifest, PLACE, release=release, **options | changes
    )
    return publish


def test_a_release_goes_out_comes_back_and_is_what_the_manifest_says(cloud, publish, site):
    first = publish("r1")
    (site / "index.html").write_text("<p>two</p>")
    second = publish("r2", live=first.manifest)

    third = publish.again(first.manifest, "r3", live=second.manifest)

    assert cloud.body("index.html") == b"<p>one</p>"
    head = cloud.s3.head_object(Bucket="site", Key="index.html")
    assert (head["CacheControl"], head["VersionId"]) == (
        "no-cache",
        third.manifest.files["index.html"].version,
    )


def test_slow_down_is_waited_out(cloud, publish):
    cloud.answers = [(503, "SlowDown")]

    publish("r1")

    assert len(cloud.puts) == 4
    assert cloud.body("index.html") == b"<p>one</p>"


def test_a_connection_that_breaks_off_is_tried_again(cloud, publish):
    cloud.answers = [ConnectionClosedError(endpoint_url="https://s3/")]

    publish("r1")

    assert len(cloud.puts) == 4


def test_connections_that_go_on_breaking_off_end_it_before_people_see_anything(cloud, publish, site):
    first = publish("r1")
    (site / "assets" / "site-ZZJ3VWWQ.js").write_text("two")
    (site / "index.html").write_text("<p>two</p>")
    cloud.answers = [ConnectionClosedError(endpoint_url="https://s3/")] * 6

    with pytest.raises(EndpointError, match=r"could not write assets/site-ZZJ3VWWQ.js.*did not answer"):
        publish("r2", live=first.manifest)

    assert cloud.body("index.html") == b"<p>one</p>"
    assert len(cloud.cloudfront.asked) == 1


def test_a_refusal_is_said_with_the_file_and_the_bucket(cloud, publish):
    cloud.answers = [(403, "AccessDenied")]

    with pytest.raises(AwsError, match=f"could not write {ASSET} to the bucket site.*AccessDenied"):
        publish("r1")

    assert len(cloud.puts) == 1


def test_a_bucket_that_is_not_there_is_said(cloud, publish):
    cloud.s3.delete_bucket(Bucket="site")

    with pytest.raises(DeployError, match=r"bucket site does not exist\. Update the environment"):
        publish("r1")
