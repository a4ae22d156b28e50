"""The stacks in an emulated AWS: one shared, two environments on it, applied side by side, used, destroyed.

The tests run in the order they stand in; the last ones take the world down. They stand in one file so that the
world is applied once, on whichever of several test processes gets this file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.benchmarks.apply_chain import spans_of
from tests.terraform.applied_world import (
    DESTROYING,
    PRODUCTION,
    PROJECT,
    SHARED,
    STATES,
    World,
    emulator_gaps,
    side_by_side,
)
from tests.terraform.front_door import ask, publish, task
from tests.terraform.holdings import arns_of, holdings, named_by
from tests.terraform.permissions import TERRAFORM_POLICIES, excused, needed_by, read_policy
from tests.terraform.state_tags import count_tagged, wrongly_tagged

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

# What the policies' placeholders stand for here.
ACCOUNT = {
    "STATE_BUCKET": STATES,
    "PROJECT": PROJECT,
    "ACCOUNT": "000000000000",
    "REGION": SHARED["aws_region"],
    "DOMAIN": SHARED["zone_name"],
}
NETWORK = {"vpc_id", "vpc_cidr", "availability_zones", "public_subnet_ids", "private_subnet_ids"}
SERVICE = {
    "service_name",
    "task_definition_family",
    "task_definition_arn",
    "container_name",
    "container_port",
    "target_group_arn",
    "log_group",
    "task_role_arn",
    "execution_role_arn",
    "desired_count",
    "repository_url",
}
OUTPUTS = {
    "url",
    "domain_name",
    "cloudfront_distribution_id",
    "cloudfront_domain_name",
    "site_bucket",
    "state_bucket",
    "cluster_name",
    "cluster_arn",
    "load_balancer_arn",
    "load_balancer_dns_name",
    "autoscaling_group_name",
    "services",
    "certificate_arns",
}


@pytest.fixture(scope="module")
def outputs(world: World) -> dict[str, Any]:
    """Every stack's outputs, by the stack's name."""
    return {
        name: {key: output["value"] for key, output in world.state(name)["outputs"].items()}
        for name in world.stacks()
    }


@pytest.fixture(scope="module")
def staging(outputs: dict[str, Any]) -> dict[str, Any]:
    return outputs["staging"]


@pytest.fixture(scope="module")
def production(outputs: dict[str, Any]) -> dict[str, Any]:
    return outputs["production"]


def test_the_shared_stack_gives_what_environments_and_panel_read(outputs: dict[str, Any]) -> None:
    said = outputs["shared"]
    assert set(said) >= {"network", "zone_id", "zone_name", "name_servers", "repositories", "keys_bucket"}
    assert set(said["network"]) >= NETWORK
    pairs = {slot: len(set(pair)) for slot, pair in said["network"]["public_subnet_ids"].items()}
    assert pairs == {"0": 2, "1": 2}
    assert set(said["repositories"]["backend"]) == {"name", "arn", "url"}
    assert said["repositories"]["backend"]["name"] == "todo/backend"


@pytest.mark.parametrize("name", ["staging", "production"])
def test_an_environment_gives_what_the_panel_reads(outputs: dict[str, Any], name: str) -> None:
    assert set(outputs[name]) >= OUTPUTS
    assert set(outputs[name]["services"]["backend"]) >= SERVICE


def test_environments_differ_by_their_values_alone(
    staging: dict[str, Any], production: dict[str, Any]
) -> None:
    assert (staging["url"], production["url"]) == (
        "https://staging.todo.example.com",
        "https://todo.example.com",
    )
    counts = [said["services"]["backend"]["desired_count"] for said in (staging, production)]
    assert counts == [2, 1]


def test_cloudfront_and_its_records_do_not_wait_for_the_load_balancer(world: World) -> None:
    for events in world.events.values():
        spans = {span.address: span for span in spans_of(events)}
        balancer = spans["module.environment.module.load_balancer.aws_lb.this"]
        record = spans['module.environment.module.distribution[0].aws_route53_record.this["A"]']
        assert record.begin < balancer.end


def test_whatever_there_is_belongs_to_one_stack_alone(world: World) -> None:
    owned = {name: named_by(world.state(name)) for name in world.stacks()}
    owners = {
        (kind, name): [stack for stack, names in owned.items() if name in names]
        for kind, name in holdings(world.emulator, STATES)
    }
    assert {item: stacks for item, stacks in owners.items() if len(stacks) != 1} == {}
    assert {stack for stacks in owners.values() for stack in stacks} == {"shared", "staging", "production"}


def test_a_published_page_is_served_at_the_root(world: World, staging: dict[str, Any]) -> None:
    publish(world.emulator, staging, "index.html", "<h1>To do</h1>")
    answer = ask(world.emulator, staging, "GET", "/")
    assert (answer.status, answer.body) == (200, "<h1>To do</h1>")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["strict-transport-security"]


def test_production_routes_folders_and_says_what_its_pages_may_load(
    world: World, production: dict[str, Any]
) -> None:
    publish(world.emulator, production, "help/index.html", "<h1>Help</h1>")
    answer = ask(world.emulator, production, "GET", "/help")
    assert (answer.status, answer.body) == (200, "<h1>Help</h1>")
    assert answer.headers["content-security-policy"] == PRODUCTION["content_security_policy"]


def test_a_services_paths_reach_its_task_with_method_query_and_body(
    world: World, staging: dict[str, Any], production: dict[str, Any]
) -> None:
    with task(world.emulator, staging):
        read = ask(world.emulator, staging, "GET", "/api/state/default?since=1&until=2")
        written = ask(world.emulator, staging, "PUT", "/api/state/default", "[1]")
        elsewhere = ask(world.emulator, production, "GET", "/api/state/default")
    expected = {"method": "GET", "path": "/api/state/default?since=1&until=2", "body": ""}
    assert (read.status, json.loads(read.body)) == (200, expected)
    assert json.loads(written.body) == {"method": "PUT", "path": "/api/state/default", "body": "[1]"}
    # The other environment has no task: nothing of this one's answers for it.
    assert elsewhere.status == 503
    with task(world.emulator, production):
        assert ask(world.emulator, production, "GET", "/download/all").status == 200


def test_the_service_waits_for_its_first_deployment_with_its_settings_in_place(
    world: World, staging: dict[str, Any]
) -> None:
    containers = world.emulator.client("ecs")
    said = staging["services"]["backend"]
    found = containers.describe_services(cluster=staging["cluster_name"], services=[said["service_name"]])
    (service,) = found["services"]
    assert (service["desiredCount"], service["runningCount"]) == (0, 0)
    breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert breaker == {"enable": True, "rollback": True}
    family = said["task_definition_family"]
    definition = containers.describe_task_definition(taskDefinition=family)["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    assert container["image"] == f"{said['repository_url']}:bootstrap"
    assert {variable["name"]: variable["value"] for variable in container["environment"]} == {
        "AWS_DEFAULT_REGION": "us-east-2",
        "GREETING": "hello",
        "PORT": "5000",
        "STORAGE_BUCKET": staging["state_bucket"],
    }


@contextmanager
def deployed(world: World, outputs: dict[str, Any]) -> Iterator[None]:
    """A deployment, as the panel makes them: a new revision that runs the desired number of tasks."""
    containers = world.emulator.client("ecs")
    said = outputs["services"]["backend"]
    family = said["task_definition_family"]
    definition = containers.describe_task_definition(taskDefinition=family)["taskDefinition"]
    kept = (
        "family",
        "networkMode",
        "containerDefinitions",
        "requiresCompatibilities",
        "taskRoleArn",
        "executionRoleArn",
        "volumes",
    )
    copied = {name: definition[name] for name in kept if name in definition}
    revision = containers.register_task_definition(**copied)["taskDefinition"]["taskDefinitionArn"]
    service = {"cluster": outputs["cluster_name"], "service": said["service_name"]}
    containers.update_service(**service, taskDefinition=revision, desiredCount=said["desired_count"])
    try:
        yield
    finally:
        containers.update_service(**service, desiredCount=0)
        containers.deregister_task_definition(taskDefinition=revision)


def planned_changes(world: World, *names: str) -> set[str]:
    """What new plans of these stacks would change: the stack's name, the resource's type, the action."""
    stacks = {name: world.stacks()[name] for name in names}
    plans = side_by_side(lambda stack: stack.run("plan", "-json", "-parallelism=30").succeeded(), stacks)
    return {
        f"{name}: {change['resource']['resource_type']} {change['action']}"
        for name, plan in plans.items()
        for change in (event["change"] for event in plan.events("planned_change"))
    }


# Types whose tags the emulator does not tell.
TAGS_UNTOLD = [
    gap["subject"].removesuffix(".tags_all")
    for gap in emulator_gaps().values()
    if gap["subject"].endswith(".tags_all")
]
# Key pairs are production's alone here.
SHOWN = {f"production: {gap['shows']}" for gap in emulator_gaps().values() if "shows" in gap}


def test_a_second_plan_changes_nothing_not_even_after_a_deployment(
    world: World, staging: dict[str, Any]
) -> None:
    with deployed(world, staging):
        assert planned_changes(world, "shared", "staging", "production") == SHOWN


def test_whatever_can_be_tagged_says_whose_it_is_and_so_will_instances_and_their_disks(world: World) -> None:
    for name, stack in world.stacks().items():
        expected = {
            "Project": PROJECT,
            "Environment": name,
            "ManagedBy": "terraform",
            "Owner": stack.variables["owner"],
        }
        state = world.state(name)
        assert count_tagged(state) > 10
        wrong = wrongly_tagged(state, expected)
        assert [line for line in wrong if not any(kind in line for kind in TAGS_UNTOLD)] == []


def test_what_the_policy_narrows_by_name_covers_the_names_that_are_made(world: World) -> None:
    policy = read_policy(TERRAFORM_POLICIES, ACCOUNT)
    made = [item for name in world.stacks() for item in arns_of(world.state(name))]
    needed = {
        (kind, action)
        for stack in world.stacks().values()
        for kind, action in (
            (call.resource_type, action) for call in stack.calls() for action in needed_by(call)
        )
    }
    refused = {
        (action, arn)
        for kind, arn in made
        for called_for, action in needed
        if called_for == kind and action.split(":")[0] == arn.split(":")[2] and not policy.allows(action, arn)
    }
    assert len(made) > 30
    assert refused == set()


def test_the_services_code_may_read_and_write_its_state_and_nothing_else(
    world: World, staging: dict[str, Any]
) -> None:
    roles = world.emulator.client("iam")
    role = staging["services"]["backend"]["task_role_arn"].rsplit("/", 1)[1]
    assert roles.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    (name,) = roles.list_role_policies(RoleName=role)["PolicyNames"]
    statements = roles.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
    bucket = f"arn:aws:s3:::{staging['state_bucket']}"
    assert {
        (action, statement["Resource"]) for statement in statements for action in statement["Action"]
    } == {
        ("s3:GetObject", f"{bucket}/*"),
        ("s3:PutObject", f"{bucket}/*"),
        ("s3:ListBucket", bucket),
    }


def test_destroying_one_environment_leaves_the_other_alone(world: World, production: dict[str, Any]) -> None:
    publish(world.emulator, production, "index.html", "<h1>Production</h1>")
    before = holdings(world.emulator, STATES)
    gone = named_by(world.state("staging"))
    world.environments["staging"].run("destroy", *DESTROYING).succeeded()
    assert holdings(world.emulator, STATES) == {(kind, name) for kind, name in before if name not in gone}
    assert planned_changes(world, "shared", "production") == SHOWN
    with task(world.emulator, production):
        assert ask(world.emulator, production, "GET", "/").body == "<h1>Production</h1>"
        assert ask(world.emulator, production, "GET", "/api/state/default").status == 200


def test_destroying_everything_leaves_nothing_but_the_states(world: World) -> None:
    for stack in (world.environments["production"], world.shared):
        stack.run("destroy", *DESTROYING).succeeded()
    assert holdings(world.emulator, STATES) == set()


def test_terraform_asked_for_what_its_policy_allows_and_no_more_is_allowed(world: World) -> None:
    allowed = read_policy(TERRAFORM_POLICIES, ACCOUNT).actions
    needed = {
        action for stack in world.stacks().values() for call in stack.calls() for action in needed_by(call)
    }
    assert len(needed) > 150
    assert needed - allowed == set()
    assert allowed - needed - excused("terraform") == set()
