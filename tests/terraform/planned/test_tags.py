"""The four tags: asked for by both stacks' providers, written out where those do not reach, and the check of them.

Whether every resource then carries them is asked of a real apply, in test_world.py.
"""

from __future__ import annotations

from typing import Any

import hcl2
import pytest

from tests.terraform.inventory import type_of
from tests.terraform.mocked import TERRAFORM, Finished
from tests.terraform.tags import KEYS, missing_tags, untagged_starts

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


def shown(*resources: dict[str, Any]) -> dict[str, Any]:
    child = {"resources": [{"mode": "managed", **resource} for resource in resources]}
    return {"values": {"root_module": {"child_modules": [{"child_modules": [child]}]}}}


def test_a_resource_without_a_tag_is_named_with_what_it_lacks() -> None:
    bucket = {"address": "module.a.aws_s3_bucket.this", "type": "aws_s3_bucket"}
    assert missing_tags(shown({**bucket, "values": {"tags_all": ALL}})) == []
    assert missing_tags(shown({**bucket, "values": {"tags_all": {"Project": "x", "Owner": "x"}}})) == [
        "module.a.aws_s3_bucket.this: without Environment, ManagedBy"
    ]
    assert missing_tags(shown({**bucket, "values": {"tags_all": None}})) != []


def test_a_plan_is_read_like_a_state_and_data_sources_have_no_say() -> None:
    untagged = {"address": "aws_vpc.this", "type": "aws_vpc", "values": {"tags_all": {}}}
    assert missing_tags({"planned_values": shown(untagged)["values"]}) != []
    assert missing_tags(shown({**untagged, "mode": "data"})) == []


def test_what_takes_no_tags_needs_none() -> None:
    route = {"address": "aws_route.this", "type": "aws_route", "values": {"route_table_id": "rtb-1"}}
    assert missing_tags(shown(route)) == []


def test_a_group_has_to_pass_its_tags_on() -> None:
    tags = [{"key": key, "value": "x", "propagate_at_launch": key != "Owner"} for key in KEYS]
    group = {
        "address": "aws_autoscaling_group.this",
        "type": "aws_autoscaling_group",
        "values": {"tag": tags},
    }
    assert missing_tags(shown(group)) == ["aws_autoscaling_group.this (passed on): without Owner"]


def test_a_template_has_to_tag_disks_and_interfaces_too() -> None:
    given = [{"resource_type": kind, "tags": ALL} for kind in ("instance", "volume")]
    template = {
        "address": "aws_launch_template.this",
        "type": "aws_launch_template",
        "values": {"tags_all": ALL, "tag_specifications": given},
    }
    assert missing_tags(shown(template)) == [
        "aws_launch_template.this (network-interface): without Project, Environment, ManagedBy, Owner"
    ]
