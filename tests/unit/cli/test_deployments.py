"""`panel deploy`, `rollback` and `promote`: what is ordered, what is shown on the way, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from panel.deploys import Part
from panel.deploys.commits import Commit
from panel.deploys.comparison import ServiceChange, Setting, Side
from panel.lifecycle.instance import instance_id
from panel.store.tables import Release

DIGEST = "sha256:" + "ab" * 32
COMMITS = tuple(Commit(f"{place:02d}4f2a91c", f"Change {place}", "ana", "2026-01-02") for place in range(12))
CHANGE = ServiceChange(
    "backend", "container",
    before=Side("staging", "31c0d2e", release="r1"), after=Side("staging", "4f2a91c"),
    direction="forward", commits=COMMITS[:3], commits_total=3, commits_known=True,
    settings=(Setting("LOG_LEVEL", "info", "debug"), Setting("CACHE", "", "on")),
    note="Built with changes that are in no commit.",
)  # fmt: skip
Serves = Callable[..., Release]


@pytest.fixture
def serves(panel) -> Serves:
    """A release that serves, of a run of its own that has ended."""

    def make(environment: str, version: str, service: str = "backend") -> Release:
        with panel.worker_process.rest:
            run = panel.stores.runs.create(environment, "create", "ana", ["image"])
            panel.stores.runs.finish(run.id, "errored", "worker")
        kind = "container" if service == "backend" else "static"
        digest = f"sha256:{version}"
        made = panel.stores.releases.start(
            environment, service, kind, version, run_id=run.id, digest=digest, source="build", author="ana"
        )
        panel.stores.environments.save(
            environment, exists=True, ready=True, world="w", url="http://it.example"
        )
        return panel.stores.releases.finish(made.id, "live")

    return make


def _options(panel, number: int = -1) -> dict[str, Any]:
    return panel.stores.runs.recent(limit=1)[0].options


class TestDeploy:
    def test_what_changes_is_shown_and_what_serves_at_the_end(self, terminal, panel, serves):
        serves("staging", "31c0d2e")
        panel.worker_process.changes = [CHANGE]
        answer = terminal("deploy", "staging", "backend", "--wait")
        assert answer.exit_code == 0, answer.stderr
        for said in (
            "backend: r1 31c0d2e → 4f2a91c, 3 commits forward", "+ 014f2a9 Change 1 (ana)",
            "LOG_LEVEL: info → debug", "CACHE: not set → on", "Built with changes that are in no commit.",
        ):  # fmt: skip
            assert said in answer.stderr
        assert "backend r2 4f2a91c serves in staging after " in answer.stdout
        assert "staging: http://staging.example.localhost" in answer.stdout

    def test_many_commits_are_counted_beyond_the_first(self, terminal, panel, serves):
        serves("staging", "31c0d2e")
        panel.worker_process.changes = [
            replace(CHANGE, direction="back", commits=COMMITS, commits_total=40, before=CHANGE.after)
        ]
        answer = terminal("deploy", "staging", "--wait")
        assert "4f2a91c → 4f2a91c, 40 commits back" in answer.stderr
        assert "− 094f2a9 Change 9 (ana)" in answer.stderr
        assert "Change 10" not in answer.stderr
        assert "− 30 more" in answer.stderr

    @pytest.mark.parametrize(
        ("release_end", "said", "code"),
        [
            ("rolled_back", ("failed and was rolled back", "No task stayed up.", "r1 31c0d2e serves in staging again"), 1),
            ("failed", ("backend r2 bad0bad failed", "backend r1 31c0d2e is the live release in staging"), 1),
        ],
    )  # fmt: skip
    def test_a_failure_says_why_and_what_serves_now(self, terminal, panel, serves, release_end, said, code):
        serves("staging", "31c0d2e")
        panel.worker_process.ending, panel.worker_process.release_end = "errored", release_end
        answer = terminal("deploy", "staging", "backend", "--wait")
        assert answer.exit_code == code
        for words in said:
            assert words in answer.stderr

    def test_stopped_midway_and_nothing_serves(self, terminal, panel):
        panel.stores.environments.save("staging", exists=True, ready=True, world="w")
        panel.worker_process.ending, panel.worker_process.release_end = "canceled", "stopped"
        answer = terminal("deploy", "staging", "--wait")
        assert answer.exit_code == 1
        assert "backend r1 bad0bad was stopped midway" in answer.stderr
        assert "no release of backend is known to serve in staging" in answer.stderr

    def test_picking_an_image_pinning_and_keeping_are_ordered_as_said(self, terminal, panel, serves):
        serves("staging", "31c0d2e")
        assert terminal("deploy", "staging", "backend", "--tag", "v2").exit_code == 0
        assert _options(panel)["pick"] == {"backend": {"tag": "v2"}}
        panel.worker_process.until(lambda run: not run.active)
        assert terminal("deploy", "staging", "backend", "--digest", DIGEST).exit_code == 0
        assert _options(panel)["pick"] == {"backend": {"digest": DIGEST}}
        panel.worker_process.until(lambda run: not run.active)
        assert terminal("deploy", "staging", "--build", "--keep-image", "--here").exit_code == 0
        (run,) = panel.stores.runs.recent(limit=1)
        assert (run.options.get("keep_image"), "pick" in run.options) == (True, False)
        assert run.pinned_instance == instance_id(panel.settings.data_path)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("backend", "--tag", "v2", "--digest", DIGEST), "exclude each other"),
            (("backend", "--build", "--tag", "v2"), "exclude each other"),
            (("--tag", "v2"), "name that service"),
            (("backend", "frontend", "--digest", DIGEST), "name that service, and no other"),
            (("frontend", "--tag", "v2"), "is a site and has no image"),
            (("backend", "--tag", ""), "is empty"),
        ],
    )
    def test_what_cannot_be_meant_is_a_usage_error(self, terminal, panel, serves, words, said):
        serves("staging", "31c0d2e")
        answer = terminal("deploy", "staging", *words)
        assert answer.exit_code == 2
        assert said in " ".join(answer.stderr.replace("│", " ").split())
        assert panel.stores.runs.active("staging") is None

    def test_a_digest_that_is_none_is_refused(self, terminal, serves):
        serves("staging", "31c0d2e")
        answer = terminal("deploy", "staging", "backend", "--digest", "latest")
        assert answer.exit_code == 3
        assert "no digest" in answer.stderr

    def test_json_has_changes_releases_and_what_serves(self, terminal, panel, serves):
        serves("staging", "31c0d2e", "frontend")
        panel.worker_process.changes = [CHANGE]
        ended = json.loads(terminal("deploy", "staging", "backend", "--wait", "--json").stdout)
        assert (ended["kind"], ended["state"]) == ("deploy", "applied")
        assert [one["service"] for one in ended["changes"]] == ["backend"]
        assert [(one["label"], one["status"]) for one in ended["releases"]] == [("r1", "live")]
        assert {name: one["version"] for name, one in ended["live"].items()} == {
            "backend": "4f2a91c", "frontend": "31c0d2e"
        }  # fmt: skip


class TestRollback:
    @pytest.mark.parametrize(("words", "number"), [((), 2), (("--to", "1"), 1)])
    def test_to_the_one_before_or_the_one_named(self, terminal, panel, serves, words, number):
        releases = [serves("staging", version) for version in ("aaa", "bbb", "ccc")]
        answer = terminal("rollback", "staging", "backend", *words, "--wait")
        assert answer.exit_code == 0, answer.stderr
        assert _options(panel)["releases"] == {"backend": releases[number - 1].id}
        assert "backend r4 4f2a91c serves in staging" in answer.stdout

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [(("--to", "7"), 2, "no release r7"), ((), 3, "no earlier good release"), (("--to", "1"), 3, "live")],
    )
    def test_to_nothing_nobody_can(self, terminal, serves, words, code, said):
        serves("staging", "aaa")
        answer = terminal("rollback", "staging", "backend", *words)
        assert answer.exit_code == code
        assert said in answer.stderr


class TestPromote:
    @pytest.fixture(autouse=True)
    def both(self, panel, serves):
        serves("production", "aaa")
        serves("staging", "bbb")
        side = Side("staging", "bbb", release="r1")
        panel.worker_process.changes = [
            replace(CHANGE, before=Side("production", "aaa", release="r1"), after=side)
        ]

    def test_with_yes_it_is_done_without_asking(self, terminal, panel):
        answer = terminal("promote", "staging", "production", "--yes", "--wait")
        assert answer.exit_code == 0, answer.stderr
        assert "backend: r1 aaa → staging r1 bbb, 3 commits forward" in answer.stderr
        assert "backend r2 4f2a91c serves in production" in answer.stdout
        assert _options(panel)["from"] == "staging"

    @pytest.mark.parametrize(("typed", "state", "code"), [("yes\n", "applied", 0), ("no\n", "discarded", 3)])
    def test_on_a_terminal_what_changes_is_shown_and_asked(self, terminal, panel, typed, state, code):
        answer = terminal("promote", "staging", "production", "backend", "--wait", typed=typed)
        assert answer.exit_code == code, answer.stderr
        assert answer.stderr.index("3 commits forward") < answer.stderr.index("Approve and release?")
        assert panel.stores.runs.recent(limit=1)[0].state == state

    def test_elsewhere_it_says_how_to_approve_and_goes_on_waiting(self, terminal, panel):
        # At the first look since it waits, the command may not have come to the review yet.
        panel.worker_process.discards_after_looks = 2
        answer = terminal("promote", "staging", "production", "--wait")
        assert answer.exit_code == 3
        run = panel.stores.runs.recent(limit=1)[0]
        assert f"The promotion waits for review. Approve it: panel runs approve {run.id}" in answer.stderr
        assert run.state == "discarded"


def test_progress_tells_the_parts_of_the_service_at_work(terminal, panel, serves):
    serves("staging", "31c0d2e")
    panel.worker_process.stop_at = "deploying"
    panel.worker_process.changes = [CHANGE]
    panel.worker_process.parts = [
        Part("aaa", "kept", unit="B", kind="layer"),
        Part("bbb", "working", 41_000_000, 96_000_000, "B", "layer"),
    ]
    assert terminal("deploy", "staging").exit_code == 0
    panel.worker_process.until(lambda run: run.stage == "image")
    shown = terminal("runs", "show", "2")
    assert "now: Image, 1 of 2 layers, 41 of 96 MB" in shown.stdout
    assert "backend: r1 31c0d2e → 4f2a91c, 3 commits forward" in shown.stdout
    assert "backend 4f2a91c" in terminal("runs", "list").stdout


def test_a_run_that_is_over_shows_what_became_of_its_releases(terminal, panel, serves):
    serves("staging", "31c0d2e")
    panel.worker_process.ending, panel.worker_process.release_end = "errored", "rolled_back"
    terminal("deploy", "staging", "backend", "--wait")
    shown = terminal("runs", "show", "2")
    assert "backend r2 bad0bad failed and was rolled back" in shown.stdout
    assert "backend r1 31c0d2e serves in staging again" in shown.stdout
    assert [one["status"] for one in terminal.json("runs", "show", "2")["releases"]] == ["rolled_back"]
    serves("staging", "later")
    assert "by now backend r3 later serves in staging" in terminal("runs", "show", "2").stdout
