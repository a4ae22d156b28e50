"""What an apply waited for: the chain of resources behind its end, from `terraform apply -json`.

`python -m tests.terraform.critical_path EVENTS.jsonl` prints it: begin and length in seconds, and address.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One resource's part of an apply; begin and end in seconds since the first event."""

    address: str
    begin: float
    end: float


def steps_of(lines: Iterable[str]) -> list[Step]:
    """Every resource action that was completed, in the order of their ends."""
    first: datetime | None = None
    begun: dict[str, float] = {}
    steps: list[Step] = []
    for line in lines:
        if '"@timestamp"' not in line:
            continue
        event = json.loads(line)
        moment = datetime.fromisoformat(event["@timestamp"])
        first = first or moment
        seconds = (moment - first).total_seconds()
        if event["type"] in ("apply_start", "apply_complete"):
            address = event["hook"]["resource"]["addr"]
            if event["type"] == "apply_start":
                begun[address] = seconds
            else:
                steps.append(Step(address, begun.pop(address), seconds))
    return steps


def critical_path(steps: list[Step]) -> list[Step]:
    """The chain that ends last, first link first.

    Behind each step stands the one that ended last before it began: what it waited for, or what it shared
    the last free place with.
    """
    chain: list[Step] = []
    current = max(steps, key=lambda step: step.end, default=None)
    while current is not None:
        chain.append(current)
        earlier = [step for step in steps if step.end <= current.begin and step is not current]
        current = max(earlier, key=lambda step: step.end, default=None)
    return chain[::-1]


def main() -> int:
    """Print the chain of the file named on the command line."""
    for step in critical_path(steps_of(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())):
        print(f"{step.begin:7.1f} {step.end - step.begin:6.1f}  {step.address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
