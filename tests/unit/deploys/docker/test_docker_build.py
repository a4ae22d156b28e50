"""Building with a container engine: what the ``docker`` program is asked, and what goes into the image."""

import re

import pytest

from panel.deploys import StoppedError
from panel.deploys.docker_engine import Engine
from panel.errors import BuildError
from tests.unit.deploys.docker.world import BASE, REVISION


def build_of(calls):
    return next(call for call in calls() if "build" in call["arguments"])


def test_it_is_built_pushed_and_removed_and_named_by_the_registrys_digest(ship, calls, api):
    pushed = ship()

    reference = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend:4f2a91c"
    assert reference in build_of(calls)["arguments"]
    assert api.asked == [("push", reference), ("remove", reference)]
    assert pushed.image_ref == "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend@sha256:built"
    assert (pushed.tag, pushed.already_there) == ("4f2a91c", False)
    assert set(pushed.durations) == {"build", "push"}
    assert api.closed


def test_the_engine_gets_the_source_and_nothing_else(ship, calls):
    ship()

    build = build_of(calls)
    assert build["files"] == [
        "backend/Dockerfile",
        "backend/app.py",
        "deps/falcon.py",
        "requirements/backend.txt",
    ]
    assert f"BASE_IMAGE={BASE}" in build["arguments"]
    assert "APP_VERSION=4f2a91c" in build["arguments"]


def test_the_image_says_where_it_comes_from_and_when_it_was_made(ship, calls):
    ship()

    labels = dict(
        word.split("=", 1) for word in build_of(calls)["arguments"] if word.startswith("org.opencontainers")
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels.pop("org.opencontainers.image.created"))
    assert labels == {
        "org.opencontainers.image.revision": REVISION.commit,
        "org.opencontainers.image.source": "backend",
        "org.opencontainers.image.version": "4f2a91c",
    }


def test_buildkit_is_used_where_it_is(ship, calls):
    calls.tell(buildx=[0, "github.com/docker/buildx v0.20"])

    ship()

    build = build_of(calls)
    assert build["arguments"][:4] == ["buildx", "build", "--load", "--progress=plain"]
    assert "DOCKER_BUILDKIT" not in build["environment"]
    # Attestations would make an index of a plain image.
    assert build["environment"]["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"


def test_the_builder_before_it_is_used_otherwise_and_does_not_tell_how_old_it_is(ship, calls, lines):
    calls.tell(
        build=[
            0,
            (
                "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
                "            BuildKit is currently disabled; enable it by removing the DOCKER_BUILDKIT=0\n"
                "            environment-variable.\n\nStep 1/2 : FROM x"
            ),
        ]
    )

    ship()

    assert build_of(calls)["environment"]["DOCKER_BUILDKIT"] == "0"
    assert build_of(calls)["arguments"][:2] == ["build", "--force-rm"]
    assert "Step 1/2 : FROM x" in lines
    assert not [line for line in lines if "DEPRECATED" in line or "environment" in line]


def test_a_revision_that_the_registry_has_is_not_built_again(ship, calls, api):
    ship()
    before = len(calls()), len(api.asked)

    again = ship()

    assert again.already_there
    assert not again.durations
    assert (len(calls()), len(api.asked)) == before


def test_a_base_image_that_cannot_be_had_names_the_build_argument(ship, calls, api):
    api.images.clear()

    with pytest.raises(
        BuildError, match=r"example\.com/python:3\.11 cannot be pulled.*build argument BASE_IMAGE"
    ) as e:
        ship()

    assert "not found" in e.value.detail
    assert api.asked == [("pull", "example.com/python", "3.11")]
    assert not [call for call in calls() if "build" in call["arguments"]]


def test_a_full_disk_is_said_in_the_build_and_in_the_push(ship, calls, api, ecr):
    calls.tell(build=[1, "failed to register layer: write /app/x: no space left on device"])
    with pytest.raises(BuildError, match="cannot be built: the disk is full"):
        ship()

    calls.tell(build=[0, ""])
    ecr.shows = False
    api.pushes = [({"error": "write /var/lib/docker/tmp/x: no space left on device"},)]
    with pytest.raises(BuildError, match=r"could not push.*disk is full"):
        ship()


def test_a_build_that_fails_has_its_last_lines(ship, calls, api):
    calls.tell(build=[1, "COPY failed: file not found in build context"])

    with pytest.raises(BuildError, match="could not build the image of backend") as failure:
        ship()

    assert "COPY failed" in failure.value.detail
    assert api.asked == []


def test_an_engine_elsewhere_is_spoken_to_and_the_image_kept(ship, calls, api):
    asked = []

    def engine(host):
        asked.append(host)
        return Engine(api)

    ship(docker_host="unix:///run/other.sock", keep_local=True, engine=engine)

    assert asked == ["unix:///run/other.sock"]
    assert all(call["arguments"][:2] == ["--host", "unix:///run/other.sock"] for call in calls())
    assert [what for what, *_ in api.asked] == ["push"]


def test_a_build_can_be_stopped(ship, calls, api, lines):
    calls.tell(build=[0, "forever"])

    with pytest.raises(StoppedError):
        ship(stopped=lambda: "forever" in lines)

    assert api.asked == []
