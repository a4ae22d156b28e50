"""Old assets stay until no kept release needs them."""

import pytest

from panel.deploys.site import publish_site, republish_site
from panel.deploys.site_build import read_site
from panel.deploys.site_manifest import SitePlace
from panel.deploys.site_prune import prune_site
from panel.errors import AwsError
from tests.unit.deploys.site_world import FakeAws, open_site

PLACE = SitePlace("site", "D1")


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture
def options(aws, clock, lines):
    return {"config": {}, "verify": lambda: open_site(aws.s3), "clock": clock, "report": lines.append}


@pytest.fixture
def releases(aws, tmp_path, options):
    """Three releases, each with an asset of its own."""
    (tmp_path / "assets").mkdir()
    made = []
    for number in range(1, 4):
        for old in (tmp_path / "assets").iterdir():
            old.unlink()
        (tmp_path / "assets" / f"site-L2624VM{number}.js").write_text(f"{number}")
        (tmp_path / "index.html").write_text(f"<p>{number}</p>")
        build, live = read_site(tmp_path), made[-1] if made else None
        made.append(publish_site(aws, build, PLACE, release=f"r{number}", live=live, **options).manifest)
    return made


def stored(aws):
    return {(key, each["VersionId"]) for key, versions in aws.s3.buckets["site"].items() for each in versions}


def of(*manifests):
    entries = [(*manifest.files.items(), ("config.js", manifest.config)) for manifest in manifests]
    return {(name, entry.version) for release in entries for name, entry in release}


def test_what_kept_releases_are_made_of_stays_and_the_rest_goes(aws, releases, lines):
    assert prune_site(aws, PLACE, releases[1:], report=lines.append) == 3

    assert stored(aws) == of(*releases[1:])
    assert lines[-1].startswith("Removed 3 stored files")
    assert prune_site(aws, PLACE, releases[1:], report=lines.append) == 0


def test_a_kept_release_can_be_put_back_after_it(aws, releases, options):
    prune_site(aws, PLACE, releases[1:], report=print)

    republish_site(aws, releases[1], PLACE, release="r4", live=releases[2], **options)

    assert open_site(aws.s3).page.body == b"<p>2</p>"


def test_the_only_copy_left_of_a_kept_file_stays(aws, releases, options):
    again = republish_site(aws, releases[0], PLACE, release="r4", live=releases[2], **options).manifest
    last = republish_site(aws, releases[2], PLACE, release="r5", live=again, **options).manifest
    aws.s3.buckets["site"]["index.html"].pop(0)  # r1's own; r4's copy has the same content

    prune_site(aws, PLACE, [releases[0], last], report=print)

    done = republish_site(aws, releases[0], PLACE, release="r6", live=last, **options)
    assert done.digest == releases[0].digest
    assert open_site(aws.s3).page.body == b"<p>1</p>"


def test_files_of_others_stay(aws, releases):
    aws.s3.put_object(Bucket="site", Key=".well-known/proof.txt", Body=b"ours")
    aws.s3.delete("assets/site-L2624VM1.js")
    aws.s3.delete("never-there")

    prune_site(aws, PLACE, releases[1:], report=print)

    assert stored(aws) - of(*releases[1:]) == {
        (key, each["VersionId"])
        for key in (".well-known/proof.txt", "never-there")
        for each in aws.s3.buckets["site"][key]
    }


@pytest.mark.parametrize("known", [0, 1])
def test_while_the_release_before_the_live_one_is_not_known_nothing_goes(aws, releases, known):
    before = stored(aws)

    assert prune_site(aws, PLACE, releases[:known], report=print) == 0
    assert stored(aws) == before


def test_a_refusal_is_said_with_the_first_name(aws, releases):
    error = {"Key": "config.js", "Code": "AccessDenied", "Message": "not yours"}
    aws.s3.delete_objects = lambda Bucket, Delete: {"Errors": [error]}

    with pytest.raises(
        AwsError, match=r"could not delete 1 versions in the bucket site.*config\.js: not yours"
    ):
        prune_site(aws, PLACE, releases[1:], report=print)
