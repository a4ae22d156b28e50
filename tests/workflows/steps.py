"""The workflows of .github/workflows as what they come to: which jobs an event starts, and the shell lines of each.

Belongs here: reading a workflow with the one it calls, filling in inputs, variables and secrets, judging path filters, and
running the ``run:`` lines of a job as GitHub's runner does. Actions (``uses:``) are not run: a test has its checkout.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.workflows.expressions import fill, holds

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = REPOSITORY / ".github" / "workflows"

#: As the runner calls it for ``shell: bash``.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


@dataclass(frozen=True)
class Event:
    """What happened: ``name`` is push, pull_request or workflow_dispatch, on ``branch`` (of a pull request: its target)."""

    name: str = "push"
    branch: str = "develop"
    actor: str = "ana"
    fork: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def contexts(self) -> dict[str, Any]:
        """What expressions may ask for."""
        asked = self.name == "pull_request"
        head = {"repo": {"full_name": "stranger/todo" if self.fork else "acme/todo"}}
        github = {
            "event_name": self.name,
            "ref": "refs/pull/1/merge" if asked else f"refs/heads/{self.branch}",
            "base_ref": self.branch if asked else "",
            "repository": "acme/todo",
            "triggering_actor": self.actor,
            "event": {"pull_request": {"head": head}}
            if asked
            else {"pull_request": {"head": {"repo": {"full_name": ""}}}},
        }
        return {"github": github, "vars": self.variables, "secrets": self.secrets}


@dataclass(frozen=True)
class Step:
    """One step of a job: its shell lines, or the action that it uses. ``condition`` is None where success is enough."""

    name: str
    key: str
    condition: object
    run: str
    uses: str


@dataclass(frozen=True)
class Job:
    """One job that an event starts, with everything filled in that is known before it begins."""

    name: str
    workflow: str
    environment: str
    concurrency: Mapping[str, Any]
    permissions: Mapping[str, str]
    variables: Mapping[str, str]
    steps: tuple[Step, ...]
    contexts: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """What became of a step: ``outcome`` is success, failure or skipped; an action counts as success."""

    step: Step
    outcome: str
    code: int = 0
    out: str = ""
    err: str = ""

    @property
    def text(self) -> str:
        """All of it, for people who read a failed test."""
        return (
            f"{self.step.name}: {self.outcome} ({self.code})\n--- stdout\n{self.out}\n--- stderr\n{self.err}"
        )


@cache
def read(workflow: str) -> dict[str, Any]:
    """A workflow by its file's name, as plain values."""
    return dict(YAML(typ="safe", pure=True).load((WORKFLOWS / workflow).read_text(encoding="utf-8")))


def names() -> list[str]:
    """The workflows there are."""
    return sorted(path.name for path in WORKFLOWS.iterdir())


def is_started(workflow: str, event: Event, changed: Sequence[str]) -> bool:
    """Whether an event that touched these files starts a workflow."""
    if event.name not in read(workflow)["on"]:
        return False
    rules = read(workflow)["on"][event.name] or {}
    branches, paths = rules.get("branches"), rules.get("paths")
    return (branches is None or _any_matches(branches, [event.branch])) and (
        paths is None or _any_matches(paths, changed)
    )


def _any_matches(patterns: Sequence[str], names: Sequence[str]) -> bool:
    return any(re.fullmatch(_regular(pattern), name) for pattern in patterns for name in names)


def _regular(pattern: str) -> str:
    """``**`` stands for anything, ``*`` for anything without a slash; other signs of filters are not used here."""
    if set(pattern) & set("?+[]!\\"):
        raise ValueError(f"the filter {pattern!r} is not understood")
    parts = re.split(r"(\*\*|\*)", pattern)
    return "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)


def jobs(workflow: str, event: Event) -> Iterator[Job]:
    """The jobs that a calling workflow comes to for an event, each with the steps of the workflow that it calls."""
    contexts = event.contexts()
    for name, job in read(workflow)["jobs"].items():
        if holds(job.get("if", True), contexts):
            yield _called(name, job, contexts)


def _called(name: str, call: Mapping[str, Any], contexts: Mapping[str, Any]) -> Job:
    file = call["uses"].removeprefix("./.github/workflows/")
    target = read(file)
    ((_, job),) = target["jobs"].items()
    wanted = target["on"]["workflow_call"]
    inner = {
        "github": contexts["github"],
        "vars": contexts["vars"],
        "inputs": _inputs(wanted["inputs"], call.get("with", {}), contexts),
        "secrets": _secrets(wanted["secrets"], call.get("secrets", {}), contexts),
    }
    return Job(
        name=f"{name} / {fill(job['name'], inner)}",
        workflow=file,
        environment=fill(job["environment"], inner),
        concurrency={key: fill(value, inner) if isinstance(value, str) else value
                     for key, value in job["concurrency"].items()},
        # The called job can only have less than its caller.
        permissions={key: value for key, value in job["permissions"].items() if call["permissions"].get(key) == value},
        variables={key: fill(str(value), inner) for key, value in job["env"].items()},
        steps=tuple(_step(step) for step in job["steps"]),
        contexts=inner,
    )  # fmt: skip


def _inputs(
    declared: Mapping[str, Any], given: Mapping[str, Any], contexts: Mapping[str, Any]
) -> dict[str, Any]:
    unknown = set(given) - set(declared)
    missing = {name for name, one in declared.items() if one.get("required")} - set(given)
    assert not unknown and not missing, (unknown, missing)
    filled = {key: fill(value, contexts) if isinstance(value, str) else value for key, value in given.items()}
    return {name: filled.get(name, one.get("default", "")) for name, one in declared.items()}


def _secrets(
    declared: Mapping[str, Any], given: Mapping[str, Any], contexts: Mapping[str, Any]
) -> dict[str, str]:
    assert set(given) <= set(declared), given
    return {name: fill(value, contexts) for name, value in given.items()}


def _step(step: Mapping[str, Any]) -> Step:
    return Step(
        step.get("name", ""), step.get("id", ""), step.get("if"), step.get("run", ""), step.get("uses", "")
    )


def run_steps(
    job: Job,
    environment: Mapping[str, str],
    folder: Path,
    *,
    root: Path = REPOSITORY,
    wanted: Callable[[Step], bool] = lambda step: True,
) -> list[Done]:
    """Run the lines of a job one after the other, as the runner does, each in a shell of its own.

    Args:
        environment: the runner's variables; the job's own ones win.
        folder: where scripts and the job's summary (``summary.md``) are written.
        root: the checkout.
        wanted: which steps are run at all; the others count as done.
    """
    done: list[Done] = []
    outcomes: dict[str, dict[str, str]] = {}
    summary = folder / "summary.md"
    summary.touch()
    variables = {**environment, **job.variables, "GITHUB_STEP_SUMMARY": str(summary)}
    for step in job.steps:
        going = all(one.outcome != "failure" for one in done)
        contexts = {**job.contexts, "steps": outcomes}
        result = Done(step, "success")
        if not _is_due(step, contexts, going):
            result = Done(step, "skipped")
        elif step.run and wanted(step):
            result = _run(step, fill(step.run, contexts), variables, folder, root)
        done.append(result)
        if step.key:
            outcomes[step.key] = {"outcome": result.outcome}
    return done


def _is_due(step: Step, contexts: Mapping[str, Any], going: bool) -> bool:
    if step.condition is None:
        return going
    always = isinstance(step.condition, str) and "always()" in step.condition
    return (going or always) and holds(step.condition, contexts)


def _run(step: Step, lines: str, variables: Mapping[str, str], folder: Path, root: Path) -> Done:
    script = folder / "step.sh"
    script.write_text(lines, encoding="utf-8")
    ended = subprocess.run(
        [*BASH, str(script)], cwd=root, env=dict(variables), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    outcome = "success" if ended.returncode == 0 else "failure"
    return Done(step, outcome, ended.returncode, ended.stdout, ended.stderr)
