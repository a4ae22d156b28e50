"""What every module and stack keeps to, read from the files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hcl2
import pytest

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
FOLDERS = sorted([*(TERRAFORM / "modules").iterdir(), *(TERRAFORM / "stacks").iterdir()])
IDS = [folder.name for folder in FOLDERS]


def blocks(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The folder's blocks of one kind with one label, by that label."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.tf")):
        for block in hcl2.loads(file.read_text(encoding="utf-8")).get(kind, []):
            found |= {label.strip('"'): body for label, body in block.items() if not label.startswith("__")}
    return found


def words(value: Any) -> str:
    """A literal string without its quotes."""
    return str(value).strip('"')


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_the_usual_files_are_there(folder: Path) -> None:
    missing = {"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"} - {
        file.name for file in folder.iterdir()
    }
    assert missing == set()


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_no_file_is_longer_than_200_lines(folder: Path) -> None:
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in folder.glob("*.tf")}
    assert {name: length for name, length in lengths.items() if length > 200} == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_every_variable_is_typed_described_and_checked(folder: Path) -> None:
    variables = blocks(folder, "variable")
    assert variables
    for name, body in variables.items():
        assert "type" in body, name
        assert words(body["description"]), name
        # Any true or false is a right one; everything else can be wrong.
        if words(body["type"]) not in ("bool", "${bool}"):
            assert body.get("validation"), name


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_every_refusal_names_its_variable(folder: Path) -> None:
    for name, body in blocks(folder, "variable").items():
        for check in body.get("validation", []):
            assert name in words(check["error_message"]), name


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_every_output_is_described(folder: Path) -> None:
    outputs = blocks(folder, "output")
    assert outputs
    assert [name for name, body in outputs.items() if not words(body.get("description", ""))] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_the_provider_is_bounded_alike_everywhere(folder: Path) -> None:
    (terraform,) = hcl2.loads((folder / "versions.tf").read_text(encoding="utf-8"))["terraform"]
    assert words(terraform["required_version"]) == ">= 1.10"
    (providers,) = terraform["required_providers"]
    assert words(providers["aws"]["version"]) == ">= 5.100, < 7.0"


def test_the_stack_passes_every_setting_of_the_environment_on_with_the_same_default() -> None:
    stack = blocks(TERRAFORM / "stacks/environment", "variable")
    module = blocks(TERRAFORM / "modules/environment", "variable")
    # What the stack finds out by itself, from the shared stack's outputs or from its own variables.
    found_out = {"repositories", "zone_id", "vpc_id", "subnet_ids", "tags", "origin_rules_by_address"}
    own = {"owner", "subnet_slot", "remote_state", "emulated"}
    assert set(module) - found_out == set(stack) - own
    different = [name for name in set(stack) & set(module) if stack[name] != module[name]]
    assert different == []
