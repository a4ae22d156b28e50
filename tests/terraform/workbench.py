"""Copies of terraform/ to run commands in, each stack with its variables and a record of what it asked of AWS."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform.provider_calls import RECORDING, Call, calls_in
from tests.terraform.terraform_process import Finished, environment, run_terraform

REPOSITORY = Path(__file__).resolve().parents[2]
VARIABLES = "terraform.tfvars.json"


@dataclass
class Stack:
    """One initialised copy of a stack, with its variables.

    Attributes:
        folder: where its commands run.
        environment: of its commands.
        variables: written to a file before each command.
        records: folder of the debug logs, one a command; None where nothing is recorded.
    """

    folder: Path
    environment: dict[str, str]
    variables: dict[str, Any] = field(default_factory=dict)
    records: Path | None = None

    def run(self, *arguments: str) -> Finished:
        """Run one command there."""
        # One variable a line, so that a diagnostic's line tells which one it is about.
        lines = ",\n".join(
            f"{json.dumps(name)}: {json.dumps(value)}" for name, value in self.variables.items()
        )
        (self.folder / VARIABLES).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        recording: dict[str, str] = {}
        if self.records is not None:
            log = self.records / f"{len(list(self.records.iterdir())):03} {arguments[0]}.log"
            log.touch()
            recording = {**RECORDING, "TF_LOG_PATH": str(log)}
        return run_terraform(self.folder, list(arguments), {**self.environment, **recording})

    def outputs(self) -> dict[str, Any]:
        """Its outputs by name."""
        said = json.loads(self.run("output", "-json").succeeded().output)
        return {name: output["value"] for name, output in said.items()}

    def calls(self) -> list[Call]:
        """Every call to AWS that its commands have made so far, where they are recorded."""
        logs = sorted(self.records.iterdir()) if self.records is not None else []
        return [call for log in logs for call in calls_in(log)]


@dataclass(frozen=True)
class Workbench:
    """Copies of terraform/ to run commands in."""

    folder: Path
    cli_config: Path

    def stack(
        self,
        source: Path,
        name: str,
        extra: dict[str, str],
        backend: dict[str, str] | None,
        *,
        recorded: bool = False,
    ) -> Stack:
        """A copy of the tree, with the folder `source` of it initialised; `backend` None is for validation."""
        tree = self.folder / name
        shutil.copytree(
            REPOSITORY / "terraform", tree / "terraform", ignore=shutil.ignore_patterns(".terraform*")
        )
        folder = tree / source
        if not folder.exists():
            shutil.copytree(REPOSITORY / source, folder)
        made = Stack(folder, environment(self.cli_config, extra))
        if recorded:
            made.records = tree / "records"
            made.records.mkdir()
        settings = [f"-backend-config={key}={value}" for key, value in (backend or {}).items()]
        made.run("init", "-no-color", *(settings or ["-backend=false"])).succeeded()
        return made
