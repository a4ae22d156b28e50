"""A revision names a state of the source: the same content has the same name, other content another."""

import shutil
import subprocess

import pytest

from panel.deploys.revision import source_files, source_revision
from panel.errors import BuildError

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *arguments):
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path):
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "app.py").write_text("answer = 42\n")
    (tmp_path / "requirements.txt").write_text("falcon==4\n")
    return tmp_path


@pytest.fixture
def checkout(project):
    git(project, "init", "--quiet")
    (project / ".gitignore").write_text("*.log\n")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    return project


@needs_git
def test_a_clean_checkout_is_named_by_its_commit(checkout):
    revision = source_revision(checkout, "backend")

    assert revision.commit == git(checkout, "rev-parse", "HEAD")
    assert revision.tag == revision.commit[:7]
    assert not revision.dirty
    assert revision.committed_at is not None


@needs_git
def test_uncommitted_content_shows_in_the_tag_and_changes_it(checkout):
    (checkout / "backend" / "app.py").write_text("answer = 43\n")
    first = source_revision(checkout, "backend")
    (checkout / "backend" / "new.py").write_text("")
    second = source_revision(checkout, "backend")

    assert first.dirty and second.dirty
    assert first.tag == f"{first.commit[:7]}-d{first.digest.removeprefix('sha256:')[:8]}"
    assert first.tag != second.tag


@needs_git
def test_taking_a_change_back_gives_the_first_name_again(checkout):
    before = source_revision(checkout, "backend")
    (checkout / "backend" / "app.py").write_text("answer = 43\n")
    (checkout / "backend" / "app.py").write_text("answer = 42\n")

    assert source_revision(checkout, "backend") == before


@needs_git
def test_a_commit_elsewhere_makes_no_new_revision(checkout):
    before = source_revision(checkout, "backend")
    (checkout / "notes.txt").write_text("elsewhere\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "-m", "elsewhere")

    assert source_revision(checkout, "backend") == before


@needs_git
def test_what_else_decides_the_build_counts_too(checkout):
    before = source_revision(checkout, "backend", ("requirements.txt",))
    (checkout / "requirements.txt").write_text("falcon==5\n")

    after = source_revision(checkout, "backend", ("requirements.txt",))

    assert after.dirty
    assert after.digest != before.digest
    assert not source_revision(checkout, "backend").dirty


@needs_git
def test_its_position_counts_the_commits_that_touched_it(checkout):
    first = source_revision(checkout, "backend", ("requirements.txt",))
    for name in ("notes.txt", "requirements.txt", "backend/app.py"):
        (checkout / name).write_text("changed\n")
        git(checkout, "add", ".")
        git(checkout, "commit", "--quiet", "-m", name)

    assert first.position == 1
    assert source_revision(checkout, "backend", ("requirements.txt",)).position == 3
    assert source_revision(checkout, "backend").position == 2


@needs_git
def test_a_checkout_without_its_history_has_no_position(checkout, tmp_path):
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{checkout}", "shallow")

    revision = source_revision(tmp_path / "shallow", "backend")

    assert revision.commit is not None
    assert revision.position is None


@needs_git
def test_ignored_and_deleted_files_are_not_source(checkout):
    (checkout / "backend" / "debug.log").write_text("noise\n")
    (checkout / "backend" / "other.py").write_text("")
    (checkout / "backend" / "app.py").unlink()

    assert [path.name for path in source_files(checkout, "backend")] == ["other.py"]


@needs_git
def test_names_with_spaces_and_letters_beyond_ascii_are_found(checkout):
    (checkout / "backend" / "ação nova.py").write_text("")

    assert "ação nova.py" in [path.name for path in source_files(checkout, "backend")]


def test_without_git_the_content_gives_the_name(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    (project / "backend" / "__pycache__").mkdir()
    (project / "backend" / "__pycache__" / "app.pyc").write_bytes(b"noise")

    revision = source_revision(project, "backend")

    assert revision.commit is None
    assert revision.position is None
    assert revision.tag == f"src-{revision.digest.removeprefix('sha256:')[:12]}"
    assert [path.name for path in source_files(project, "backend")] == ["app.py"]


@needs_git
def test_a_checkout_that_git_does_not_trust_is_named_by_content(checkout, tmp_path, monkeypatch):
    # What git says of a checkout that belongs to someone else, without needing another user.
    refusing = tmp_path / "bin"
    refusing.mkdir()
    (refusing / "git").write_text("#!/bin/sh\necho 'fatal: detected dubious ownership' >&2\nexit 128\n")
    (refusing / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(refusing))

    assert source_revision(checkout, "backend").tag.startswith("src-")


@needs_git
def test_a_checkout_without_a_commit_is_named_by_content(project):
    git(project, "init", "--quiet")

    assert source_revision(project, "backend").tag.startswith("src-")


@pytest.mark.parametrize("missing", ["frontend", "empty"])
def test_a_source_that_is_not_there_is_said(project, missing):
    (project / "empty").mkdir()

    with pytest.raises(BuildError, match=missing):
        source_revision(project, missing)
