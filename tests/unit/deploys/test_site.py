"""A publication stores what changed, in order, and is done when people get it."""

import gzip
import json

import pytest

from panel.deploys import StoppedError
from panel.deploys.site import publish_site, republish_site
from panel.deploys.site_build import read_site
from panel.deploys.site_manifest import Manifest, SitePlace
from panel.errors import AwsError, DeployError, PanelError
from tests.unit.deploys.site_world import FakeAws, open_site

CONFIG = {"apiBase": "/api", "stateName": "default", "environment": "staging"}
PLACE = SitePlace("site", "D1")
OLD, NEW, STYLE = "assets/site-L2624VMO.js", "assets/site-ZZJ3VWWQ.js", "assets/site-PQJ3VWWQ.css"


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture
def site(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(f"<script src=/{OLD}></script>")
    (tmp_path / OLD).write_text("one")
    (tmp_path / STYLE).write_text("two")
    (tmp_path / "logo.svg").write_text("<svg>one</svg>")
    return tmp_path


@pytest.fixture
def change(site):
    """Makes the second release of it."""

    def change():
        (site / OLD).unlink()
        (site / NEW).write_text("three")
        (site / "index.html").write_text(f"<script src=/{NEW}></script>")
        (site / "logo.svg").write_text("<svg>two</svg>")

    return change


@pytest.fixture
def options(aws, clock, lines):
    def options(place=PLACE, **changes):
        verify = lambda: open_site(aws.s3, place.bucket)  # noqa: E731 - a name for the default only
        return {"config": CONFIG, "verify": verify, "clock": clock, "report": lines.append, **changes}

    return options


@pytest.fixture
def publish(aws, site, options):
    def publish(release, **changes):
        return publish_site(aws, read_site(site), PLACE, release=release, **options(**changes))

    return publish


@pytest.fixture
def republish(aws, options):
    def republish(manifest, release, place=PLACE, **changes):
        # As the store gives it back.
        kept = Manifest.from_dict(json.loads(json.dumps(manifest.to_dict())))
        return republish_site(aws, kept, place, release=release, **options(place, **changes))

    return republish


def written(aws):
    """What was written since the last look."""
    done, aws.s3.written = aws.s3.written, []
    return done


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


@pytest.mark.parametrize("after", [0, 1])
def test_stopping_before_people_see_anything_changes_nothing(aws, publish, change, after):
    first = publish("r1")
    change()
    written(aws)
    answers = iter([False] * after)

    with pytest.raises(StoppedError):
        publish("r2", live=first.manifest, stopped=lambda: next(answers, True))

    assert {key for _, key in written(aws)} <= {NEW}
    assert open_site(aws.s3).release == "r1"
    assert len(aws.cloudfront.asked) == 1


def test_stopping_later_lets_it_go_on_to_its_end(aws, publish, change):
    first = publish("r1")
    change()
    written(aws)

    publish("r2", live=first.manifest, stopped=lambda: ("put", "logo.svg") in aws.s3.written)

    assert open_site(aws.s3).release == "r2"


def test_at_no_moment_does_the_index_name_what_is_not_there(aws, publish, republish, change):
    first = publish("r1")
    seen = []

    def look(key):
        page = aws.s3.body("index.html").decode()
        seen.append(any(f"/{name}>" in page for name in aws.s3.names()))

    aws.s3.before_write = look
    change()
    second = publish("r2", live=first.manifest)
    republish(first.manifest, "r3", live=second.manifest)

    assert len(seen) == 7
    assert all(seen)


class Killed(BaseException):
    """The process ended."""


@pytest.mark.parametrize("moment", range(4))
def test_killed_at_any_write_it_is_repeated_to_the_same_end(aws, publish, change, moment):
    first = publish("r1")
    change()
    countdown = iter(range(moment, -1, -1))

    def die(key):
        if next(countdown, 0) == 0:
            raise Killed

    aws.s3.before_write = die
    with pytest.raises(Killed):
        publish("r2", live=first.manifest)
    page = aws.s3.body("index.html").decode()
    assert any(f"/{name}>" in page for name in aws.s3.names())

    aws.s3.before_write = lambda key: None
    done = publish("r2", live=first.manifest)

    assert done.changed == 4 - moment
    assert open_site(aws.s3).release == "r2"
    assert done.invalidated == ("/", "/config.js", "/index.html", "/logo.svg")
    assert all(
        aws.s3.current(name)["VersionId"] == each.version for name, each in done.manifest.files.items()
    )


def test_people_see_nothing_of_a_release_whose_asset_cannot_be_stored(aws, publish, change):
    first = publish("r1")
    before = aws.s3.current("index.html")
    change()
    aws.s3.refuse = {NEW}

    with pytest.raises(AwsError, match=f"could not write {NEW} to the bucket site.*AccessDenied"):
        publish("r2", live=first.manifest)

    assert aws.s3.current("index.html") == before
    assert open_site(aws.s3).release == "r1"
    assert len(aws.cloudfront.asked) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_release_that_fails_midway_is_taken_back(aws, publish, change, known):
    first = publish("r1")
    change()
    logo = aws.s3.body("logo.svg")
    aws.s3.before_write = lambda key: aws.s3.refuse.symmetric_difference_update(
        {"index.html"} if key == "index.html" else set()
    )

    with pytest.raises(AwsError, match=r"index\.html.*AccessDenied.*release before it again"):
        publish("r2", live=first.manifest if known else None)

    assert aws.s3.body("logo.svg") == logo
    assert open_site(aws.s3).release == "r1"
    assert "/logo.svg" in aws.cloudfront.paths


def test_that_it_could_not_be_taken_back_is_said_too(aws, publish, change):
    first = publish("r1")
    change()
    aws.s3.refuse = {"index.html"}

    with pytest.raises(
        AwsError, match=r"index\.html.*Putting back the release before it failed too: .*AccessDenied"
    ):
        publish("r2", live=first.manifest)


def test_a_repeated_one_that_fails_goes_back_to_the_live_release(aws, publish, change):
    first = publish("r1")
    change()
    aws.s3.before_write = lambda key: (_ for _ in ()).throw(Killed) if key == "index.html" else None
    with pytest.raises(Killed):
        publish("r2", live=first.manifest)
    aws.s3.before_write = lambda key: None

    with pytest.raises(DeployError, match="no page"):
        publish("r2", live=first.manifest, verify=lambda: None)

    assert open_site(aws.s3).page.body == f"<script src=/{OLD}></script>".encode()
    assert open_site(aws.s3).release == "r1"
    assert aws.s3.body("logo.svg") == b"<svg>one</svg>"


def test_it_fails_when_the_address_goes_on_showing_the_old_release(aws, publish):
    first = publish("r1")
    old = open_site(aws.s3)

    with pytest.raises(DeployError, match=r"still tells release r1 after 180 s\. People get"):
        publish("r2", live=first.manifest, verify=lambda: old)

    assert open_site(aws.s3).release == "r1"


def test_it_fails_when_the_address_shows_another_page(aws, publish, change):
    publish("r1")
    old = open_site(aws.s3)
    change()

    with pytest.raises(DeployError, match="still shows another page"):
        publish("r2", verify=lambda: old)


def test_an_address_that_does_not_answer_yet_is_waited_for(aws, publish, lines):
    answers = iter([None])

    publish("r1", verify=lambda: next(answers, open_site(aws.s3)))

    assert any("shows no page" in line for line in lines)


def test_the_first_release_of_all_has_none_to_go_back_to(publish):
    with pytest.raises(PanelError) as failure:
        publish("r1", verify=lambda: None)

    assert "release before it" not in failure.value.message


def test_how_far_it_is_is_told_as_parts(publish):
    told = []

    done = publish("r1", parts=lambda parts: told.append(tuple(parts)))

    files, edges = told[-1]
    assert (files.kind, files.state, files.done, files.total, files.unit) == ("files", "done", 5, 5, "files")
    assert (edges.kind, edges.state) == ("invalidation", "done")
    counts = [parts[0].done for parts in told]
    assert counts == sorted(counts)
    assert set(done.durations) == {"publish", "verify"}


def test_a_failure_is_told_as_parts(aws, publish):
    told = []
    aws.s3.refuse = {"index.html"}

    with pytest.raises(AwsError):
        publish("r1", parts=lambda parts: told.append(tuple(parts)))

    assert [part.state for part in told[-1]] == ["failed", "failed"]
