"""Tags of what a state holds, and of what a group of instances will start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LAUNCHED = ("instance", "volume", "network-interface")


def missing_tags(state: Mapping[str, Any], expected: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Whatever can be tagged and lacks one of the expected tags, with the tags that it has instead."""
    return {
        address: tags
        for address, tags in _tagged(state)
        if not expected.items() <= {name: tags.get(name) for name in expected}.items()
    }


def count_tagged(state: Mapping[str, Any]) -> int:
    """How many things in a state can be tagged."""
    return sum(1 for _ in _tagged(state))


def _tagged(state: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    for resource in state["resources"]:
        if resource["mode"] != "managed":
            continue
        for instance in resource["instances"]:
            address = f"{resource.get('module', '')} {resource['type']}.{resource['name']} {instance.get('index_key', '')}"
            yield from _of_instance(address.strip(), resource["type"], instance["attributes"])


def _of_instance(
    address: str, kind: str, attributes: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, str]]]:
    if "tags_all" in attributes:
        yield address, attributes["tags_all"] or {}
    if kind == "aws_launch_template":
        specified = {item["resource_type"]: item["tags"] for item in attributes["tag_specifications"]}
        yield from ((f"{address} {launched}", specified.get(launched, {})) for launched in LAUNCHED)
    if kind == "aws_autoscaling_group":
        yield (
            address,
            {item["key"]: item["value"] for item in attributes["tag"] if item["propagate_at_launch"]},
        )
