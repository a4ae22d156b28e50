"""The machine that was measured on, and how busy it was with other things: figures are worth little without."""

from __future__ import annotations

import os
import platform
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

_YARDSTICK_TURNS = 2_000_000


class Watch:
    """Notes the machine's state when made, and again at :meth:`noted`."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._load = os.getloadavg()[0]
        self._waited = _cpu_pressure_us()
        self._yardstick = _yardstick_ms()

    def noted(self) -> dict[str, Any]:
        """Shape of the machine, load average at both ends, and how much of the time somebody waited for a core."""
        elapsed = time.monotonic() - self._started
        waited = _cpu_pressure_us()
        known = waited is not None and self._waited is not None
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "cores": os.cpu_count(),
            "cpu": _cpu_name(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "python": platform.python_version(),
            "elapsed_s": round(elapsed, 1),
            "load_average_1min": [round(self._load, 2), round(os.getloadavg()[0], 2)],
            "cpu_pressure_percent": round((waited - self._waited) / elapsed / 1e4) if known else None,  # type: ignore[operator]  # both are numbers when known
            "yardstick_ms": [self._yardstick, _yardstick_ms()],
        }


def described(machine: dict[str, Any]) -> str:
    """One line for people."""
    before, after = machine["load_average_1min"]
    first, last = machine["yardstick_ms"]
    return (
        f"{machine['at']} · {machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB · "
        f"load average {before} → {after} · somebody waited for a core {machine['cpu_pressure_percent']} % of the time · "
        f"yardstick (an empty loop) {first} → {last} ms"
    )


def _yardstick_ms() -> float:
    """Time of a fixed piece of work: tells a slow machine, or a busy one, from a slow panel."""
    began = time.perf_counter()
    for _ in range(_YARDSTICK_TURNS):
        pass
    return round((time.perf_counter() - began) * 1000, 1)


def _cpu_pressure_us() -> int | None:
    try:
        text = Path("/proc/pressure/cpu").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"some .*total=(\d+)", text)
    return int(found[1]) if found else None


def _cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.machine()
