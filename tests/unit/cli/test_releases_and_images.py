"""`panel releases` and `panel images`: tables for people, documents for scripts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from panel.store.tables import RegistryImage, now

RELEASE = {
    "id", "environment", "service", "kind", "number", "label", "status", "version", "digest", "tag", "revision",
    "committed_at", "position", "size", "source", "origin", "previous", "author", "run_id", "started_at", "ended_at", "duration_s",
    "durations", "detail", "can_roll_back_to", "why_not",
}  # fmt: skip
DIGEST = "sha256:" + "4f2a91c0" * 8


@pytest.fixture(autouse=True)
def history(panel):
    """Production is behind staging, which runs its second release."""
    releases, moment = panel.stores.releases, now()
    with panel.worker_process.rest:
        for environment, version, position in (
            ("production", "aaa", 4),
            ("staging", "aaa", 4),
            ("staging", "bbb", 7),
        ):
            run = panel.stores.runs.create(environment, "deploy", "ana", ["image"])
            made = releases.start(
                environment, "backend", "container", version, run_id=run.id, author="ana", source="tag", tag="v7",
                digest=DIGEST if version == "bbb" else "sha256:aaa", position=position, revision=version,
                committed_at=moment - timedelta(days=9 - position),
            )  # fmt: skip
            releases.finish(made.id, "live")
            panel.stores.runs.finish(run.id, "errored", "worker")
            panel.stores.environments.save(environment, exists=True, ready=True, world="w")


def test_the_grid_says_what_is_behind(terminal):
    rows = [line.split(maxsplit=4) for line in terminal("releases").stdout.splitlines()]
    assert rows[0] == ["SERVICE", "ENVIRONMENT", "RELEASE", "VERSION", "STATE"]
    assert rows[1:3] == [
        ["backend", "production", "r1", "aaa", "live, 3 commits behind staging"],
        ["backend", "staging", "r2", "bbb", "live"],
    ]
    assert rows[3][:2] == ["frontend", "production"]
    assert rows[3][2:] == ["never", "deployed"]
    assert "frontend" not in terminal("releases", "--service", "backend").stdout


def test_the_grid_for_scripts(terminal):
    document = terminal.json("releases")
    assert document["environments"] == ["production", "staging"]
    backend, frontend = document["services"]
    assert set(backend) == {"service", "kind", "title", "environments"}
    cell = backend["environments"]["production"]
    assert set(cell) == {"state", "release", "coming", "behind", "behind_of"}
    assert (cell["state"], cell["behind"], cell["behind_of"]) == (
        "live",
        "3 commits behind staging",
        "staging",
    )
    assert set(cell["release"]) == RELEASE
    assert frontend["environments"]["staging"] == {
        "state": "never_deployed", "release": None, "coming": None, "behind": "", "behind_of": ""
    }  # fmt: skip


def test_a_release_that_nobody_can_go_back_to_says_why(terminal, panel):
    left = RegistryImage(service="backend", digest=DIGEST, repository="todo/backend")
    panel.stores.images.replace("backend", [left])
    assert "superseded, its image is not in the registry any more" in terminal("releases", "staging").stdout


def test_a_release_under_way_stands_beside_what_serves(terminal, panel):
    panel.worker_process.dead = True
    run = panel.stores.runs.create("staging", "deploy", "ana", ["image"])
    panel.stores.releases.start("staging", "backend", "container", "ccc", run_id=run.id)
    assert "r2       bbb      deploying r3 ccc" in terminal("releases").stdout


def test_the_timeline_newest_first(terminal):
    header, newest, oldest = terminal("releases", "staging").stdout.splitlines()
    assert header.split() == [
        "RELEASE", "SERVICE", "VERSION", "DIGEST", "STATE", "FROM", "AUTHOR", "STARTED", "TOOK", "RUN"
    ]  # fmt: skip
    assert newest.split()[:8] == ["r2", "backend", "bbb", "4f2a91c04f2a", "live", "tag", "v7", "ana"]
    assert oldest.split()[:5] == ["r1", "backend", "aaa", "aaa", "superseded"]
    (document,) = terminal.json("releases", "staging", "--limit", "1")
    assert set(document) == RELEASE
    assert (document["label"], document["previous"], document["can_roll_back_to"]) == ("r2", "r1", False)
    assert terminal.json("releases", "staging", "--service", "frontend") == []


@pytest.mark.parametrize(
    "words", [("releases", "nowhere"), ("releases", "--service", "x"), ("images", "frontend")]
)
def test_unknown_names_are_usage_errors(terminal, words):
    answer = terminal(*words)
    assert answer.exit_code == 2
    assert answer.stderr.startswith("Error: There is no ")


def test_images_with_what_a_scan_found_and_where_they_run(terminal, panel):
    assert "no worker has seen an image of it" in terminal("images").stderr
    image = RegistryImage(
        service="backend", digest=DIGEST, repository="todo/backend", tags=["v7", "bbb"], size=96_400_000,
        pushed_at=now() - timedelta(days=3), scan={"status": "COMPLETE", "counts": {"CRITICAL": 2, "HIGH": 5}},
    )  # fmt: skip
    panel.stores.images.replace("backend", [image])
    answer = terminal("images", "backend")
    row = answer.stdout.splitlines()[1]
    assert row.split("  ") == [
        "backend", "4f2a91c04f2a", "v7, bbb", "96 MB", "3 days", "2 critical, 5 high", "staging"
    ]  # fmt: skip
    assert "backend: as a worker saw it a moment ago." in answer.stderr
    (document,) = terminal.json("images")
    assert set(document) == {
        "service",
        "digest",
        "tags",
        "size",
        "pushed_at",
        "scan",
        "running_in",
        "seen_at",
    }
    assert document["scan"] == {"text": "2 critical, 5 high", "severity": "critical"}
    assert document["running_in"] == ["staging"]
