"""Pricing rules of what computes: instances and their disks, Fargate tasks, EKS, Lambda."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from panel.cost.charges import Charge, Finding, Rule, Scene, Unpriced, number, tiered
from panel.cost.network import public_addresses
from panel.cost.resources import Resource

_ONE = Decimal(1)
# What gp3 includes.
_GP3_IOPS, _GP3_MIBPS = 3000, 125
# Metrics of an instance that is watched by the minute.
_METRICS = 7
# What EKS takes for nodes of which nothing else is said.
_NODE_TYPE, _NODE_DISK_GB = "t3.medium", 20
# Prices of functions fall with use: steps in GB-seconds, by processor.
_STEPS_X86 = (("first 6B", 6 * 10**9), ("next 9B", 9 * 10**9), ("over 15B", None))
_STEPS_ARM = (("first 7.5B", 7_500_000_000), ("next 11.25B", 11_250_000_000), ("over 18.75B", None))


def instances(kind: str, count: Decimal, scene: Scene) -> Iterator[Charge]:
    """Linux instances, on demand, all month."""
    price = f"{kind} Linux on-demand shared tenancy"
    yield Charge(f"instances ({kind})", "aws_instance", price, count * scene.hours)


def disk(block: Mapping[str, Any], count: Decimal) -> Iterator[Finding]:
    """``count`` volumes of the given arguments (``volume_type``, ``volume_size``, ``iops``, ``throughput``)."""
    kind = str(block.get("volume_type") or block.get("type") or "gp2")
    size = number(block.get("volume_size") or block.get("size"))
    if size is None:
        yield Unpriced("the size of its disk is not known before it exists")
        return
    name = "magnetic" if kind == "standard" else kind
    yield Charge(f"disks ({kind})", "aws_ebs_volume", f"{name} storage", size * count)
    if kind == "standard":
        yield Unpriced("reading and writing magnetic disks is charged by the million")
    iops, throughput = number(block.get("iops")), number(block.get("throughput"))
    if kind == "gp3" and iops is not None and iops > _GP3_IOPS:
        above = f"gp3 provisioned IOPS above {_GP3_IOPS}"
        yield Charge("disk operations (gp3)", "aws_ebs_volume", above, (iops - _GP3_IOPS) * count)
    if kind == "gp3" and throughput is not None and throughput > _GP3_MIBPS:
        above = f"gp3 provisioned throughput above {_GP3_MIBPS} MiB/s"
        yield Charge("disk throughput (gp3)", "aws_ebs_volume", above, (throughput - _GP3_MIBPS) * count)
    if kind in {"io1", "io2"} and iops is not None:
        price = f"{kind} provisioned IOPS"
        yield Charge(f"disk operations ({kind})", "aws_ebs_volume", price, iops * count)


def _instance(resource: Resource, scene: Scene) -> Iterator[Finding]:
    kind = resource.text("instance_type")
    if not kind:
        yield Unpriced("its instance type is not known before it exists")
        return
    if resource.values.get("instance_market_options"):
        yield Unpriced("spot instances have no list price")
    else:
        yield from instances(kind, _ONE, scene)
    if resource.values.get("monitoring") is True:
        yield _monitoring(_ONE)
    root = resource.block("root_block_device")
    yield from disk(root, _ONE)
    for block in resource.blocks("ebs_block_device"):
        yield from disk(block, _ONE)
    own = resource.values.get("associate_public_ip_address")
    yield from _own_address(resource, own, "subnet_id", _ONE, scene)


def _monitoring(count: Decimal) -> Charge:
    """Metrics by the minute, of which each instance has seven."""
    price = "detailed monitoring (7 metrics per instance)"
    return Charge("detailed monitoring", "aws_instance", price, count * _METRICS)


def _own_address(
    resource: Resource, associate: object, subnets: str, count: Decimal, scene: Scene
) -> Iterator[Charge]:
    """Addresses of ``count`` instances: by their own switch, else by their subnet, else as assumed."""
    # Terraform writes the launch template's switch as text.
    switch = str(associate).lower()
    if switch not in {"true", "false"}:
        subnet = scene.world.referenced(resource, subnets, "aws_subnet")
        switch = str(subnet.values.get("map_public_ip_on_launch")).lower() if subnet else ""
    if switch == "true":
        yield from public_addresses(count, scene)
    elif switch != "false":
        yield from public_addresses(count * scene.amount("addresses_per_instance"), scene)


def _group(resource: Resource, scene: Scene) -> Iterator[Finding]:
    count = number(resource.values.get("desired_capacity"))
    count = number(resource.values.get("min_size")) if count is None else count
    if count is None:
        yield Unpriced("the number of its instances is not known before it exists")
        return
    if resource.values.get("mixed_instances_policy"):
        yield Unpriced("which of its instance types will run is decided by AWS")
        return
    template = scene.world.referenced(resource, "launch_template", "aws_launch_template")
    kind = template.text("instance_type") if template else ""
    if template is None or not kind:
        yield Unpriced("the instance type of its launch template cannot be found in the plan")
        return
    if template.values.get("instance_market_options"):
        yield Unpriced("spot instances have no list price")
    else:
        yield from instances(kind, count, scene)
    if template.block("monitoring").get("enabled") is True:
        yield _monitoring(count)
    yield from _template_disks(template, count)
    own = template.block("network_interfaces").get("associate_public_ip_address")
    yield from _own_address(resource, own, "vpc_zone_identifier", count, scene)


def _template_disks(template: Resource, count: Decimal) -> Iterator[Finding]:
    mappings = template.blocks("block_device_mappings")
    if not mappings:
        yield Unpriced("the disk of its instances is the image's own, whose size is not in the plan")
    for mapping in mappings:
        disks = mapping.get("ebs")
        for block in disks if isinstance(disks, list) else []:
            if isinstance(block, Mapping):
                yield from disk(block, count)


def _volume(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield from disk(resource.values, _ONE)


def _service(resource: Resource, scene: Scene) -> Iterator[Finding]:
    """Tasks on instances cost nothing beside the instances; on Fargate each is priced by its size."""
    providers = {
        str(block.get("capacity_provider")) for block in resource.blocks("capacity_provider_strategy")
    }
    if "FARGATE_SPOT" in providers:
        yield Unpriced("Fargate Spot has no list price")
        return
    if resource.text("launch_type") != "FARGATE" and "FARGATE" not in providers:
        return
    task = scene.world.referenced(resource, "task_definition", "aws_ecs_task_definition")
    cpu = number(task.values.get("cpu")) if task else None
    memory = number(task.values.get("memory")) if task else None
    count = number(resource.values.get("desired_count"))
    if task is None or cpu is None or memory is None or count is None:
        yield Unpriced("the size or number of its Fargate tasks is not in the plan")
        return
    machine = "ARM" if task.block("runtime_platform").get("cpu_architecture") == "ARM64" else "x86"
    hours = count * scene.hours
    yield Charge("Fargate processors", resource.type, f"Linux {machine} vCPU", hours * cpu / 1024)
    yield Charge("Fargate memory", resource.type, f"Linux {machine} memory", hours * memory / 1024)
    if resource.block("network_configuration").get("assign_public_ip") is True:
        yield from public_addresses(count, scene)


def _cluster(resource: Resource, scene: Scene) -> Iterator[Finding]:
    for setting in resource.blocks("setting"):
        if setting.get("name") == "containerInsights" and setting.get("value") in {"enabled", "enhanced"}:
            yield Unpriced("Container Insights charges for metrics and logs by the number of tasks")


def _eks_cluster(resource: Resource, scene: Scene) -> Iterator[Finding]:
    yield Charge("Kubernetes control plane", resource.type, "cluster, standard support", scene.hours)


def _eks_nodes(resource: Resource, scene: Scene) -> Iterator[Finding]:
    count = number(resource.block("scaling_config").get("desired_size"))
    template = None
    if resource.blocks("launch_template"):
        template = scene.world.referenced(resource, "launch_template", "aws_launch_template")
    kinds = _node_types(resource, template)
    if count is None or len(kinds) != 1:
        yield Unpriced("the type or number of its nodes is not in the plan")
        return
    if resource.text("capacity_type") == "SPOT":
        yield Unpriced("spot instances have no list price")
    else:
        yield from instances(kinds[0], count, scene)
    if template is not None:
        yield from _template_disks(template, count)
    else:
        size = resource.values.get("disk_size") or _NODE_DISK_GB
        yield from disk({"volume_type": "gp3", "volume_size": size}, count)
    subnet = scene.world.referenced(resource, "subnet_ids", "aws_subnet")
    if subnet is not None and subnet.values.get("map_public_ip_on_launch") is True:
        yield from public_addresses(count, scene)


def _node_types(resource: Resource, template: Resource | None) -> list[str]:
    """Types that the nodes may be of: their own, their template's, else what EKS takes."""
    own = resource.values.get("instance_types")
    if isinstance(own, list) and own:
        return [str(kind) for kind in own]
    if template is not None and template.text("instance_type"):
        return [template.text("instance_type")]
    return [_NODE_TYPE]


def _fargate_profile(resource: Resource, scene: Scene) -> Iterator[Finding]:
    """What runs under it is Kubernetes' business: it is assumed."""
    hours = scene.hours * scene.amount("pods")
    cpu, memory = scene.amount("pod_vcpu"), scene.amount("pod_memory_gb")
    yield Charge("Fargate processors", resource.type, "Fargate pod vCPU", hours * cpu)
    yield Charge("Fargate memory", resource.type, "Fargate pod memory", hours * memory)


def _function(resource: Resource, scene: Scene) -> Iterator[Finding]:
    arm = resource.values.get("architectures") == ["arm64"]
    machine, steps = ("arm64", _STEPS_ARM) if arm else ("x86", _STEPS_X86)
    requests = scene.amount("lambda_requests")
    memory = number(resource.values.get("memory_size")) or Decimal(128)
    seconds = requests * scene.amount("lambda_ms") / 1000
    yield Charge("function requests", resource.type, f"requests {machine}", requests)
    tiers = [(f"duration {machine}, {step} GB-s/month", size) for step, size in steps]
    yield from tiered("function time", resource.type, seconds * memory / 1024, tiers)


RULES: Mapping[str, Rule] = {
    "aws_instance": _instance,
    "aws_autoscaling_group": _group,
    "aws_ebs_volume": _volume,
    "aws_ecs_service": _service,
    "aws_ecs_cluster": _cluster,
    "aws_eks_cluster": _eks_cluster,
    "aws_eks_node_group": _eks_nodes,
    "aws_eks_fargate_profile": _fargate_profile,
    "aws_lambda_function": _function,
}
