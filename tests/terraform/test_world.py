"""The two stacks in an emulated AWS: applied, planned again, used through the front door, destroyed.

The tests run in the order they stand in; the last one takes the world down.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.terraform.critical_path import critical_path, steps_of

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

NETWORK = {"vpc_id", "vpc_cidr", "availability_zones", "public_subnet_ids", "private_subnet_ids"}
SERVICE = {
    "service_name",
    "task_definition_family",
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
def outputs(world: Any) -> dict[str, Any]:
    return world.staging.outputs()


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        said = json.dumps({"method": self.command, "path": self.path, "body": body}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_PUT = answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def task(world: Any, target_group: str) -> Iterator[None]:
    """A task of the service: a local server, registered in its target group."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    balancing = world.emulator.client("elbv2")
    targets = [{"Id": "127.0.0.1", "Port": server.server_port}]
    balancing.register_targets(TargetGroupArn=target_group, Targets=targets)
    try:
        yield
    finally:
        balancing.deregister_targets(TargetGroupArn=target_group, Targets=targets)
        server.shutdown()
        server.server_close()


def ask(
    world: Any, outputs: dict[str, Any], method: str, path: str, body: str | None = None
) -> tuple[Any, str]:
    """A viewer's request: to the loopback address, for the distribution's own host name."""
    label = outputs["cloudfront_domain_name"].split(".")[0]
    connection = http.client.HTTPConnection("127.0.0.1", world.emulator.port, timeout=30)
    try:
        host = f"{label}.cloudfront.localhost:{world.emulator.port}"
        connection.request(method, path, body=body, headers={"Host": host})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def test_the_shared_stack_gives_what_environments_and_panel_read(world: Any) -> None:
    said = world.shared.outputs()
    assert set(said) == {"network", "zone_id", "zone_name", "name_servers", "repositories", "keys_bucket"}
    assert set(said["network"]) >= NETWORK
    assert {slot: len(set(pair)) for slot, pair in said["network"]["public_subnet_ids"].items()} == {
        "0": 2,
        "1": 2,
    }
    assert set(said["repositories"]["backend"]) == {"name", "arn", "url"}
    assert said["repositories"]["backend"]["name"] == "todo/backend"


def test_the_environment_gives_what_the_panel_reads(outputs: dict[str, Any]) -> None:
    assert set(outputs) == OUTPUTS
    assert set(outputs["services"]["backend"]) == SERVICE
    assert outputs["url"] == "https://staging.todo.example.com"
    assert outputs["services"]["backend"]["desired_count"] == 2


def test_cloudfront_and_its_records_do_not_wait_for_the_load_balancer(world: Any) -> None:
    steps = {step.address: step for step in steps_of(world.events)}
    for step in critical_path(list(steps.values())):
        print(f"{step.begin:7.1f} {step.end - step.begin:6.1f}  {step.address}")
    balancer = steps["module.environment.module.load_balancer.aws_lb.this"]
    record = steps['module.environment.module.distribution[0].aws_route53_record.this["A"]']
    assert record.begin < balancer.end


def test_a_published_page_is_served_at_the_root(world: Any, outputs: dict[str, Any]) -> None:
    world.emulator.client("s3").put_object(
        Bucket=outputs["site_bucket"], Key="index.html", Body=b"<h1>To do</h1>", ContentType="text/html"
    )
    response, body = ask(world, outputs, "GET", "/")
    assert (response.status, body) == (200, "<h1>To do</h1>")
    assert response.headers["Content-Type"] == "text/html"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Strict-Transport-Security"]


def test_a_services_paths_reach_its_task_with_method_query_and_body(
    world: Any, outputs: dict[str, Any]
) -> None:
    with task(world, outputs["services"]["backend"]["target_group_arn"]):
        response, body = ask(world, outputs, "GET", "/api/state/default?since=1&until=2")
        assert response.status == 200
        assert json.loads(body) == {"method": "GET", "path": "/api/state/default?since=1&until=2", "body": ""}
        response, body = ask(world, outputs, "PUT", "/api/state/default", "[1]")
        assert json.loads(body) == {"method": "PUT", "path": "/api/state/default", "body": "[1]"}


def test_the_service_waits_for_its_first_deployment_with_its_settings_in_place(
    world: Any, outputs: dict[str, Any]
) -> None:
    containers = world.emulator.client("ecs")
    said = outputs["services"]["backend"]
    (service,) = containers.describe_services(
        cluster=outputs["cluster_name"], services=[said["service_name"]]
    )["services"]
    assert (service["desiredCount"], service["runningCount"]) == (0, 0)
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": True,
        "rollback": True,
    }
    definition = containers.describe_task_definition(taskDefinition=said["task_definition_family"])[
        "taskDefinition"
    ]
    (container,) = definition["containerDefinitions"]
    assert container["image"] == f"{said['repository_url']}:bootstrap"
    assert {variable["name"]: variable["value"] for variable in container["environment"]} == {
        "AWS_DEFAULT_REGION": "us-east-2",
        "GREETING": "hello",
        "PORT": "5000",
        "STORAGE_BUCKET": outputs["state_bucket"],
    }


@contextmanager
def deployed(world: Any, outputs: dict[str, Any]) -> Iterator[None]:
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
    )
    copied = {name: definition[name] for name in kept}
    revision = containers.register_task_definition(**copied)["taskDefinition"]["taskDefinitionArn"]
    service = {"cluster": outputs["cluster_name"], "service": said["service_name"]}
    containers.update_service(**service, taskDefinition=revision, desiredCount=said["desired_count"])
    try:
        yield
    finally:
        containers.update_service(**service, desiredCount=0)
        containers.deregister_task_definition(taskDefinition=revision)


def test_a_second_plan_changes_nothing_not_even_after_a_deployment(
    world: Any, outputs: dict[str, Any]
) -> None:
    with deployed(world, outputs):
        for stack in (world.shared, world.staging):
            again = stack.run("plan", "-detailed-exitcode", "-json")
            planned = [event["change"] for event in again.events("planned_change")]
            changes = [(change["resource"]["addr"], change["action"]) for change in planned]
            assert (again.code, changes) == (0, []), again.output[-4000:]


def test_the_services_code_may_read_and_write_its_state_and_nothing_else(
    world: Any, outputs: dict[str, Any]
) -> None:
    roles = world.emulator.client("iam")
    role = outputs["services"]["backend"]["task_role_arn"].rsplit("/", 1)[1]
    assert roles.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    (name,) = roles.list_role_policies(RoleName=role)["PolicyNames"]
    statements = roles.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
    bucket = f"arn:aws:s3:::{outputs['state_bucket']}"
    assert {
        (action, statement["Resource"]) for statement in statements for action in statement["Action"]
    } == {
        ("s3:GetObject", f"{bucket}/*"),
        ("s3:PutObject", f"{bucket}/*"),
        ("s3:ListBucket", bucket),
    }


def test_what_is_made_carries_project_environment_owner_and_maker(
    world: Any, outputs: dict[str, Any]
) -> None:
    expected = {"Project": "todo", "Environment": "staging", "ManagedBy": "terraform", "Owner": "API team"}
    balancing = world.emulator.client("elbv2")
    arn = outputs["load_balancer_arn"]
    (described,) = balancing.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    buckets = world.emulator.client("s3").get_bucket_tagging(Bucket=outputs["site_bucket"])
    groups = world.emulator.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[outputs["autoscaling_group_name"]]
    )["AutoScalingGroups"]
    for tags in (described["Tags"], buckets["TagSet"], groups[0]["Tags"]):
        assert expected.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items()


def left_behind(emulator: Any) -> dict[str, list[str]]:
    """What is still there of what the stacks make, by kind."""
    compute, containers, roles = emulator.client("ec2"), emulator.client("ecs"), emulator.client("iam")
    front = emulator.client("cloudfront")
    balancing = emulator.client("elbv2")
    found = {
        "networks": [vpc["VpcId"] for vpc in compute.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]],
        "launch templates": [
            item["LaunchTemplateName"] for item in compute.describe_launch_templates()["LaunchTemplates"]
        ],
        "buckets": [bucket["Name"] for bucket in emulator.client("s3").list_buckets()["Buckets"]],
        "zones": [zone["Name"] for zone in emulator.client("route53").list_hosted_zones()["HostedZones"]],
        "repositories": [
            item["repositoryName"] for item in emulator.client("ecr").describe_repositories()["repositories"]
        ],
        "load balancers": [
            item["LoadBalancerName"] for item in balancing.describe_load_balancers()["LoadBalancers"]
        ],
        "target groups": [
            item["TargetGroupName"] for item in balancing.describe_target_groups()["TargetGroups"]
        ],
        "clusters": containers.list_clusters()["clusterArns"],
        "task definitions": containers.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
        "groups": [
            group["AutoScalingGroupName"]
            for group in emulator.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        ],
        "roles": [role["RoleName"] for role in roles.list_roles()["Roles"]],
        "profiles": [
            item["InstanceProfileName"] for item in roles.list_instance_profiles()["InstanceProfiles"]
        ],
        "logs": [
            group["logGroupName"] for group in emulator.client("logs").describe_log_groups()["logGroups"]
        ],
        "distributions": [
            item["Id"] for item in front.list_distributions()["DistributionList"].get("Items", [])
        ],
        "access controls": [
            item["Id"]
            for item in front.list_origin_access_controls()["OriginAccessControlList"].get("Items", [])
        ],
        "subnet groups": [
            item["DBSubnetGroupName"]
            for item in emulator.client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
        ],
    }
    for region in ("us-east-1", "us-east-2"):
        listed = emulator.client("acm", region).list_certificates()["CertificateSummaryList"]
        found[f"certificates in {region}"] = [item["CertificateArn"] for item in listed]
    return {kind: names for kind, names in found.items() if names}


def test_destruction_leaves_nothing_but_the_states(world: Any) -> None:
    before = left_behind(world.emulator)
    assert len(before) == 18
    for stack in (world.staging, world.shared):
        stack.run("destroy", "-auto-approve", "-json", "-parallelism=30").succeeded()
    assert left_behind(world.emulator) == {"buckets": ["todo-terraform-state"]}
