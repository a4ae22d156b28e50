"""What stands where on the topology picture: its boxes with the resources they are for, its frames, its arrows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panel.catalogue.render import environment_state_key, shared_state_key
from panel.catalogue.variables import read_variables
from tests.terraform.call_tree import Resource
from tests.terraform.drawing import Box, Point, arrow, rectangle, text

WIDTH, HEIGHT = 1188, 932
ENVIRONMENT = "environment.module.environment"
SERVICE = f"{ENVIRONMENT}.module.service"
NETWORK = "shared.module.network"

_ZONES = {"a": 744, "b": 956}
_ZONE_WIDTH = 196
_BOTH_ZONES = _ZONES["b"] + _ZONE_WIDTH - _ZONES["a"]
_FIRST, _SECOND = 172, 452
_FIRST_WIDTH, _SECOND_WIDTH = 214, 220


@dataclass(frozen=True)
class Part:
    """A box and the addresses of its resources, as patterns; the first is what it is named after.

    Where that one is made by `count`, the box is drawn as optional.
    """

    box: Box
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class Arrow:
    """An arrow between two parts, which have to refer to each other; without `parts`, to something outside."""

    parts: tuple[str, str] | None
    points: tuple[Point, ...]
    request: bool = False
    label: str = ""
    at: Point = (0, 0)


@dataclass(frozen=True)
class Facts:
    """What the HCL says, to be written into the boxes."""

    resources: Mapping[str, Resource]
    terraform: Path

    def argument(self, address: str, *path: str) -> Any:
        """An argument of a resource; blocks in it are looked into by name.

        Raises:
            KeyError: there is no such resource or argument.
        """
        value: Any = self.resources[address].block.body
        for name in path:
            value = value[name]
            value = value[0] if isinstance(value, list) else value
        return value

    def default(self, folder: str, variable: str) -> Any:
        """The default of a variable of a module or stack.

        Raises:
            KeyError: there is no such variable.
        """
        return {one.name: one.default for one in read_variables(self.terraform / folder)}[variable]


def frames() -> tuple[tuple[Box, str], ...]:
    """The two states, as outlines with a heading and what is said beside it."""
    apart = "stack environment · one for each · a state of its own: " + environment_state_key("NAME")
    together = "stack shared · made once · a state of its own: " + shared_state_key()
    return (
        (Box(140, 24, 1028, 506, "Environment", look="own"), apart),
        (Box(140, 566, 1028, 322, "Shared", look="shared"), together),
    )


def bands() -> tuple[tuple[str, Box], ...]:
    """The two zones, as columns behind everything."""
    return tuple((f"zone {name}", Box(x - 6, 74, _ZONE_WIDTH + 12, 798, "")) for name, x in _ZONES.items())


def people() -> Box:
    """Who uses it all."""
    return Box(12, 194, 84, 48, "People", ("browsers",), look="person")


def parts(facts: Facts) -> dict[str, Part]:
    """The boxes by name."""
    return {**_edge(facts), **_middle(facts), **_compute(facts), **_foundation(facts), **_network(facts)}


def arrows(drawn: Mapping[str, Box]) -> tuple[Arrow, ...]:
    """What leads where."""
    cloudfront, site, balancer = drawn["cloudfront"], drawn["site"], drawn["balancer"]
    turn = (cloudfront.right[0] + balancer.left[0]) / 2
    aside = (balancer.right[0] + drawn["instance a"].left[0]) / 2 - 8
    gutter = 156
    zone = drawn["zone"].left
    task = tasks()[0].left
    upper = (cloudfront.right[0], cloudfront.right[1] - 26)
    found = [
        Arrow(None, (people().right, cloudfront.left), True, "HTTPS", (118, cloudfront.left[1] - 8)),
        Arrow(
            ("cloudfront", "site"), (upper, (turn, upper[1]), (turn, site.left[1]), site.left), True,
            "files", (turn, (upper[1] + site.left[1]) / 2 + 4),
        ),
        Arrow(
            ("cloudfront", "balancer"), (cloudfront.right, balancer.left), True,
            "services", (turn, balancer.left[1] + 18),
        ),
        Arrow(("balancer", "targets"), (balancer.right, drawn["targets"].left), True),
        Arrow(("zone", "records"), (zone, (gutter, zone[1]), (gutter, drawn["records"].left[1]), drawn["records"].left)),
        Arrow(("service", "state"), (task, (aside, task[1]), (aside, drawn["state"].right[1]), drawn["state"].right)),
        Arrow(("service", "logs"), (task, (aside, task[1]), (aside, drawn["logs"].right[1]), drawn["logs"].right)),
        Arrow(("nat", "private a"), (drawn["private a"].left, drawn["nat"].right)),
        Arrow(("internet", "public a"), (drawn["public a"].at_left(drawn["internet"]), drawn["internet"].right)),
    ]  # fmt: skip
    for name in _ZONES:
        instance, targets, subnet = drawn[f"instance {name}"], drawn["targets"], drawn[f"public {name}"]
        middle = instance.top[0]
        found.append(Arrow(("targets", "service"), ((middle, targets.bottom[1]), instance.top), True))
        found.append(
            Arrow(
                (f"instance {name}", f"public {name}"), (instance.bottom, subnet.top),
                label="in its slot's subnets", at=(middle, 552),
            )
        )  # fmt: skip
    return tuple(found)


def _edge(facts: Facts) -> dict[str, Part]:
    distribution = f"{ENVIRONMENT}.module.distribution.aws_cloudfront_distribution.this"
    viewers = facts.argument(distribution, "viewer_certificate", "minimum_protocol_version")

    def stand(y: float, height: float, title: str, *notes: str) -> Box:
        return Box(_FIRST, y, _FIRST_WIDTH, height, title, notes, look="own")

    return {
        "records": Part(
            stand(84, 62, "DNS records", "people's name, origin's name, proofs of the certificates"),
            (f"{ENVIRONMENT}.module.distribution*.aws_route53_record.*", f"{ENVIRONMENT}.aws_route53_record.origin",
             f"{ENVIRONMENT}.module.*_certificate.aws_route53_record.validation"),
        ),
        "cloudfront": Part(
            stand(166, 104, "CloudFront", f"viewers need {viewers}", "security headers of its own",
                  "site routing at the edge, if asked for"),
            (f"{ENVIRONMENT}.module.distribution*.aws_cloudfront_*",
             f"{ENVIRONMENT}.module.site_bucket.aws_cloudfront_function.routing"),
        ),
        "edge certificate": Part(
            stand(292, 60, "Certificate", "in us-east-1, where CloudFront looks"),
            (f"{ENVIRONMENT}.module.edge_certificate.aws_acm_*",),
        ),
        "key pair": Part(
            stand(376, 60, "Key pair", "public half only; Session Manager needs none"),
            (f"{ENVIRONMENT}.module.key_pair.aws_key_pair.*",),
        ),
        "roles": Part(
            stand(460, 46, "Roles", "instances, tasks, starting tasks"),
            (f"{ENVIRONMENT}.module.*_role.aws_iam_*", f"{SERVICE}.module.*_role.aws_iam_*"),
        ),
    }  # fmt: skip


def _middle(facts: Facts) -> dict[str, Part]:
    ports = [
        facts.argument(f"{ENVIRONMENT}.module.load_balancer.aws_lb_listener.{name}", "port")
        for name in ("https", "http")
    ]
    kept = facts.default("modules/environment", "log_retention_days")

    def stand(y: float, height: float, title: str, *notes: str) -> Box:
        return Box(_SECOND, y, _SECOND_WIDTH, height, title, notes, look="own")

    return {
        "site": Part(
            stand(84, 62, "Site bucket", "versioned, private: CloudFront alone may read"),
            (f"{ENVIRONMENT}.module.site_bucket.module.bucket.*", f"{ENVIRONMENT}.module.site_bucket.*"),
        ),
        "balancer": Part(
            stand(166, 104, "Load balancer", f"in two zones; port {ports[0]}, and {ports[1]} redirects to it",
                  "CloudFront's addresses alone come in"),
            (f"{ENVIRONMENT}.module.load_balancer.*", f"{ENVIRONMENT}.aws_security_group.load_balancer",
             f"{ENVIRONMENT}.aws_vpc_security_group_*_rule.*"),
        ),
        "certificate": Part(
            stand(292, 60, "Certificate", "in the region, for the load balancer"),
            (f"{ENVIRONMENT}.module.regional_certificate.aws_acm_*",),
        ),
        "state": Part(
            stand(376, 60, "State bucket", "versioned: what the services save"),
            (f"{ENVIRONMENT}.module.state_bucket.*",),
        ),
        "logs": Part(
            stand(460, 46, "Logs", f"a group a service, {kept} days"),
            (f"{SERVICE}.aws_cloudwatch_log_group.this",),
        ),
    }  # fmt: skip


def _compute(facts: Facts) -> dict[str, Part]:
    back = facts.argument(f"{SERVICE}.aws_ecs_service.this", "deployment_circuit_breaker", "rollback")
    rolled = ["tasks are exchanged a few at a time", "a release that does not become healthy is taken back"]
    found = {
        "service": Part(
            Box(_ZONES["a"], 106, _BOTH_ZONES, 62, "Cluster and services", (*rolled[: 1 + bool(back)],), look="own"),
            (f"{SERVICE}.aws_ecs_service.this", f"{ENVIRONMENT}.aws_ecs_cluster.this", f"{SERVICE}.aws_ecs_*",
             f"{SERVICE}.aws_appautoscaling_*", f"{SERVICE}.aws_security_group.*", f"{SERVICE}.aws_vpc_security_group_*"),
        ),
        "targets": Part(
            Box(_ZONES["a"], 195, _BOTH_ZONES, 46, "Target groups and rules",
                ("paths for each service; tasks are asked whether they are well",), look="own"),
            (f"{SERVICE}.aws_lb_target_group.this", f"{SERVICE}.aws_lb_listener_rule.*"),
        ),
    }  # fmt: skip
    patterns = ("aws_autoscaling_group.this", "aws_launch_template.instance", "aws_security_group.instances")
    for name, x in _ZONES.items():
        box = Box(x, 268, _ZONE_WIDTH, 240, "Instance", _instance(facts), look="own")
        found[f"instance {name}"] = Part(box, tuple(f"{ENVIRONMENT}.{pattern}" for pattern in patterns))
    return found


def _instance(facts: Facts) -> tuple[str, ...]:
    kind, count = (facts.default("modules/environment", f"instance_{what}") for what in ("type", "count"))
    template = f"{ENVIRONMENT}.aws_launch_template.instance"
    notes = [f"{kind}, {count} in a group", "Amazon's image for ECS"]
    if facts.argument(template, "metadata_options", "http_tokens") == "required":
        notes.append("metadata by token only")
    if facts.argument(template, "block_device_mappings", "ebs", "encrypted"):
        notes.append("encrypted disk")
    return *notes, "no way in but by Session Manager"


def tasks() -> tuple[Box, ...]:
    """The tasks on the instances: no resource of Terraform's, ECS starts them."""
    notes = ("an address of its own", "the load balancer alone comes in")
    return tuple(
        Box(x + 12, 412, _ZONE_WIDTH - 24, 84, "Task", notes, look="person") for x in _ZONES.values()
    )


def _foundation(facts: Facts) -> dict[str, Part]:
    repository = "shared.aws_ecr_repository.service"
    kept = ["one a service"]
    if facts.argument(repository, "image_scanning_configuration", "scan_on_push"):
        kept.append("scanned")
    if facts.argument(repository, "image_tag_mutability") == "IMMUTABLE":
        kept.append("tags never move")

    def stand(y: float, title: str, *notes: str) -> Box:
        return Box(_FIRST, y, _FIRST_WIDTH, 62, title, notes)

    return {
        "zone": Part(
            stand(622, "Route 53 zone", "to be delegated to the name servers it is given"),
            ("shared.aws_route53_zone.this",),
        ),
        "registry": Part(stand(714, "Image repositories", ", ".join(kept)), ("shared.aws_ecr_*",)),
        "keys": Part(
            stand(806, "Keys bucket", "encrypted, versioned: keys that people keep"),
            ("shared.module.keys_bucket.*",),
        ),
    }


def _network(facts: Facts) -> dict[str, Part]:
    def aside(y: float, title: str, *notes: str) -> Box:
        return Box(_SECOND, y, _SECOND_WIDTH, 46 if notes else 30, title, notes)

    slots = sorted(facts.default("stacks/shared", "public_subnet_slots"))
    found = {
        "network": Part(
            Box(_SECOND - 14, 606, WIDTH - 28 - _SECOND + 14, 272, "", look="inner"),
            (f"{NETWORK}.aws_vpc.this", f"{NETWORK}.aws_default_security_group.this"),
        ),
        "internet": Part(
            aside(650, "Internet gateway"),
            (f"{NETWORK}.aws_internet_gateway.this", f"{NETWORK}.aws_route.internet", f"{NETWORK}.aws_route_table*.public"),
        ),
        "s3": Part(aside(696, "Gateway endpoint", "S3 from every subnet, free"), (f"{NETWORK}.aws_vpc_endpoint.s3",)),
        "flow": Part(
            aside(758, "Flow log", "who talked to whom"),
            (f"{NETWORK}.aws_flow_log.this", f"{NETWORK}.aws_cloudwatch_log_group.flow", f"{NETWORK}.module.flow_log_role.*"),
        ),
        "nat": Part(
            aside(820, "NAT gateway", "with an elastic address"),
            (f"{NETWORK}.aws_nat_gateway.this", f"{NETWORK}.aws_eip.nat", f"{NETWORK}.aws_route.nat"),
        ),
    }  # fmt: skip
    for name, x in _ZONES.items():
        found.update(_subnets(name, x, slots))
    return found


def _subnets(name: str, x: float, slots: list[int]) -> dict[str, Part]:
    """The subnets of one zone: a public one for each slot, and a private one."""
    public = (f"{NETWORK}.aws_subnet.public",)
    titles = [*(f"Public subnet, slot {slot}" for slot in slots), "Further slots"]
    outline = Box(x - 1, 644, _ZONE_WIDTH + 2, 34 * len(titles) + 14, "", look="inner")
    found = {f"public {name}": Part(outline, public)}
    for row, title in enumerate(titles):
        box = Box(x + 8, 652 + 34 * row, _ZONE_WIDTH - 16, 28, title, optional=row == len(slots))
        found[f"public {name} {row}"] = Part(box, public)
    found[f"private {name}"] = Part(
        Box(x, 829, _ZONE_WIDTH, 28, "Private subnet"),
        (f"{NETWORK}.aws_subnet.private", f"{NETWORK}.aws_db_subnet_group.private",
         f"{NETWORK}.aws_route_table*.private"),
    )  # fmt: skip
    return found


def legend() -> tuple[str, ...]:
    """What the looks mean, at the foot of the sheet."""
    y = 914
    entries = [
        (rectangle(Box(140, y - 11, 22, 14, ""), "own", 3), 170, "in the environment's state"),
        (rectangle(Box(366, y - 11, 22, 14, ""), "shared", 3), 396, "in the shared state"),
        (rectangle(Box(550, y - 11, 22, 14, ""), "shared optional", 3), 580, "only if asked for"),
        (arrow(((712, y - 4), (742, y - 4)), request=True), 750, "requests"),
        (arrow(((838, y - 4), (868, y - 4))), 876, "uses or stands in"),
    ]
    return tuple(piece + text(x, y, said, "note") for piece, x, said in entries)
