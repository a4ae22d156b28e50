"""The world of the tests: the shared stack with two environments on it, applied to an emulator of AWS.

Belongs here: the values that the three stacks are given, and how they are applied. What is then asked of them
stands in test_world.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML

from tests.terraform.emulator import REGION, Emulator
from tests.terraform.workbench import Stack, Workbench

STATES = "todo-terraform-state"
PROJECT = "todo"
# What the tests ask of Terraform's processes at once: two cores are what a small CI machine has.
AT_ONCE = 2
CHANGING = ("-auto-approve", "-json", "-parallelism=30")
# Right before it everything was read by a plan.
DESTROYING = (*CHANGING, "-refresh=false")

Given = TypeVar("Given")
Result = TypeVar("Result")

SHARED: dict[str, Any] = {
    "project_name": PROJECT,
    "aws_region": REGION,
    "owner": "API team",
    "zone_name": "todo.example.com",
    "repositories": ["backend"],
    # On, so that what it takes is seen too. flow_log_retention_days stays unset: emulator_gaps.yaml says why.
    "nat_gateway": True,
    "emulated": True,
}
# What a real account is given: the rest are the stack's own defaults.
STAGING: dict[str, Any] = {
    "project_name": PROJECT,
    "environment_name": "staging",
    "aws_region": REGION,
    "owner": "API team",
    "domain_name": "staging.todo.example.com",
    "subnet_slot": 1,
    "services": {
        "backend": {
            "port": 5000,
            "path_patterns": ["/api/*"],
            "health_path": "/status",
            "memory_soft_mb": 64,
            "memory_hard_mb": 128,
            "desired_count": 2,
            "environment": {"GREETING": "hello"},
        }
    },
    "remote_state": {"bucket": STATES, "key": "shared/terraform.tfstate", "region": REGION},
}
# The same module with other values: its own place in the network, its own size, and the options that staging
# leaves alone.
PRODUCTION: dict[str, Any] = STAGING | {
    "environment_name": "production",
    "owner": "Platform team",
    "domain_name": "todo.example.com",
    "subnet_slot": 0,
    "instance_type": "t3.small",
    "instance_count": 3,
    "services": {
        "backend": {
            **STAGING["services"]["backend"],
            "path_patterns": ["/api/*", "/download/*"],
            "memory_hard_mb": 256,
            "desired_count": 1,
        }
    },
    "log_retention_days": 90,
    "price_class": "PriceClass_200",
    "site_routing": {"index_in_folders": True},
    "content_security_policy": "default-src 'self'",
    "ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNlcnRhaW5seW5vdGFyZWFscHVibGlja2V5MTIz operator",
}


def because_emulated(port: int) -> dict[str, Any]:
    """What the emulator needs beside that; why is said in emulator_gaps.yaml."""
    return {
        "emulated": True,
        "emulator_port": port,
        "origin_protocol_policy": "http-only",
        "viewer_protocol_policy": "allow-all",
        "http_listener_forwards": True,
        "cloudfront_wait_for_deployment": False,
        "ecs_ami_ssm_parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    }


def emulator_gaps() -> dict[str, Any]:
    """The entries of emulator_gaps.yaml by name."""
    file = Path(__file__).parent / "emulator_gaps.yaml"
    gaps: dict[str, Any] = YAML(typ="safe").load(file.read_text(encoding="utf-8"))["gaps"]
    return gaps


@dataclass(frozen=True)
class World:
    """The shared stack and its environments, applied.

    Attributes:
        environments: by name.
        events: what each environment's apply said, line by line.
    """

    emulator: Emulator
    shared: Stack
    environments: Mapping[str, Stack]
    events: Mapping[str, list[str]]

    def stacks(self) -> dict[str, Stack]:
        """All stacks by name."""
        return {"shared": self.shared, **self.environments}

    def state(self, name: str) -> dict[str, Any]:
        """The state of a stack, as it lies in its bucket."""
        kept = self.emulator.client("s3").get_object(
            Bucket=STATES, Key=f"{state_folder(name)}/terraform.tfstate"
        )
        state: dict[str, Any] = json.loads(kept["Body"].read())
        return state


def state_folder(name: str) -> str:
    """Where in the state bucket a stack's state is."""
    return name if name == "shared" else f"environments/{name}"


def side_by_side(act: Callable[[Given], Result], given: Mapping[str, Given]) -> dict[str, Result]:
    """Do the same with several things at a time, and return the results by name."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(zip(given, threads.map(act, given.values()), strict=True))


def apply_world(workbench: Workbench, emulator: Emulator) -> World:
    """Apply the shared stack, then both environments at the same time."""
    states = emulator.client("s3")
    states.create_bucket(Bucket=STATES, CreateBucketConfiguration={"LocationConstraint": REGION})
    states.put_bucket_versioning(Bucket=STATES, VersioningConfiguration={"Status": "Enabled"})
    shared = _stack(workbench, emulator, "shared", SHARED)
    # The environments' files need nothing of the shared stack: they are made while its zone is waited for.
    values = {values["environment_name"]: values for values in (STAGING, PRODUCTION)}
    for_tests = because_emulated(emulator.port) | {"force_destroy": True}
    with ThreadPoolExecutor(1) as aside:
        applied = aside.submit(shared.run, "apply", *CHANGING)
        environments = {
            name: _stack(workbench, emulator, name, given | for_tests) for name, given in values.items()
        }
        applied.result().succeeded()
    said = side_by_side(lambda stack: stack.run("apply", *CHANGING), environments)
    events = {name: run.succeeded().output.splitlines() for name, run in said.items()}
    return World(emulator, shared, environments, events)


def _stack(workbench: Workbench, emulator: Emulator, name: str, values: dict[str, Any]) -> Stack:
    source = Path("terraform/stacks") / ("shared" if name == "shared" else "environment")
    made = workbench.stack(source, name, emulator.variables(), _backend(name), recorded=True)
    made.variables = values
    return made


def _backend(name: str) -> dict[str, str]:
    """Backend settings, as the panel gives them."""
    emulator_needs = ("use_path_style", "skip_credentials_validation", "skip_metadata_api_check")
    where = {"bucket": STATES, "key": f"{state_folder(name)}/terraform.tfstate", "region": REGION}
    return where | {"use_lockfile": "true"} | dict.fromkeys(emulator_needs, "true")
