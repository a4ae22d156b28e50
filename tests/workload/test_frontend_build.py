"""What the build of the site makes, and the parts of the site that need no page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FRONTEND = REPOSITORY / "frontend"


def test_the_parts_without_a_page_pass_their_own_tests(node_tools: Any, frontend_copy: Path) -> None:
    ran = node_tools.run("npm", "test", cwd=frontend_copy)
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"^\S+ pass [1-9]\d*$", ran.stdout, re.MULTILINE), ran.stdout


def test_the_site_is_a_page_and_assets_named_after_their_content(built_site: Path) -> None:
    files = sorted(
        path.relative_to(built_site).as_posix() for path in built_site.rglob("*") if path.is_file()
    )
    patterns = [
        r"assets/site-[A-Z0-9]{8}\.css",
        r"assets/site-[A-Z0-9]{8}\.js",
        r"index\.html",
        r"licences\.txt",
    ]
    assert len(files) == len(patterns)
    assert all(re.fullmatch(pattern, file) for pattern, file in zip(patterns, files, strict=True)), files
    page = (built_site / "index.html").read_text()
    assert all(f'"/{file}"' in page for file in files if file.startswith("assets/"))
    assert "%" not in page


def test_the_page_runs_no_script_of_its_own_and_asks_no_other_host(built_site: Path) -> None:
    page = (built_site / "index.html").read_text()
    assert re.findall(r"<script[^>]*>", page) == re.findall(r"<script [^>]*src=\"/[^>]*>", page)
    assert "<style" not in page
    assert "style=" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    for directive in ("default-src 'none'", "script-src 'self'", "connect-src 'self'"):
        assert directive in page
    assert "unsafe" not in page


def test_an_unchanged_source_builds_the_same_site(
    node_tools: Any, frontend_copy: Path, built_site: Path
) -> None:
    again = built_site.parent / "again"
    built = node_tools.run("npm", "run", "build", "--", "--out", str(again), cwd=frontend_copy)
    assert built.returncode == 0, built.stderr
    for file in (path for path in built_site.rglob("*") if path.is_file()):
        assert file.read_bytes() == (again / file.relative_to(built_site)).read_bytes()


def test_the_build_prints_the_weight_of_the_page(node_tools: Any, frontend_copy: Path) -> None:
    built = node_tools.run(
        "npm", "run", "build", "--", "--out", str(frontend_copy / "weighed"), cwd=frontend_copy
    )
    weight = re.search(r"([\d.]+) kB  page, compressed", built.stdout)
    assert weight is not None, built.stdout
    assert 10 < float(weight[1]) <= 60


def test_the_lock_file_pins_every_package_by_hash_and_names_no_registry() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    packages = {path: package for path, package in lock["packages"].items() if path}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())


def test_every_shipped_package_comes_with_its_licence(built_site: Path) -> None:
    text = (built_site / "licences.txt").read_text()
    for name in json.loads((FRONTEND / "package.json").read_text())["dependencies"]:
        assert re.search(rf"^{name} \d+\.\d+\.\d+ \(", text, re.MULTILINE)
