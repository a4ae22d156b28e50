"""``panel env create staging --yes --wait`` against bare terraform init, plan, apply of the same stacks.

Each on a fresh embedded AWS, alternately. Image, site and checks come after Terraform and are counted apart.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from panel.catalogue.load import load_catalogue
from panel.catalogue.render import environment_state_key, shared_state_key
from panel.engine.cli_config import discover_mirrors
from panel.localaws import sdk_environment
from panel.settings import Settings
from tests.benchmarks.apply_chain import Chain, chain_of
from tests.benchmarks.bare_terraform import Bare, BareTerraform, s3
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.memory import lines, memory_of
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import RunningPanel, running_panel, scratch_folder

AIM_RATIO = 1.10
NAME = "staging"
_AFTERWARDS = ("image", "site", "checks")
_MEMORY_SETTLE_S = 10.0
_NOTICEABLE_S = 0.2


@dataclass(frozen=True)
class Created:
    """One creation by the panel, in seconds.

    Attributes:
        command: from the command's start to its end, as a person at a terminal waits.
        terraform: from the order to the end of the apply.
        stages: each stage of the run.
        steps: each Terraform command, by ``STACK COMMAND``.
        between: what passed between the stages and around Terraform's commands.
        chains: of the applies, by stack.
        afterwards: lines of the log after the apply, each with the seconds until the next one.
        memory: lines about the panel's memory with one environment there.
    """

    command: float
    terraform: float
    stages: dict[str, float]
    steps: dict[str, float]
    between: dict[str, float]
    chains: dict[str, Chain]
    afterwards: list[str]
    memory: list[str]


def run(options: Options) -> Findings:
    """Create and create barely, in turns; the order of the two changes each time."""
    peer = BareTerraform(options)
    _read_providers()
    created: list[Created] = []
    bare: list[Bare] = []
    for number in range(options.times(1)):
        turns = [
            lambda place: created.append(_create(place)),
            lambda place: bare.append(peer.create(place, NAME)),
        ]
        for act in turns if number % 2 == 0 else reversed(turns):
            with scratch_folder() as folder:
                (folder / "work").mkdir()
                act(folder / "work")
    return Findings(
        _measures(peer.name, created, bare), _details(created[-1], bare[-1]),
        {"created": [vars(one) for one in created], "bare": [vars(one) for one in bare]},
    )  # fmt: skip


def _measures(peer: str, created: list[Created], bare: list[Bare]) -> list[Measure]:
    def middle(stage: str) -> float:
        return median([one.stages[stage] for one in created])

    measures = [
        Measure(
            "create, from the order to the end of the apply", median([one.terraform for one in created]), "s",
            peer, median([one.total for one in bare]), AIM_RATIO, aim_is_ratio=True,
        )
    ]  # fmt: skip
    for words in bare[0].seconds:
        mine = median([one.steps.get(words, 0.0) for one in created])
        measures.append(
            Measure(f"  of it, {words}", mine, "s", "bare", median([one.seconds[words] for one in bare]))
        )
    own = median([sum(one.between.values()) for one in created])
    measures.append(Measure("  of it, the panel around these commands", own, "s"))
    measures += [Measure(f"after it, {stage}", middle(stage), "s") for stage in _AFTERWARDS]
    measures.append(
        Measure("the whole command, to a ready environment", median([one.command for one in created]), "s")
    )
    return measures


def _details(created: Created, bare: Bare) -> list[str]:
    found = ["What the panel adds around Terraform's commands, in seconds:"]
    found += [f"  {seconds:6.2f}  {name}" for name, seconds in created.between.items()]
    for stack in ("shared", "environment"):
        for who, chain in (("panel", created.chains[stack]), ("bare", bare.chains[stack])):
            found += [f"Apply of {stack}, {who}: begin, duration, resource", *chain.lines()]
    found += ["After the apply: seconds until the next line of the log", *created.afterwards]
    return [*found, "Memory with one environment there:", *created.memory]


def _read_providers() -> None:
    """Have the provider's file in the page cache for both: the first to read 700 MB must not pay for the other."""
    for mirror in discover_mirrors(Settings().provider_mirror):
        for path in mirror.path.rglob("terraform-provider-aws*"):
            if path.is_file():
                with path.open("rb") as file:
                    while file.read(1 << 24):
                        pass


def _create(folder: Path) -> Created:
    with running_panel(folder) as panel:
        began = time.monotonic()
        done = panel.command("env", "create", NAME, "--yes", "--wait")
        command = time.monotonic() - began
        if done.returncode != 0:
            raise SystemExit(
                f"env create ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        number = panel.answer("runs", "list")[0]["id"]
        details = panel.answer("runs", "show", str(number))
        time.sleep(_MEMORY_SETTLE_S)
        return _created(panel, command, details, lines(memory_of(panel)))


def _created(panel: RunningPanel, command: float, details: dict[str, Any], memory: list[str]) -> Created:
    ordered = _moment(details["created_at"])
    stages = {stage["name"]: stage for stage in details["stages"]}
    ended = _moment(stages["apply"]["ended_at"])
    works = _executions(panel.folder, details["id"])
    return Created(
        command=command,
        terraform=(ended - ordered).total_seconds(),
        stages={name: _seconds(stage["started_at"], stage["ended_at"]) for name, stage in stages.items()},
        steps={
            f"{stack} {step['name']}": step["elapsed_s"]
            for (stack, _), result in works.items()
            for step in result["stages"]
        },
        between=_between(details, works),
        chains=_chains(panel, details["id"]),
        afterwards=_afterwards(panel, details),
        memory=memory,
    )


def _executions(folder: Path, run_id: int) -> dict[tuple[str, str], dict[str, Any]]:
    """Results of the run's four executions, by stack and action."""
    found = {}
    for stack, workspace in (("shared", "shared"), ("environment", NAME)):
        for action in ("plan", "apply"):
            path = (
                folder
                / "workspaces"
                / workspace
                / "executions"
                / f"run-{run_id}-{stack}-{action}"
                / "result.json"
            )
            found[stack, action] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _between(details: dict[str, Any], works: dict[tuple[str, str], dict[str, Any]]) -> dict[str, float]:
    """Seconds that belong to no Terraform command, from the order to the end of the apply, in order."""
    points = [("the order", details["created_at"], details["created_at"])]
    for (stack, action), result in works.items():
        for step in result["stages"]:
            began = _moment(step["started_at"])
            points.append(
                (f"{stack} {step['name']}", began.isoformat(), _plus(step["started_at"], step["elapsed_s"]))
            )
        points.append((f"the end of {stack} {action}'s process", result["ended_at"], result["ended_at"]))
    stages = {stage["name"]: stage for stage in details["stages"]}
    points.append(("the end of the stage", stages["apply"]["ended_at"], stages["apply"]["ended_at"]))
    return {f"{before[0]} → {after[0]}": _seconds(before[2], after[1]) for before, after in pairwise(points)}


def _chains(panel: RunningPanel, run_id: int) -> dict[str, Chain]:
    catalogue = load_catalogue(Settings().catalogue_path)
    store = s3(sdk_environment(panel.endpoint, catalogue.region))
    chains = {}
    for stack, workspace, key in (
        ("shared", "shared", shared_state_key()), ("environment", NAME, environment_state_key(NAME))
    ):  # fmt: skip
        events = (
            panel.folder
            / "workspaces"
            / workspace
            / "executions"
            / f"run-{run_id}-{stack}-apply"
            / "events.jsonl"
        )
        state = json.loads(store.get_object(Bucket=catalogue.terraform.state_bucket, Key=key)["Body"].read())
        chains[stack] = chain_of(events.read_text(encoding="utf-8").splitlines(), state)
    return chains


def _afterwards(panel: RunningPanel, details: dict[str, Any]) -> list[str]:
    """What took how long in the stages after the apply; lines with nothing behind them are left out."""
    logged = panel.answer("runs", "logs", str(details["id"]))
    said = [(line["at"], line["stage"], line["text"]) for line in logged if line["stage"] in _AFTERWARDS]
    said.append((details["ended_at"], "", "the end"))
    return [
        f"  {_seconds(before[0], after[0]):6.2f}  {before[1]}: {before[2]}"
        for before, after in pairwise(said)
        if _seconds(before[0], after[0]) > _NOTICEABLE_S
    ]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seconds(began: str | None, ended: str | None) -> float:
    return (_moment(ended) - _moment(began)).total_seconds() if began and ended else 0.0


def _plus(began: str, seconds: float) -> str:
    return datetime.fromtimestamp(_moment(began).timestamp() + seconds, _moment(began).tzinfo).isoformat()
