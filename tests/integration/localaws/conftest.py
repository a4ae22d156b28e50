"""A small world for the agent: an image built by hand, a cluster, services behind load balancers."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import socket
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from panel.localaws import AgentSupervisor, LocalAws, ServiceTasks, Task, read_tasks

REGION = "us-east-2"
PROGRAM = Path(__file__).with_name("agent_program.py")

SERVER = """
import json, os, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import settings

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            print("going down", flush=True)
            os._exit(7)
        body = json.dumps({
            "version": settings.VERSION, "pid": os.getpid(), "greeting": os.environ.get("GREETING"),
            "cwd": os.getcwd(), "endpoint": os.environ.get("AWS_ENDPOINT_URL"), "home": os.environ.get("PANEL_SECRET"),
        }).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, format, *args):
        pass

def leave(*_):
    raise SystemExit(0)

signal.signal(signal.SIGTERM, leave)
print("version", settings.VERSION, "listens", flush=True)
ThreadingHTTPServer((os.environ["BIND_HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
BROKEN = "import sys\nprint('cannot find the database', flush=True)\nsys.exit(1)\n"


def wait_for(what: str, happened: Callable[[], Any], limit_s: float = 60.0) -> Any:
    """Look again and again until ``happened`` tells something true; the limit only ends a broken test."""
    deadline = time.monotonic() + limit_s
    while True:
        answer = happened()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: did not happen within {limit_s:.0f} s")
        time.sleep(0.05)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layer_of(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


class Stage:
    """One running embedded AWS with a repository, and helpers to deploy to it."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.local = LocalAws(data_dir, port, REGION, "process")
        self.agent = AgentSupervisor(data_dir)
        self.ecs, self.elbv2, self.ecr, self.logs = (
            boto3.client(
                name,
                endpoint_url=self.local.endpoint,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            for name in ("ecs", "elbv2", "ecr", "logs")
        )

    def open(self) -> None:
        self.local.start()
        self.ecr.create_repository(repositoryName="app")
        self.ecs.create_cluster(clusterName="main")
        self.logs.create_log_group(logGroupName="/app")
        self.start_agent()

    def close(self) -> None:
        self.local.stop()

    def start_agent(self) -> int:
        argv = [sys.executable, str(PROGRAM), str(self.data_dir), self.local.endpoint, REGION]
        return self.agent.start(argv, {"PATH": "/usr/bin:/bin"})

    def push(self, version: str, server: str = SERVER) -> str:
        """Push an image of this version; tells its reference by digest."""
        layer = layer_of({"app/server.py": server, "app/deps/settings.py": f"VERSION = {version!r}\n"})
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {
                    "Env": ["PYTHONPATH=/app/deps:/app", "GREETING=from the image"],
                    "WorkingDir": "/app",
                    "Cmd": ["python", "server.py"],
                },
                "rootfs": {"type": "layers", "diff_ids": [digest_of(gzip.decompress(layer))]},
            }
        ).encode()
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": digest_of(config),
                    "size": len(config),
                },
                "layers": [
                    {
                        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                        "digest": digest_of(layer),
                        "size": len(layer),
                    }
                ],
            }
        ).encode()
        with httpx.Client(base_url=self.local.endpoint, auth=("AWS", "x"), trust_env=False) as registry:
            for blob in (layer, config):
                started = registry.post("/v2/app/blobs/uploads/").raise_for_status()
                registry.put(
                    started.headers["Location"], params={"digest": digest_of(blob)}, content=blob
                ).raise_for_status()
            registry.put(
                f"/v2/app/manifests/{version}",
                content=manifest,
                headers={"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
            ).raise_for_status()
        return f"000000000000.dkr.ecr.{REGION}.amazonaws.com/app@{digest_of(manifest)}"

    def define(self, family: str, image: str, **more: Any) -> str:
        answer = self.ecs.register_task_definition(
            family=family,
            networkMode="awsvpc",
            containerDefinitions=[
                {
                    "name": "app",
                    "image": image,
                    "memory": 64,
                    "essential": True,
                    "portMappings": [{"containerPort": 5000}],
                    "environment": [{"name": "GREETING", "value": "from the definition"}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {"awslogs-group": "/app", "awslogs-stream-prefix": "web"},
                    },
                    **more,
                }
            ],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create_service(self, name: str, definition: str, desired: int) -> str:
        """Make a service with a target group of its own; tells the group's ARN."""
        group = self.elbv2.create_target_group(
            Name=name, Port=80, Protocol="HTTP", TargetType="ip", VpcId="vpc-1", HealthCheckPath="/status"
        )["TargetGroups"][0]["TargetGroupArn"]
        balancer = self.elbv2.create_load_balancer(Name=name, Subnets=["subnet-1", "subnet-2"])
        self.elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        self.ecs.create_service(
            cluster="main",
            serviceName=name,
            taskDefinition=definition,
            desiredCount=desired,
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 5000}],
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        )
        return str(group)

    def update(self, name: str, **change: Any) -> None:
        self.ecs.update_service(cluster="main", service=name, **change)

    def targets(self, group: str) -> set[tuple[str, int]]:
        health = self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {(item["Target"]["Id"], item["Target"]["Port"]) for item in health}

    def report(self, name: str) -> ServiceTasks | None:
        report = read_tasks(self.data_dir)
        return report.service("main", name) if report else None

    def running(self) -> list[Task]:
        """Every task of every service."""
        report = read_tasks(self.data_dir)
        return [task for service in report.services for task in service.tasks] if report else []

    def settled(self, name: str, definition: str, count: int) -> ServiceTasks:
        """Wait until exactly ``count`` healthy tasks of this definition run."""

        def look() -> ServiceTasks | None:
            seen = self.report(name)
            right = seen and seen.settled and seen.desired == count
            return seen if right and seen and seen.revision.startswith(f"{definition}#") else None

        settled = wait_for(f"{name} settles at {count}", look)
        assert isinstance(settled, ServiceTasks)
        return settled

    def get(self, name: str, path: str = "/") -> httpx.Response:
        """Ask a service through its load balancer."""
        return httpx.get(f"{self.local.endpoint}/_alb/{name}{path}", trust_env=False, timeout=60)

    wait_for = staticmethod(wait_for)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that tells a port nobody listens on."""

    def find() -> int:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return int(probe.getsockname()[1])

    return find


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Stage]:
    """One world for a module's tests; each test makes services of its own."""
    stage = Stage(tmp_path_factory.mktemp("stage"), free_port())
    stage.open()
    yield stage
    stage.close()
