"""The commits between two revisions of one source, as git tells them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from panel.deploys.commits import MOST, commits_between

Commit = Callable[..., str]


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Commits some content to a file of a checkout, and gives the commit's hash."""

    def git(*arguments: str) -> str:
        command = [
            "git",
            "-C",
            str(tmp_path),
            "-c",
            "user.name=Ana",
            "-c",
            "user.email=ana@example.com",
            *arguments,
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")

    def make(path: str, content: str, *, of: str = "") -> str:
        if of:
            git("checkout", "-q", of)
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
        git("add", "-A")
        git("commit", "-q", "-m", f"{path}: {content}")
        return git("rev-parse", "HEAD")

    return make


def test_commits_that_touch_the_source_are_told_the_newest_first(tmp_path: Path, commit: Commit) -> None:
    first = commit("backend/api.py", "1")
    commit("docs/readme", "1")
    commit("backend/api.py", "2")
    last = commit("requirements/backend.txt", "3")

    span = commits_between(tmp_path, first, last, ["backend", "requirements/backend.txt"])

    assert (span.known, span.forward_total, span.back_total, span.back) == (True, 2, 0, ())
    assert [(one.subject, one.author) for one in span.forward] == [
        ("requirements/backend.txt: 3", "Ana"), ("backend/api.py: 2", "Ana"),
    ]  # fmt: skip
    assert span.forward[0].sha == last
    away = commits_between(tmp_path, last, first, ["backend"])
    assert (away.forward_total, away.back_total, away.back[0].subject) == (0, 1, "backend/api.py: 2")


def test_revisions_that_have_parted_have_commits_on_both_sides(tmp_path: Path, commit: Commit) -> None:
    base = commit("backend/api.py", "1")
    left = commit("backend/left.py", "1")
    right = commit("backend/right.py", "1", of=base)

    span = commits_between(tmp_path, left, right, ["backend"])

    assert (span.forward_total, span.back_total) == (1, 1)


def test_no_more_than_some_are_told_and_all_are_counted(tmp_path: Path, commit: Commit) -> None:
    first = last = commit("backend/api.py", "0")
    for number in range(1, MOST + 2):
        last = commit("backend/api.py", str(number))

    span = commits_between(tmp_path, first, last, ["backend"])

    assert (len(span.forward), span.forward_total) == (MOST, MOST + 1)


def test_what_git_cannot_know_is_said_to_be_unknown(tmp_path: Path, commit: Commit) -> None:
    first = commit("backend/api.py", "1")
    last = commit("backend/api.py", "2")

    assert commits_between(tmp_path, first, "f" * 40, ["backend"]).known is False
    assert commits_between(tmp_path, "", last, ["backend"]).known is False
    assert commits_between(tmp_path, "--output=/tmp/x", last, ["backend"]).known is False
    assert commits_between(tmp_path / "backend" / "nowhere", first, last, ["."]).known is False
    (tmp_path / ".git" / "shallow").write_text(last + "\n")
    assert commits_between(tmp_path, first, last, ["backend"]).known is False
