"""A publication stores what changed, in order, and is done when people get it."""

import gzip

import pytest

from panel.deploys.site_manifest import SitePlace
from panel.errors import DeployError
from tests.unit.deploys.site.project import NEW, OLD, STYLE, written
from tests.unit.deploys.site_world import open_site


def test_everything_goes_out_with_types_and_lifetimes_the_index_last(aws, publish):
    done = publish("r1")

    assert aws.s3.written[-2:] == [("put", "config.js"), ("put", "index.html")]
    index = aws.s3.current("index.html")
    assert (index["ContentType"], index["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
    assert "immutable" in aws.s3.current(OLD)["CacheControl"]
    assert b'"environment": "staging", "release": "r1"' in aws.s3.body("config.js")
    assert (done.files_total, done.changed, done.unchanged, done.release) == (5, 5, 0, "r1")


def test_the_next_release_stores_only_what_changed_and_keeps_old_assets(aws, publish, change):
    first = publish("r1")
    written(aws)
    change()

    done = publish("r2", live=first.manifest)

    assert written(aws) == [("put", name) for name in (NEW, "logo.svg", "config.js", "index.html")]
    assert aws.s3.body(OLD) == b"one"
    assert (done.changed, done.unchanged) == (4, 1)


def test_without_a_manifest_contents_are_compared(aws, publish, change):
    publish("r1")
    change()
    written(aws)

    assert publish("r2").changed == 4


def test_what_somebody_else_changed_in_the_bucket_is_put_right(aws, publish):
    first = publish("r1")
    aws.s3.put_object(Bucket="site", Key="logo.svg", Body=b"mine")
    aws.s3.delete(STYLE)
    written(aws)

    publish("r2", live=first.manifest)

    assert {key for _, key in written(aws)} == {"logo.svg", STYLE, "config.js"}


def test_text_that_never_changes_is_stored_packed_and_compared_so(aws, publish, site):
    (site / NEW).write_text("let answer = 42;\n" * 200)

    first = publish("r1")

    stored = aws.s3.current(NEW)
    assert (stored["ContentEncoding"], gzip.decompress(stored["Body"])) == ("gzip", (site / NEW).read_bytes())
    entry = first.manifest.files[NEW]
    assert (entry.encoding, entry.size) == ("gzip", len(stored["Body"]))
    assert "ContentEncoding" not in aws.s3.current("index.html")
    assert publish("r2").changed == publish("r3", live=first.manifest).changed == 1  # config.js


def test_a_large_file_is_streamed_and_compared(aws, publish, site, monkeypatch):
    monkeypatch.setattr("panel.deploys.site_origins.LARGEST_PACKED", 10)

    first = publish("r1")

    assert aws.s3.body("logo.svg") == b"<svg>one</svg>"
    assert publish("r2").changed == 1
    (site / "logo.svg").write_text("<svg>1</svg>")
    assert publish("r3", live=first.manifest).changed == 2


def test_edges_forget_what_changed_and_are_waited_for(aws, publish, site):
    done = publish("r1")
    assert done.invalidated == ("/", "/config.js", "/index.html", "/logo.svg")
    assert aws.cloudfront.looks_until_done == 0

    (site / "logo.svg").write_text("<svg>two</svg>")
    publish("r2", live=done.manifest)

    assert aws.cloudfront.paths == ["/config.js", "/logo.svg"]


def test_a_publication_cut_after_the_upload_still_makes_the_edges_forget_when_repeated(aws, publish, change):
    first = publish("r1")
    change()
    second = publish("r2", live=first.manifest)

    again = publish("r2", live=first.manifest)

    assert again.changed == 0
    assert again.manifest == second.manifest
    assert again.invalidated == second.invalidated
    # The same reference would be answered with the finished request, and nothing would be forgotten.
    assert aws.cloudfront.asked[-1]["CallerReference"] != aws.cloudfront.asked[-2]["CallerReference"]


def test_a_release_like_the_live_one_repairs_what_a_cut_one_left(aws, publish, site, change):
    first = publish("r1")
    before = (site / "logo.svg").read_text()
    change()
    publish("r2", live=first.manifest)  # cut before it was recorded
    (site / "logo.svg").write_text(before)

    third = publish("r3", live=first.manifest)

    assert aws.s3.body("logo.svg") == before.encode()
    assert "/logo.svg" in third.invalidated


def test_earlier_releases_come_back_by_copies_alone(aws, publish, republish, change):
    first = publish("r1")
    index = aws.s3.body("index.html")
    change()
    second = publish("r2", live=first.manifest)
    written(aws)

    third = republish(first.manifest, "r3", live=second.manifest)

    assert written(aws) == [("copy", "logo.svg"), ("put", "config.js"), ("copy", "index.html")]
    assert aws.s3.body("index.html") == index
    assert open_site(aws.s3).release == "r3"
    assert third.digest == first.digest
    assert third.invalidated == ("/", "/config.js", "/index.html", "/logo.svg")
    # And forward again, from the copies' own versions.
    fourth = republish(second.manifest, "r4", live=third.manifest)
    assert (fourth.digest, aws.s3.body("logo.svg")) == (second.digest, b"<svg>two</svg>")


def test_a_release_goes_to_another_environment_with_that_ones_configuration(aws, publish, republish, site):
    (site / NEW).write_text("let answer = 42;\n" * 200)
    staging = publish("r1")
    written(aws)

    there = SitePlace("other", "D2")
    done = republish(staging.manifest, "r7", there, config={"environment": "production"})

    assert [key for operation, key in written(aws) if operation == "put"] == ["config.js"]
    assert aws.s3.current(NEW, "other")["ContentEncoding"] == "gzip"
    assert b'"environment": "production", "release": "r7"' in aws.s3.body("config.js", "other")
    assert (done.manifest.bucket, done.digest) == ("other", staging.digest)
    assert open_site(aws.s3, "site").release == "r1"


def test_a_release_that_is_not_kept_any_more_changes_nothing(aws, publish, republish, change):
    first = publish("r1")
    change()
    second = publish("r2", live=first.manifest)
    aws.s3.buckets["site"]["logo.svg"].pop(0)
    written(aws)

    with pytest.raises(
        DeployError, match=r"gone is 1 of its 4 files, the first of them logo.svg.*its source"
    ):
        republish(first.manifest, "r3", live=second.manifest)

    assert written(aws) == []
    assert aws.cloudfront.paths == ["/", "/config.js", "/index.html", "/logo.svg"]  # of r2


def test_the_same_content_under_another_version_will_do(aws, publish, republish, change):
    first = publish("r1")
    change()
    second = publish("r2", live=first.manifest)
    third = republish(first.manifest, "r3", live=second.manifest)
    fourth = republish(second.manifest, "r4", live=third.manifest)
    aws.s3.buckets["site"]["logo.svg"].pop(0)  # r1's own; r3's copy is there

    republish(first.manifest, "r5", live=fourth.manifest)

    assert aws.s3.body("logo.svg") == b"<svg>one</svg>"


def test_a_version_that_goes_while_it_is_copied_is_said(aws, publish, republish, change):
    first = publish("r1")
    change()
    second = publish("r2", live=first.manifest)
    aws.s3.before_write = lambda key: (
        aws.s3.buckets["site"]["index.html"].pop(0) if key == "config.js" else None
    )

    with pytest.raises(DeployError, match=r"gone is .*index.html.*release before it again.*its source"):
        republish(first.manifest, "r3", live=second.manifest)

    assert open_site(aws.s3).release == "r2"


def test_a_bucket_that_is_gone_is_said(publish, republish, aws):
    first = publish("r1")
    del aws.s3.buckets["site"]

    with pytest.raises(DeployError, match=r"bucket site does not exist.*from its source"):
        republish(first.manifest, "r2", SitePlace("other", "D2"))
