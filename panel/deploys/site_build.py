"""Turn a site's source into the files to publish, in a copy: the source tree is never written to."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from panel.deploys import Report, Stopped, never
from panel.deploys.build_folder import build_once
from panel.deploys.node import find_node_path, node_version, npm_command
from panel.deploys.revision import content_digest, source_files
from panel.deploys.site_files import CONFIG
from panel.deploys.tool import run_tool
from panel.errors import BuildError
from panel.settings import child_environment

# Where build tools put their results, the usual one first.
_OUTPUTS = ("dist", "build", "out")
_SITE = "site"
# Raised when the same source shall give another build.
_RECIPE = 1


@dataclass(frozen=True)
class SiteBuild:
    """A built site.

    Attributes:
        directory: holds the files.
        digest: ``sha256:…`` over the files, without ``config.js``: each environment has its own of that.
        files: their names relative to ``directory``, sorted, with ``/`` between folders.
        hashes: SHA-256 of each file by name, in hexadecimal.
    """

    directory: Path
    digest: str
    files: tuple[str, ...]
    hashes: Mapping[str, str]


def build_site(
    source: Path, cache: Path, report: Report, *, node_path: Path | None = None, stopped: Stopped = never
) -> SiteBuild:
    """Build the site in the folder ``source``, or find it built already.

    A folder with a ``package.json`` is built by ``npm ci`` and ``npm run build`` and gives its ``dist``
    (or ``build``, ``out``); any other folder is published as it is.

    Args:
        cache: where builds are kept, by the digest of their source.
        node_path: folder that holds ``node``; found by itself when not given.
        stopped: ends npm, and the build with it.

    Raises:
        StoppedError: somebody asked for it; nothing is left behind.
        BuildError: no source, no Node.js, or npm failed; ``detail`` has its last lines.
        StorageError: the disk refused.
    """
    files = source_files(source.parent, source.name)
    needs_npm = (source / "package.json").is_file()
    if needs_npm:
        files = [path for path in files if path.relative_to(source).parts[0] not in _OUTPUTS]
    recipe = [str(_RECIPE), content_digest(source, files)]
    if needs_npm:
        node_path = node_path or find_node_path()
        recipe.append(node_version(node_path))
    target = cache / hashlib.sha256("\n".join(recipe).encode()).hexdigest()

    def make(scratch: Path) -> None:
        site = scratch / _SITE
        if node_path is None or not needs_npm:
            _copy(files, source, site)
        else:
            _npm_build(files, source, scratch, node_path=node_path, report=report, stopped=stopped)
        if not (site / "index.html").is_file():
            raise BuildError(
                f"The site in {source.name} has no index.html after its build.",
                hint=f"Its build must write one into {', '.join(_OUTPUTS)}, or the folder must hold one.",
            )

    if not build_once(target, make):
        report("The site is built already")
    return read_site(target / _SITE)


def read_site(directory: Path) -> SiteBuild:
    """The files in a folder as a build."""
    found = sorted(path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    hashes = {}
    for path in found:
        with path.open("rb") as file:
            hashes[path.relative_to(directory).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    lines = (f"{name}\0{content}\n" for name, content in sorted(hashes.items()) if name != CONFIG)
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    return SiteBuild(directory, f"sha256:{digest}", tuple(sorted(hashes)), hashes)


def _npm_build(
    files: list[Path], source: Path, scratch: Path, *, node_path: Path, report: Report, stopped: Stopped
) -> None:
    if not (source / "package-lock.json").is_file():
        raise BuildError(
            f"The site in {source.name} has no package-lock.json, so what it is made of is not pinned.",
            hint="Run 'npm install' in that folder and commit the file it writes.",
        )
    work = scratch / "work"
    _copy(files, source, work)
    environment = child_environment(network=True, packages=True)
    environment["PATH"] = f"{node_path}{os.pathsep}{environment.get('PATH', os.defpath)}"
    # Without a terminal npm draws no progress bar; these keep it from asking for anything else.
    environment |= {"NO_COLOR": "1", "NO_UPDATE_NOTIFIER": "1", "CI": "true"}
    npm = npm_command(node_path)
    for arguments, what in (
        (["ci", "--no-audit", "--no-fund"], f"install what the site in {source.name} is made of"),
        (["run", "build"], f"build the site in {source.name}"),
    ):
        report(f"npm {' '.join(arguments)}")
        run_tool(
            [*npm, *arguments], what=what, report=report, environment=environment, cwd=work, stopped=stopped
        )
    output = next((work / name for name in _OUTPUTS if (work / name / "index.html").is_file()), None)
    if output is not None:
        output.rename(scratch / _SITE)
    shutil.rmtree(work, ignore_errors=True)


def _copy(files: list[Path], source: Path, target: Path) -> None:
    for path in files:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
