"""A project with one stack, and a Terraform whose binary is a script beside this file."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from panel.engine.terraform import Terraform
from panel.engine.workspace import Backend, Workspace, render_workspace

BACKEND = Backend(bucket="states", key="demo/terraform.tfstate", region="us-east-2", emulated=True)


@dataclass(frozen=True)
class Bench:
    """What a test of executions needs."""

    terraform: Terraform
    workspace: Workspace
    source: Path
    binary: Path
    data_dir: Path

    def lines(self, name: str) -> list[str]:
        """The lines of a file the fake keeps in the stack's folder."""
        path = self.workspace.stack_path / name
        return path.read_text().split() if path.exists() else []

    def release(self) -> None:
        """Let a slow apply go on."""
        (self.workspace.stack_path / "release").touch()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small terraform/ tree."""
    root = tmp_path / "terraform"
    files = {
        "stacks/demo/main.tf": 'variable "mode" {}\n',
        "stacks/demo/README.md": "text\n",
        "stacks/other/main.tf": "# another stack\n",
        "modules/queue/main.tf": "# a module\n",
        "modules/queue/examples/basic/main.tf": "# an example\n",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture
def fake_binary(tmp_path: Path) -> Path:
    """The fake as an executable file."""
    path = tmp_path / "terraform-fake"
    code = (Path(__file__).parent / "fake_terraform.py").read_text()
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o700)
    return path


@pytest.fixture
def bench(tmp_path: Path, source: Path, fake_binary: Path) -> Callable[..., Bench]:
    """Makes a bench; `mode` says how the fake behaves."""

    def make(mode: str = "quick", *, name: str = "workspace", **options: object) -> Bench:
        workspace = render_workspace(
            source, tmp_path / name, stack="demo", variables={"mode": mode}, backend=BACKEND
        )
        data_dir = tmp_path / "data"
        terraform = Terraform(
            binary=str(fake_binary),
            data_dir=data_dir,
            environment={"AWS_SECRET_ACCESS_KEY": "canary-known-secret"},
            **{"mirror_folders": [tmp_path / "mirrors"], **options},
        )
        return Bench(terraform, workspace, source, fake_binary, data_dir)

    return make
