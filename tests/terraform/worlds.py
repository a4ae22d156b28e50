"""Variables of the stacks, as the panel's catalogue gives them: production and staging, and the longest names.

Size, names, slot and protection are what environments differ in; everything else stands in one place here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.terraform.mocked import PlanRequest

SHARED_FOLDER = "./stacks/shared"
ENVIRONMENT_FOLDER = "./stacks/environment"
REGION = "us-east-2"
OWNER = "API team"
ACCOUNT = "123456789012"

# The longest that the variables' own rules let through.
LONGEST_PROJECT = "project-of-20-letter"
LONGEST_ENVIRONMENT = "environment-of-20-le"
LONGEST_SERVICE = "service-of-thirty-two-characters"


def shared_variables(project: str = "todo", services: tuple[str, ...] = ("backend",)) -> dict[str, Any]:
    """Variables of the shared stack of a project."""
    return {
        "project_name": project,
        "aws_region": REGION,
        "owner": OWNER,
        "zone_name": f"{project}.example.com",
        "repositories": list(services),
    }


def shared_outputs(project: str = "todo", services: tuple[str, ...] = ("backend",)) -> dict[str, Any]:
    """What an environment reads of the shared stack of a project."""
    host = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    return {
        "network": {
            "vpc_id": "vpc-0123456789abcdef0",
            "vpc_cidr": "10.0.0.0/16",
            "availability_zones": [f"{REGION}a", f"{REGION}b"],
            "public_subnet_ids": {
                str(slot): [f"subnet-0123456789abcde{slot}{zone}" for zone in ("a", "b")] for slot in range(3)
            },
            "private_subnet_ids": ["subnet-0123456789abcdefa", "subnet-0123456789abcdefb"],
            "database_subnet_group_name": f"{project}-private",
            "nat_public_ip": None,
        },
        "zone_id": "Z0123456789ABC",
        "zone_name": f"{project}.example.com",
        "repositories": {
            name: {
                "name": f"{project}/{name}",
                "arn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{project}/{name}",
                "url": f"{host}/{project}/{name}",
            }
            for name in services
        },
        "keys_bucket": f"{project}-keys-{ACCOUNT}",
    }


def environment_variables(
    environment: str, slot: int, size: int, *, project: str = "todo", service: str = "backend", **others: Any
) -> dict[str, Any]:
    """Variables of one environment: `size` instances carrying as many tasks; others as they are named."""
    zone = f"{project}.example.com"
    return {
        "project_name": project,
        "environment_name": environment,
        "aws_region": REGION,
        "owner": OWNER,
        "domain_name": zone if environment == "production" else f"{environment}.{zone}",
        "subnet_slot": slot,
        "services": {
            service: {
                "port": 5000,
                "path_patterns": ["/api/*"],
                "health_path": "/status",
                "memory_soft_mb": 64,
                "memory_hard_mb": 128,
                "desired_count": size,
            }
        },
        "instance_count": size,
        "remote_state": {"bucket": f"{project}-states", "key": "shared/terraform.tfstate", "region": REGION},
        **others,
    }


def environment(name: str, variables: Mapping[str, Any]) -> PlanRequest:
    """A request to plan an environment on its project's shared stack."""
    outputs = shared_outputs(str(variables["project_name"]), tuple(variables["services"]))
    return PlanRequest(name, ENVIRONMENT_FOLDER, variables, outputs)


def inventoried() -> list[PlanRequest]:
    """The stacks that have an inventory, each called as its inventory."""
    return [
        PlanRequest("stack_shared", SHARED_FOLDER, shared_variables()),
        environment("stack_environment", environment_variables("staging", 1, 2)),
    ]


def requests() -> list[PlanRequest]:
    """Everything that the tests of the stacks plan."""
    longest = {"project": LONGEST_PROJECT, "service": LONGEST_SERVICE}
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJv8aDVyIXkqCsoTzWGiXVTdFp0Mu1t5S0cVyhqS0F1b"
    return [
        *inventoried(),
        environment(
            "production",
            environment_variables("production", 0, 2, instance_count=3, deletion_protection=True),
        ),
        PlanRequest(
            "longest_shared", SHARED_FOLDER, shared_variables(LONGEST_PROJECT, services=(LONGEST_SERVICE,))
        ),
        environment(
            "longest_environment",
            environment_variables(LONGEST_ENVIRONMENT, 2, 2, ssh_public_key=key, **longest),
        ),
        # Named alike to the last letter, where a name that is cut short would no longer tell them apart.
        environment(
            "longest_sibling",
            environment_variables(LONGEST_ENVIRONMENT[:-1] + "f", 1, 2, ssh_public_key=key, **longest),
        ),
        environment(
            "longest_cousin",
            environment_variables(
                LONGEST_ENVIRONMENT,
                1,
                2,
                ssh_public_key=key,
                **{**longest, "project": LONGEST_PROJECT[:-1] + "s"},
            ),
        ),
    ]
