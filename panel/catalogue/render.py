"""The stacks' Terraform variables, from the catalogue alone. Pure: nothing is read, nothing is asked.

Belongs here: which value of environments.yaml becomes which variable. Files and backends are the engine's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from panel.catalogue.rules import ENVIRONMENT_MARK, PRODUCTION, SHARED
from panel.catalogue.schema import Catalogue, ContainerService, Environment, Network
from panel.errors import NotFoundError

#: The one variable that comes from this machine, not from the catalogue.
EMULATOR_PORT = "emulator_port"
#: The variable that scales an environment down to nothing outside its working hours.
ASLEEP = "asleep"
#: The variable with the public half of the key that the panel makes, where an environment asks for one.
SSH_PUBLIC_KEY = "ssh_public_key"

# What AWS takes in the value of a tag.
_NOT_IN_A_TAG = re.compile(r"[^\w .:/=+@-]")

# What the emulator needs otherwise than AWS: it serves load balancers over HTTP alone, waits for nothing, and
# knows only this one public AMI parameter.
_LOCAL: Mapping[str, object] = {
    "origin_protocol_policy": "http-only",
    "viewer_protocol_policy": "allow-all",
    "http_listener_forwards": True,
    "cloudfront_wait_for_deployment": False,
    "ecs_ami_ssm_parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
}


def shared_state_key() -> str:
    """Where in the state bucket the shared stack's state is."""
    return f"{SHARED}/terraform.tfstate"


def environment_state_key(name: str) -> str:
    """Where in the state bucket the environment's state is."""
    return f"environments/{name}/terraform.tfstate"


def ssh_key_folder(name: str) -> str:
    """Where in the keys bucket the environment's SSH key is, with its closing slash."""
    return f"ssh/{name}/"


def ssh_key_object(name: str) -> str:
    """Where in the keys bucket the private half of the environment's SSH key is."""
    return f"{ssh_key_folder(name)}id_ed25519"


def shared_variables(catalogue: Catalogue) -> dict[str, object]:
    """Variables of the stack that all environments share, ready for ``terraform.tfvars.json``."""
    return {
        "project_name": catalogue.project,
        "aws_region": catalogue.region,
        "owner": tag_value(_project_owner(catalogue)),
        "zone_name": catalogue.domain,
        "repositories": sorted(catalogue.containers),
        "public_subnet_slots": sorted({e.subnet_slot for e in catalogue.environments.values()}),
        "nat_gateway": catalogue.network.nat_gateway,
        "emulated": catalogue.target == "local",
        **_network(catalogue.network, logs_flows=catalogue.target != "local"),
        **_boundary(catalogue),
    }


def _network(network: Network, *, logs_flows: bool) -> dict[str, object]:
    said = {
        "vpc_cidr": network.vpc_cidr,
        "availability_zones": network.availability_zones,
        # The emulator forgets most of a flow log: every plan would make it anew.
        "flow_log_retention_days": network.flow_log_days if logs_flows else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _boundary(catalogue: Catalogue) -> dict[str, object]:
    boundary = catalogue.terraform.permissions_boundary
    return {} if boundary is None else {"permissions_boundary_arn": boundary}


def environment_variables(
    catalogue: Catalogue,
    name: str,
    *,
    emulator_port: int | None = None,
    ssh_public_key: str | None = None,
    asleep: bool = False,
) -> dict[str, object]:
    """Variables of one environment's stack, ready for ``terraform.tfvars.json``; its own ones last.

    Args:
        catalogue: what environments.yaml says.
        name: the environment.
        emulator_port: port of the embedded AWS, which spares CloudFront a wait; only used for the local target.
        ssh_public_key: public half of the environment's key, where it has one.
        asleep: scaled down to nothing, outside its working hours.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    environment = environment_of(catalogue, name)
    rendered = panel_variables(catalogue, name, emulator_port=emulator_port)
    if environment.ssh_key and ssh_public_key is not None:
        rendered[SSH_PUBLIC_KEY] = ssh_public_key
    if asleep:
        rendered[ASLEEP] = True
    return {**rendered, **environment.variables}


def panel_variables(
    catalogue: Catalogue, name: str, *, emulator_port: int | None = None
) -> dict[str, object]:
    """The variables of one environment's stack that the panel sets itself; arguments as above.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    environment = environment_of(catalogue, name)
    rendered: dict[str, object] = {
        "project_name": catalogue.project,
        "environment_name": name,
        "aws_region": catalogue.region,
        "owner": tag_value(environment.owner.team),
        "domain_name": catalogue.domain_of(name),
        "subnet_slot": environment.subnet_slot,
        "instance_type": environment.instance.type,
        "instance_count": environment.instance.count,
        "services": {
            service_name: _service(service, environment, name, scales=catalogue.target == "aws")
            for service_name, service in catalogue.containers.items()
        },
        "remote_state": {
            "bucket": catalogue.terraform.state_bucket,
            "key": shared_state_key(),
            "region": catalogue.region,
        },
        "force_destroy": not environment.protected,
        "deletion_protection": environment.protected,
        "emulated": catalogue.target == "local",
        **_site(catalogue),
        **_boundary(catalogue),
    }
    if catalogue.target == "local":
        rendered.update(_LOCAL)
        if emulator_port is not None:
            rendered[EMULATOR_PORT] = emulator_port
    return rendered


def environment_of(catalogue: Catalogue, name: str) -> Environment:
    """The environment of that name.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    if name not in catalogue.environments:
        raise NotFoundError(
            f"There is no environment {name[:64]!r} in the catalogue.",
            hint=f"Environments: {', '.join(catalogue.environments)}.",
        )
    return catalogue.environments[name]


def tag_value(text: str) -> str:
    """The text as AWS takes it in a tag's value: other characters become hyphens, 256 at most."""
    return _NOT_IN_A_TAG.sub("-", text).strip()[:256] or "-"


def _service(
    service: ContainerService, environment: Environment, name: str, *, scales: bool
) -> dict[str, object]:
    rendered: dict[str, object] = {
        "port": service.port,
        "path_patterns": list(service.patterns),
        "health_path": service.health_path,
        "memory_soft_mb": service.memory.soft_mb,
        "memory_hard_mb": service.memory.hard_mb,
        "desired_count": environment.desired_tasks,
        "environment": dict(service.environment),
    }
    if service.cpu_units is not None:
        rendered["cpu_units"] = service.cpu_units
    if service.secrets:
        secrets = service.secrets.items()
        rendered["secrets"] = {key: arn.replace(ENVIRONMENT_MARK, name) for key, arn in secrets}
    if service.command:
        rendered["command"] = list(service.command)
    if not service.read_only_root_filesystem:
        rendered["read_only_root_filesystem"] = False
    # The emulator has no autoscaling: an apply that asks for it would fail there.
    if service.autoscaling is not None and scales:
        bounds = service.autoscaling
        rendered["autoscaling"] = {
            "min_count": bounds.min_tasks,
            "max_count": bounds.max_tasks,
            "cpu_percent": bounds.cpu_percent,
            "requests_per_target": bounds.requests_per_target,
        }
    return rendered


def _site(catalogue: Catalogue) -> dict[str, object]:
    """What the site asks of CloudFront; nothing where it asks for nothing, so that the stack's own defaults count."""
    site = catalogue.site[1] if catalogue.site else None
    rendered: dict[str, object] = {}
    if site is not None and site.content_security_policy is not None:
        rendered["content_security_policy"] = site.content_security_policy
    if site is not None and site.routing is not None:
        rendered["site_routing"] = site.routing.model_dump()
    return rendered


def _project_owner(catalogue: Catalogue) -> str:
    # What all share answers to who answers for production; without one, to the first environment's owner.
    environments = catalogue.environments
    owner = environments.get(PRODUCTION, next(iter(environments.values()))).owner
    return owner.team
