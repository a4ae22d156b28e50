"""What a benchmark says: measures with their peer and aim, as a table and as JSON. Nothing here passes or fails."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Measure:
    """One figure.

    Attributes:
        name: what was measured.
        value: the figure, in ``unit``.
        peer: what it is compared with; empty when there is nothing to compare it with.
        peer_value: the peer's figure, in the same unit.
        aim: what the project aims at, in ``unit``; with ``aim_is_ratio`` as a multiple of the peer.
    """

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    aim: float | None = None
    aim_is_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times the peer's figure it is."""
        return self.value / self.peer_value if self.peer_value else None

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None where there is none."""
        figure = self.ratio if self.aim_is_ratio else self.value
        return None if self.aim is None or figure is None else figure <= self.aim

    def row(self) -> tuple[str, str, str, str, str]:
        """Measure, peer, ratio, aim, and whether it is reached, as texts."""
        peer = f"{self.peer_value:.4g} {self.unit} ({self.peer})" if self.peer_value is not None else ""
        aim = "" if self.aim is None else f"≤ {self.aim:g} {'×' if self.aim_is_ratio else self.unit}"
        reached = {None: "", True: "reached", False: "MISSED"}[self.reached]
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        return f"{self.name}: {self.value:.4g} {self.unit}", peer, ratio, aim, reached


@dataclass(frozen=True)
class Findings:
    """All that one benchmark found: figures for the table, and lines that explain them."""

    measures: Sequence[Measure]
    details: Sequence[str] = ()
    data: dict[str, Any] = field(default_factory=dict)


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share (0 to 1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 1).__int__() - 1)]


def show(name: str, findings: Findings, console: Console) -> None:
    """Print a benchmark's table and its details."""
    table = Table(title=name, title_justify="left")
    for heading in ("measure", "peer", "ratio", "aim", ""):
        table.add_column(heading, overflow="fold")
    for measure in findings.measures:
        table.add_row(*measure.row())
    console.print(table)
    for line in findings.details:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def keep(path: Path, name: str, findings: Findings, machine: dict[str, Any]) -> None:
    """Write a benchmark's findings into the JSON file, beside those of other benchmarks from earlier."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = {}
    measures = [
        asdict(measure) | {"ratio": measure.ratio, "reached": measure.reached}
        for measure in findings.measures
    ]
    content[name] = {
        "machine": machine, "measures": measures, "details": list(findings.details), "data": findings.data,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
