from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from panel.errors import BuildError
from panel.localaws.demand import Container
from panel.localaws.images import UnpackedImage
from panel.localaws.launch import Launch, plan_launch


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    (tmp_path / "app" / "deps" / "bin").mkdir(parents=True)
    (tmp_path / "app" / "deps" / "bin" / "serve").write_text("#!/bin/sh\n")
    return tmp_path


def launch(rootfs: Path, container: Container | None = None, **image: Any) -> Launch:
    shape: dict[str, Any] = {
        "entry_point": (),
        "command": ("python", "-m", "gunicorn", "app:create()"),
        "environment": (("PYTHONPATH", "/app/deps:/app"),),
        "working_directory": "/app",
    }
    return plan_launch(
        UnpackedImage("sha256:0", rootfs, **{**shape, **image}),
        container or Container("app", "r/app:1"),
        inherited={"PATH": "/usr/bin", "HOME": "/home/me"},
        aws={"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        address="127.64.0.1",
        port=5001,
    )


def test_the_images_paths_point_into_its_content_and_its_python_is_ours(rootfs: Path) -> None:
    plan = launch(rootfs)
    assert plan.argv == (sys.executable, "-m", "gunicorn", "app:create()")
    assert plan.folder == rootfs / "app"
    assert plan.environment == {
        "PATH": "/usr/bin",
        "HOME": "/home/me",
        "PYTHONPATH": f"{rootfs}/app/deps:{rootfs}/app",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "PORT": "5001",
        "BIND_HOST": "127.64.0.1",
    }


def test_the_task_definition_overrides_the_image_but_not_where_aws_is(rootfs: Path) -> None:
    wanted = Container(
        "app",
        "r/app:1",
        environment=(("PYTHONPATH", "/app"), ("AWS_ENDPOINT_URL", "https://aws"), ("PORT", "5000")),
        command=("python3", "/app/deps"),
        working_directory="/app/deps",
    )
    plan = launch(rootfs, wanted)
    assert plan.argv == (sys.executable, f"{rootfs}/app/deps")
    assert plan.folder == rootfs / "app" / "deps"
    assert plan.environment["PYTHONPATH"] == f"{rootfs}/app"
    assert plan.environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert plan.environment["PORT"] == "5001"


def test_entry_point_and_command_combine_as_docker_does(rootfs: Path) -> None:
    image = {"entry_point": ("python", "-m"), "command": ("app",)}
    assert launch(rootfs, **image).argv[1:] == ("-m", "app")
    assert launch(rootfs, Container("a", "r/a:1", command=("other",)), **image).argv[1:] == ("-m", "other")
    alone = Container("a", "r/a:1", entry_point=("python", "-V"))
    assert launch(rootfs, alone, **image).argv[1:] == ("-V",)


@pytest.mark.parametrize("program", ["python", "python3", "python3.11", "/usr/local/bin/python"])
def test_every_name_of_python_is_ours(rootfs: Path, program: str) -> None:
    assert launch(rootfs, command=(program,)).argv == (sys.executable,)


def test_a_program_of_the_image_is_found_on_its_path(rootfs: Path) -> None:
    environment = (("PATH", "/app/deps/bin:/usr/bin"),)
    assert launch(rootfs, command=("serve",), environment=environment).argv == (
        f"{rootfs}/app/deps/bin/serve",
    )


@pytest.mark.parametrize("program", ["sh", "/bin/sh", "nginx"])
def test_programs_of_this_machine_are_not_run(rootfs: Path, program: str) -> None:
    with pytest.raises(BuildError, match="cannot run as a process"):
        launch(rootfs, command=(program,))


@pytest.mark.parametrize("value", ["https://example.com/app", "/nowhere/here", "plain", "", "/"])
def test_values_that_name_nothing_in_the_image_stay(rootfs: Path, value: str) -> None:
    assert launch(rootfs, environment=(("VALUE", value),)).environment["VALUE"] == value


def test_paths_do_not_lead_out_of_the_image(rootfs: Path) -> None:
    with pytest.raises(BuildError, match="leads out"):
        launch(rootfs, working_directory="/../..")


def test_no_command_is_an_error(rootfs: Path) -> None:
    with pytest.raises(BuildError, match="no command"):
        launch(rootfs, command=())


def test_what_only_containers_can_do_is_said(rootfs: Path) -> None:
    with pytest.raises(BuildError, match=r"It asks for secrets.*PANEL_LOCAL_RUNTIME=docker"):
        launch(rootfs, Container("app", "r/app:1", unsupported="It asks for secrets."))
