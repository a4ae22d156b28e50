"""Every module's example and both stacks, planned and compared with their inventories; and the comparison itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.terraform import mocked, worlds
from tests.terraform.inventory import FOLDER, counts, differences, load, type_of
from tests.terraform.mocked import TERRAFORM, Finished

NAMES = [request.name for request in [*mocked.examples(), *worlds.inventoried()]]


def test_every_module_and_stack_has_an_example_and_an_inventory() -> None:
    modules = {folder.name for folder in (TERRAFORM / "modules").iterdir()}
    stacks = {f"stack_{folder.name}" for folder in (TERRAFORM / "stacks").iterdir()}
    assert set(NAMES) == modules | stacks
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)


@pytest.mark.terraform
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_as_the_inventory_has_it(planned: Finished, name: str) -> None:
    run = planned.run(name)
    # Terraform has nothing to warn of: nothing is deprecated.
    assert (run.said, planned.said) == ((), ())
    found = differences(load(name), run.resources)
    assert found == [], "\n".join([f"{name} differs from its inventory:", *found])


@pytest.mark.terraform
@pytest.mark.timeout(600)
def test_the_load_balancer_asks_the_longer_path_first(planned: Finished) -> None:
    rules = {
        tuple(values["condition"][0]["path_pattern"][0]["values"]): values["priority"]
        for address, values in planned.run("environment").resources.items()
        if type_of(address) == "aws_lb_listener_rule"
    }
    in_order = [paths for paths, _ in sorted(rules.items(), key=lambda rule: rule[1])]
    assert in_order == [("/api/reports/*",), ("/reports/*",), ("/api/*",)]


RESOURCES: dict[str, Any] = {
    "aws_vpc.this": {"cidr_block": "10.0.0.0/16", "tags": {"Name": "a", "Slot": "1"}},
    'module.a["x.y"].aws_subnet.this["z.w"]': {"rule": [{"port": 443, "hosts": ["a", "b"]}]},
    "module.a.aws_s3_bucket_policy.this[0]": {"policy": '{"Statement": [{"Effect": "Deny"}]}'},
}
INVENTORY: dict[str, Any] = {
    "counts": {"aws_vpc": 1, "aws_subnet": 1, "aws_s3_bucket_policy": 1},
    "values": {
        "aws_vpc.this": {"cidr_block": "10.0.0.0/16", "tags": {"Name": "a"}},
        'module.a["x.y"].aws_subnet.this["z.w"]': {"rule": {"port": 443, "hosts": ["a", "b"]}},
        "module.a.aws_s3_bucket_policy.this[0]": {"policy": {"Statement": {"Effect": "Deny"}}},
    },
}


def test_resources_are_counted_by_type_whatever_their_labels() -> None:
    assert counts(RESOURCES) == {"aws_s3_bucket_policy": 1, "aws_subnet": 1, "aws_vpc": 1}


def test_what_agrees_has_no_differences() -> None:
    assert differences(INVENTORY, RESOURCES) == []


@pytest.mark.parametrize(
    ("address", "values", "line"),
    [
        (
            "aws_vpc.this",
            {"cidr_block": "10.1.0.0/16", "tags": {"Name": "a"}},
            'aws_vpc.this.cidr_block: the inventory has "10.0.0.0/16", the plan "10.1.0.0/16"',
        ),
        ("aws_vpc.this", {"cidr_block": "10.0.0.0/16", "tags": {}}, "aws_vpc.this.tags: has no Name"),
        (
            'module.a["x.y"].aws_subnet.this["z.w"]',
            {"rule": [{"port": 443, "hosts": ["a"]}]},
            'module.a["x.y"].aws_subnet.this["z.w"].rule.hosts: the inventory has ["a", "b"], the plan ["a"]',
        ),
        (
            "module.a.aws_s3_bucket_policy.this[0]",
            {"policy": '{"Statement": [{"Effect": "Allow"}]}'},
            (
                "module.a.aws_s3_bucket_policy.this[0].policy.Statement.Effect:"
                ' the inventory has "Deny", the plan "Allow"'
            ),
        ),
    ],
)
def test_a_difference_says_where_and_what(address: str, values: Any, line: str) -> None:
    assert differences(INVENTORY, RESOURCES | {address: values}) == [line]


def test_one_resource_more_or_less_is_a_difference() -> None:
    more = RESOURCES | {"aws_vpc.second": {}, "aws_eip.nat": {}}
    assert differences(INVENTORY, more) == [
        "aws_eip: the inventory has 0, the plan 1",
        "aws_vpc: the inventory has 1, the plan 2",
    ]
    less = {address: values for address, values in RESOURCES.items() if address != "aws_vpc.this"}
    assert differences(INVENTORY, less) == [
        "aws_vpc: the inventory has 1, the plan 0",
        "aws_vpc.this: not in the plan",
    ]


def test_true_is_not_one() -> None:
    inventory = {"counts": {"aws_lb": 1}, "values": {"aws_lb.this": {"internal": True}}}
    assert differences(inventory, {"aws_lb.this": {"internal": 1}}) != []
