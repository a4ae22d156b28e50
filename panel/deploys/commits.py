"""What git says of the commits between two revisions of a source, where the project is a checkout that has both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panel.deploys.git import ask_git

#: The most commits that are listed; all of them are counted.
MOST = 50
_HASH = re.compile(r"[0-9a-f]{7,64}")
_LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Commit:
    """One commit; ``at`` is when it was committed, as ISO 8601 in UTC."""

    sha: str
    subject: str
    author: str
    at: str

    @classmethod
    def from_dict(cls, stored: Any) -> Commit:
        """From what the store kept."""
        return cls(str(stored["sha"]), str(stored["subject"]), str(stored["author"]), str(stored["at"]))


@dataclass(frozen=True)
class Range:
    """The commits of a source between two revisions.

    Attributes:
        known: whether the checkout has both revisions and the way between them.
        forward: commits that the newer one has in addition, the newest first, ``MOST`` at the most.
        back: commits that the older one has alone: those that go away.
        forward_total, back_total: how many there are.
    """

    known: bool
    forward: tuple[Commit, ...] = ()
    back: tuple[Commit, ...] = ()
    forward_total: int = 0
    back_total: int = 0


def commits_between(root: Path, before: str, after: str, paths: Sequence[str]) -> Range:
    """The commits that touch a source, between the revision that runs and the one that comes.

    Args:
        root: the project.
        before, after: hashes of commits.
        paths: what decides what gets built, relative to ``root``.
    """
    if not (_HASH.fullmatch(before) and _HASH.fullmatch(after)) or _is_shallow(root):
        return Range(known=False)
    if not all(ask_git(root, "cat-file", "-e", f"{sha}^{{commit}}") is not None for sha in (before, after)):
        return Range(known=False)
    there, back = _commits(root, before, after, paths), _commits(root, after, before, paths)
    if there is None or back is None:
        return Range(known=False)
    return Range(True, there[0], back[0], there[1], back[1])


def _commits(
    root: Path, since: str, until: str, paths: Sequence[str]
) -> tuple[tuple[Commit, ...], int] | None:
    span = f"{since}..{until}"
    total = _number(ask_git(root, "rev-list", "--count", span, "--", *paths))
    told = ask_git(
        root, "log", f"--max-count={MOST}", "--format=%H%x1f%ct%x1f%an%x1f%s%x1e", span, "--", *paths
    )
    if total is None or told is None:
        return None
    # Who wrote a commit may have written it in any encoding; it is kept and shown as UTF-8.
    legible = told.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return tuple(_commit(entry) for entry in legible.split("\x1e") if entry.strip()), total


def _commit(entry: str) -> Commit:
    sha, seconds, author, subject = entry.strip("\n").split("\x1f", 3)
    at = datetime.fromtimestamp(int(seconds), UTC).isoformat()
    return Commit(sha, subject[:_LONGEST_SUBJECT], author[:_LONGEST_SUBJECT], at)


def _number(told: str | None) -> int | None:
    return int(told) if told is not None and told.strip().isdigit() else None


def _is_shallow(root: Path) -> bool:
    """Also where there is no checkout at all: then nothing is known either."""
    told = ask_git(root, "rev-parse", "--is-shallow-repository")
    return told is None or told.strip() != "false"
