"""Wrong and missing tags are found in a state, and in what a launch template and a group of instances hand on."""

from typing import Any

import pytest

from tests.terraform.state_tags import count_tagged, wrongly_tagged

WANTED = {"Project": "todo", "Owner": "API team"}


def state(kind: str, **attributes: Any) -> dict[str, Any]:
    resource = {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": attributes}]}
    return {"resources": [resource, {**resource, "mode": "data"}]}


def test_what_has_all_tags_and_more_lacks_none() -> None:
    assert wrongly_tagged(state("aws_vpc", tags_all={**WANTED, "Name": "todo"}), WANTED) == []


@pytest.mark.parametrize("tags", [{"Project": "todo"}, {**WANTED, "Owner": "Somebody"}, None])
def test_a_tag_that_is_missing_or_says_otherwise_is_found(tags: dict[str, str] | None) -> None:
    (line,) = wrongly_tagged(state("aws_vpc", tags_all=tags), WANTED)
    assert line.startswith("aws_vpc.this: ")


def test_what_cannot_be_tagged_does_not_count() -> None:
    assert (count_tagged(state("aws_route")), wrongly_tagged(state("aws_route"), WANTED)) == (0, [])
    assert count_tagged(state("aws_vpc", tags_all={})) == 1


def test_instances_disks_and_interfaces_need_the_tags_of_the_launch_template() -> None:
    specified = [{"resource_type": kind, "tags": WANTED} for kind in ("instance", "volume")]
    template = state("aws_launch_template", tags_all=WANTED, tag_specifications=specified)
    (line,) = wrongly_tagged(template, WANTED)
    assert "network-interface" in line


def test_a_group_hands_on_only_what_it_propagates() -> None:
    tags = [
        {"key": key, "value": value, "propagate_at_launch": key == "Owner"} for key, value in WANTED.items()
    ]
    (line,) = wrongly_tagged(state("aws_autoscaling_group", tag=tags), WANTED)
    assert "Project" in line and "Owner" not in line
