"""The parts of the Terraform stacks that cost, drawn from the catalogue: for estimates without a plan.

Addresses and values are those of ``terraform/``; what costs nothing is left out. A test compares the result
with a real plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panel.catalogue.render import environment_variables, shared_variables
from panel.catalogue.schema import Catalogue
from panel.cost.resources import Resource

_MODULE = "module.environment"

#: Defaults of the environment stack's variables that decide what it costs.
DEFAULT_VOLUME_GB = 30
DEFAULT_INSIGHTS = "disabled"

# What a service can be scaled by: metric, then the field that holds its target.
_TARGETS = {
    "ECSServiceAverageCPUUtilization": "cpu_percent",
    "ALBRequestCountPerTarget": "requests_per_target",
}


def environment_resources(catalogue: Catalogue, environment: str) -> tuple[Resource, ...]:
    """What costs in one environment.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    variables = environment_variables(catalogue, environment)
    return (*_instances(variables), *_traffic(variables), *_services(variables))


def shared_resources(catalogue: Catalogue) -> tuple[Resource, ...]:
    """What costs in the shared stack."""
    variables = shared_variables(catalogue)
    found = [
        Resource("aws_route53_zone.this", "aws_route53_zone", {}),
        Resource("module.keys_bucket.aws_s3_bucket.this", "aws_s3_bucket", {}, module="module.keys_bucket"),
    ]
    found += [
        Resource(f'aws_ecr_repository.service["{name}"]', "aws_ecr_repository", {})
        for name in catalogue.containers
    ]
    if variables["nat_gateway"]:
        for kind, name in (("aws_nat_gateway", "this"), ("aws_eip", "nat")):
            found.append(_of_network(kind, name))
    if "flow_log_retention_days" in variables:
        found.append(_of_network("aws_cloudwatch_log_group", "flow"))
    return tuple(found)


def _instances(variables: dict[str, object]) -> Iterator[Resource]:
    root = {"volume_size": variables.get("instance_volume_gb", DEFAULT_VOLUME_GB), "volume_type": "gp3"}
    template = {
        "instance_type": variables["instance_type"],
        "block_device_mappings": [{"ebs": [root]}],
    }
    yield Resource(f"{_MODULE}.aws_launch_template.instance", "aws_launch_template", template, module=_MODULE)
    group = {"desired_capacity": variables["instance_count"]}
    yield Resource(f"{_MODULE}.aws_autoscaling_group.this", "aws_autoscaling_group", group, module=_MODULE)


def _traffic(variables: dict[str, object]) -> Iterator[Resource]:
    yield _in("module.load_balancer", "aws_lb.this", {"load_balancer_type": "application", "internal": False})
    yield _in("module.distribution[0]", "aws_cloudfront_distribution.this", {})
    if variables.get("site_routing") is not None:
        yield _in("module.site_bucket", "aws_cloudfront_function.routing[0]", {})
    yield _in("module.site_bucket.module.bucket", "aws_s3_bucket.this", {})
    yield _in("module.state_bucket", "aws_s3_bucket.this", {})


def _services(variables: dict[str, Any]) -> Iterator[Resource]:
    insights = variables.get("container_insights", DEFAULT_INSIGHTS)
    yield _in("", "aws_ecs_cluster.this", {"setting": [{"name": "containerInsights", "value": insights}]})
    for name, service in variables["services"].items():
        module = f'module.service["{name}"]'
        yield _in(module, "aws_cloudwatch_log_group.this", {})
        for metric, target in _TARGETS.items():
            if service.get("autoscaling", {}).get(target) is not None:
                policy = {"policy_type": "TargetTrackingScaling"}
                yield _in(module, f'aws_appautoscaling_policy.this["{metric}"]', policy)


def _of_network(kind: str, name: str) -> Resource:
    return Resource(f"module.network.{kind}.{name}[0]", kind, {}, module="module.network")


def _in(module: str, local: str, values: Mapping[str, object]) -> Resource:
    where = f"{_MODULE}.{module}" if module else _MODULE
    return Resource(f"{where}.{local}", local.partition(".")[0], values, module=where)
