"""``panel source``: the version of what lies here, and whether an environment runs that very one."""

from __future__ import annotations

import subprocess

import pytest

from panel.settings import Settings

SAME, OTHER, USAGE = 0, 1, 2


@pytest.fixture
def checkout(panel, tmp_path):
    """A checkout with one commit, which is the project of the panel; gives the commit."""
    root = tmp_path / "checkout"
    for name in ("backend/app.py", "requirements/backend.txt", "frontend/index.html", "environments.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "environments.yaml").write_text(panel.settings.catalogue_path.read_text())
    git = ["git", "-C", str(root), "-c", "user.name=ana", "-c", "user.email=ana@example.com"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *words], check=True)
    panel.settings = Settings(root=root, data_dir=panel.settings.data_path)
    told = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return root, told.stdout.strip()


@pytest.fixture
def release(panel, order):
    """Makes a version of a service the live one of staging."""
    run = order("create", "applied", auto_approve=True)

    def make(service, version):
        one = panel.stores.releases.start(
            "staging", service, "container", version, run_id=run, revision="", author="ana", world=""
        )
        panel.stores.releases.finish(one.id, "live", digest="sha256:" + "a" * 64, reference="")

    return make


def test_the_version_is_named_after_the_commit(terminal, checkout):
    _, commit = checkout
    assert terminal("source", "backend").stdout.strip() == commit[:7]
    assert terminal.json("source", "frontend") == {
        "service": "frontend", "version": commit[:7], "revision": commit, "dirty": False,
    }  # fmt: skip


def test_what_runs_elsewhere_is_the_same_or_another(terminal, release, checkout):
    _, commit = checkout
    assert terminal("source", "backend", "--in", "staging").exit_code == OTHER
    release("backend", "0000000")
    told = terminal("source", "backend", "--in", "staging")
    assert (told.exit_code, told.stdout.strip()) == (
        OTHER,
        f"backend: {commit[:7]} lies here, staging runs 0000000.",
    )
    release("backend", commit[:7])
    assert terminal("source", "backend", "--in", "staging").exit_code == SAME
    assert terminal.json("source", "backend", "--in", "staging")["same"] is True
    assert terminal("source", "frontend", "--in", "staging").exit_code == OTHER


def test_what_is_in_no_commit_runs_nowhere(terminal, release, checkout):
    root, _ = checkout
    (root / "backend" / "app.py").write_text("changed")
    version = terminal("source", "backend").stdout.strip()
    release("backend", version)
    assert terminal("source", "backend", "--in", "staging").exit_code == OTHER


def test_who_is_unknown_is_named(terminal, checkout):
    assert terminal("source", "bakend").exit_code == USAGE
    assert terminal("source", "backend", "--in", "stagin").exit_code == USAGE
