"""A workbench for real Terraform, an emulator of AWS, and one world that is applied there for all tests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.terraform.terraform_process import (  # noqa: E402 - the repository's root has to be importable first
    Finished,
    environment,
    provider_source,
    run_terraform,
)

REGION = "us-east-2"
STATES = "todo-terraform-state"
PROJECT = "todo"
VARIABLES = "terraform.tfvars.json"

SHARED = {
    "project_name": PROJECT,
    "aws_region": REGION,
    "owner": "API team",
    "zone_name": "todo.example.com",
    "repositories": ["backend"],
    "emulated": True,
}
# What a real account is given: the rest are the stack's own defaults.
STAGING = {
    "project_name": PROJECT,
    "environment_name": "staging",
    "aws_region": REGION,
    "owner": "API team",
    "domain_name": "staging.todo.example.com",
    "subnet_slot": 1,
    "services": {
        "backend": {
            "port": 5000,
            "path_pattern": "/api/*",
            "health_path": "/status",
            "memory_soft_mb": 64,
            "memory_hard_mb": 128,
            "desired_count": 2,
            "environment": {"GREETING": "hello"},
        }
    },
    "remote_state": {"bucket": STATES, "key": "shared/terraform.tfstate", "region": REGION},
}


def emulated(port: int) -> dict[str, Any]:
    """What the emulator needs beside that."""
    return {
        "emulated": True,
        "emulator_port": port,
        "origin_protocol_policy": "http-only",
        "viewer_protocol_policy": "allow-all",
        "http_listener_forwards": True,
        "cloudfront_wait_for_deployment": False,
        "ecs_ami_ssm_parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        "force_destroy": True,
    }


@dataclass
class Stack:
    """One initialised copy of a stack, with its variables."""

    folder: Path
    environment: dict[str, str]
    variables: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments: str) -> Finished:
        """Run one command there."""
        # One variable a line, so that a diagnostic's line tells which one it is about.
        lines = ",\n".join(
            f"{json.dumps(name)}: {json.dumps(value)}" for name, value in self.variables.items()
        )
        (self.folder / VARIABLES).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        # On a busy machine the provider now and then drops an answer that comes at once, as an emulator's does,
        # and asks again; what was made or deleted already is then an error. With one thread it hardly does.
        calmer = {"GOMAXPROCS": "1"} if arguments[0] in ("apply", "destroy") else {}
        return run_terraform(self.folder, list(arguments), {**self.environment, **calmer})

    def outputs(self) -> dict[str, Any]:
        """Its outputs by name."""
        said = json.loads(self.run("output", "-json").succeeded().output)
        return {name: output["value"] for name, output in said.items()}


@dataclass(frozen=True)
class Emulator:
    """A running MiniStack."""

    port: int

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of one of its services."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def variables(self) -> dict[str, str]:
        """Environment that leads Terraform here."""
        address = f"http://127.0.0.1:{self.port}"
        return {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class Workbench:
    """Copies of terraform/ to run commands in."""

    folder: Path
    cli_config: Path

    def stack(self, source: Path, name: str, extra: dict[str, str], backend: dict[str, str] | None) -> Stack:
        """A copy of the tree, with the folder `source` of it initialised; `backend` None is for validation."""
        tree = self.folder / name
        shutil.copytree(
            REPOSITORY / "terraform", tree / "terraform", ignore=shutil.ignore_patterns(".terraform*")
        )
        folder = tree / source
        if not folder.exists():
            shutil.copytree(REPOSITORY / source, folder)
        made = Stack(folder, environment(self.cli_config, extra))
        settings = [f"-backend-config={key}={value}" for key, value in (backend or {}).items()]
        run = made.run("init", "-no-color", *(settings or ["-backend=false"]))
        run.succeeded()
        return made


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    source = provider_source()
    if source is None:
        pytest.skip(
            "the AWS provider is in no mirror on this machine, and the Terraform registry cannot be reached"
        )
    folder = tmp_path_factory.mktemp("terraform")
    cli_config = folder / "cli.tfrc"
    cli_config.write_text(f"provider_installation {{\n  {source}\n}}\n", encoding="utf-8")
    return Workbench(folder, cli_config)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    switches = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
    }
    log = tmp_path_factory.mktemp("emulator") / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env={**kept, **switches}, stdout=output, stderr=output
        )
    try:
        wait_until_ready(process, port, log)
        yield Emulator(port)
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the emulator answers; fail with its log when it ended or never does."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The emulator did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")


def state_in_bucket(key: str) -> dict[str, str]:
    """Backend settings, as the panel gives them."""
    emulator_needs = ("use_path_style", "skip_credentials_validation", "skip_metadata_api_check")
    where = {"bucket": STATES, "key": f"{key}/terraform.tfstate", "region": REGION, "use_lockfile": "true"}
    return where | dict.fromkeys(emulator_needs, "true")


@dataclass
class World:
    """The shared stack and a staging environment, applied; and what the second apply said."""

    emulator: Emulator
    workbench: Workbench
    shared: Stack
    staging: Stack
    events: list[str]


@pytest.fixture(scope="session")
def shared(workbench: Workbench, emulator: Emulator) -> Stack:
    states = emulator.client("s3")
    states.create_bucket(Bucket=STATES, CreateBucketConfiguration={"LocationConstraint": REGION})
    states.put_bucket_versioning(Bucket=STATES, VersioningConfiguration={"Status": "Enabled"})
    where = Path("terraform/stacks/shared")
    stack = workbench.stack(where, "shared", emulator.variables(), state_in_bucket("shared"))
    stack.variables = SHARED
    stack.run("apply", "-auto-approve", "-json", "-parallelism=30").succeeded()
    return stack


@pytest.fixture(scope="session")
def world(workbench: Workbench, emulator: Emulator, shared: Stack) -> World:
    where = Path("terraform/stacks/environment")
    backend = state_in_bucket("environments/staging")
    staging = workbench.stack(where, "staging", emulator.variables(), backend)
    staging.variables = STAGING | emulated(emulator.port)
    applied = staging.run("apply", "-auto-approve", "-json", "-parallelism=30").succeeded()
    return World(emulator, workbench, shared, staging, applied.output.splitlines())
