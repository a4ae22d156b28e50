"""The way back: by itself, on request, after a kill in the middle, and not over what somebody else did."""

import pickle

import pytest

from panel.aws.front_door import VersionSeen
from panel.deploys.rollout import (
    ASKED_TO_STOP,
    Eyes,
    RolloutFailedError,
    Wanted,
    go_back,
    read_baseline,
)
from panel.errors import BusyError, SupersededError

V2 = Wanted("r/backend@sha256:v2", "sha256:v2", "v2")


@pytest.fixture
def eyes(clock, lines, serving):
    return Eyes(lines.append, serving, clock=clock)


@pytest.fixture
def cut(aws, deploy, target):
    """v1 serves, and the worker dies when it is about to go back from v2. What was there before is known."""
    deploy("v1")
    before = read_baseline(aws, target)

    def die(why):
        raise KeyboardInterrupt

    aws.ecs.crashing.add("v2")
    with pytest.raises(KeyboardInterrupt):
        deploy("v2", reverting=die)
    return before


def test_the_reason_is_told_before_anything_is_changed_back(aws, deploy):
    deploy("v1")
    aws.ecs.crashing.add("v2")
    noted = []

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2", reverting=lambda why: noted.append((why, aws.ecs.updates[-1][0])))

    assert [update for _, update in noted] == ["3"]
    assert noted[0][0] in failure.value.message
    assert failure.value.outcome == "rolled_back"


def test_an_error_keeps_its_outcome_when_it_is_stored():
    error = RolloutFailedError("No.", hint="Do.", detail="Lines.", outcome="rolled_back")

    again = pickle.loads(pickle.dumps(error))

    assert (again.message, again.hint, again.detail, again.outcome) == ("No.", "Do.", "Lines.", "rolled_back")


def test_a_way_back_that_was_cut_is_gone_to_its_end(aws, eyes, target, cut):
    end = go_back(aws, target, cut, eyes, why="its tasks stopped", wanted=V2)

    assert end.outcome == "rolled_back"
    assert end.message == (
        "The roll-out of backend v2 did not succeed: its tasks stopped. "
        "The panel went back to version v1, which serves again."
    )
    assert aws.ecs.serving() == "v1"


def test_gone_twice_it_changes_nothing_the_second_time(aws, eyes, target, cut):
    go_back(aws, target, cut, eyes, why="its tasks stopped", wanted=V2)
    changes = len(aws.ecs.updates)

    end = go_back(aws, target, cut, eyes, why="its tasks stopped", wanted=V2)

    assert (end.outcome, len(aws.ecs.updates)) == ("rolled_back", changes)
    assert "back at version v1" in end.message


def test_without_what_was_wanted_whatever_the_panel_made_is_gone_back_from(aws, eyes, target, cut):
    end = go_back(aws, target, cut, eyes, why="its tasks stopped")

    assert end.outcome == "rolled_back"


def test_what_somebody_else_put_there_meanwhile_is_left_alone(aws, eyes, target, cut):
    aws.ecs.deploy(aws.ecs.revisions[0]["taskDefinitionArn"])
    changes = len(aws.ecs.updates)

    end = go_back(aws, target, cut, eyes, why="its tasks stopped", wanted=V2)

    assert end.outcome == "failed"
    assert "todo-staging-backend:1 now, and the panel leaves that as it is" in end.message
    assert "CloudTrail" in end.hint
    assert len(aws.ecs.updates) == changes


def test_a_change_by_somebody_else_in_the_middle_is_not_fought(aws, deploy):
    deploy("v1")

    def change(ecs):
        ecs.deploy(ecs.revisions[0]["taskDefinitionArn"])

    aws.ecs.after_next_update(lambda ecs: None, change)

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2")

    assert (
        "somebody else changed the service meanwhile: it runs todo-staging-backend:1" in failure.value.message
    )
    assert failure.value.outcome == "failed"
    assert aws.ecs.updates[-1][0] == "3"


def test_a_service_that_somebody_else_stopped_in_the_middle_stays_stopped(aws, deploy):
    deploy("v1")

    def stop(ecs):
        ecs.service["desiredCount"] = 0

    aws.ecs.after_next_update(lambda ecs: None, stop)

    with pytest.raises(RolloutFailedError, match="wants no task any more"):
        deploy("v2")

    assert aws.ecs.service["desiredCount"] == 0


def test_stopped_midway_the_earlier_release_serves_again(aws, deploy):
    deploy("v1")
    noted = []

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2", stopped=lambda: aws.ecs.updates[-1][0] == "3", reverting=noted.append)

    assert failure.value.outcome == "stopped"
    assert failure.value.message == (
        "The roll-out of backend v2 was stopped on request. "
        "The panel went back to version v1, which serves again."
    )
    assert noted == [ASKED_TO_STOP]
    assert aws.ecs.serving() == "v1"


def test_stopped_before_it_began_nothing_is_changed(aws, deploy):
    deploy("v1")
    changes = len(aws.ecs.updates)

    with pytest.raises(RolloutFailedError, match="before it began") as failure:
        deploy("v2", stopped=lambda: True)

    assert failure.value.outcome == "stopped"
    assert len(aws.ecs.updates) == changes


def test_stopped_when_a_cut_step_begins_again_it_goes_back(aws, deploy, cut):
    with pytest.raises(RolloutFailedError, match="went back to version v1") as failure:
        deploy("v2", stopped=lambda: True, baseline=cut)

    assert failure.value.outcome == "stopped"


def test_a_first_release_that_is_stopped_leaves_no_task(aws, deploy):
    with pytest.raises(RolloutFailedError, match="no earlier release") as failure:
        deploy("v1", stopped=lambda: bool(aws.ecs.updates))

    assert failure.value.outcome == "stopped"
    assert aws.ecs.updates[-1] == ("1", 0)


def test_a_release_that_slept_before_sleeps_again(aws, deploy, target):
    deploy("v1")
    aws.ecs.service["desiredCount"] = 0
    aws.ecs.crashing.add("v2")

    with pytest.raises(
        RolloutFailedError, match="back at version v1, of which no task ran before"
    ) as failure:
        deploy("v2")

    assert failure.value.outcome == "rolled_back"
    assert aws.ecs.updates[-1] == ("2", 0)


def test_a_revision_that_was_deregistered_is_gone_back_to_by_one_of_the_same_content(aws, deploy):
    deploy("v1")
    aws.ecs.revisions[1]["status"] = "INACTIVE"
    aws.ecs.crashing.add("v2")

    with pytest.raises(RolloutFailedError, match="went back to version v1"):
        deploy("v2")

    assert aws.ecs.updates[-1] == ("4", 2)
    assert aws.ecs.serving() == "v1"


def test_the_same_release_once_more_has_nothing_to_go_back_to(deploy):
    deploy("v1")

    with pytest.raises(RolloutFailedError, match="nothing to go back to") as failure:
        deploy("v1", verify=lambda: None)

    assert failure.value.outcome == "failed"


def test_a_way_back_that_does_not_come_to_serve_is_said(aws, deploy):
    deploy("v1")

    with pytest.raises(RolloutFailedError, match="has not worked so far either: it was not done") as failure:
        deploy("v2", verify=lambda: VersionSeen("v3", None))

    assert failure.value.outcome == "failed"


def test_a_service_that_cannot_be_asked_for_its_version_is_gone_back_to_all_the_same(aws, deploy):
    deploy("v1", verify=lambda: VersionSeen("", None))
    aws.ecs.crashing.add("v2")

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2", verify=lambda: VersionSeen("", None))

    assert failure.value.outcome == "rolled_back"


def test_another_worker_that_took_the_run_over_ends_it_here(aws, eyes, target, cut, monkeypatch):
    def superseded(seconds):
        raise SupersededError("Another worker has it.")

    monkeypatch.setattr(eyes.clock, "wait", superseded)

    with pytest.raises(SupersededError):
        go_back(aws, target, cut, eyes, why="its tasks stopped", wanted=V2)


def test_a_deployment_of_others_that_does_not_end_is_not_cut_off(aws, deploy, clock):
    deploy("v1")
    aws.ecs.deploy(aws.ecs.revisions[0]["taskDefinitionArn"])
    aws.ecs._reconcile = lambda: None
    changes = len(aws.ecs.updates)

    with pytest.raises(BusyError, match="Somebody else's deployment of backend is under way"):
        deploy("v2")

    assert clock.seconds < 120
    assert len(aws.ecs.updates) == changes


@pytest.mark.parametrize("revision", [0, 1], ids=["failing tasks", "the panel's own"])
def test_one_that_hangs_or_was_the_panels_own_is_replaced(aws, deploy, lines, revision):
    deploy("v1")
    aws.ecs.deploy(aws.ecs.revisions[revision]["taskDefinitionArn"], failed=0 if revision else 2)
    reconcile, aws.ecs._reconcile = aws.ecs._reconcile, lambda: None

    def go_on(ecs):
        ecs._reconcile = reconcile

    aws.ecs.after_next_update(go_on)
    deploy("v2")

    assert any("has not come to its end: this roll-out replaces it" in line for line in lines)
    assert aws.ecs.serving() == "v2"
