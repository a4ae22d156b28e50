"""Which attributes the configuration gives a value, read from a plan's JSON form.

Terraform calls two things unknown: what was given a value that is not known yet, and what was given none and AWS
chooses. The first may hold anything; the second is as AWS makes it. The plan's configuration tells them apart, for
attributes (of blocks that a resource repeats dynamically it says nothing).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from panel.engine.plan import ResourceChange
from panel.runs.guardrails.reading import fields

#: For each resource of the configuration, the attributes that are given a value.
Written = Mapping[str, frozenset[str]]

_INSTANCE = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


def written_attributes(plan_json: object) -> Written:
    """The attributes of each resource that the configuration gives a value.

    Args:
        plan_json: what ``terraform show -json`` prints of a saved plan.
    """
    root = fields(fields(fields(plan_json).get("configuration")).get("root_module"))
    return dict(_resources(root, ""))


def is_written(written: Written | None, change: ResourceChange, name: str) -> bool:
    """Whether the attribute is given a value; where the configuration is not known, it may be."""
    if written is None:
        return True
    module = _INSTANCE.sub("", change.module)
    address = f"{module}.{change.type}.{change.name}" if module else f"{change.type}.{change.name}"
    return address not in written or name in written[address]


def _resources(module: Mapping[str, object], prefix: str) -> Iterator[tuple[str, frozenset[str]]]:
    resources = module.get("resources")
    for item in resources if isinstance(resources, list) else []:
        resource = fields(item)
        yield f"{prefix}{resource.get('address')}", frozenset(fields(resource.get("expressions")))
    for name, call in fields(module.get("module_calls")).items():
        yield from _resources(fields(fields(call).get("module")), f"{prefix}module.{name}.")
