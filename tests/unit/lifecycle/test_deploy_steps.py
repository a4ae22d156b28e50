"""The steps of a deployment over played services: what is recorded, in which order, and when somebody steps in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from panel.catalogue.schema import Catalogue
from panel.deploys import StoppedError
from panel.deploys.rollout import RolloutFailedError
from panel.errors import AwsError, CanceledRunError, DeployError, NotFoundError
from panel.lifecycle.decision_steps import DecisionSteps
from panel.lifecycle.instance import instance_id
from panel.lifecycle.site_steps import RELEASES_KEPT
from panel.store.stores import Stores
from panel.store.tables import Run
from tests.unit.lifecycle.deploy_room import NEW, OLD, Room, furnished


@pytest.fixture
def room(stores: Stores, catalogue: Catalogue, tmp_path: Path) -> Room:
    return furnished(stores, catalogue, tmp_path)


def test_a_build_is_recorded_with_where_it_comes_from_and_how_long_it_took(room: Room) -> None:
    before = room.released("backend", "v0")
    number = room.run()

    room.ship(number)

    live = room.stores.releases.live("staging")
    assert sorted(live) == ["backend", "frontend", "mails"]
    backend = live["backend"]
    assert (backend.digest, backend.task_definition, backend.size) == (NEW, "arn:new", 7)
    assert (backend.source, backend.previous_id, backend.world, backend.detail) == (
        "build",
        before.id,
        "w1",
        "",
    )
    assert backend.durations == {"build": 1.5, "roll_out": 0.0}
    assert room.stores.releases.get(before.id or 0).status == "superseded"
    assert room.services.wanted["backend"].environment == {"LOG": "2"}
    assert live["frontend"].digest == NEW
    assert room.services.published["config"]["environment"] == "staging"


def test_a_pick_is_named_by_its_tag_and_knows_who_built_it(room: Room) -> None:
    room.released("backend", "4f2a91c", environment="production", revision="4f2a91c0", position=7)
    number = room.run(options={"services": ["backend"], "pick": {"backend": {"tag": "best"}}})
    room.ship(number)

    (release,) = room.stores.releases.of_run(number)
    assert (release.version, release.tag, release.digest, release.source) == ("best", "best", OLD, "tag")
    assert (release.revision, release.position) == ("4f2a91c0", 7)
    assert room.services.acts == ["pick todo/backend best", "roll out backend"]


def test_a_pick_by_digest_is_named_by_its_beginning(room: Room) -> None:
    number = room.run(options={"services": ["backend"], "pick": {"backend": {"digest": NEW}}})

    room.ship(number)

    (release,) = room.stores.releases.of_run(number)
    assert (release.version, release.digest, release.source) == ("b" * 12, NEW, "digest")


def test_a_way_back_takes_the_settings_of_that_time_and_a_promotion_those_of_the_target(room: Room) -> None:
    origin = room.released("backend", "v1", task_definition="arn:7", revision="abc")
    site = room.released("frontend", "s1")
    room.released("backend", "v2", digest=NEW)
    chosen = {"services": ["backend", "frontend"], "releases": {"backend": origin.id, "frontend": site.id}}
    number = room.run("rollback", options=chosen)
    room.ship(number)

    wanted = room.services.wanted["backend"]
    assert (wanted.version, wanted.digest, wanted.like, wanted.environment) == ("v1", OLD, "arn:7", {})
    live = room.stores.releases.live("staging")["backend"]
    assert (live.source, live.origin_id, live.revision, live.version) == ("rollback", origin.id, "abc", "v1")
    assert room.services.acts == [f"pick todo/backend {OLD[:9]}", "roll out backend", "publish r2"]
    assert room.services.published["live"].files["index.html"].version == "s1"
    assert room.stores.releases.live("staging")["frontend"].digest == OLD
    room.stores.runs.finish(number, "errored", "worker")

    number = room.run("promote", options=chosen | {"from": "production"})
    room.ship(number)
    wanted = room.services.wanted["backend"]
    assert (wanted.digest, wanted.like, wanted.environment) == (OLD, "", {"LOG": "2"})


def test_an_image_that_is_gone_is_told_and_nothing_is_touched(room: Room) -> None:
    origin = room.released("backend", "v1")
    room.released("backend", "v2", digest=NEW)
    room.services.ends["pick"] = NotFoundError("There is no such image.")
    number = room.run("rollback", options={"services": ["backend"], "releases": {"backend": origin.id}})

    error = room.fails(number)

    assert "The image of backend r1 (sha256:aaaaaaaaaaaa) is not in the registry any more" in error.message
    assert room.of(number) == {"backend": "failed"}
    assert room.stores.releases.live("staging")["backend"].version == "v2"


def test_the_second_service_that_fails_leaves_the_first_live_and_says_so(room: Room) -> None:
    room.services.ends["mails"] = RolloutFailedError("mails crashes.", outcome="rolled_back", detail="exit 1")
    number = room.run()

    error = room.fails(number)

    assert room.of(number) == {"backend": "live", "mails": "rolled_back"}
    assert isinstance(error, RolloutFailedError)
    assert (error.outcome, error.detail) == ("rolled_back", "exit 1")
    assert "mails crashes. backend src-" in error.message
    assert "was rolled out before, and stays" in error.message


def test_an_image_that_cannot_be_built_ends_all_releases_of_its_run(room: Room) -> None:
    steps = room.steps()
    number = room.run(options={"services": ["backend", "mails"], "pick": {"mails": {"tag": "x"}}})
    room.services.ends["pick"] = AwsError("ECR refused.")

    with pytest.raises(AwsError) as caught:
        steps.image(number)
    assert room.of(number) == {"backend": "started", "mails": "started"}
    room.end(number, caught.value)

    assert room.of(number) == {"backend": "failed", "mails": "failed"}
    assert {one.detail for one in room.stores.releases.of_run(number)} == {"ECR refused."}


def test_a_step_that_was_cut_after_it_recorded_its_end_ends_the_same_way_again(room: Room) -> None:
    room.services.ends["backend"] = RolloutFailedError("It crashes.", outcome="rolled_back")
    number = room.run(options={"services": ["backend"]})
    steps = room.steps()
    images, baselines = steps.image(number), steps.baselines(number)
    for _ in range(2):
        with pytest.raises(DeployError, match="It crashes"):
            steps.rollout(number, images, baselines)
    assert room.services.acts.count("roll out backend") == 1

    room.stores.releases.finish(images["backend"]["release"], "live")
    steps.rollout(number, images, baselines)
    assert room.services.acts.count("roll out backend") == 1


def test_what_goes_back_says_so_in_the_store_first(room: Room) -> None:
    seen: list[tuple[str, str]] = []

    def fails(_eyes: Any, reverting: Callable[[str], None]) -> None:
        reverting("it crashes")
        (release,) = room.stores.releases.of_run(number)
        seen.append((release.status, release.detail))
        raise RolloutFailedError("It crashes.", outcome="rolled_back")

    room.services.ends["backend"] = fails
    number = room.run(options={"services": ["backend"]})
    room.fails(number)

    assert seen == [("reverting", "it crashes")]


def test_somebody_who_stops_a_run_stops_its_roll_out(room: Room) -> None:
    def stops(eyes: Any, _reverting: Any) -> None:
        assert eyes.stopped()
        raise RolloutFailedError("It was stopped on request.", outcome="stopped")

    room.services.ends["backend"] = stops
    number = room.run(options={"services": ["backend"]})
    room.stores.runs.request_cancel(number, "ana")

    assert isinstance(room.fails(number), CanceledRunError)
    assert room.of(number) == {"backend": "stopped"}


def test_by_force_nothing_more_is_looked_at(room: Room) -> None:
    room.services.ends["backend"] = lambda eyes, _reverting: eyes.clock.wait(0)
    number = room.run(options={"services": ["backend"]})
    room.stores.runs.request_cancel(number, "ana")
    room.stores.runs.request_cancel(number, "ana", force=True)

    error = room.fails(number)

    assert isinstance(error, CanceledRunError)
    assert "by force" in error.message
    assert "not looked at" in room.stores.releases.of_run(number)[0].detail


def test_a_site_is_stopped_before_people_see_it_and_never_midway(room: Room) -> None:
    def heeds(stopped: Callable[[], bool]) -> None:
        if stopped():
            raise StoppedError

    room.services.ends["publish"] = heeds
    number = room.run(options={"services": ["frontend"]})
    room.stores.runs.request_cancel(number, "ana")
    assert isinstance(room.fails(number), CanceledRunError)
    assert room.of(number) == {"frontend": "stopped"}

    # Its worker was killed midway, and people may see half of it: it is brought to its end.
    number = room.run(options={"services": ["frontend"]})
    release = room.steps()._begin_site(
        room.stores.runs.get(number), "frontend", room.context.catalogue().services["frontend"], None
    )
    room.stores.releases.note(release.id or 0, detail="being published")
    room.stores.runs.request_cancel(number, "ana")
    room.steps().site(number)
    assert room.of(number) == {"frontend": "live"}


def test_files_of_older_releases_are_forgotten_and_a_refusal_to_delete_them_is_no_harm(room: Room) -> None:
    releases = [room.released("frontend", f"s{number}") for number in range(RELEASES_KEPT + 1)]
    room.services.ends["prune"] = AwsError("S3 refused.")
    number = room.run(options={"services": ["frontend"]})

    room.ship(number)

    assert len(room.services.pruned) == RELEASES_KEPT
    kept = [room.stores.releases.files(one.id or 0) is not None for one in releases]
    assert kept == [False, False, *[True] * (RELEASES_KEPT - 1)]
    lines = [line.text for line in room.stores.runs.lines(number)]
    assert any("could not be removed: S3 refused." in line for line in lines)


def test_a_site_whose_files_are_gone_is_not_put_back(room: Room) -> None:
    origin = room.released("frontend", "s1")
    room.stores.releases.forget_files(origin.id or 0)
    number = room.run("rollback", options={"services": ["frontend"], "releases": {"frontend": origin.id}})

    assert "is not kept any more" in room.fails(number).message


def test_a_run_builds_only_the_checkout_it_is_about(room: Room) -> None:
    number = room.run(pinned_instance="far/1")
    with pytest.raises(DeployError, match="lies on far, whose worker is gone"):
        room.steps().image(number)
    room.stores.runs.finish(number, "errored", "worker")

    number = room.run(pinned_instance=instance_id(room.context.settings.data_path))
    assert set(room.steps().image(number)) == {"backend", "mails"}


def test_what_changes_is_compared_first_and_secrets_stay_secret(room: Room) -> None:
    room.released("backend", "v0", revision="")
    number = room.run(options={"services": ["backend", "frontend"]})

    room.steps().compare(number)

    backend, frontend = room.stores.runs.get(number).changes
    assert (backend["before"]["version"], backend["before"]["release"]) == ("v0", "r1")
    assert backend["after"]["version"].startswith("src-")
    assert backend["settings"] == [
        {"name": "API_TOKEN", "before": "(sensitive)", "after": "(sensitive)"},
        {"name": "LOG", "before": "1", "after": "2"},
    ]
    assert (frontend["before"], frontend["direction"], frontend["commits_known"]) == (None, "forward", False)
    lines = [line.text for line in room.stores.runs.lines(number)]
    assert any("backend: v0 (r1) runs" in line and "2 settings will differ" in line for line in lines)


@pytest.mark.parametrize(
    ("kind", "auto", "asked", "leads_to", "state"),
    [
        ("deploy", False, {}, "ship", "preparing"),
        ("deploy", False, {"count": 2}, "wait", "planned"),
        ("deploy", True, {"other_than_author": True}, "wait", "planned"),
        ("rollback", False, {"count": 2}, "ship", "preparing"),
        ("promote", False, {}, "wait", "planned"),
        ("promote", True, {}, "ship", "approved"),
        ("promote", True, {"count": 2}, "wait", "planned"),
    ],
)
def test_who_is_asked(
    kind: str, auto: bool, asked: dict[str, Any], leads_to: str, state: str, room: Room, catalogue: Catalogue
) -> None:
    entry = catalogue.environments["staging"]
    approvals = entry.approvals.model_copy(update=asked)
    catalogue.environments["staging"] = entry.model_copy(update={"approvals": approvals})
    number = room.run(kind, auto_approve=auto)

    for _ in range(2):  # a step that was cut comes to the same
        assert DecisionSteps(room.context).settle_changes(number) == leads_to
    run: Run = room.stores.runs.get(number)
    assert (run.state, run.awaiting) == (state, leads_to == "wait")
    if leads_to == "wait":
        assert (run.approvals_needed, run.author_may_approve) == (
            asked.get("count", 1), not asked.get("other_than_author", False),
        )  # fmt: skip
    shipped = ["approved", "deploying"] if leads_to == "wait" else ["deploying"]
    for after in shipped:
        if after == "approved":
            for person in ("bob", "cyd")[: run.approvals_needed]:
                room.stores.runs.approve(number, person)
        else:
            room.stores.runs.transition(number, after, "worker")
    assert room.stores.runs.get(number).state == "deploying"
