"""AWS refuses, does not answer, or throttles: before a roll-out, in its middle, and on its way back."""

from dataclasses import replace

import pytest

from panel.deploys.patience import SIGN_IN_HINT
from panel.deploys.rollout import RolloutFailedError
from panel.errors import AwsError, EndpointError, NotFoundError

DENIED = "User: arn:aws:iam::1:user/panel is not authorized to perform: ecs:UpdateService on resource: x"


@pytest.fixture
def many(refused):
    """The same refusal as often as it is asked for."""
    return lambda code, times=1000: [refused(code) for _ in range(times)]


def test_throttling_is_waited_through_however_long_it_takes(aws, deploy, many, lines):
    aws.ecs.after_next_update(
        lambda ecs: ecs.refusing.update(describe_services=many("ThrottlingException", 12))
    )

    done = deploy("v1", deadline_s=300)

    assert done.running == 2
    assert any("ThrottlingException" in line for line in lines)


def test_a_throttled_change_is_asked_for_again(aws, deploy, many):
    aws.ecs.refusing["update_service"] = many("ThrottlingException", 3)

    assert deploy("v1").running == 2


def test_a_denied_change_is_said_with_its_action_and_nothing_was_changed(aws, deploy, refused):
    aws.ecs.refusing["update_service"] = [refused("AccessDeniedException", "UpdateService", DENIED)]

    with pytest.raises(AwsError, match=r"update the ECS service backend.*ecs:UpdateService"):
        deploy("v1")

    assert aws.ecs.updates == []


def test_a_denied_registration_is_said_and_nothing_was_changed(aws, deploy, refused):
    denied = refused("AccessDeniedException", "RegisterTaskDefinition", "ecs:RegisterTaskDefinition")
    aws.ecs.refusing["register_task_definition"] = [denied]

    with pytest.raises(AwsError, match="ecs:RegisterTaskDefinition"):
        deploy("v1")

    assert aws.ecs.updates == []


def test_what_is_denied_in_the_middle_ends_it_before_the_deadline(aws, deploy, clock, many):
    deploy("v1")
    before = clock.seconds
    aws.ecs.after_next_update(
        lambda ecs: ecs.refusing.update(describe_services=many("AccessDeniedException", 5))
    )

    with pytest.raises(RolloutFailedError, match="AccessDeniedException") as failure:
        deploy("v2", deadline_s=10_000)

    assert failure.value.outcome == "rolled_back"
    assert clock.seconds - before < 120


def test_a_sign_in_that_expires_and_is_renewed_does_no_harm(aws, deploy, many, lines):
    aws.ecs.after_next_update(
        lambda ecs: ecs.refusing.update(describe_services=many("ExpiredTokenException", 9))
    )

    assert deploy("v1").running == 2
    assert any("somebody has to sign in again" in line for line in lines)


def test_a_sign_in_that_stays_expired_ends_it_with_what_to_do(aws, deploy, clock, many):
    deploy("v1")
    before = clock.seconds
    aws.ecs.after_next_update(
        lambda ecs: ecs.refusing.update(describe_services=many("ExpiredTokenException"))
    )

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2", deadline_s=10_000)

    assert "sign-in to AWS has expired" in failure.value.message
    assert "Going back failed as well" in failure.value.message
    assert (failure.value.outcome, failure.value.hint) == ("failed", SIGN_IN_HINT)
    assert 100 < clock.seconds - before < 300


def test_an_endpoint_that_is_gone_for_a_minute_is_waited_for(aws, deploy):
    gone = [EndpointError("AWS did not answer.") for _ in range(28)]
    aws.ecs.after_next_update(lambda ecs: ecs.refusing.update(describe_services=gone))

    assert deploy("v1", deadline_s=600).running == 2


def test_a_change_whose_answer_never_comes_is_taken_back_as_if_it_had_been_made(aws, deploy, target):
    deploy("v1")
    aws.ecs.refusing["update_service"] = [EndpointError("AWS did not answer.") for _ in range(40)]
    noted = []

    def back(why):
        noted.append(why)
        aws.ecs.refusing.clear()

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v2", reverting=back)

    assert "whether the change was made is not known" in noted[0]
    assert failure.value.outcome == "rolled_back"
    assert aws.ecs.serving() == "v1"


def test_a_way_back_that_is_denied_is_said(aws, deploy, refused):
    deploy("v1")
    aws.ecs.crashing.add("v2")

    def deny(why):
        aws.ecs.refusing["update_service"] = [refused("AccessDeniedException", "UpdateService", DENIED)]

    with pytest.raises(
        RolloutFailedError, match=r"Going back failed as well: .*ecs:UpdateService"
    ) as failure:
        deploy("v2", reverting=deny)

    assert failure.value.outcome == "failed"


def test_a_cluster_that_is_not_there_is_said_with_what_to_do(deploy, target):
    with pytest.raises(NotFoundError, match="There is no cluster todo-other"):
        deploy("v1", target=replace(target, cluster="todo-other"))
