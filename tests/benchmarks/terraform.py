"""Plan and apply of the two stacks on a fresh embedded AWS: seconds, calls to AWS, and what the applies waited for.

With the 30 places that the panel gives an apply, against Terraform's usual ten, in turns. Both keep a log of their calls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.benchmarks.apply_chain import spans_of
from tests.benchmarks.bare_terraform import AS_THE_PANEL, Bare, BareTerraform
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.benchmarks.own_delays import Part, parts_of
from tests.benchmarks.running_panel import scratch_folder

NAME = "staging"
STACKS = ("shared", "environment")
COMMANDS = ("plan", "apply")
# Only an apply has many things to do at once; a plan is run alike by both, which shows the machine's noise.
_PEERS = {"plan": "the same again", "apply": "as wide as Terraform's own ten"}


def run(options: Options) -> Findings:
    """Apply wide and as usual, in turns; the order of the two changes each time."""
    wide = BareTerraform(options, AS_THE_PANEL, recorded=True)
    usual = BareTerraform(options, (), recorded=True)
    found: dict[str, list[Bare]] = {"wide": [], "usual": []}
    for number in range(options.times(1)):
        turns = [("wide", wide), ("usual", usual)]
        for name, terraform in turns if number % 2 == 0 else reversed(turns):
            with scratch_folder() as folder:
                (folder / "work").mkdir()
                found[name].append(terraform.create(folder / "work", NAME))
    last = found["wide"][-1]
    chains = {stack: longest_chain(last, stack) for stack in STACKS}
    return Findings(
        [*_measures(found["wide"], found["usual"]), *_delays(chains)],
        [wide.name, *_details(last, chains)],
        _data(found, chains),
    )


def longest_chain(bare: Bare, stack: str) -> list[Part]:
    """The longest chain of dependencies of a stack's apply, first link first."""
    events = bare.events[stack]
    spans = {span.address: span for span in spans_of(events)}
    chain = [spans[address] for address in bare.chains[stack].longest_chain]
    return parts_of(chain, bare.calls[f"{stack} apply"], first_event(events))


def first_event(events: Sequence[str]) -> float:
    """When an apply said its first word, in seconds since 1970."""
    first = next(event for event in events if event.startswith("{"))
    return datetime.fromisoformat(json.loads(first)["@timestamp"]).timestamp()


def share_delayed(chain: Sequence[Part]) -> float:
    """Per cent of a chain in which the provider waited by itself."""
    took = sum(part.took for part in chain)
    return 100 * sum(part.delayed for part in chain) / took if took else 0.0


def _measures(wide: Sequence[Bare], usual: Sequence[Bare]) -> list[Measure]:
    measures = []
    for stack, command in ((stack, command) for stack in STACKS for command in COMMANDS):
        words, peer = f"{stack} {command}", _PEERS[command]
        seconds = [median([bare.seconds[words] for bare in runs]) for runs in (wide, usual)]
        calls = [median([len(bare.calls[words]) for bare in runs]) for runs in (wide, usual)]
        measures.append(Measure(words, seconds[0], "s", peer, seconds[1]))
        measures.append(Measure(f"{words}, calls to AWS", calls[0], "calls", peer, calls[1]))
    return measures


def _delays(chains: Mapping[str, Sequence[Part]]) -> list[Measure]:
    return [
        Measure(
            f"{stack}: share of the longest chain that is the provider's own delay", share_delayed(chain), "%"
        )
        for stack, chain in chains.items()
    ]


def _details(bare: Bare, chains: Mapping[str, Sequence[Part]]) -> list[str]:
    lines = []
    for stack, chain in chains.items():
        took = sum(part.took for part in chain)
        lines.append(
            f"{stack}: longest chain of dependencies {took:.1f} s of {bare.seconds[f'{stack} apply']:.1f} s"
        )
        lines += [
            f"  {part.took:6.1f} s, of it {part.delayed:6.1f} s without a request ({part.calls:2} calls)  {part.address}"
            for part in chain
        ]
    return lines


def _data(found: Mapping[str, Sequence[Bare]], chains: Mapping[str, Sequence[Part]]) -> dict[str, Any]:
    return {
        "runs": {
            name: [
                {"seconds": bare.seconds, "calls": {words: len(calls) for words, calls in bare.calls.items()}}
                for bare in runs
            ]
            for name, runs in found.items()
        },
        "chains": {stack: [vars(part) for part in chain] for stack, chain in chains.items()},
    }
