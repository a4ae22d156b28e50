"""A sweep end to end: the front door is an HTTP server, AWS is moto's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.health.sweep import exit_code, sweep, to_dict

REGION = "us-east-2"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Aws(Account(REGION, None, "testing", "testing"))


@pytest.fixture
def outputs(aws: Aws) -> dict[str, object]:
    """A world with two tasks wanted, and the outputs that Terraform would give."""
    two_tasks_wanted(aws)
    load_balancer, group = balanced(aws)
    aws.client("s3").create_bucket(
        Bucket="todo-staging-state", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return {
        "domain_name": "staging.todo.example.com",
        "cloudfront_domain_name": "dabc.cloudfront.net",
        "cloudfront_distribution_id": distribution(aws),
        "cluster_name": "todo-staging",
        "autoscaling_group_name": "todo-staging",
        "load_balancer_arn": load_balancer,
        "state_bucket": "todo-staging-state",
        "services": {
            "backend": {
                "service_name": "todo-staging-backend",
                "container_name": "backend",
                "target_group_arn": group,
            }
        },
    }


def two_tasks_wanted(aws: Aws) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="todo-staging")
    definition = ecs.register_task_definition(
        family="todo-staging-backend",
        containerDefinitions=[
            {
                "name": "backend",
                "image": "backend:v7",
                "memory": 128,
                "environment": [{"name": "APP_VERSION", "value": "v7"}],
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster="todo-staging", serviceName="todo-staging-backend", taskDefinition=definition, desiredCount=2
    )


def balanced(aws: Aws) -> tuple[str, str]:
    """ARNs of a load balancer in two zones and of its target group."""
    ec2, balancer = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    load_balancer = balancer.create_load_balancer(
        Name="todo-staging", Subnets=[subnet["SubnetId"] for subnet in subnets]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = balancer.create_target_group(
        Name="todo-staging-backend", Protocol="HTTP", Port=5000, VpcId=vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    return load_balancer, group


def distribution(aws: Aws) -> str:
    """The identifier of a distribution."""
    made = aws.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{"Id": "site", "DomainName": "site.s3.amazonaws.com"}]},
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all"},
        }
    )
    return str(made["Distribution"]["Id"])


def serve_all(site: Any) -> None:
    site.serve("/", b"<html></html>")
    site.serve("/config.js", b'window.APP_CONFIG = {"release": "r12"};', "text/javascript")
    site.serve("/api/status", b'{"status":"ok","version":"v7","image":null}', "application/json")


def register(aws: Aws, outputs: dict[str, Any], *addresses: str) -> None:
    aws.client("elbv2").register_targets(
        TargetGroupArn=outputs["services"]["backend"]["target_group_arn"],
        Targets=[{"Id": address, "Port": 5000} for address in addresses],
    )


def test_what_answers_through_the_front_door_decides(
    aws: Aws, outputs: dict[str, object], site: Any, catalogue: Catalogue
) -> None:
    serve_all(site)
    endpoint = f"http://127.0.0.1:{site.port}"

    report = sweep(aws, catalogue, "staging", outputs, emulated_endpoint=endpoint)

    # moto starts no task, and none is registered: it answers, and nothing stands behind it.
    states = {result.name: result.verdict for result in report.probes}
    assert states == {
        "site": "healthy",
        "api": "healthy",
        "dns": "unknown",
        "certificate": "unknown",
        "cloudfront": "healthy",
        "cloudfront_errors": "unknown",
        "services": "down",
        "targets": "down",
        "utilisation": "unknown",
        "log_errors": "unknown",
        "load_balancer": "down",
        "instances": "unknown",
        "state_bucket": "healthy",
        "alarms": "unknown",
    }
    assert report.verdict == "degraded"
    backend = report.services["backend"]
    assert (backend.version, backend.desired, backend.running) == ("v7", 2, 0)
    assert report.services["frontend"].version == "r12"


def test_registered_targets_alone_are_never_green(
    aws: Aws, outputs: dict[str, object], site: Any, catalogue: Catalogue
) -> None:
    serve_all(site)
    site.serve("/api/status", b"Bad gateway", status=502)
    register(aws, outputs, "10.0.0.4", "10.0.0.5")

    report = sweep(aws, catalogue, "staging", outputs, emulated_endpoint=f"http://127.0.0.1:{site.port}")

    assert {p.name: p.verdict for p in report.probes}["targets"] == "unknown"
    assert report.verdict == "down"
    assert exit_code(report) == 1
    assert report.causes[0].text.startswith("TODO list: people cannot load or save anything.")


def test_without_the_embedded_aws_the_sweep_is_down_with_one_cause(
    aws: Aws, outputs: dict[str, object], catalogue: Catalogue, unused_port: int
) -> None:
    silent = Aws(Account(REGION, f"http://127.0.0.1:{unused_port}", "testing", "testing"))

    report = sweep(silent, catalogue, "staging", outputs, emulated_endpoint=f"http://127.0.0.1:{unused_port}")

    assert report.verdict == "down"
    assert [cause.text for cause in report.causes] == [
        "People cannot open the site. The embedded AWS that it runs on does not answer."
    ]
    evidence = {result.name: result.detail for result in report.probes}
    assert "does not answer" in evidence["services"]


def test_the_report_has_the_fields_that_scripts_rely_on(
    aws: Aws, outputs: dict[str, object], site: Any, catalogue: Catalogue
) -> None:
    serve_all(site)

    document = to_dict(
        sweep(aws, catalogue, "staging", outputs, emulated_endpoint=f"http://127.0.0.1:{site.port}")
    )

    assert {"verdict", "causes", "services", "probes"} <= set(document)
    assert len(document["probes"]) == 14
