"""The image that the tests' images are built on, made of Debian packages: no image registry is needed.

One serves for both, Python for the services and nginx for the site, since each takes a while to make.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from tests.system.engine import Engine, NoEngineError, cache

_PACKAGES = ("python3", "nginx-light")
_LIMIT_S = 600.0


def base_image(engine: Engine) -> str:
    """Name of an image with Python and nginx (``PANEL_TEST_BASE_IMAGE`` names a ready one).

    Made once and kept as a file; brought into an engine once.

    Raises:
        NoEngineError: it cannot be made.
    """
    named = os.environ.get("PANEL_TEST_BASE_IMAGE")
    if named:
        return named
    content = "-".join((_suite(), *_PACKAGES))
    name = f"panel-tests-base:{content}"
    with FileLock(cache() / "image.turn", timeout=_LIMIT_S):
        if not engine.lines("image", "ls", "--quiet", name):
            archive = cache() / f"debian-{content}.tar"
            if not archive.exists():
                _make(archive)
            engine.run("import", str(archive), name)
    return name


def _make(archive: Path) -> None:
    included = f"--include={','.join(_PACKAGES)}"
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        made = Path(scratch) / "base.tar"
        if packer := shutil.which("mmdebstrap"):
            _run_root(packer, "--quiet", "--variant=minbase", included, _suite(), str(made))
        elif packer := shutil.which("debootstrap"):
            tree = Path(scratch) / "root"
            _run_root(packer, "--variant=minbase", included, _suite(), str(tree))
            _run_root("tar", "--numeric-owner", "--one-file-system", "-C", str(tree), "-cf", str(made), ".")
        else:
            raise NoEngineError(
                "a base image cannot be made: neither mmdebstrap nor debootstrap is installed"
            )
        made.replace(archive)


def _run_root(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode:
        raise NoEngineError(f"a base image cannot be made: {words[0]}: {done.stderr.strip()[-500:]}")


def _suite() -> str:
    """Debian's release on this machine, or the stable one."""
    release = Path("/etc/os-release")
    facts = dict(
        line.split("=", 1)
        for line in (release.read_text() if release.exists() else "").splitlines()
        if "=" in line
    )
    return facts.get("VERSION_CODENAME", "bookworm") if facts.get("ID") == "debian" else "bookworm"
