"""A git checkout of the project for a test to change, and commits of it. Nothing is imported from the panel."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

_FOLDERS = ("backend", "frontend", "requirements", "terraform")
_FILES = ("environments.yaml", ".gitignore")
_NOT_COPIED = shutil.ignore_patterns("node_modules", "dist", "__pycache__", ".terraform*")
_TITLE = re.compile("<title>.*?</title>")
_PLAIN_PAGE = (
    "<!doctype html><title>Site</title>"
    '<script src="/config.js"></script><script src="/assets/site-AB12CD00.js"></script>'
)
_PLAIN_ASSET = re.compile(r"site-AB12CD\d\d")


class Checkout:
    """The project in a folder of its own, with one commit.

    Args:
        root: folder that is not there yet.
        plain_site: a site of three files in place of the project's, so that nothing has to be installed for it.
    """

    def __init__(self, root: Path, *, plain_site: bool = False) -> None:
        self.root = root
        for name in _FOLDERS:
            shutil.copytree(REPOSITORY / name, root / name, ignore=_NOT_COPIED)
        for name in _FILES:
            shutil.copy2(REPOSITORY / name, root / name)
        if plain_site:
            self._replace_site()
        self._git("init", "--quiet", "--initial-branch", "main")
        self.commit("The project")

    def write(self, path: str, change: Callable[[str], str]) -> None:
        """Change a file; it has to be another one afterwards."""
        target = self.root / path
        before = target.read_text(encoding="utf-8")
        after = change(before)
        assert after != before, f"{path} is as it was"
        target.write_text(after, encoding="utf-8")

    def commit(self, subject: str) -> str:
        """Commit what was changed; tells the version that goes by the commit."""
        self._git("add", "-A")
        self._git("commit", "--quiet", "-m", subject)
        return self._git("rev-parse", "--short=7", "HEAD").strip()

    def commit_backend(self, number: int) -> str:
        """A new version of the service, which differs in a line that nobody sees."""
        self.write("backend/app.py", lambda text: f"{text}\n# Version {number}\n")
        return self.commit(f"Backend {number}")

    def commit_site(self, number: int) -> str:
        """A new version of the site, which says its number in the page's title; a plain one has another script too."""

        def changed(text: str) -> str:
            name = f"site-AB12CD{number:02}"
            return _PLAIN_ASSET.sub(name, _TITLE.sub(f"<title>Site {number}</title>", text))

        self.write("frontend/index.html", changed)
        for script in (self.root / "frontend").glob("assets/site-*.js"):
            script.write_text(f"'the application, {number}'", encoding="utf-8")
            script.rename(script.with_name(f"site-AB12CD{number:02}.js"))
        return self.commit(f"Site {number}")

    def _replace_site(self) -> None:
        site = self.root / "frontend"
        shutil.rmtree(site)
        (site / "assets").mkdir(parents=True)
        (site / "index.html").write_text(_PLAIN_PAGE, encoding="utf-8")
        (site / "assets" / "site-AB12CD00.js").write_text("'the application'", encoding="utf-8")
        (site / "licences.txt").write_text("None.", encoding="utf-8")

    def _git(self, *words: str) -> str:
        me = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", *me, *words], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout
