"""Staging is production but for names and size: the same resources, with the same values in everything else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.terraform.mocked import UNKNOWN, Finished

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

# The last part of where a value stands, for what is neither a name nor made of one.
SIZE = {"min_size", "max_size", "desired_capacity"}
# With an instance to spare new tasks start first; production has one in what is planned here.
ROLL_OUT = {"deployment_minimum_healthy_percent", "deployment_maximum_percent"}
SLOT = {"subnets", "vpc_zone_identifier"}
PROTECTION = {"enable_deletion_protection"}

# The end of a name that was shortened or has to be one of a kind, and text that was packed for EC2.
DIGEST = re.compile(r"-[0-9a-f]{6,8}\b")
PACKED = {"user_data"}


def named_alike(value: str) -> str:
    """A text of either environment, with the names of both put into one word."""
    for domain in ("staging.todo.example.com", "todo.example.com"):
        value = value.replace(domain, "<domain>")
    for name in ("staging", "production"):
        value = value.replace(name, "<environment>")
    return DIGEST.sub("-<digest>", value)


def leaves(value: Any, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every single value with where it stands."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key], (*where, key))
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from leaves(item, (*where, str(place)))
    else:
        yield where, value


def settings(resources: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """All values of a plan by address and place, with names put into one word."""
    return {
        where: named_alike(value) if isinstance(value, str) else value
        for address, values in resources.items()
        for where, value in leaves(values, (named_alike(address),))
    }


@pytest.fixture
def production(planned: Finished) -> dict[str, Any]:
    return dict(planned.run("production").resources)


@pytest.fixture
def staging(planned: Finished) -> dict[str, Any]:
    return dict(planned.run("stack_environment").resources)


def test_both_have_the_same_resources(production: dict[str, Any], staging: dict[str, Any]) -> None:
    assert len(production) == len({named_alike(address) for address in production})
    assert {named_alike(address) for address in production} == {named_alike(address) for address in staging}


def differing(one: dict[str, Any], other: dict[str, Any]) -> dict[tuple[str, ...], tuple[Any, Any]]:
    """Where two plans differ beyond names, with what each has there."""
    first, second = settings(one), settings(other)
    return {
        where: (first.get(where, "nothing"), second.get(where, "nothing"))
        for where in sorted({*first, *second})
        if first.get(where, "nothing") != second.get(where, "nothing")
        and not PACKED & set(where)
        # Where in a list a value stands is no setting.
        and not SLOT & set(where)
    }


def test_they_differ_in_size_slot_and_protection_alone(
    production: dict[str, Any], staging: dict[str, Any]
) -> None:
    found = differing(production, staging)
    other = {where: both for where, both in found.items() if where[-1] not in SIZE | ROLL_OUT | PROTECTION}
    assert other == {}, "production and staging differ in more than names, size, slot and protection"
    assert {where[-1] for where in found} == SIZE | ROLL_OUT | PROTECTION


def test_each_stands_in_the_subnets_of_its_slot(production: dict[str, Any], staging: dict[str, Any]) -> None:
    for slot, resources in (("0", production), ("1", staging)):
        found = {
            value
            for address, values in resources.items()
            for where, value in leaves(values, (address,))
            if SLOT & set(where) and value not in (None, [], UNKNOWN)
        }
        assert found == {f"subnet-0123456789abcde{slot}{zone}" for zone in ("a", "b")}


def test_a_setting_that_only_one_of_them_has_would_be_seen(staging: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(staging))
    changed["module.environment.aws_launch_template.instance"]["metadata_options"][0]["http_tokens"] = (
        "optional"
    )
    assert [where[-1] for where in differing(changed, staging)] == ["http_tokens"]
