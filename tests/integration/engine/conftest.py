"""An emulator of AWS for real Terraform, and small stacks to run in it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from panel.engine.cli_config import discover_mirrors
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome
from panel.engine.terraform import Terraform
from panel.engine.workspace import Backend, Workspace, render_workspace
from panel.settings import load_settings

REGION = "us-east-2"
BUCKET = "engine-states"

PROVIDER = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region                      = "us-east-2"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""
STACKS = {
    # Two resources of AWS, one in a module, and a secret.
    "stacks/pair/main.tf": PROVIDER
    + """
variable "name" { type = string }

variable "password" {
  type      = string
  sensitive = true
}

resource "aws_ssm_parameter" "secret" {
  name  = "/${var.name}/password"
  type  = "SecureString"
  value = var.password
}

module "person" {
  source = "../../modules/person"
  name   = var.name
}

output "user" { value = module.person.arn }

output "password" {
  value     = var.password
  sensitive = true
}
""",
    "modules/person/main.tf": """
variable "name" { type = string }

resource "aws_iam_user" "this" { name = var.name }

output "arn" { value = aws_iam_user.this.arn }
""",
    # No provider to load: what is built into Terraform, one resource that takes its time.
    "stacks/patient/main.tf": """
variable "seconds" { type = number }
variable "tally" { type = string }

resource "terraform_data" "first" { input = "done at once" }

resource "terraform_data" "slow" {
  input = terraform_data.first.output

  provisioner "local-exec" {
    command = "echo run >> ${var.tally} && sleep ${var.seconds}"
  }
}

output "word" { value = terraform_data.slow.output }
""",
    "stacks/broken/main.tf": """
resource "terraform_data" "fine" { input = "x" }

module "bad" {
  source = "../../modules/bad"
}
""",
    "modules/bad/main.tf": """
resource "terraform_data" "bad" {
  input = terraform_data.nowhere.output
}
""",
    "stacks/unknown/main.tf": """
terraform {
  required_providers {
    nothing = {
      source = "example/nothing"
    }
  }
}

resource "nothing_at_all" "x" {}
""",
}


@dataclass(frozen=True)
class Cloud:
    """The emulator."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """What Terraform needs to find it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
        }

    def client(self, service: str):
        """A boto3 client, for looking at what Terraform did."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """MiniStack on a free port of loopback, with a bucket for states."""
    folder = tmp_path_factory.mktemp("ministack")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        # A socket that cannot exist: no task may become a container where an engine happens to answer.
        "DOCKER_HOST": f"unix://{folder}/none.sock",
    }
    program = Path(sys.executable).with_name("ministack")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([program], env=environment, cwd=folder, stdout=log, stderr=log) as process,
    ):
        found = Cloud(f"http://127.0.0.1:{port}")
        try:
            wait_for("the emulator", lambda: _answers(found.endpoint))
            found.client("s3").create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            yield found
        finally:
            process.terminate()


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(what: str, happened: Callable[[], object], limit_s: float = 60.0) -> None:
    """Look until it has happened; the limit only ends a broken test."""
    give_up = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < give_up, f"{what} never came about"
        time.sleep(0.05)


@dataclass(frozen=True)
class Project:
    """A stack in a workspace, and the Terraform that works on it."""

    terraform: Terraform
    workspace: Workspace
    backend: Backend
    cloud: Cloud
    source: Path
    data_dir: Path

    def start(self, operation: Operation, key: str) -> Execution:
        """Start an operation."""
        return self.terraform.start(self.workspace, operation, key=key)

    def run(self, operation: Operation, key: str) -> Outcome:
        """Run an operation to its end."""
        return self.follow(self.start(operation, key))

    @staticmethod
    def follow(execution: Execution, events: list | None = None) -> Outcome:
        """Follow an execution to its end."""
        return execution.follow(
            poll_interval=0.1, timeout=110, on_event=(events if events is not None else []).append
        )

    @staticmethod
    def wait_for(what: str, happened: Callable[[], object]) -> None:
        """Look until it has happened."""
        wait_for(what, happened)

    def apply_of(self, plan: Outcome) -> Operation:
        """The apply of a plan."""
        return Operation.apply(plan.plan_path, plan_digest=plan.plan_digest)

    def stored(self, suffix: str = "") -> bytes | None:
        """The state object, or the one with this suffix."""
        client = self.cloud.client("s3")
        try:
            return client.get_object(Bucket=BUCKET, Key=self.backend.key + suffix)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path) -> Callable[..., Project]:
    """Makes a project around one of the stacks."""

    def make(
        stack: str,
        *,
        binary: str = "",
        environment: dict[str, str] | None = None,
        **variables: object,
    ) -> Project:
        source = tmp_path / "terraform"
        for name, content in STACKS.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        backend = Backend(BUCKET, f"{stack}-{uuid4().hex}/terraform.tfstate", REGION, emulated=True)
        workspace = render_workspace(
            source, tmp_path / "workspace", stack=stack, variables=variables, backend=backend
        )
        terraform = Terraform(
            binary=binary,
            data_dir=tmp_path / "data",
            provider_mirror=load_settings().provider_mirror,
            environment=cloud.environment | (environment or {}),
        )
        return Project(terraform, workspace, backend, cloud, source, tmp_path / "data")

    return make


@pytest.fixture
def aws_provider() -> None:
    """Skips where no local mirror holds the AWS provider."""
    mirrors = discover_mirrors(load_settings().provider_mirror)
    if not any(name.endswith("/hashicorp/aws") for mirror in mirrors for name in mirror.providers):
        pytest.skip("no local mirror holds the AWS provider")
