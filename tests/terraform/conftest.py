"""A workbench for real Terraform, an emulator of AWS for each file, and a world that is applied there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.terraform.applied_world import World, apply_world
from tests.terraform.emulator import Emulator, running_emulator
from tests.terraform.terraform_process import provider_source
from tests.terraform.workbench import Workbench


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    source = provider_source()
    if source is None:
        pytest.skip(
            "the AWS provider is in no mirror on this machine, and the Terraform registry cannot be reached"
        )
    folder = tmp_path_factory.mktemp("terraform")
    cli_config = folder / "cli.tfrc"
    cli_config.write_text(f"provider_installation {{\n  {source}\n}}\n", encoding="utf-8")
    return Workbench(folder, cli_config)


# One for each file: the world's tests count all that is there, and others leave things behind.
@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def world(workbench: Workbench, emulator: Emulator) -> World:
    return apply_world(workbench, emulator)
