"""The four tags: asked for by both stacks' providers, and written out where those do not reach.

A mocked provider works out no `tags_all`: whether every resource carries the tags is asked of a real apply's state, in
test_world.py.
"""

from __future__ import annotations

import hcl2
import pytest

from tests.terraform.inventory import type_of
from tests.terraform.mocked import TERRAFORM, Finished
from tests.terraform.tags import KEYS, untagged_starts

ALL = dict.fromkeys(KEYS, "x")


@pytest.mark.parametrize("stack", ["shared", "environment"])
def test_every_provider_of_a_stack_gives_all_resources_the_tags(stack: str) -> None:
    read = hcl2.loads((TERRAFORM / "stacks" / stack / "providers.tf").read_text(encoding="utf-8"))
    shared = next((block["tags"] for block in read.get("locals", []) if "tags" in block), None)
    providers = [body for provider in read["provider"] for name, body in provider.items() if name == '"aws"']
    assert providers
    for provider in providers:
        (tags,) = provider["default_tags"]
        given = shared if tags["tags"] == "${local.tags}" else tags["tags"]
        assert set(given) == set(KEYS)


@pytest.mark.terraform
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["stack_environment", "production"])
def test_what_instances_are_started_with_carries_the_tags(planned: Finished, name: str) -> None:
    resources = planned.run(name).resources
    assert {"aws_autoscaling_group", "aws_launch_template"} <= {type_of(address) for address in resources}
    assert [
        line
        for address, values in resources.items()
        for line in untagged_starts(address, type_of(address), values)
    ] == []


def test_a_group_has_to_pass_its_tags_on() -> None:
    tags = [{"key": key, "value": "x", "propagate_at_launch": key != "Owner"} for key in KEYS]
    assert untagged_starts("group", "aws_autoscaling_group", {"tag": tags}) == [
        "group (passed on): without Owner"
    ]
    assert untagged_starts("group", "aws_autoscaling_group", {}) != []


def test_a_template_has_to_tag_disks_and_interfaces_too() -> None:
    given = [{"resource_type": kind, "tags": ALL} for kind in ("instance", "volume")]
    assert untagged_starts("template", "aws_launch_template", {"tag_specifications": given}) == [
        "template (network-interface): without Project, Environment, ManagedBy, Owner"
    ]


def test_what_starts_nothing_has_nothing_to_pass_on() -> None:
    assert untagged_starts("bucket", "aws_s3_bucket", {}) == []
