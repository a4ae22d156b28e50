"""What a roll-out tells of on its way, and what has to be true before it is done."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest

from panel.aws.front_door import VersionSeen
from panel.deploys.rollout import RolloutFailedError, read_baseline


@pytest.fixture
def told():
    """All parts that were ever told of, in turn."""
    return []


def test_tasks_and_targets_are_told_as_parts(aws, deploy, told):
    aws.ecs.addressed = True

    deploy("v1", parts=told.append)

    tasks = [(part.name, part.state, part.detail) for part in told[-1] if part.kind == "task"]
    targets = [(part.name, part.state, part.detail) for part in told[-1] if part.kind == "target"]
    assert tasks == [(name, "done", "RUNNING, us-east-2a") for name in ("00000000", "00000001")]
    assert targets == [("10.0.0.1:5000", "done", "healthy"), ("10.0.0.2:5000", "done", "healthy")]


def test_parts_are_told_when_something_changed_and_not_at_every_look(deploy, told):
    deploy("v1", parts=told.append)

    assert all(one != other for one, other in pairwise(told))


def test_the_earlier_tasks_are_told_as_kept_and_those_that_stop_as_failed(aws, deploy, told):
    deploy("v1")
    aws.ecs.crashing.add("v2")

    with pytest.raises(RolloutFailedError):
        deploy("v2", parts=told.append)

    seen = {(part.state, part.detail) for parts in told for part in parts if part.kind == "task"}
    assert ("kept", "todo-staging-backend:2, RUNNING, us-east-2a") in seen
    assert any(state == "failed" and "exit code 3" in detail for state, detail in seen)


def test_a_task_that_stops_between_two_questions_is_told_once(aws, deploy, told):
    aws.ecs.crashing.add("v1")

    def pages(cluster, serviceName, desiredStatus):
        return [{"taskArns": list(aws.ecs.tasks)}]

    aws.ecs.get_paginator = lambda operation: SimpleNamespace(paginate=pages)

    with pytest.raises(RolloutFailedError):
        deploy("v1", parts=told.append)

    for parts in told:
        names = [part.name for part in parts if part.kind == "task"]
        assert len(names) == len(set(names))


def test_a_task_of_another_revision_that_ecs_lets_run_on_keeps_it_from_being_done(aws, deploy, lines):
    deploy("v1")
    stays = next(iter(aws.ecs.tasks.values()))

    def revive(ecs):
        stays.update(lastStatus="RUNNING", desiredStatus="RUNNING")
        ecs._complete = lambda old: None

    aws.ecs.after_next_update(revive)

    with pytest.raises(RolloutFailedError, match="2 tasks of another revision still run"):
        deploy("v2", verify=lambda: VersionSeen("v2", None))


def test_a_target_that_has_not_passed_its_health_checks_does_not_count(aws, deploy):
    aws.elbv2.state = "initial"

    with pytest.raises(RolloutFailedError, match="0 of 2 tasks are behind the load balancer"):
        deploy("v1")


def test_where_tasks_have_addresses_other_targets_do_not_count(aws, deploy):
    aws.ecs.addressed = True
    aws.elbv2.strangers = ["10.9.9.9", "10.9.9.8"]

    assert deploy("v1").running == 2

    aws.elbv2.hidden = {"10.0.0.1"}
    with pytest.raises(RolloutFailedError, match="1 of 2 tasks are behind the load balancer"):
        deploy("v1")


def test_where_they_have_none_as_many_targets_as_tasks_are_waited_for(aws, deploy):
    aws.elbv2.strangers = ["127.0.0.9"]

    with pytest.raises(RolloutFailedError, match="1 earlier task still behind the load balancer"):
        deploy("v1")


def test_autoscaling_that_changes_its_mind_meanwhile_is_followed(aws, deploy):
    def scale_in(ecs):
        ecs.service["desiredCount"] = 1

    aws.ecs.after_next_update(scale_in)

    assert deploy("v1").running == 1


def test_a_repeated_release_gets_its_own_variables_on_the_newest_template(aws, deploy):
    first = deploy("v1", environment={"FEATURE": "off"})
    deploy("v2", environment={"FEATURE": "on", "NEW": "1"})
    newer = {
        **{key: aws.ecs.revisions[0][key] for key in ("family", "networkMode", "containerDefinitions")},
        "memory": "512",
    }
    aws.ecs.register_task_definition(**newer)

    deploy("v1", like=first.task_definition_arn)

    made = aws.ecs.revisions[-1]
    variables = {item["name"]: item["value"] for item in made["containerDefinitions"][0]["environment"]}
    assert made["memory"] == "512"
    assert made["containerDefinitions"][0]["image"] == "r/backend@sha256:v1"
    assert variables == {
        "PORT": "5000", "FEATURE": "off", "APP_VERSION": "v1", "IMAGE_DIGEST": "sha256:v1",
    }  # fmt: skip


def test_a_release_whose_task_definition_was_deleted_runs_with_the_present_settings_and_says_so(
    aws, deploy, lines
):
    deploy("v1")
    deploy("v2", environment={"NEW": "1"})

    deploy("v1", like="arn:aws:ecs:us-east-2:000000000000:task-definition/todo-staging-backend:99")

    assert any("todo-staging-backend:99 of that release was deleted" in line for line in lines)
    assert aws.ecs.serving() == "v1"


def test_somebody_elses_deployment_is_waited_for(aws, deploy, lines):
    deploy("v1")
    aws.ecs.deploy(aws.ecs.revisions[0]["taskDefinitionArn"])

    deploy("v2")

    assert "Waiting: another deployment of backend is under way (todo-staging-backend:1)" in lines
    assert aws.ecs.serving() == "v2"


def test_a_service_that_others_changed_since_it_was_looked_at_is_left_alone(aws, deploy, target):
    deploy("v1")
    before = read_baseline(aws, target)
    aws.ecs.deploy(aws.ecs.revisions[0]["taskDefinitionArn"])
    changes = len(aws.ecs.updates)

    with pytest.raises(RolloutFailedError, match="from todo-staging-backend:2 to todo-staging-backend:1"):
        deploy("v2", baseline=before)

    assert len(aws.ecs.updates) == changes


def test_a_revision_that_ecs_gave_up_before_is_begun_anew(aws, deploy, target):
    aws.ecs.crashing.add("v1")
    aws.ecs.revisions[0]["status"] = "INACTIVE"
    aws.ecs.revisions.append({**aws.ecs.revisions[0], "status": "ACTIVE", "revision": 2})
    aws.ecs.revisions[1]["taskDefinitionArn"] = aws.ecs.revisions[0]["taskDefinitionArn"][:-1] + "2"
    with pytest.raises(RolloutFailedError, match="the service is stopped"):
        deploy("v1")
    assert aws.ecs.updates[-1] == ("3", 0)
    aws.ecs.service["deployments"][0]["rolloutState"] = "FAILED"
    begun = len(aws.ecs.service["events"])
    aws.ecs.crashing.clear()

    done = deploy("v1")

    assert done.running == 2
    assert len(aws.ecs.service["events"]) == begun + 1


def test_a_service_without_a_load_balancer_is_done_by_its_tasks(aws, deploy, target):
    aws.elbv2 = None

    assert deploy("v1", target=replace(target, target_group_arn="")).running == 2


def test_what_serves_waits_for_ecs_to_call_it_complete_and_not_for_ever(aws, deploy, clock, lines):
    complete = aws.ecs._complete

    def never_complete(old):
        complete(old)
        for deployment in aws.ecs.service["deployments"]:
            deployment["rolloutState"] = "IN_PROGRESS"

    aws.ecs._complete = never_complete

    done = deploy("v1", deadline_s=30)

    assert done.running == 2
    assert any("ECS has yet to call the deployment complete" in line for line in lines)
    assert 60 <= clock.seconds < 90


def test_reasons_without_end_are_cut_in_the_message_and_longer_in_the_detail(aws, deploy):
    aws.ecs.crashing.add("v1")

    def talk(ecs):
        for number, task in enumerate(ecs.tasks.values()):
            task["stoppedReason"] = f"engine {number}: " + "x" * 2000

    aws.ecs.after_next_update(*[talk] * 20)

    with pytest.raises(RolloutFailedError) as failure:
        deploy("v1")

    assert "engine 0" in failure.value.message
    assert len(failure.value.message) < 1000
    assert 1000 < len(failure.value.detail) < 7000
