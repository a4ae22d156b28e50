"""What every module and stack keeps to, read from the files alone."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
FOLDERS = sorted([*(TERRAFORM / "modules").iterdir(), *(TERRAFORM / "stacks").iterdir()])
IDS = [folder.name for folder in FOLDERS]
MODULES = sorted((TERRAFORM / "modules").iterdir())
MODULE_IDS = [folder.name for folder in MODULES]

COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
# What a caller's account, region and partition are is for the caller, or for a data source, to say.
FIXED = re.compile(r"\barn:aws:|\b[a-z]{2}-[a-z]+-[1-9][a-z]?\b|\b[0-9]{12}\b")
# CloudFront lives in one region, wherever its callers do.
FIXED_BY_AWS = {"us-east-1"}


@cache
def text(folder: Path) -> str:
    """What the folder's .tf files and templates say, without comments."""
    files = [*sorted(folder.glob("*.tf")), *sorted(folder.glob("*.tftpl"))]
    return "\n".join(COMMENT.sub("", file.read_text(encoding="utf-8")) for file in files)


@cache
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


@pytest.mark.parametrize("folder", MODULES, ids=MODULE_IDS)
def test_every_module_has_an_example_that_can_be_copied(folder: Path) -> None:
    example = folder / "examples/basic"
    read = hcl2.loads((example / "main.tf").read_text(encoding="utf-8"))
    # Region and credentials come from whoever runs it.
    assert "provider" not in read
    (terraform,) = read["terraform"]
    assert words(terraform["required_version"]) == ">= 1.10"
    assert words(terraform["required_providers"][0]["aws"]["version"]) == ">= 5.100, < 7.0"
    sources = [words(body["source"]) for module in read["module"] for body in module.values()]
    assert "../.." in sources


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_the_readme_ends_in_its_generated_tables(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    begin, end = "<!-- generated: inputs and outputs -->", "<!-- end of generated -->"
    assert (readme.count(begin), readme.count(end)) == (1, 1)
    assert readme.rstrip().endswith(end)
    assert readme.index(begin) > readme.index("# ")


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_everything_declared_is_used(folder: Path) -> None:
    said = text(folder)
    read = [hcl2.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.tf"))]
    named = [f"var.{name}" for name in blocks(folder, "variable")]
    for file in read:
        named += [f"local.{name}" for block in file.get("locals", []) for name in block if "__" not in name]
        for block in file.get("data", []):
            for kind, labelled in block.items():
                named += [f"data.{words(kind)}.{words(label)}" for label in labelled if "__" not in label]
    # In a variable's own block its checks name it, which is no use of it.
    outside = re.sub(r'^variable "\w+" \{\n.*?^\}$', "", said, flags=re.MULTILINE | re.DOTALL)
    assert [name for name in named if not re.search(rf"\b{re.escape(name)}\b", outside)] == []


@pytest.mark.parametrize("folder", MODULES, ids=MODULE_IDS)
def test_no_account_region_or_partition_is_written_down(folder: Path) -> None:
    # Variables, descriptions and messages give examples.
    said = re.sub(r'^variable "\w+" \{\n.*?^\}$', "", text(folder), flags=re.MULTILINE | re.DOTALL)
    found = set(FIXED.findall(re.sub(r"^ *(description|error_message) *=.*$", "", said, flags=re.MULTILINE)))
    assert found - FIXED_BY_AWS == set()


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
