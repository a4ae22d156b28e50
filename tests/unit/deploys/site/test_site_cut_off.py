"""Publications that are stopped, killed or refused, or that nobody gets: what people see then."""

import pytest

from panel.deploys import StoppedError
from panel.errors import AwsError, DeployError, PanelError
from tests.unit.deploys.site.project import NEW, OLD, written
from tests.unit.deploys.site_world import open_site


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
