"""What machines carry: processors and memory of instance types, sizes of Fargate tasks, and how many of which are needed.

Sizes are AWS' own and have no price in them. A burstable type carries its baseline on average, all day, without paying
for surplus credits; a whole processor is kept as busy as the traffic says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from panel.cost.compare_load import Load, Traffic, copies

_GB = 1024


@dataclass(frozen=True)
class Size:
    """Processors, megabytes of memory, and the share of each processor that may be used all day."""

    processors: float
    memory_mb: float
    baseline: float = 1.0


_BURSTABLE = {
    "nano": Size(2, _GB / 2, 0.05), "micro": Size(2, _GB, 0.10), "small": Size(2, 2 * _GB, 0.20),
    "medium": Size(2, 4 * _GB, 0.20), "large": Size(2, 8 * _GB, 0.30), "xlarge": Size(4, 16 * _GB, 0.40),
    "2xlarge": Size(8, 32 * _GB, 0.40),
}  # fmt: skip

#: What the types of the price list have.
SIZES: dict[str, Size] = {
    **{f"{family}.{name}": size for family in ("t3", "t3a", "t4g") for name, size in _BURSTABLE.items()},
    "t2.nano": Size(1, _GB / 2, 0.05), "t2.micro": Size(1, _GB, 0.10), "t2.small": Size(1, 2 * _GB, 0.20),
    "t2.medium": Size(2, 4 * _GB, 0.20), "t2.large": Size(2, 8 * _GB, 0.30),
    "m5.large": Size(2, 8 * _GB), "m5.xlarge": Size(4, 16 * _GB), "m6i.large": Size(2, 8 * _GB),
    "c5.large": Size(2, 4 * _GB),
}  # fmt: skip

#: Types to choose from when none is given, or the given one no longer carries the load: for programs of x86.
CHOICES = tuple(name for name in SIZES if not name.startswith(("t2.", "t4g.")))

#: What a Fargate task can have: thousandths of a processor as ECS counts (1024 are one), megabytes.
FARGATE = tuple(
    Size(units, memory)
    for units, sizes in {
        256: (512, 1024, 2048),
        512: (1024, 2048, 3072, 4096),
        1024: tuple(range(2048, 8193, 1024)),
        2048: tuple(range(4096, 16385, 1024)),
        4096: tuple(range(8192, 30721, 1024)),
    }.items()
    for memory in sizes
)


@dataclass(frozen=True)
class Fleet:
    """So many machines of one type."""

    type: str
    count: int


@dataclass(frozen=True)
class Tasks:
    """So many Fargate tasks of one size: units of processor (1024 are one) and megabytes."""

    units: int
    memory_mb: int
    count: int


def machines(
    size: Size, traffic: Traffic, load: Load, *, least_copies: int, reserved_mb: float
) -> int | None:
    """How many machines of a size carry the load, one in each zone at least; None where the program does not fit."""
    fit = int((size.memory_mb - reserved_mb) // traffic.memory_mb)
    if fit < 1:
        return None
    each = size.processors * min(size.baseline, traffic.busy_percent / 100)
    wanted = copies(traffic, load, least_copies)
    return max(traffic.zones, math.ceil(load.processors / each), math.ceil(wanted / fit))


def cheapest_fleet(
    types: Iterable[str],
    needed: Callable[[Size], int | None],
    dollars: Callable[[str], float | None],
) -> Fleet | None:
    """The fleet that costs least.

    Args:
        types: those to choose from.
        needed: how many machines of a size carry the load; None where they cannot.
        dollars: what one machine of a type costs; None where that is not known.
    """
    found: list[tuple[float, int, str]] = []
    for name in types:
        count, each = needed(SIZES[name]), dollars(name)
        if count is not None and each is not None:
            found.append((count * each, count, name))
    if not found:
        return None
    _, count, name = min(found)
    return Fleet(name, count)


def task_counts(traffic: Traffic, load: Load, *, least: int) -> list[Tasks]:
    """Every size of Fargate task with the number of them that carries the load of one service."""
    found = []
    for size in FARGATE:
        fit = int(size.memory_mb // traffic.memory_mb)
        if fit < 1:
            continue
        each = size.processors / 1024 * traffic.busy_percent / 100
        count = max(least, math.ceil(load.processors / each), math.ceil(copies(traffic, load, 1) / fit))
        found.append(Tasks(int(size.processors), int(size.memory_mb), count))
    return found
