"""The tags that cost reports go by, and who would start something without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS = ("Project", "Environment", "ManagedBy", "Owner")

# What a launch template starts carries only what the template says for it.
_STARTED = ("instance", "volume", "network-interface")


def untagged_starts(
    address: str, kind: str, attributes: Mapping[str, Any], keys: tuple[str, ...] = KEYS
) -> list[str]:
    """One line for each thing that an autoscaling group or a launch template would start without one of the tags.

    The provider's default tags end at the group and the template themselves. Their attributes may come from a plan,
    of a mocked provider too, or from a state.
    """
    if kind == "aws_autoscaling_group":
        passed_on = {tag["key"] for tag in attributes.get("tag") or [] if tag["propagate_at_launch"]}
        return _lines(f"{address} (passed on)", passed_on, keys)
    if kind == "aws_launch_template":
        given = {
            each["resource_type"]: set(each["tags"] or {})
            for each in attributes.get("tag_specifications") or []
        }
        return [
            line
            for started in _STARTED
            for line in _lines(f"{address} ({started})", given.get(started, set()), keys)
        ]
    return []


def _lines(what: str, has: set[str], keys: tuple[str, ...]) -> list[str]:
    absent = [key for key in keys if key not in has]
    return [f"{what}: without {', '.join(absent)}"] if absent else []
