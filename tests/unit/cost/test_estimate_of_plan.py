"""Estimates of plans: what is priced, what is named as unknown, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.cost.assumptions import Assumptions
from panel.cost.estimate import RULES, by_component, estimate, to_dict
from panel.cost.free import is_free
from panel.cost.values import Estimate
from panel.errors import ConfigurationError

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parent / "samples"
REGION = "us-east-2"


def resource(address: str, **values: object) -> dict[str, object]:
    """One managed resource as a plan shows it."""
    kind, name = re.sub(r"\[[^\]]*\]", "", address).split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}


def plan(
    *after: Mapping[str, object], before: Sequence[Mapping[str, object]] = (), configuration: object = None
) -> dict[str, object]:
    """A plan from ``before`` to ``after``, all in the root module."""
    found: dict[str, object] = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": list(after)}},
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": list(before)}}},
    }
    return found if configuration is None else found | {"configuration": configuration}


def priced(*after: Mapping[str, object], region: str = REGION, **assumed: float) -> Estimate:
    """The estimate of a plan that creates these resources."""
    return estimate(plan(*after), region=region, assumptions=Assumptions(**assumed))  # type: ignore[arg-type]  # zones is whole


def components(of: Estimate) -> dict[str, Decimal]:
    """Quantity by component."""
    return {item.component: item.quantity for item in of.items}


def sample(name: str) -> dict[str, object]:
    """A plan of the project's own stack, cut down to what matters here."""
    found: dict[str, object] = json.loads((SAMPLES / f"{name}-plan.json").read_text())
    return found


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
            "aws_eks_node_group.this",
            {"scaling_config": [{"desired_size": 2}], "instance_types": ["t3.medium"], "disk_size": 20},
            REGION,
            {"instances (t3.medium)": 1460, "disks (gp3)": 40},
        ),
    ],
)
def test_quantities_by_resource_type(
    address: str, values: dict[str, object], region: str, expected: dict[str, int]
) -> None:
    found = priced(resource(address, **values), region=region)
    assert components(found) == expected
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("address", "values", "reason"),
    [
        ("aws_db_instance.pg", {"engine": "postgres", "instance_class": "db.t3.micro"}, "MySQL databases only, not postgres"),
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
        Assumptions(nat_processed_gb=value)


def test_the_delta_is_the_change_from_what_stands() -> None:
    nat, balancer = resource("aws_nat_gateway.this"), resource("aws_lb.this", internal=True)
    unchanged = estimate(plan(nat, before=[nat]), region=REGION)
    assert unchanged.delta_usd == 0
    assert unchanged.monthly_usd > 0
    assert estimate(plan(before=[nat]), region=REGION).delta_usd == -unchanged.monthly_usd
    swapped = estimate(plan(balancer, before=[nat]), region=REGION)
    assert swapped.delta_usd == swapped.monthly_usd - unchanged.monthly_usd


def test_without_a_prior_state_the_changes_say_what_stood() -> None:
    document = plan(resource("aws_eip.a"))
    del document["prior_state"]
    document["resource_changes"] = [
        resource("aws_eip.a") | {"change": {"actions": ["no-op"], "before": {}, "after": {}}},
        resource("aws_eip.b") | {"change": {"actions": ["delete"], "before": {}, "after": None}},
        resource("aws_eip.c") | {"change": {"actions": ["create"], "before": None, "after": {}}},
    ]
    found = estimate(document, region=REGION)
    assert found.delta_usd == -found.monthly_usd


def test_a_plan_that_destroys_all_costs_nothing_after() -> None:
    standing = resource("aws_eip.a")
    document = plan(before=[standing]) | {"planned_values": {"root_module": {}}}
    found = estimate(document, region=REGION)
    assert (found.monthly_usd, found.delta_usd) == (Decimal(0), Decimal("-3.65"))


def test_the_json_of_a_state_is_priced_too() -> None:
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [resource("aws_eip.a")]}}}
    found = estimate(state, region=REGION)
    assert (found.monthly_usd, found.delta_usd) == (Decimal("3.65"), Decimal(0))
    assert estimate({"format_version": "1.0"}, region=REGION).monthly_usd == 0


def test_data_sources_cost_nothing_and_modules_are_walked_to_the_bottom() -> None:
    data = resource("data.aws_eip.a") | {"mode": "data"}
    inner = {
        "address": 'module.a["x.y"].module.b[0]',
        "resources": [resource('module.a["x.y"].module.b[0].aws_eip.z')],
    }
    document = plan(data)
    document["planned_values"] = {
        "root_module": {
            "resources": [data],
            "child_modules": [{"address": 'module.a["x.y"]', "child_modules": [inner]}],
        }
    }
    assert [item.address for item in estimate(document, region=REGION).items] == [
        'module.a["x.y"].module.b[0].aws_eip.z'
    ]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "the document should hold an object, and holds a list"),
        ({}, "the document should hold the key planned_values"),
        ({"resources": []}, "the keys resources"),
        ({"planned_values": []}, "planned_values should hold an object, and holds a list"),
        ({"planned_values": {"root_module": "x"}}, "planned_values.root_module should hold an object, and holds text"),
        ({"planned_values": {"root_module": {"resources": {}}}}, "root_module.resources should hold a list"),
        ({"planned_values": {"root_module": {"resources": [5]}}}, "resources[0] should hold an object, and holds a number"),
        (
            {"planned_values": {"root_module": {"resources": [{"mode": "managed", "type": "aws_eip"}]}}},
            "resources[0] should hold an address",
        ),
        (
            {"planned_values": {"root_module": {"resources": [resource("aws_eip.a") | {"values": [1]}]}}},
            "resources[0].values should hold an object",
        ),
        ({"planned_values": {}, "prior_state": 3}, "prior_state should hold an object"),
        ({"planned_values": {}, "resource_changes": [{}]}, "resource_changes[0].change should hold an object"),
        ({"planned_values": {}, "configuration": "x"}, "configuration should hold an object"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_the_place(document: dict[str, object], place: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        estimate(document, region=REGION)
    assert place in error.value.message
    assert "terraform show -json" in error.value.hint


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.sampled_from(["", "t3.micro", "gp3", "true", "-1"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["ebs", "id", "value", "name"]), inner)
    ),
    max_leaves=5,
)
ARGUMENTS = [
    "instance_type", "desired_capacity", "launch_template", "block_device_mappings", "network_interfaces", "subnets",
    "volume_size", "volume_type", "size", "setting", "root_block_device", "engine", "allocated_storage", "memory_size",
    "launch_type", "task_definition", "vpc_endpoint_type", "subnet_ids", "period", "region", "viewer_certificate",
    "scaling_config", "instance_types", "load_balancer_type", "capacity_provider_strategy", "metric_query",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(ARGUMENTS), JSON, max_size=8))
def test_no_rule_breaks_on_odd_values(values: dict[str, object]) -> None:
    resources = [resource(f"{kind}.a", **values) for kind in RULES]
    found = estimate(plan(*resources, resource("aws_launch_template.t", **values)), region=REGION)
    assert to_dict(found)["currency"] == "USD"
    assert all(item.monthly_usd.is_finite() for item in found.items)


def test_sums_by_component_add_up_and_begin_with_the_dearest() -> None:
    found = estimate(sample("environment"), region=REGION)
    sums = by_component(found)
    assert round(sum(amount for _, amount in sums), 2) == found.monthly_usd
    assert [amount for _, amount in sums] == sorted((amount for _, amount in sums), reverse=True)
    assert dict(sums)["public IPv4 addresses"] == Decimal("14.60")


def test_the_json_has_the_fields_others_rely_on() -> None:
    found = to_dict(estimate(sample("shared"), region=REGION))
    assert json.loads(json.dumps(found)) == found
    assert {"monthly_usd", "currency", "items", "unknown", "assumptions"} <= set(found)
    items, unknown, assumptions = found["items"], found["unknown"], found["assumptions"]
    assert isinstance(items, list)
    assert isinstance(unknown, list)
    assert isinstance(assumptions, dict)
    assert list(items[0]) == [
        "address", "resource_type", "component", "quantity", "unit", "unit_price_usd", "monthly_usd", "source", "as_of",
    ]  # fmt: skip
    assert list(unknown[0]) == ["address", "resource_type", "reason"]
    assert assumptions["hours_per_month"] == 730
