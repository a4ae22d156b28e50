"""A workspace inside a data directory, a Terraform with a warm engine, and what tests ask of both."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome
from panel.engine.terraform import Terraform
from panel.engine.warm.place import Limits, Place, all_places
from panel.engine.workspace import Backend, Workspace, render_workspace
from panel.settings import load_settings
from tests.integration.engine.conftest import BUCKET, REGION, STACKS, Cloud, wait_for

#: Stacks beside those of the folder's other tests.
MORE_STACKS = {
    # No provider: what is built into Terraform, in two modules.
    "stacks/pieces/main.tf": """
variable "words" { type = map(string) }

variable "key" {
  type      = string
  sensitive = true
}

module "first" {
  source = "../../modules/piece"
  word   = var.words["first"]
}

module "others" {
  for_each = var.words
  source   = "../../modules/piece"
  word     = "${each.value} after ${module.first.word}"
}

resource "terraform_data" "secret" { input = var.key }

output "words" { value = { for name, piece in module.others : name => piece.word } }
""",
    "modules/piece/main.tf": """
variable "word" { type = string }

resource "terraform_data" "this" {
  input            = var.word
  triggers_replace = [length(var.word)]
}

output "word" { value = terraform_data.this.output }
""",
    # A provider in two regions: each configuration has to have a process of its own.
    "stacks/regions/main.tf": """
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
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "edge"
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

data "aws_region" "here" {}

data "aws_region" "edge" { provider = aws.edge }

output "regions" { value = [data.aws_region.here.name, data.aws_region.edge.name] }
""",
}


@dataclass(frozen=True)
class WarmProject:
    """A stack in a workspace of a data directory."""

    terraform: Terraform
    workspace: Workspace
    backend: Backend
    cloud: Cloud
    data_dir: Path

    @property
    def place(self) -> Place | None:
        """Where the live warm process is."""
        return next((place for place in all_places(self.data_dir) if place.process() is not None), None)

    def process(self) -> psutil.Process:
        """The live warm process."""
        assert self.place is not None
        found = self.place.process()
        assert found is not None
        return found

    def with_stack(self, source: Path, stack: str, key: str, variables: Mapping[str, Any]) -> WarmProject:
        """The same with another stack, in a workspace of its own."""
        backend = replace(self.backend, key=key)
        workspace = render_workspace(
            source,
            self.data_dir / "workspaces" / f"{stack}-{uuid4().hex[:6]}",
            stack=stack,
            variables=variables,
            backend=backend,
        )
        return replace(self, workspace=workspace, backend=backend)

    def warm_up(self) -> psutil.Process:
        """Prepare the workspace, start the warm process and wait until it is ready."""
        self.prepare()
        self.terraform.warm_up(self.workspace)
        wait_for("a warm process", lambda: self.terraform.has_warm(self.workspace))
        return self.process()

    def prepare(self) -> None:
        """Have ``init`` done, by a cold reading of outputs: that needs no provider."""
        self.cold(Operation.output(), "prepare").check()

    def begin(self, operation: Operation, key: str) -> Execution | None:
        """Hand an operation to the warm process."""
        return self.terraform.start_warm(self.workspace, operation, key=key)

    def warm(self, operation: Operation, key: str) -> Outcome:
        """Have the warm process do it."""
        execution = self.begin(operation, key)
        assert execution is not None, "the warm process did not take it"
        return self.follow(execution)

    def cold(self, operation: Operation, key: str) -> Outcome:
        """Do it cold."""
        return self.follow(self.begin_cold(operation, key))

    def begin_cold(self, operation: Operation, key: str) -> Execution:
        """Begin to do it cold."""
        return self.terraform.start(self.workspace, operation, key=key)

    @staticmethod
    def follow(execution: Execution) -> Outcome:
        """Follow to the end."""
        return execution.follow(poll_interval=0.05, timeout=110, on_event=lambda event: None)

    def apply_of(self, plan: Outcome) -> Operation:
        """The apply of a plan."""
        assert plan.plan_path is not None
        return Operation.apply(plan.plan_path, plan_digest=plan.plan_digest)

    def lock_state(self) -> None:
        """Put a lock there, as of somebody else: a plan that waits for it takes as long as the test wants."""
        facts = {"ID": str(uuid4()), "Operation": "Test", "Who": "somebody@elsewhere", "Path": "x"}
        self.cloud.client("s3").put_object(
            Bucket=BUCKET, Key=f"{self.backend.key}.tflock", Body=json.dumps(facts)
        )

    def unlock_state(self) -> None:
        """Take the lock away."""
        self.cloud.client("s3").delete_object(Bucket=BUCKET, Key=f"{self.backend.key}.tflock")

    def begin_waiting(self, key: str) -> Execution:
        """Begin a plan that is in the middle of its work until the state is unlocked."""
        self.lock_state()
        execution = self.begin(Operation.plan(lock_timeout_s=100), key)
        assert execution is not None
        wait_for("the plan", lambda: any(event.stage == "plan" for event in execution.events()))
        # The lock is asked for right after that, and asking takes a moment.
        time.sleep(0.5)
        return execution


def family(process: psutil.Process) -> list[psutil.Process]:
    """A warm process and all that it has started."""
    return [process, *process.children(recursive=True)]


def wait_for_end(processes: list[psutil.Process]) -> None:
    """Wait until none of them lives."""
    wait_for("the end", lambda: not psutil.wait_procs(processes, timeout=0.05)[1])


def end_left_over(data_dir: Path) -> None:
    """Whatever a test has left running."""
    for place in all_places(data_dir):
        process = place.process()
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            wait_for_end([process])


def make_project(
    folder: Path, cloud: Cloud, stack: str, variables: Mapping[str, Any], **limits: float
) -> WarmProject:
    """A project around one of the stacks."""
    source = folder / "terraform"
    for name, content in (STACKS | MORE_STACKS).items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    data_dir = folder / "data"
    backend = Backend(BUCKET, f"{stack}-{uuid4().hex}/terraform.tfstate", REGION, emulated=True)
    workspace = render_workspace(
        source, data_dir / "workspaces" / stack, stack=stack, variables=variables, backend=backend
    )
    terraform = Terraform(
        data_dir=data_dir,
        provider_mirror=load_settings().provider_mirror,
        environment=cloud.environment | {"AWS_SECRET_ACCESS_KEY": "canary-of-the-account"},
        warm=Limits(**{"idle_s": 100.0, **limits}),  # type: ignore[arg-type]  # numbers, whatever their kind
    )
    return WarmProject(terraform, workspace, backend, cloud, data_dir)
