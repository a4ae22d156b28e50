"""Tags of what a stack made, as its state has them from AWS: with their values, which tell whose a thing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.terraform.tags import untagged_starts


def wrongly_tagged(state: Mapping[str, Any], expected: Mapping[str, str]) -> list[str]:
    """One line for whatever can be tagged and lacks one of the expected tags, or will start something without."""
    lines = []
    for address, kind, attributes in _instances(state):
        tags = attributes.get("tags_all", expected) or {}
        if not expected.items() <= tags.items():
            lines.append(f"{address}: {tags}")
        lines += untagged_starts(address, kind, attributes, tuple(expected))
    return lines


def count_tagged(state: Mapping[str, Any]) -> int:
    """How many things in a state can be tagged."""
    return sum("tags_all" in attributes for _, _, attributes in _instances(state))


def _instances(state: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for resource in state["resources"]:
        if resource["mode"] == "managed":
            prefix = f"{resource['module']}." if resource.get("module") else ""
            for instance in resource["instances"]:
                yield (
                    f"{prefix}{resource['type']}.{resource['name']}",
                    resource["type"],
                    instance["attributes"],
                )
