"""What a plan has to hold, by an inventory file: how many resources of each type, and the values that matter.

An inventory is written by hand. `python -m tests.terraform.inventory [NAME...]` prints the counts and the
addresses of what is planned now, to begin a new one from; it writes no file.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.terraform import mocked, worlds

FOLDER = Path(__file__).parent / "inventory"

_LABELS = re.compile(r"\[[^\]]*\]")


def counts(resources: Mapping[str, Any]) -> dict[str, int]:
    """How many resources of each type there are, by type."""
    return dict(sorted(Counter(type_of(address) for address in resources).items()))


def type_of(address: str) -> str:
    """The type of the resource at an address, such as aws_subnet."""
    return _LABELS.sub("", address).split(".")[-2]


def load(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The inventory of a module or stack; an AssertionError says how to begin one."""
    path = folder / f"{name}.yaml"
    assert path.exists(), (
        f"{path.name} is missing: begin it with `python -m tests.terraform.inventory {name}`."
    )
    inventory = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(inventory) <= {"counts", "values"} and inventory.get("counts"), (
        f"{path.name} needs counts, and may have values; nothing else."
    )
    return inventory


def differences(inventory: Mapping[str, Any], resources: Mapping[str, Any]) -> list[str]:
    """One line for each thing that the plan has otherwise than the inventory; none when they agree.

    Under an address, what the inventory does not name is free. A list has to be as long as its inventory; a list
    of one block may be written as the block; a value that is JSON (a policy) is read as such.
    """
    planned = counts(resources)
    lines = [
        f"{kind}: the inventory has {inventory['counts'].get(kind, 0)}, the plan {planned.get(kind, 0)}"
        for kind in sorted({*inventory["counts"], *planned})
        if inventory["counts"].get(kind, 0) != planned.get(kind, 0)
    ]
    for address, expected in (inventory.get("values") or {}).items():
        if address in resources:
            lines += _compare(address, expected, resources[address])
        else:
            lines.append(f"{address}: not in the plan")
    return lines


def _compare(where: str, expected: Any, planned: Any) -> Iterator[str]:
    if isinstance(expected, dict | list) and isinstance(planned, str) and planned[:1] in "{[":
        planned = json.loads(planned)
    if isinstance(expected, dict) and isinstance(planned, list) and len(planned) == 1:
        (planned,) = planned
    if isinstance(expected, dict) and isinstance(planned, dict):
        for key, value in expected.items():
            if key in planned:
                yield from _compare(f"{where}.{key}", value, planned[key])
            else:
                yield f"{where}: has no {key}"
    elif isinstance(expected, list) and isinstance(planned, list) and len(expected) == len(planned):
        for place, value in enumerate(expected):
            yield from _compare(f"{where}[{place}]", value, planned[place])
    elif expected != planned or isinstance(expected, bool) != isinstance(planned, bool):
        yield f"{where}: the inventory has {json.dumps(expected)}, the plan {json.dumps(planned)}"


def main() -> int:
    """Print what is planned now for the modules' examples and the stacks named on the command line, or for all."""
    wanted = [
        request
        for request in [*mocked.examples(), *worlds.inventoried()]
        if request.name in sys.argv[1:] or len(sys.argv) == 1
    ]
    with tempfile.TemporaryDirectory(prefix="inventory-") as folder:
        for run in mocked.bench(Path(folder), wanted).plan().runs:
            print(f"# {run.name}: {run.status}", *run.said, sep="\n# ")
            print(yaml.safe_dump({"counts": counts(run.resources)}, sort_keys=False))
            print("# " + "\n# ".join(sorted(run.resources)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
