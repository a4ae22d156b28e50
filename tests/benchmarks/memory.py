"""Idle memory of a freshly started panel, all its processes together.

PSS counts a page of memory that several processes share once, in parts: the sum is what the machine really gives.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.measures import Findings, Measure
from tests.benchmarks.options import Options
from tests.benchmarks.page_client import PageClient
from tests.benchmarks.running_panel import RunningPanel, running_panel, scratch_folder

AIM_MB = 600.0
_SETTLE_S = 20.0
_ROLES = (
    ("streamlit", "page"),
    ("panel.cli.main worker", "worker"),
    ("local agent", "task agent"),
    ("panel.localaws.serving", "embedded AWS"),
    ("ministack", "embedded AWS"),
    ("panel.cli.main up", "panel up"),
    ("panel.engine.runner", "Terraform runner"),
    ("terraform-provider", "Terraform provider"),
)


@dataclass(frozen=True)
class Memory:
    """Memory of one process, in MB (10⁶ bytes)."""

    role: str
    pss: float
    uss: float
    rss: float

    def line(self) -> str:
        """One line for people."""
        return f"  {self.role:<20} PSS {self.pss:6.0f}  USS {self.uss:6.0f}  RSS {self.rss:6.0f} MB"


def run(options: Options) -> Findings:
    """Measure after the first page was drawn and the panel was left alone for a while."""
    with scratch_folder() as folder, running_panel(folder / "panel") as panel:
        with PageClient(panel.address) as client:
            client.open("home")
        time.sleep(_SETTLE_S)
        parts = memory_of(panel)
    total = sum(part.pss for part in parts)
    details = [f"{_SETTLE_S:.0f} s after the first page, nothing created:", *lines(parts)]
    measure = Measure("idle memory, PSS of all processes", total, "MB", aim=AIM_MB)
    return Findings([measure], details, {"processes": [vars(part) for part in parts]})


def memory_of(panel: RunningPanel) -> list[Memory]:
    """Memory of every process of a panel, the largest first."""
    parts = [part for process in panel.processes() if (part := _memory(process)) is not None]
    return sorted(parts, key=lambda part: -part.pss)


def lines(parts: list[Memory]) -> list[str]:
    """A line for each process and one for the sum."""
    total = Memory(
        "together", *(sum(values) for values in zip(*((p.pss, p.uss, p.rss) for p in parts), strict=True))
    )
    return [part.line() for part in [*parts, total]]


def _memory(process: psutil.Process) -> Memory | None:
    try:
        command = " ".join(process.cmdline())
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="utf-8")
    except (OSError, psutil.Error):
        return None
    kb = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    role = next(
        (role for word, role in _ROLES if word in command),
        "task of a service" if "gunicorn" in command else command[:60],
    )
    uss = kb["Private_Clean"] + kb["Private_Dirty"]
    return Memory(role, kb["Pss"] * 1024 / 1e6, uss * 1024 / 1e6, kb["Rss"] * 1024 / 1e6)
