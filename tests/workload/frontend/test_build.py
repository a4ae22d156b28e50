"""What the build of the site makes, and the parts of the site that need no page."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from panel.deploys.site_files import IMMUTABLE, REVALIDATE, cache_control

REPOSITORY = Path(__file__).resolve().parents[3]
FRONTEND = REPOSITORY / "frontend"


def test_the_parts_without_a_page_pass_their_own_tests(node_tools: Any, frontend_copy: Path) -> None:
    ran = node_tools.run("npm", "test", cwd=frontend_copy)
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"^\S+ pass [1-9]\d*$", ran.stdout, re.MULTILINE), ran.stdout


def test_the_site_is_a_page_and_assets_named_after_their_content(built_site: Path) -> None:
    files = [path.relative_to(built_site).as_posix() for path in built_site.rglob("*") if path.is_file()]
    masked = sorted(re.sub(r"-[A-Z0-9]{8}\.", "-HASH.", file) for file in files)
    assert masked == [
        "assets/site-HASH.css",
        "assets/site-HASH.js",
        "index.html",
        "licences.txt",
        "offline.js",
    ]
    page = (built_site / "index.html").read_text()
    assert all(f'"/{file}"' in page for file in files if file.startswith("assets/"))
    assert "%" not in page


def test_the_page_runs_no_script_of_its_own_and_asks_no_other_host(built_site: Path) -> None:
    page = (built_site / "index.html").read_text()
    assert re.findall(r"<script[^>]*>", page) == re.findall(r"<script [^>]*src=\"/[^>]*>", page)
    assert "<style" not in page
    assert "style=" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    # A browser obeys these in a header only, so the page does not claim them.
    assert policy[1] == "; ".join(one for one in directives() if not one.startswith("frame-ancestors"))


def directives() -> list[str]:
    return (FRONTEND / "content-security-policy.txt").read_text().splitlines()


def test_the_policy_allows_the_sites_own_origin_and_nothing_else() -> None:
    sources = {name: rest for name, _, rest in (one.partition(" ") for one in directives())}
    assert sources["default-src"] == "'none'"
    fetched = {rest for name, rest in sources.items() if name.endswith("-src") and name != "default-src"}
    assert fetched == {"'self'", "'self' data:"}  # data: for the pictures in the stylesheet
    assert sources["img-src"] == "'self' data:"
    assert sources["base-uri"] == sources["form-action"] == sources["frame-ancestors"] == "'none'"
    assert sources["require-trusted-types-for"] == "'script'"


def test_the_catalogue_sends_the_sites_own_policy() -> None:
    site = YAML(typ="safe").load(REPOSITORY / "environments.yaml")["services"]["frontend"]
    if "content_security_policy" not in site:
        pytest.skip("environments.yaml names no policy for the site: its page carries it alone")
    assert site["content_security_policy"] == "; ".join(directives())


def test_an_unchanged_source_builds_the_same_site(
    node_tools: Any, frontend_copy: Path, built_site: Path
) -> None:
    again = built_site.parent / "again"
    built = node_tools.run("npm", "run", "build", "--", "--out", str(again), cwd=frontend_copy)
    assert built.returncode == 0, built.stderr
    for file in (path for path in built_site.rglob("*") if path.is_file()):
        assert file.read_bytes() == (again / file.relative_to(built_site)).read_bytes()


def test_the_build_prints_the_weight_of_the_page(build_output: str, built_site: Path) -> None:
    weight = re.search(r"([\d.]+) kB  page, compressed \(at most 60\)", build_output)
    assert weight is not None, build_output
    loaded = [built_site / "index.html", built_site / "offline.js", *(built_site / "assets").iterdir()]
    bytes_compressed = sum(len(gzip.compress(file.read_bytes(), 9)) for file in loaded)
    assert float(weight[1]) == pytest.approx(bytes_compressed / 1000, abs=0.2)
    assert bytes_compressed < 60_000


def test_a_page_that_is_too_heavy_fails_the_build(node_tools: Any, frontend_copy: Path) -> None:
    arguments = ["--out", str(frontend_copy / "heavy"), "--limit", "10"]
    built = node_tools.run("npm", "run", "build", "--", *arguments, cwd=frontend_copy)
    assert built.returncode != 0
    assert "heavier than allowed" in built.stderr


def test_the_panel_serves_hashed_names_for_ever_and_the_page_fresh(built_site: Path) -> None:
    names = [path.relative_to(built_site).as_posix() for path in built_site.rglob("*") if path.is_file()]
    immutable = {name for name in names if cache_control(name) == IMMUTABLE}
    assert immutable == {name for name in names if name.startswith("assets/")}
    assert cache_control("index.html") == cache_control("config.js") == REVALIDATE


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
