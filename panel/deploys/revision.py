"""Which source is this? Commit and digest of a service's files, and the tag made of both."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from panel.deploys.git import ask_git
from panel.errors import BuildError

_SHORT = 7  # characters of a commit in a tag
# Never part of a source, wherever git is not there to say so.
_NEVER = frozenset(
    {".git", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)


@dataclass(frozen=True)
class Revision:
    """One state of a service's source.

    Attributes:
        commit: the last one that changed the source; ``None`` outside git (or where git refuses to read the
            checkout). Commits that left the source alone make no new revision of it.
        dirty: whether the source has changes that are not in a commit.
        digest: ``sha256:…`` over names, modes and content of all files.
        tag: ``4f2a91c``, ``4f2a91c-d0a1b2c3d`` with uncommitted content, ``src-0a1b2c3d4e5f`` outside git.
        committed_at: when the commit was made; ``None`` without one.
        position: how many commits up to this one have changed the source: of two revisions the one with the higher
            number is the newer. ``None`` outside git, and in a
            checkout without its whole history.
    """

    commit: str | None
    dirty: bool
    digest: str
    tag: str
    committed_at: datetime | None = None
    position: int | None = None


def source_revision(root: Path, source: str, also: Sequence[str] = ()) -> Revision:
    """The revision of the folder ``source`` below ``root``, counting only files that git does not ignore.

    Args:
        also: further files or folders, relative to ``root``, that decide what gets built.

    Raises:
        BuildError: there is no such folder, or it has no files.
    """
    digest = content_digest(root, [path for part in (source, *also) for path in source_files(root, part)])
    short = digest.removeprefix("sha256:")
    head = ask_git(root, "log", "-1", "--format=%H %ct", "--", source, *also) or ask_git(
        root, "log", "-1", "--format=%H %ct"
    )
    changes = ask_git(root, "status", "--porcelain", "--untracked-files=all", "--", source, *also)
    if not head or changes is None:
        return Revision(None, False, digest, f"src-{short[:12]}")
    commit, _, seconds = head.strip().partition(" ")
    # A source that git ignores altogether is in no commit, although nothing shows as changed.
    dirty = bool(changes.strip()) or not _tracked(root, source)
    tag = commit[:_SHORT] + (f"-d{short[:8]}" if dirty else "")
    position = _position(root, commit, [source, *also])
    return Revision(commit, dirty, digest, tag, datetime.fromtimestamp(int(seconds), UTC), position)


def _position(root: Path, commit: str, paths: Sequence[str]) -> int | None:
    # A checkout without its history (as CI makes them) would count what little it has.
    if (ask_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true":
        return None
    count = (ask_git(root, "rev-list", "--count", commit, "--", *paths) or "").strip()
    return int(count) if count.isdecimal() else None


def source_files(root: Path, source: str) -> list[Path]:
    """The files of a source folder (or the one file), absolute and sorted, without what git ignores.

    Raises:
        BuildError: there is no such folder, or it has no files.
    """
    folder = root / source
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise BuildError(
            f"There is no source folder {source} in the project.",
            hint="Correct the service's 'source' in environments.yaml.",
        )
    listed = ask_git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    found = [folder / name for name in listed.split("\0") if name] if listed else _walk(folder)
    # git also lists files that were deleted but not yet committed; links may point outside the project.
    files = sorted(
        path
        for path in found
        if path.is_file()
        and not path.is_symlink()
        and not _NEVER.intersection(path.relative_to(folder).parts)
    )
    if not files:
        raise BuildError(
            f"The source folder {source} has no files.",
            hint="Correct the service's 'source' in environments.yaml, or add the source.",
        )
    return files


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NEVER]
        found += [Path(parent) / name for name in names]
    return found


def content_digest(root: Path, files: Sequence[Path]) -> str:
    """``sha256:…`` over the names (relative to ``root``), modes and content of files, in any order."""
    seen = hashlib.sha256()
    for path in sorted(set(files)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        executable = bool(path.stat().st_mode & 0o100)
        seen.update(f"{path.relative_to(root).as_posix()}\0{int(executable)}\0{content}\n".encode())
    return f"sha256:{seen.hexdigest()}"


def _tracked(root: Path, source: str) -> bool:
    return bool(ask_git(root, "ls-files", "-z", "--cached", "--", source))
