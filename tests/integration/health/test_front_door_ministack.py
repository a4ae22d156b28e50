"""The embedded AWS's own front door: a site bucket behind CloudFront, reached by label."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from panel.aws.front_door import FrontDoor, front_door, get, require_listening, site_release_seen, site_seen
from panel.aws.observe import distribution
from panel.aws.observe_logs import log_errors
from panel.aws.observe_metrics import metrics, service_queries
from panel.aws.observe_tasks import tasks
from panel.aws.session import Account, Aws
from panel.catalogue.schema import Catalogue
from panel.errors import EndpointError, NotFoundError
from panel.health.sweep import sweep

REGION = "us-east-2"
START_LIMIT_S = 60


def await_ready(endpoint: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        assert process.poll() is None, "the embedded AWS ended at its start"
        try:
            if httpx.get(f"{endpoint}/_ministack/health", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the embedded AWS was not ready within {START_LIMIT_S} s")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("ministack")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "MINISTACK_REGION": REGION, "TMPDIR": str(folder),
        # A socket that cannot exist: a task must not start a container where an engine happens to answer.
        "DOCKER_HOST": f"unix://{folder}/none.sock",
    }  # fmt: skip
    with Path(folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        await_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def aws(endpoint: str) -> Aws:
    return Aws(Account(REGION, endpoint, "test", "test"))


def readable_by(distribution_arn: str, bucket: str) -> dict[str, object]:
    """The bucket's policy: that distribution alone may read."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
            }
        ],
    }


def create_site(aws: Aws, bucket: str, policy: str) -> dict[str, object]:
    """A private bucket behind a distribution with origin access control; the outputs that name it."""
    s3, cloudfront = aws.client("s3"), aws.client("cloudfront")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    access = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": bucket,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": "",
            "Enabled": True,
            "DefaultRootObject": "index.html",
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "site",
                        "DomainName": f"{bucket}.s3.{REGION}.amazonaws.com",
                        "OriginAccessControlId": access,
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "site",
                "ViewerProtocolPolicy": policy,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                "MinTTL": 0,
            },
        }
    )["Distribution"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(readable_by(made["ARN"], bucket)))
    return {
        "domain_name": "staging.todo.example.com",
        "cloudfront_domain_name": made["DomainName"],
        "cloudfront_distribution_id": made["Id"],
    }


def publish(aws: Aws, bucket: str) -> None:
    put = aws.client("s3").put_object
    put(Bucket=bucket, Key="index.html", Body=b"<html>todos</html>", ContentType="text/html")
    put(
        Bucket=bucket,
        Key="config.js",
        Body=b'window.APP_CONFIG = {"apiBase": "/api", "release": "r12"};',
        ContentType="text/javascript",
    )


def test_a_published_site_is_seen_with_its_release(aws: Aws, endpoint: str) -> None:
    outputs = create_site(aws, "published-site", "allow-all")
    publish(aws, "published-site")

    door = front_door(outputs, emulated_endpoint=endpoint)

    seen = site_seen(door, 10)
    assert (seen.page.status, seen.page.body) == (200, b"<html>todos</html>")
    assert seen.is_page
    assert site_release_seen(door) == "r12"


def test_a_site_that_is_not_published_is_no_page(aws: Aws, endpoint: str) -> None:
    outputs = create_site(aws, "empty-site", "allow-all")

    seen = site_seen(front_door(outputs, emulated_endpoint=endpoint), 10)

    assert seen.page.status in (403, 404)
    assert not seen.is_page


def test_a_redirect_to_https_is_handed_back_for_the_embedded_aws_has_none(aws: Aws, endpoint: str) -> None:
    outputs = create_site(aws, "https-site", "redirect-to-https")
    publish(aws, "https-site")

    answer = get(front_door(outputs, emulated_endpoint=endpoint), "/", 10)

    assert answer.status == 301
    assert answer.headers["location"].startswith("https://")


def test_a_distribution_that_is_gone_serves_no_page(endpoint: str) -> None:
    door = front_door(
        {"domain_name": "staging.todo.example.com", "cloudfront_domain_name": "dgone.cloudfront.net"},
        emulated_endpoint=endpoint,
    )

    assert not site_seen(door, 10).is_page


def test_the_distribution_reads_as_deployed_or_gone(aws: Aws) -> None:
    outputs = create_site(aws, "described-site", "allow-all")

    seen = distribution(aws, str(outputs["cloudfront_distribution_id"]))

    assert (seen.status, seen.enabled) == ("Deployed", True)
    with pytest.raises(NotFoundError):
        distribution(aws, "E0GONE")


def create_service(aws: Aws, name: str) -> dict[str, str]:
    """An ECS service that wants two tasks behind a target group, as Terraform's output describes it."""
    ecs = aws.client("ecs")
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = aws.client("elbv2").create_target_group(
        Name=name, Protocol="HTTP", Port=5000, VpcId=vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    ecs.create_cluster(clusterName=name)
    container = {"name": "backend", "image": "backend:v7", "memory": 64}
    container |= {"environment": [{"name": "APP_VERSION", "value": "v7"}]}
    definition = ecs.register_task_definition(family=name, containerDefinitions=[container])
    ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
        desiredCount=2,
        loadBalancers=[{"targetGroupArn": group, "containerName": "backend", "containerPort": 5000}],
    )
    return {"service_name": name, "container_name": "backend", "target_group_arn": group}


def create_load_balancer(aws: Aws, name: str) -> str:
    """A load balancer that listens on one port; tells its ARN."""
    ec2, elbv2 = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    arn = elbv2.create_load_balancer(Name=name, Subnets=[subnet])["LoadBalancers"][0]["LoadBalancerArn"]
    nothing = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    elbv2.create_listener(LoadBalancerArn=arn, Port=80, Protocol="HTTP", DefaultActions=nothing)
    return str(arn)


def test_tasks_that_only_ecs_believes_in_do_not_count(aws: Aws, endpoint: str, catalogue: Catalogue) -> None:
    outputs = create_site(aws, "swept-site", "allow-all")
    publish(aws, "swept-site")
    service = create_service(aws, "swept")
    outputs |= {"cluster_name": "swept", "autoscaling_group_name": "swept", "services": {"backend": service}}
    outputs |= {"load_balancer_arn": create_load_balancer(aws, "swept"), "state_bucket": "swept-site"}

    report = sweep(aws, catalogue, "staging", outputs, emulated_endpoint=endpoint)

    verdicts = {result.name: result.verdict for result in report.probes}
    assert {name: verdicts[name] for name in ("api", "services", "targets")} == dict.fromkeys(
        ("api", "services", "targets"), "down"
    )
    # What it can tell, and nothing else, may be healthy.
    assert {name for name, verdict in verdicts.items() if verdict == "healthy"} == {
        "site",
        "cloudfront",
        "state_bucket",
    }
    untold = {"instances", "utilisation", "cloudfront_errors", "certificate", "dns", "alarms", "log_errors"}
    assert {verdicts[name] for name in untold} == {"unknown"}
    assert report.verdict == "down"
    assert (report.services["backend"].version, report.services["backend"].running) == ("v7", 0)
    assert report.causes[0].text.endswith("None of 2 tasks is running.")

    # It tells targets apart by address alone, not by port.
    targets = [{"Id": address, "Port": 5000} for address in ("127.0.0.2", "127.0.0.3")]
    aws.client("elbv2").register_targets(TargetGroupArn=service["target_group_arn"], Targets=targets)

    report = sweep(aws, catalogue, "staging", outputs, emulated_endpoint=endpoint)

    assert {r.name: r.verdict for r in report.probes if r.name in ("services", "targets")} == {
        "services": "healthy",
        "targets": "unknown",
    }
    assert report.services["backend"].running == 2
    assert report.verdict == "down", "registered, yet nothing answers people"


def test_single_tasks_and_lines_of_logs_are_told_and_figures_are_not(aws: Aws) -> None:
    create_service(aws, "looked-at")
    ecs, logs, now = aws.client("ecs"), aws.client("logs"), datetime.now(UTC)
    first = ecs.list_tasks(cluster="looked-at")["taskArns"][0]
    ecs.stop_task(cluster="looked-at", task=first, reason="by hand")
    logs.create_log_group(logGroupName="/ecs/looked-at")
    logs.create_log_stream(logGroupName="/ecs/looked-at", logStreamName="one")
    at = round(now.timestamp() * 1000)
    lines = [{"timestamp": at, "message": text} for text in ("GET / 200", "ERROR one", "FATAL two")]
    logs.put_log_events(logGroupName="/ecs/looked-at", logStreamName="one", logEvents=lines)
    before = now - timedelta(minutes=5)

    stopped = next(task for task in tasks(aws, "looked-at") if first.endswith(task.id))
    errors = log_errors(aws, "/ecs/looked-at", begin=before, end=now + timedelta(minutes=1))
    figures = metrics(aws, service_queries("looked-at", "looked-at"), begin=before, end=now)

    assert (stopped.service, stopped.state, stopped.reason) == ("looked-at", "STOPPED", "by hand")
    assert stopped.stop_code == "UserInitiated"
    assert (errors.count, errors.newest) == (2, "FATAL two")
    assert set(figures.values()) == {()}


def test_whether_the_embedded_aws_listens(endpoint: str, unused_port: int) -> None:
    require_listening(endpoint)
    with pytest.raises(EndpointError, match="does not answer") as caught:
        require_listening(f"http://127.0.0.1:{unused_port}")
    assert "panel local start" in caught.value.hint


def test_the_name_itself_is_what_browsers_open(aws: Aws, endpoint: str) -> None:
    outputs = create_site(aws, "named-site", "allow-all")
    publish(aws, "named-site")
    door = front_door(outputs, emulated_endpoint=endpoint)

    other = FrontDoor(door.url, door.connect, "localhost")

    assert get(door, "/", 10).status == 200
    assert get(other, "/", 10).body != b"<html>todos</html>"
