"""The ways to run a workload as resources to be priced: ECS on EC2, ECS on Fargate, EKS, and Lambda.

What does not depend on the choice (CloudFront, the site's bucket, logs) stays the same resources in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from panel.catalogue.render import environment_of
from panel.catalogue.schema import Catalogue
from panel.cost.compare_load import LAMBDA_LEAST_MB
from panel.cost.compare_machines import Fleet, Tasks
from panel.cost.resources import Resource
from panel.cost.sketch import DEFAULT_VOLUME_GB, environment_resources

EC2, FARGATE, EKS, LAMBDA = "ecs-ec2", "ecs-fargate", "eks", "lambda"

#: The options by name, in the order in which they are shown.
TITLES: Mapping[str, str] = {
    EC2: "ECS on EC2",
    FARGATE: "ECS on Fargate",
    EKS: "EKS",
    LAMBDA: "Lambda + CloudFront",
}

# The disk that AWS gives a managed node.
_NODE_DISK_GB = 20
_MACHINES = frozenset({"aws_launch_template", "aws_autoscaling_group"})
_ECS = frozenset({"aws_ecs_cluster", "aws_appautoscaling_policy"})
_MODULE = "module.compared"


@dataclass(frozen=True)
class Shape:
    """What is compared besides its traffic.

    ``resources``: the parts that cost of ECS on EC2. ``services``: the services that share the traffic evenly.
    ``tasks_each``: tasks of each that run at least. ``fleet``: the instances that are there already; None: they may be
    chosen. ``public``: machines have public addresses, since they are in public subnets.
    """

    resources: tuple[Resource, ...]
    services: tuple[str, ...] = ("service",)
    tasks_each: int = 1
    fleet: Fleet | None = None
    public: bool = True


def plain_shape() -> Shape:
    """One service as the panel builds it, in no environment of the catalogue."""
    root = {"volume_size": DEFAULT_VOLUME_GB, "volume_type": "gp3"}
    drawn: tuple[tuple[str, dict[str, Any]], ...] = (
        ("aws_launch_template.instance", {"block_device_mappings": [{"ebs": [root]}]}),
        ("aws_autoscaling_group.this", {}),
        ("aws_lb.this", {"load_balancer_type": "application", "internal": False}),
        ("aws_cloudfront_distribution.this", {}),
        ("aws_s3_bucket.site", {}),
        ("aws_s3_bucket.state", {}),
        ("aws_ecs_cluster.this", {}),
        ("aws_cloudwatch_log_group.service", {}),
    )
    return Shape(tuple(_drawn(local, values) for local, values in drawn))


def shape_of(catalogue: Catalogue, environment: str) -> Shape:
    """An environment of the catalogue, with its sizes.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    entry = environment_of(catalogue, environment)
    resources = environment_resources(catalogue, environment)
    own = next(one.text("instance_type") for one in resources if one.type == "aws_launch_template")
    group = next(one for one in resources if one.type == "aws_autoscaling_group")
    return Shape(
        resources=resources,
        services=tuple(catalogue.containers) or ("service",),
        tasks_each=entry.desired_tasks,
        fleet=Fleet(own, int(group.values["desired_capacity"])),
    )


def memory_of(catalogue: Catalogue) -> float:
    """Megabytes of the largest container of the catalogue, and of the smallest function at least."""
    return max([LAMBDA_LEAST_MB, *(service.memory.hard_mb for service in catalogue.containers.values())])


def on_instances(shape: Shape, fleet: Fleet) -> tuple[Resource, ...]:
    """ECS on this fleet: what the panel builds, with other machines."""
    return tuple(_with_fleet(one, fleet) for one in shape.resources)


def machine(shape: Shape, kind: str) -> tuple[Resource, ...]:
    """One machine of the fleet alone, to know what one more of them costs."""
    return tuple(_with_fleet(one, Fleet(kind, 1)) for one in shape.resources if one.type in _MACHINES)


def on_fargate(shape: Shape, tasks: Tasks) -> tuple[Resource, ...]:
    """ECS on Fargate: every service with so many tasks of its own."""
    found = _without(shape, _MACHINES)
    for name in shape.services:
        module = f'{_MODULE}.service["{name}"]'
        definition = {"cpu": tasks.units, "memory": tasks.memory_mb, "family": name}
        service = {
            "launch_type": "FARGATE", "desired_count": tasks.count, "task_definition": name,
            "network_configuration": [{"assign_public_ip": shape.public}],
        }  # fmt: skip
        found += [
            _drawn("aws_ecs_task_definition.this", definition, module),
            _drawn("aws_ecs_service.this", service, module),
        ]
    return tuple(found)


def on_kubernetes(shape: Shape, fleet: Fleet) -> tuple[Resource, ...]:
    """EKS with managed nodes; the load balancer stays, a controller in the cluster keeps it."""
    cluster = _drawn("aws_eks_cluster.this", {"name": "compared"})
    return (*_without(shape, _MACHINES | _ECS), cluster, *node_group(shape, fleet))


def node_group(shape: Shape, fleet: Fleet) -> tuple[Resource, ...]:
    """The nodes of a cluster, and the subnet that tells whether they have addresses."""
    nodes = {
        "instance_types": [fleet.type], "disk_size": _NODE_DISK_GB,
        "scaling_config": [{"desired_size": fleet.count}],
    }  # fmt: skip
    return (
        _drawn("aws_eks_node_group.this", nodes, f"{_MODULE}.nodes"),
        _drawn("aws_subnet.public", {"map_public_ip_on_launch": shape.public}, f"{_MODULE}.nodes"),
    )


def on_lambda(shape: Shape, memory_mb: float) -> tuple[Resource, ...]:
    """A function for each service behind CloudFront, by its own address: no load balancer and no API gateway."""
    values = {"memory_size": max(memory_mb, LAMBDA_LEAST_MB), "architectures": ["x86_64"]}
    functions = [
        _drawn("aws_lambda_function.this", values, f'{_MODULE}.service["{name}"]') for name in shape.services
    ]
    return (*_without(shape, _MACHINES | _ECS | {"aws_lb"}), *functions)


def _with_fleet(resource: Resource, fleet: Fleet) -> Resource:
    if resource.type == "aws_launch_template":
        return replace(resource, values={**resource.values, "instance_type": fleet.type})
    if resource.type == "aws_autoscaling_group":
        return replace(resource, values={**resource.values, "desired_capacity": fleet.count})
    return resource


def _without(shape: Shape, types: Iterable[str]) -> list[Resource]:
    left_out = frozenset(types)
    return [one for one in shape.resources if one.type not in left_out]


def _drawn(local: str, values: Mapping[str, object], module: str = _MODULE) -> Resource:
    return Resource(f"{module}.{local}", local.partition(".")[0], values, module=module)
