"""Terraform's own word on the stacks and modules, and the values that their variables refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

REFUSED: dict[str, Any] = {
    "project_name": "Todo_List",
    "environment_name": "an-environment-with-too-long-a-name",
    "aws_region": "ohio",
    "owner": "",
    "domain_name": "staging",
    "subnet_slot": 7,
    "instance_type": "micro",
    "instance_count": 0,
    "instance_volume_gb": 8,
    "ecs_ami_ssm_parameter": "ami-12345",
    "origin_protocol_policy": "match-viewer",
    "viewer_protocol_policy": "none",
    "emulator_port": 80,
    "price_class": "PriceClass_1",
    "container_insights": "maybe",
    "ssh_public_key": "-----BEGIN OPENSSH PRIVATE KEY-----",
    "log_retention_days": 31,
    "noncurrent_version_days": 0,
    "remote_state": {"bucket": "", "key": "k", "region": "us-east-2"},
    "services": {
        "backend": {
            "port": 5000,
            "path_pattern": "/api/*",
            "health_path": "/status",
            "memory_soft_mb": 256,
            "memory_hard_mb": 128,
            "desired_count": 0,
        }
    },
}


@pytest.mark.parametrize("name", ["shared", "environment"])
def test_the_stack_is_valid_and_names_nothing_deprecated(workbench: Any, name: str) -> None:
    stack = workbench.stack(Path(f"terraform/stacks/{name}"), f"validate-{name}", {}, None)
    said = json.loads(stack.run("validate", "-json").output)
    assert said["diagnostics"] == []
    assert said["valid"]


def test_every_wrong_value_is_refused_by_the_name_of_its_variable(workbench: Any, emulator: Any) -> None:
    stack = workbench.stack(Path("terraform/stacks/environment"), "refused", emulator.variables(), None)
    (stack.folder / "local_state_override.tf").write_text(
        'terraform {\n  backend "local" {}\n}\n', encoding="utf-8"
    )
    stack.run("init", "-no-color", "-reconfigure").succeeded()
    stack.variables = REFUSED
    planned = stack.run("plan", "-json")
    assert planned.code == 1
    diagnostics = [event["diagnostic"] for event in planned.events("diagnostic")]
    assert {diagnostic["summary"] for diagnostic in diagnostics} == {"Invalid value for variable"}
    given = (stack.folder / "terraform.tfvars.json").read_text(encoding="utf-8").splitlines()
    refused = {given[diagnostic["range"]["start"]["line"] - 1].split('"')[1] for diagnostic in diagnostics}
    assert refused == set(REFUSED)
