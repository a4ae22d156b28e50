"""A roll-out is done when people get the version, and otherwise the earlier release serves again."""

from dataclasses import replace

import pytest

from panel.aws.front_door import VersionSeen
from panel.deploys.rollout import Baseline, RolloutFailedError, ServiceTarget, read_baseline
from panel.errors import DeployError, EndpointError, NotFoundError


def test_the_first_release_runs_with_its_image_version_and_terraforms_settings(aws, deploy):
    done = deploy("v1")

    container = aws.ecs.revisions[-1]["containerDefinitions"][0]
    environment = {item["name"]: item["value"] for item in container["environment"]}
    assert container["image"] == "r/backend@sha256:v1"
    assert environment == {"PORT": "5000", "APP_VERSION": "v1", "IMAGE_DIGEST": "sha256:v1"}
    assert aws.ecs.revisions[-1]["networkMode"] == "awsvpc"
    assert (done.running, done.desired, done.version) == (2, 2, "v1")
    assert aws.ecs.serving() == "v1"
    assert done.started_at <= done.ended_at


@pytest.mark.parametrize(("before", "wanted"), [(0, 2), (2, 2), (5, 5), (9, 6), (1, 2)])
def test_what_autoscaling_has_come_to_is_kept_within_its_bounds(target, before, wanted):
    assert target.kept_within(2, 6, Baseline("arn", before, "v1")).desired == wanted


def test_the_same_again_registers_nothing_and_is_fine(aws, deploy):
    first = deploy("v1")
    again = deploy("v1")

    assert again.task_definition_arn == first.task_definition_arn
    assert len(aws.ecs.revisions) == 2


def test_an_earlier_release_is_rolled_back_to_with_its_own_revision(aws, deploy):
    first = deploy("v1")
    second = deploy("v2")
    back = deploy("v1")

    assert second.previous_task_definition_arn == first.task_definition_arn
    assert back.task_definition_arn == first.task_definition_arn
    assert back.previous_task_definition_arn == second.task_definition_arn
    assert aws.ecs.serving() == "v1"


def test_settings_that_terraform_changed_since_come_with_the_next_release(aws, deploy):
    deploy("v1")
    newer = {**aws.ecs.revisions[0], "memory": "512"}
    for own in ("taskDefinitionArn", "revision", "status"):
        del newer[own]
    aws.ecs.register_task_definition(**newer)

    deploy("v2")

    assert aws.ecs.revisions[-1]["memory"] == "512"


def test_what_is_declared_no_more_does_not_come_back_with_an_earlier_releases_revision(aws, deploy, target):
    own = replace(target, template=aws.ecs.revisions[0]["taskDefinitionArn"])
    deploy("v1", own, environment={"GREETING": "hello"})

    deploy("v2", own)

    variables = {item["name"] for item in aws.ecs.revisions[-1]["containerDefinitions"][0]["environment"]}
    assert variables == {"PORT", "APP_VERSION", "IMAGE_DIGEST"}


def test_tasks_that_stop_again_end_it_before_the_deadline_and_the_earlier_release_serves(aws, clock, deploy):
    deploy("v1")
    aws.ecs.crashing.add("v2")

    with pytest.raises(DeployError) as failure:
        deploy("v2", deadline_s=10_000, diagnose=lambda: "ImportError: no module named falcon")

    assert clock.seconds < 1000
    assert "exit code 3" in failure.value.message
    assert "went back to version v1" in failure.value.message
    assert "no module named falcon" in failure.value.detail
    assert aws.ecs.serving() == "v1"
    assert aws.ecs.service["taskDefinition"] == aws.ecs.revisions[1]["taskDefinitionArn"]


def test_a_first_release_that_fails_leaves_the_service_stopped(aws, deploy):
    aws.ecs.crashing.add("v1")

    with pytest.raises(DeployError, match="no earlier release"):
        deploy("v1")

    assert aws.ecs.updates[-1] == ("1", 0)


def test_it_is_not_done_while_the_public_address_answers_with_the_old_version(aws, deploy):
    deploy("v1")

    with pytest.raises(DeployError, match="still answers with version v1"):
        deploy("v2", verify=lambda: VersionSeen("v1", None))


def test_the_right_version_of_another_image_does_not_count(deploy):
    with pytest.raises(DeployError, match="within 60 s"):
        deploy("v1", verify=lambda: VersionSeen("v1", "sha256:other"))


def test_an_answer_now_and_then_is_not_steady_enough(deploy):
    answers = iter([VersionSeen("v1", None), None] * 1000)

    with pytest.raises(DeployError, match="did not succeed"):
        deploy("v1", verify=lambda: next(answers))


def test_enough_answers_in_a_row_are_asked_for_to_notice_an_old_target_taking_turns(aws, deploy):
    asked = []

    def verify():
        asked.append(1)
        return VersionSeen("v1", None)

    deploy("v1", verify=verify)

    assert len(asked) >= len(aws.elbv2.addresses) + 1


def test_an_address_that_does_not_answer_yet_is_waited_for(aws, deploy, lines):
    answers = iter([EndpointError("Nothing listens.")])

    def verify():
        for error in answers:
            raise error
        return VersionSeen("v1", None)

    deploy("v1", verify=verify)

    assert any("Nothing listens" in line for line in lines)


def test_a_known_cause_that_stays_ends_it_early_and_is_told(aws, clock, deploy):
    deploy("v1")
    before = clock.seconds

    with pytest.raises(DeployError, match="the image names no command"):
        deploy(
            "v2",
            deadline_s=10_000,
            verify=lambda: VersionSeen("v1", None),
            broken=lambda arn: "the image names no command.",
        )

    assert clock.seconds - before < 60
    assert aws.ecs.serving() == "v1"


def test_a_runtime_that_tries_again_and_succeeds_is_given_the_time(deploy, target):
    reasons = iter(["its port was in use"] * 3)

    done = deploy("v1", target=replace(target, desired=5), broken=lambda arn: next(reasons, None))

    assert done.running == 5


def test_what_ecs_takes_back_by_itself_counts_as_rolled_back_with_its_reason(aws, deploy):
    deploy("v1")
    aws.ecs.crashing.add("v2")
    aws.ecs.breaker = True

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2")

    assert "ECS took it back: tasks failed to start (tasks stopped:" in failure.value.message
    assert "ECS itself went back to version v1, which serves again" in failure.value.message
    assert failure.value.outcome == "rolled_back"
    assert aws.ecs.serving() == "v1"
    assert aws.ecs.updates[-1][0] == "3"


def test_a_repeated_step_still_goes_back_to_the_release_it_was_told_of(aws, deploy, target):
    deploy("v1")
    before = read_baseline(aws, target)
    aws.ecs.crashing.add("v2")

    def cut(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy("v2", report=lambda line: cut(line) if "Waiting" in line or "deploying" in line else None)
    with pytest.raises(DeployError, match="went back to version v1"):
        deploy("v2", baseline=before)

    assert before == Baseline(aws.ecs.revisions[1]["taskDefinitionArn"], 2, "v1")
    assert aws.ecs.serving() == "v1"


def test_events_of_this_roll_out_are_told_and_earlier_ones_are_not(deploy, lines):
    deploy("v1")
    lines.clear()

    deploy("v2")

    told = [line for line in lines if "starts deploying" in line]
    assert told == ["(service backend) starts deploying todo-staging-backend:3"]


def test_a_service_that_is_not_there_is_said_with_what_to_do(deploy):
    missing = ServiceTarget("todo-staging", "worker", "f", "worker", 5000, "", 1)

    with pytest.raises(NotFoundError, match="Create or update the environment"):
        deploy("v1", target=missing)


def test_aws_out_of_reach_for_a_moment_is_waited_through(aws, deploy, lines):
    def out_of_reach(ecs):
        raise EndpointError("AWS did not answer.")

    aws.ecs.after_next_update(out_of_reach, out_of_reach)

    deploy("v1")

    assert any("AWS did not answer" in line for line in lines)
