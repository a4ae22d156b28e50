"""The pinned Python dependencies of a service, installed once per requirements file and kept."""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from pathlib import Path

from panel.deploys import Report, Stopped, never
from panel.deploys.build_folder import build_once
from panel.deploys.tool import run_tool
from panel.errors import BuildError
from panel.settings import child_environment


def install_dependencies(
    requirements: Path, data_dir: Path, report: Report, stopped: Stopped = never
) -> Path:
    """The folder with everything that ``requirements`` pins; every download is checked against its hash.

    It belongs to the running Python's version and machine, because compiled modules do.

    Raises:
        BuildError: the file is missing, or something could not be installed.
        StorageError: the disk refused.
        StoppedError: somebody asked for it to stop.
    """
    if not requirements.is_file():
        raise BuildError(
            f"There is no requirements file {requirements.name}, so the image's dependencies are not known.",
            hint="Make it with 'uv pip compile --generate-hashes'.",
        )
    target = data_dir / "cache" / "deps" / dependencies_digest(requirements)

    def install(scratch: Path) -> None:
        report(f"Installing the dependencies that {requirements.name} pins")
        run_tool(
            [*_installer(), "--require-hashes", "--target", str(scratch), "-r", str(requirements)],
            what=f"install the dependencies in {requirements.name}",
            report=report,
            environment=child_environment(network=True, packages=True),
            stopped=stopped,
        )

    if not build_once(target, install):
        report("The dependencies are unchanged")
    return target


def dependencies_digest(requirements: Path) -> str:
    """Hexadecimal digest of all that decides what gets installed."""
    seen = hashlib.sha256(requirements.read_bytes())
    seen.update(f"\0{sys.version_info[:2]}\0{sys.platform}\0{platform.machine()}".encode())
    return seen.hexdigest()


def _installer() -> list[str]:
    beside = Path(sys.prefix) / "bin" / "uv"
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is not None:
        # Copies, because links would tie the image's files to uv's own cache.
        return [uv, "pip", "install", "--quiet", "--link-mode", "copy", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
