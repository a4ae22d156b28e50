"""A publication uploads what changed, in order, and is done when people get it."""

import hashlib
from types import SimpleNamespace

import pytest

from panel.aws.front_door import Answer, SiteSeen, release_in
from panel.deploys.site import publish_site
from panel.deploys.site_build import read_site
from panel.deploys.site_manifest import SitePlace
from panel.errors import AwsError, DeployError

CONFIG = {"apiBase": "/api", "stateName": "default", "environment": "staging"}


class FakeS3:
    def __init__(self):
        self.objects = {}
        self.written = []
        self.refuse = set()

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        listed = [
            {
                "Key": key,
                "Size": len(stored["Body"]),
                "LastModified": None,
                "ETag": f'"{hashlib.md5(stored["Body"]).hexdigest()}"',
            }
            for key, stored in self.objects.items()
        ]
        return SimpleNamespace(paginate=lambda Bucket, Prefix: [{"Contents": listed}, {}])

    def put_object(self, Bucket, Key, **stored):
        if Key in self.refuse:
            raise AwsError(f"refused {Key}")
        self.objects[Key] = stored
        self.written.append(Key)
        return {"ETag": '"x"'}


class FakeCloudFront:
    def __init__(self):
        self.asked = []
        self.looks_until_done = 2

    def create_invalidation(self, DistributionId, InvalidationBatch):
        self.asked.append(InvalidationBatch)
        return {"Invalidation": {"Id": "I1", "Status": "InProgress"}}

    def get_invalidation(self, DistributionId, Id):
        self.looks_until_done -= 1
        return {
            "Invalidation": {"Id": Id, "Status": "InProgress" if self.looks_until_done > 0 else "Completed"}
        }


class FakeAws:
    def __init__(self):
        self.s3, self.cloudfront = FakeS3(), FakeCloudFront()

    def client(self, service):
        return getattr(self, service)


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture
def site(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<script src=/assets/site-L2624VMO.js></script>")
    (tmp_path / "assets" / "site-L2624VMO.js").write_text("one")
    (tmp_path / "assets" / "site-PQJ3VWWQ.css").write_text("two")
    return tmp_path


def open_site(s3):
    page = s3.objects.get("index.html", {"Body": b""})["Body"]
    script = s3.objects.get("config.js", {"Body": b""})["Body"]
    answer = Answer(200, {"content-type": "text/html; charset=utf-8"}, page, 1, "http://x/")
    return SiteSeen(answer, release_in(Answer(200, {}, script, 1, "http://x/config.js")))


@pytest.fixture
def publish(aws, site, clock, lines):
    def publish(release, **changes):
        options = {"verify": lambda: open_site(aws.s3), "clock": clock, "report": lines.append, **changes}
        return publish_site(
            aws, read_site(site), SitePlace("site", "D1"), config=CONFIG, release=release, **options
        )

    return publish


def test_everything_goes_out_with_types_and_lifetimes_the_index_last(aws, publish):
    done = publish("r1")

    assert aws.s3.written[-2:] == ["config.js", "index.html"]
    assert aws.s3.objects["index.html"]["ContentType"] == "text/html; charset=utf-8"
    assert aws.s3.objects["index.html"]["CacheControl"] == "no-cache"
    assert "immutable" in aws.s3.objects["assets/site-L2624VMO.js"]["CacheControl"]
    assert b'"environment": "staging", "release": "r1"' in aws.s3.objects["config.js"]["Body"]
    assert (done.files_total, done.uploaded, done.unchanged, done.release) == (4, 4, 0, "r1")


def test_the_next_release_uploads_only_what_changed_and_keeps_old_assets(aws, publish, site):
    publish("r1")
    aws.s3.written.clear()
    (site / "assets" / "site-L2624VMO.js").unlink()
    (site / "assets" / "site-ZZJ3VWWQ.js").write_text("three")
    (site / "index.html").write_text("<script src=/assets/site-ZZJ3VWWQ.js></script>")

    done = publish("r2")

    assert aws.s3.written == ["assets/site-ZZJ3VWWQ.js", "config.js", "index.html"]
    assert "assets/site-L2624VMO.js" in aws.s3.objects
    assert (done.uploaded, done.unchanged) == (3, 1)


def test_edges_forget_what_may_change_and_are_waited_for(aws, publish):
    done = publish("r1")

    assert done.invalidated == ("/", "/config.js", "/index.html")
    assert aws.cloudfront.asked[0]["Paths"]["Items"] == list(done.invalidated)
    assert aws.cloudfront.looks_until_done == 0


def test_a_publication_cut_after_the_upload_still_makes_the_edges_forget_when_repeated(aws, publish):
    publish("r1")
    again = publish("r1")

    assert again.uploaded == 0
    assert len(aws.cloudfront.asked) == 2
    # The same reference would be answered with the finished request, and nothing would be forgotten.
    assert aws.cloudfront.asked[0]["CallerReference"] != aws.cloudfront.asked[1]["CallerReference"]


def test_the_index_stays_when_an_asset_cannot_be_uploaded(aws, publish, site):
    publish("r1")
    before = aws.s3.objects["index.html"]
    (site / "index.html").write_text("new")
    (site / "assets" / "site-ZZJ3VWWQ.js").write_text("three")
    aws.s3.refuse = {"assets/site-ZZJ3VWWQ.js"}

    with pytest.raises(AwsError, match="refused"):
        publish("r2")

    assert aws.s3.objects["index.html"] == before
    assert b'"r1"' in aws.s3.objects["config.js"]["Body"]


def test_it_fails_when_the_address_goes_on_showing_the_old_release(aws, publish):
    publish("r1")
    old = open_site(aws.s3)

    with pytest.raises(DeployError, match="still tells release r1"):
        publish("r2", verify=lambda: old)


def test_it_fails_when_the_address_shows_another_page(aws, publish, site):
    publish("r1")
    old = open_site(aws.s3)
    (site / "index.html").write_text("new")

    with pytest.raises(DeployError, match="still shows another page"):
        publish("r2", verify=lambda: old)


def test_an_address_that_does_not_answer_yet_is_waited_for(aws, publish, lines):
    answers = iter([None])

    publish("r1", verify=lambda: next(answers, open_site(aws.s3)))

    assert any("shows no page" in line for line in lines)
