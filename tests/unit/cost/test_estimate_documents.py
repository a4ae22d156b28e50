"""What an estimate says of changes, of odd documents, and in its own JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.cost.estimate import RULES, by_component, estimate, to_dict
from panel.errors import ConfigurationError
from tests.unit.cost.plans import REGION, plan, resource, sample


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
