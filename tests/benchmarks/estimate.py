"""The price of a plan of 1,000 resources, from the text of its JSON to what the store keeps.

Two plans: twenty environments as the project's stacks make them, and one module in which all groups of instances look
for their launch templates. Each resource carries as many attributes as in a real plan. The peer is reading the JSON alone.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

from panel.cost.estimate import estimate, to_dict
from panel.cost.free_tier import allowances
from panel.cost.prices import packaged_prices
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.unit.cost.plans import REGION, resource, sample

AIM_MS = 1000.0
SIZES = (1_000, 5_000)
ATTRIBUTES = 18  # so many a resource has on average in the plan of a real environment
_REPEAT = 7


def run(options: Options) -> Findings:
    """Measure both plans in both sizes."""
    packaged_prices(), allowances()  # read once in a process
    times = options.times(_REPEAT)
    measures: list[Measure] = []
    details: list[str] = []
    data: dict[str, Any] = {}
    for name, made in (("environments", _environments), ("groups of one module", _groups)):
        for size in SIZES:
            document = made(size)
            text = json.dumps(document)
            read = _timed(lambda text=text: json.loads(text), times)
            priced = _timed(lambda text=text: to_dict(estimate(json.loads(text), region=REGION)), times)
            counted = _timed(lambda document=document: estimate(document, region=REGION), times)
            label = f"{size:,} resources, {name}"
            aim = AIM_MS if size == SIZES[0] else None
            measures.append(
                Measure(f"{label}: read and priced", median(priced), "ms", "reading", median(read), aim)
            )
            measures.append(Measure(f"{label}: priced alone", median(counted), "ms"))
            found = estimate(document, region=REGION)
            details.append(
                f"{label}: {len(text) / 1e6:.1f} MB of JSON, {len(found.items):,} items, {len(found.unknown)} unknown"
            )
            data[label] = {"read_ms": read, "read_and_priced_ms": priced, "priced_ms": counted}
    details.append(f"Median of {times}; half of what each plan makes stands already.")
    return Findings(measures, details, data)


def _timed(act: Callable[[], object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return found


def _environments(size: int) -> dict[str, Any]:
    """A plan of as many environments as make up this many resources; half of them stand."""
    one: dict[str, Any] = sample("environment")
    module = one["planned_values"]["root_module"]["child_modules"][0]
    call = one["configuration"]["root_module"]["module_calls"]["environment"]
    count = -(-size // _resources(module))
    modules = [_named(module, f"module.environment_{number}") for number in range(count)]
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": modules}},
        "prior_state": {"values": {"root_module": {"child_modules": modules[: count // 2]}}},
        "configuration": {
            "root_module": {"module_calls": {f"environment_{number}": call for number in range(count)}}
        },
    }


def _groups(size: int) -> dict[str, Any]:
    """Groups and their templates, each with an index, and the references of the configuration alone."""
    template = {"instance_type": "t3.micro", "block_device_mappings": [{"ebs": [{"volume_size": 30, "volume_type": "gp3"}]}]}  # fmt: skip
    made = []
    for number in range(size // 2):
        made.append(_full(resource(f"aws_launch_template.its[{number}]", **template)))
        made.append(
            _full(resource(f"aws_autoscaling_group.one[{number}]", desired_capacity=2, launch_template=[{}]))
        )
    references = {"references": ["aws_launch_template.its", "each.key"]}
    group = {"address": "aws_autoscaling_group.one", "expressions": {"launch_template": [{"id": references}]}}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": made}},
        "prior_state": {"values": {"root_module": {"resources": made[: len(made) // 2]}}},
        "configuration": {"root_module": {"resources": [group]}},
    }


def _resources(module: dict[str, Any]) -> int:
    below = sum(_resources(child) for child in module.get("child_modules", ()))
    return len(module.get("resources", ())) + below


def _named(module: dict[str, Any], name: str) -> dict[str, Any]:
    """A copy of the environment's module under another name, its resources as full as real ones."""
    found = copy.deepcopy(module)
    waiting = [found]
    while waiting:
        current = waiting.pop()
        current["address"] = current["address"].replace("module.environment", name, 1)
        for entry in current.get("resources", ()):
            entry["address"] = entry["address"].replace("module.environment", name, 1)
        current["resources"] = [_full(entry) for entry in current.get("resources", ())]
        waiting += current.get("child_modules", ())
    return found


def _full(entry: dict[str, Any]) -> dict[str, Any]:
    """The resource with further attributes, as many as real ones have."""
    more = {f"attribute_{number}": f"{entry['address']}-{number}" for number in range(ATTRIBUTES)}
    tags = {"tags_all": {"Environment": "staging", "Project": "todo", "ManagedBy": "panel"}}
    return entry | {"values": {**more, **tags, **entry["values"]}}
