"""The ``docker`` program notes what it is asked, the engine's API is in memory."""

import shlex
from types import SimpleNamespace

import pytest

from panel.aws.session import Account
from panel.deploys.docker_build import ship_with_docker
from panel.deploys.docker_engine import Engine
from tests.unit.deploys.docker.world import BASE, REVISION, FakeApi, FakeEcr

# A shell starts in a hundredth of the time of Python.
PROGRAM = """#!/bin/sh
case "$*" in *"buildx version") kind=buildx code=1 ;; *) kind=build code=0 ;; esac
here={home}/calls/$(date +%s%N)-$kind
mkdir -p "$here"
printf '%s\\n' "$@" > "$here/arguments"
env > "$here/environment"
[ $kind = buildx ] || find . -type f > "$here/files"
if [ -f {home}/$kind.text ]; then read -r code < {home}/$kind.code; cat {home}/$kind.text; fi
[ ! -f {home}/$kind.text ] || ! grep -q forever {home}/$kind.text || sleep 60
exit $code
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Makes the docker program and reads what it was asked: arguments, environment, files in its folder."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(PROGRAM.replace("{home}", shlex.quote(str(tmp_path))))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")

    def one(folder):
        files = (folder / "files").read_text().split() if (folder / "files").exists() else []
        pairs = (line.partition("=") for line in (folder / "environment").read_text().splitlines())
        return {
            "arguments": (folder / "arguments").read_text().splitlines(),
            "environment": {name: value for name, _, value in pairs},
            "files": sorted(name.removeprefix("./") for name in files),
        }

    def read():
        return [one(folder) for folder in sorted((tmp_path / "calls").glob("*"))]

    def tell(**answers):
        for kind, (code, text) in answers.items():
            (tmp_path / f"{kind}.code").write_text(f"{code}\n")
            (tmp_path / f"{kind}.text").write_text(f"{text}\n")

    read.tell = tell
    return read


@pytest.fixture
def api():
    return FakeApi()


@pytest.fixture
def ecr(api):
    return FakeEcr(api)


@pytest.fixture
def ship(tmp_path, ecr, api, calls, lines, monkeypatch):
    root = tmp_path / "project"
    for name in (
        "backend/Dockerfile",
        "backend/app.py",
        "requirements/backend.txt",
        "secret.env",
        "deps/falcon.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    monkeypatch.setattr(
        "panel.deploys.dockerfile.install_dependencies",
        lambda requirements, data_dir, report, stopped: root / "deps",
    )

    def ship(account=None, **options):
        aws = SimpleNamespace(account=account or Account("us-east-2"), client=lambda service: ecr)
        return ship_with_docker(
            aws, root, "backend", REVISION, "todo/backend",
            data_dir=tmp_path / "data", report=lines.append, **{"base": BASE, "engine": lambda host: Engine(api)} | options,
        )  # fmt: skip

    return ship
