"""How the files of a site are served, and that config.js is safe."""

import gzip
import json
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.aws.front_door import Answer, release_in
from panel.deploys.site_files import (
    cache_control,
    config_script,
    content_type,
    is_immutable,
    packed,
    paths_to_invalidate,
    upload_waves,
)


@pytest.mark.parametrize(
    "name",
    [
        "assets/site-L2624VMO.js",
        "assets/index-DiwrgTda.css",
        "assets/fonts/a.0f3c9a1b.woff2",
        "assets/x-PQJ3VWWQ.js.map",
    ],
)
def test_hashed_names_may_be_kept_for_ever(name):
    assert cache_control(name) == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "site-L2624VMO.js",  # not below assets/
        "assets/logo.svg",
        "assets/my-background.png",  # a word
        "assets/photo-20241105.jpg",  # a date
        "assets/screenshot-version2.png",
        "assets/my-Children.png",
        "index.html",
        "config.js",
    ],
)
def test_other_names_may_not(name):
    assert not is_immutable(name)


def test_pages_and_the_configuration_are_asked_for_each_time():
    assert {cache_control(name) for name in ("index.html", "help/index.html", "config.js")} == {"no-cache"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("assets/a.js", "text/javascript; charset=utf-8"),
        ("a.CSS", "text/css; charset=utf-8"),
        ("logo.svg", "image/svg+xml"),
        ("font.woff2", "font/woff2"),
        ("LICENSE", "application/octet-stream"),
    ],
)
def test_content_types(name, expected):
    assert content_type(name) == expected


def test_assets_go_out_first_and_the_index_last():
    names = ["index.html", "assets/b.js", "config.js", "about.html", "assets/a.css"]

    assert upload_waves(names) == [
        ["assets/a.css", "assets/b.js"],
        ["config.js"],
        ["about.html"],
        ["index.html"],
    ]


def test_pages_are_forgotten_under_the_names_that_people_know_them_by():
    paths = paths_to_invalidate(["index.html", "config.js", "não.txt", "help/index.html", "my-index.html"])

    assert paths == (
        "/", "/config.js", "/help", "/help/", "/help/index.html", "/index.html", "/my-index.html", "/n%C3%A3o.txt",
    )  # fmt: skip


def test_many_changing_files_are_forgotten_as_one():
    assert paths_to_invalidate([f"{number}.txt" for number in range(100)]) == ("/*",)


TEXT = b"let answer = 42;\n" * 100


@pytest.mark.parametrize("name", ["assets/a-L2624VMO.js", "assets/b-L2624VMO.svg", "assets/c-L2624VMO.wasm"])
def test_what_is_fetched_for_a_year_is_packed_always_the_same_way(name):
    body, encoding = packed(name, TEXT)

    assert encoding == "gzip"
    assert gzip.decompress(body) == TEXT
    assert packed(name, TEXT)[0] == body
    assert body[4:8] == bytes(4)  # no time of day


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("index.html", TEXT),
        ("config.js", TEXT),
        ("site.css", TEXT),  # whoever asks may take nothing but plain text
        ("assets/a-L2624VMO.js", TEXT[:1000]),  # too small
        ("assets/a-L2624VMO.png", TEXT),  # packed by its own nature
        ("assets/a-L2624VMO.js", random.Random(1).randbytes(4000)),  # does not get smaller
    ],
)
def test_the_rest_is_stored_as_it_is(name, content):
    assert packed(name, content) == (content, "")


def test_the_configuration_is_found_again_by_the_front_door():
    script = config_script({"apiBase": "/api", "environment": "staging", "release": "r12"})

    assert script.startswith(b"window.APP_CONFIG = {")
    assert release_in(Answer(200, {}, script, 1, "http://x/config.js")) == "r12"


@given(st.dictionaries(st.text(), st.text(), max_size=4))
def test_any_text_survives_and_none_can_end_the_script(config):
    script = config_script(config).decode("ascii")

    body = re.fullmatch(r"window\.APP_CONFIG = (.*);\n", script, re.DOTALL)[1]
    assert json.loads(body) == config
    assert "<" not in script
    assert "\u2028" not in script


def test_a_script_end_and_a_line_separator_are_escaped():
    script = config_script({"a": "</script><!--", "b": "\u2028"})

    assert b"</script" not in script
    assert b"\\u003c/script\\u003e\\u003c!--" in script
    assert b"\\u2028" in script
