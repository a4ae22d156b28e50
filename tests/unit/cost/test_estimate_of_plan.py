"""Estimates of plans: what is priced, what is named as unknown, and what is refused."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from panel.cost.assumptions import DEFAULT, with_figures
from panel.cost.estimate import RULES, estimate
from panel.cost.free import is_free
from panel.errors import ConfigurationError
from tests.unit.cost.plans import REGION, ROOT, components, plan, priced, resource, sample


def test_staging_is_priced_by_hand_to_the_cent() -> None:
    found = estimate(sample("environment"), region=REGION)
    hours = Decimal(730)
    by_hand = (
        2 * hours * Decimal("0.0104")  # two t3.micro
        + 2 * 30 * Decimal("0.08")  # their gp3 disks
        + 4 * hours * Decimal("0.005")  # addresses of two instances and of a load balancer in two zones
        + hours * (Decimal("0.0225") + Decimal("0.1") * Decimal("0.008"))  # load balancer
        + 10 * Decimal("0.085") + Decimal("0.10")  # CloudFront: 10 GB, 100,000 requests
        + 2 * (Decimal("0.023") + Decimal("0.05") + Decimal("0.04"))  # two buckets
        + Decimal("0.5") * Decimal("0.5") + Decimal("0.5") * Decimal("0.03")  # logs
    )  # fmt: skip
    assert found.monthly_usd == round(by_hand, 2)
    assert found.delta_usd == found.monthly_usd
    assert found.unknown == ()
    assert "aws_launch_template" in found.free


def test_the_shared_stack_names_what_has_no_price_there() -> None:
    found = estimate(sample("shared"), region=REGION)
    assert [gap.address for gap in found.unknown] == ['aws_ecr_repository.service["backend"]']
    assert REGION in found.unknown[0].reason
    assert found.monthly_usd > Decimal("0.5")
    assert {"aws_vpc", "aws_subnet", "aws_vpc_endpoint"} <= set(found.free)


def test_every_resource_type_of_the_project_is_priced_or_known_to_be_free() -> None:
    written = "".join(path.read_text() for path in (ROOT / "terraform").rglob("*.tf"))
    types = set(re.findall(r'^resource "(\w+)"', written, re.MULTILINE))
    assert len(types) > 20
    assert {kind for kind in types if kind not in RULES and not is_free(kind)} == set()


def test_no_type_is_both_priced_and_free() -> None:
    assert [kind for kind in RULES if is_free(kind)] == []


def test_scaling_by_a_target_costs_its_two_alarms_and_other_scaling_nothing() -> None:
    found = priced(
        resource("aws_appautoscaling_target.this"),
        resource("aws_appautoscaling_policy.this", policy_type="TargetTrackingScaling"),
        resource("aws_appautoscaling_policy.steps", policy_type="StepScaling"),
    )
    assert components(found) == {"alarms of autoscaling": Decimal(2)}
    assert found.unknown == ()


def test_a_function_is_charged_by_the_request() -> None:
    found = priced(resource("aws_cloudfront_function.routing"), cloudfront_https_requests=5_000_000)
    assert found.monthly_usd == Decimal("0.50")


def test_a_flow_log_costs_what_its_log_group_does_and_is_named_where_it_goes_elsewhere() -> None:
    assert priced(resource("aws_flow_log.this")).unknown == ()
    elsewhere = priced(resource("aws_flow_log.this", log_destination_type="s3"))
    assert [gap.address for gap in elsewhere.unknown] == ["aws_flow_log.this"]


def test_a_type_nobody_knows_is_named_and_one_of_the_state_alone_is_free() -> None:
    found = priced(
        resource("aws_msk_cluster.events"), resource("random_id.suffix"), resource("terraform_data.x")
    )
    assert [(gap.address, gap.resource_type) for gap in found.unknown] == [
        ("aws_msk_cluster.events", "aws_msk_cluster")
    ]
    assert found.free == ("random_id", "terraform_data")
    assert found.monthly_usd == 0


def test_a_region_without_prices_is_never_silently_zero() -> None:
    found = estimate(sample("environment"), region="eu-west-1")
    reasons = {gap.resource_type: gap.reason for gap in found.unknown}
    assert {"aws_lb", "aws_autoscaling_group", "aws_s3_bucket", "aws_cloudwatch_log_group"} <= set(reasons)
    assert all("eu-west-1" in reason for reason in reasons.values())
    assert {item.resource_type for item in found.items} == {"aws_cloudfront_distribution"}


def test_a_resource_may_stand_in_another_region() -> None:
    found = priced(resource("aws_ecr_repository.a", region="us-east-1"), resource("aws_ecr_repository.b"))
    assert [item.address for item in found.items] == ["aws_ecr_repository.a"]
    assert [gap.address for gap in found.unknown] == ["aws_ecr_repository.b"]


def test_every_item_has_a_price_with_source_and_date() -> None:
    for item in estimate(sample("environment"), region=REGION).items:
        assert item.source
        assert item.as_of
        assert item.monthly_usd == pytest.approx(item.quantity * item.unit_price_usd)


TEMPLATE = {
    "instance_type": "t3.small",
    "block_device_mappings": [
        {"ebs": [{"volume_size": 40, "volume_type": "gp3", "iops": 4000, "throughput": 225}]}
    ],
    "network_interfaces": [{"associate_public_ip_address": "false"}],
}


def test_a_group_is_priced_by_its_launch_template_among_several() -> None:
    # Terraform names both the attribute and the resource.
    references = {"references": ["aws_launch_template.big.id", "aws_launch_template.big"]}
    group = {"address": "aws_autoscaling_group.a", "expressions": {"launch_template": [{"id": references}]}}
    configuration = {"root_module": {"resources": [group]}}
    found = estimate(
        plan(
            resource("aws_autoscaling_group.a", desired_capacity=3, launch_template=[{}]),
            resource("aws_launch_template.small", **TEMPLATE | {"instance_type": "t3.nano"}),
            resource("aws_launch_template.big", **TEMPLATE),
            configuration=configuration,
        ),
        region=REGION,
    )
    assert components(found) == {
        "instances (t3.small)": 2190,
        "disks (gp3)": 120,
        "disk operations (gp3)": 3000,
        "disk throughput (gp3)": 300,
    }


def test_of_many_groups_each_finds_the_template_with_its_own_index() -> None:
    references = {"references": ["aws_launch_template.its", "each.key"]}
    group = {"address": "aws_autoscaling_group.one", "expressions": {"launch_template": [{"id": references}]}}
    kinds = ["t3.nano", "t3.small", "t3.large"]
    found = estimate(
        plan(
            *(
                resource(f"aws_autoscaling_group.one[{index}]", desired_capacity=1, launch_template=[{}])
                for index in range(3)
            ),
            *(
                resource(f"aws_launch_template.its[{index}]", **TEMPLATE | {"instance_type": kind})
                for index, kind in enumerate(kinds)
            ),
            configuration={"root_module": {"resources": [group]}},
        ),
        region=REGION,
    )
    by_group = {
        item.address: item.component for item in found.items if item.component.startswith("instances")
    }
    assert by_group == {
        f"aws_autoscaling_group.one[{index}]": f"instances ({kind})" for index, kind in enumerate(kinds)
    }


def test_an_existing_group_finds_its_template_by_identifier() -> None:
    found = priced(
        resource("aws_autoscaling_group.a", desired_capacity=1, launch_template=[{"id": "lt-2"}]),
        resource("aws_launch_template.one", id="lt-1", **TEMPLATE | {"instance_type": "t3.nano"}),
        resource("aws_launch_template.two", id="lt-2", **TEMPLATE),
    )
    assert "instances (t3.small)" in components(found)


@pytest.mark.parametrize(
    ("group", "template", "reason"),
    [
        ({"desired_capacity": 2}, None, "launch template cannot be found"),
        ({}, TEMPLATE, "number of its instances"),
        ({"desired_capacity": 2, "mixed_instances_policy": [{}]}, TEMPLATE, "decided by AWS"),
        ({"desired_capacity": 2}, TEMPLATE | {"instance_market_options": [{"market_type": "spot"}]}, "spot"),
        ({"desired_capacity": 2}, TEMPLATE | {"block_device_mappings": []}, "image's own"),
        (
            {"desired_capacity": 2},
            TEMPLATE | {"instance_type": "x9.huge"},
            "no price for instances (x9.huge)",
        ),
    ],
)
def test_a_group_that_cannot_be_priced_says_why(
    group: dict[str, object], template: dict[str, object] | None, reason: str
) -> None:
    resources = [resource("aws_autoscaling_group.a", **group)]
    resources += [resource("aws_launch_template.t", **template)] if template else []
    assert reason in " ".join(gap.reason for gap in priced(*resources).unknown)


@pytest.mark.parametrize(
    ("template", "subnet", "expected"),
    [
        ([{"associate_public_ip_address": "true"}], None, 1460),
        ([{"associate_public_ip_address": "false"}], True, None),
        ([], True, 1460),
        ([], False, None),
        ([], None, 1460),
    ],
)
def test_public_addresses_follow_template_then_subnet_then_assumption(
    template: list[object], subnet: bool | None, expected: int | None
) -> None:
    resources = [
        resource("aws_autoscaling_group.a", desired_capacity=2, vpc_zone_identifier=["subnet-1"]),
        resource("aws_launch_template.t", **TEMPLATE | {"network_interfaces": template}),
    ]
    if subnet is not None:
        resources.append(resource("aws_subnet.public", id="subnet-1", map_public_ip_on_launch=subnet))
    assert components(priced(*resources)).get("public IPv4 addresses") == expected


@pytest.mark.parametrize(
    ("values", "addresses"),
    [
        ({}, 1460),
        ({"subnets": ["a", "b", "c"]}, 2190),
        ({"subnet_mapping": [{"subnet_id": "a"}]}, 730),
        ({"internal": True, "subnets": ["a", "b"]}, None),
    ],
)
def test_a_load_balancer_holds_an_address_in_each_zone(
    values: dict[str, object], addresses: int | None
) -> None:
    found = components(priced(resource("aws_lb.this", **values)))
    assert found["load balancer"] == 730
    assert found["load balancer capacity"] == 73
    assert found.get("public IPv4 addresses") == addresses


@pytest.mark.parametrize(
    ("address", "values", "region", "expected"),
    [
        ("aws_nat_gateway.this", {}, REGION, {"NAT gateway": 730, "NAT gateway data": 5}),
        ("aws_eip.nat", {}, REGION, {"public IPv4 addresses": 730}),
        ("aws_route53_zone.this", {}, REGION, {"DNS zone": 1, "DNS queries": 100_000}),
        ("aws_kms_key.this", {}, REGION, {"encryption keys": 1, "encryption requests": 10_000}),
        ("aws_secretsmanager_secret.this", {}, "us-east-1", {"secrets": 1, "secret requests": 10_000}),
        ("aws_ecr_repository.this", {}, "us-east-1", {"image storage": 1}),
        ("aws_cloudwatch_metric_alarm.this", {"period": 60}, REGION, {"alarms": 1}),
        ("aws_ssm_parameter.this", {"tier": "Standard"}, REGION, {}),
        ("aws_vpc_endpoint.s3", {"vpc_endpoint_type": "Gateway"}, REGION, {}),
        (
            "aws_vpc_endpoint.ecr",
            {"vpc_endpoint_type": "Interface", "subnet_ids": ["a", "b"]},
            "us-east-1",
            {"private endpoints": 1460, "private endpoint data": 5},
        ),
        ("aws_eks_cluster.this", {}, REGION, {"Kubernetes control plane": 730}),
        (
            "aws_db_instance.this",
            {"engine": "mysql", "instance_class": "db.t3.micro", "multi_az": True, "allocated_storage": 20},
            "us-east-1",
            {"database (db.t3.micro)": 730, "database storage": 20},
        ),
        (
            "aws_instance.this",
            {
                "instance_type": "t3.micro",
                "associate_public_ip_address": True,
                "root_block_device": [{"volume_size": 8, "volume_type": "gp2"}],
            },
            REGION,
            {"instances (t3.micro)": 730, "disks (gp2)": 8, "public IPv4 addresses": 730},
        ),
        (
            "aws_lambda_function.this",
            {"memory_size": 512, "architectures": ["arm64"]},
            REGION,
            {"function requests": 1_000_000, "function time": 50_000},
        ),
        (
            "aws_db_instance.pg",
            {
                "engine": "postgres",
                "instance_class": "db.t3.large",
                "allocated_storage": 20,
                "storage_type": "gp2",
            },
            "us-east-1",
            {"database (db.t3.large)": 730, "database storage": 20},
        ),
        (
            "aws_db_instance.fast",
            {
                "engine": "mysql",
                "instance_class": "db.t4g.small",
                "multi_az": True,
                "allocated_storage": 400,
                "storage_type": "gp3",
                "iops": 14_000,
            },
            "us-east-1",
            {"database (db.t4g.small)": 730, "database storage": 400, "database operations": 2000},
        ),
        (
            "aws_eks_fargate_profile.this",
            {},
            REGION,
            {"Fargate processors": Decimal("182.50"), "Fargate memory": 365},
        ),
        (
            "aws_eks_node_group.plain",
            {"scaling_config": [{"desired_size": 1}]},
            REGION,
            {"instances (t3.medium)": 730, "disks (gp3)": 20},
        ),
        (
            "aws_eks_node_group.this",
            {"scaling_config": [{"desired_size": 2}], "instance_types": ["t3.medium"], "disk_size": 20},
            REGION,
            {"instances (t3.medium)": 1460, "disks (gp3)": 40},
        ),
    ],
)
def test_quantities_by_resource_type(
    address: str, values: dict[str, object], region: str, expected: dict[str, int | Decimal]
) -> None:
    found = priced(resource(address, **values), region=region)
    assert components(found) == expected
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("address", "values", "reason"),
    [
        ("aws_db_instance.ora", {"engine": "oracle-se2", "instance_class": "db.t3.micro"}, "PostgreSQL databases only, not oracle-se2"),
        ("aws_db_instance.my", {"engine": "mysql", "instance_class": "db.t3.micro"}, "size of its storage"),
        ("aws_instance.this", {}, "instance type is not known"),
        ("aws_lb.this", {"load_balancer_type": "gateway"}, "type gateway"),
        ("aws_ecs_cluster.this", {"setting": [{"name": "containerInsights", "value": "enhanced"}]}, "Container Insights"),
        ("aws_ecs_service.this", {"launch_type": "FARGATE"}, "Fargate tasks"),
        ("aws_ecs_service.spot", {"capacity_provider_strategy": [{"capacity_provider": "FARGATE_SPOT"}]}, "Spot"),
        ("aws_ebs_volume.this", {"type": "gp3"}, "size of its disk"),
        ("aws_vpc_endpoint.this", {"vpc_endpoint_type": "Interface"}, "zones of this endpoint"),
    ],
)  # fmt: skip
def test_what_cannot_be_priced_is_named_with_its_reason(
    address: str, values: dict[str, object], reason: str
) -> None:
    assert reason in " ".join(gap.reason for gap in priced(resource(address, **values)).unknown)


def test_fargate_tasks_are_priced_by_their_size_and_tasks_on_instances_are_not() -> None:
    task = resource("aws_ecs_task_definition.t", cpu="256", memory="512", family="t")
    fargate = resource("aws_ecs_service.f", launch_type="FARGATE", desired_count=2, task_definition="t")
    assert components(priced(task, fargate)) == {"Fargate processors": 365, "Fargate memory": 730}
    on_instances = resource("aws_ecs_service.e", launch_type="EC2", desired_count=2, task_definition="t")
    assert priced(task, on_instances).items == ()


def test_nodes_by_a_launch_template_are_priced_by_it() -> None:
    found = priced(
        resource("aws_launch_template.nodes", id="lt-1", **TEMPLATE),
        resource(
            "aws_eks_node_group.this", scaling_config=[{"desired_size": 2}], launch_template=[{"id": "lt-1"}]
        ),
    )
    assert components(found)["instances (t3.small)"] == 1460
    assert components(found)["disks (gp3)"] == 80


def test_usage_above_the_first_tier_gets_the_lower_price() -> None:
    found = priced(
        resource("aws_cloudfront_distribution.this"), cloudfront_out_gb=11 * 1024, cloudfront_https_requests=0
    )
    assert [item.quantity for item in found.items] == [10 * 1024, 1024]
    assert found.items[1].unit_price_usd < found.items[0].unit_price_usd


def test_assumptions_change_the_estimate_and_are_shown_in_it() -> None:
    found = priced(
        resource("aws_cloudfront_distribution.this"), cloudfront_out_gb=0, cloudfront_https_requests=0
    )
    assert found.monthly_usd == 0
    assert found.assumptions.cloudfront_out_gb == 0
    assert priced(
        resource("aws_nat_gateway.this"), hours_per_month=100, nat_processed_gb=0
    ).monthly_usd == Decimal("4.50")


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_an_assumption_that_is_no_usage_is_refused(value: float) -> None:
    with pytest.raises(ConfigurationError, match="nat_processed_gb"):
        with_figures(DEFAULT, {"nat_processed_gb": value})
