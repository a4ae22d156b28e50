"""Where the front door is, and what its answers name."""

from __future__ import annotations

import pytest

from panel.aws.front_door import Answer, front_door, get, release_in
from panel.errors import NotFoundError

OUTPUTS = {"domain_name": "staging.todo.example.com", "cloudfront_domain_name": "D1ABC.cloudfront.net"}


def test_on_aws_the_domain_with_cloudfronts_own_name_behind_it() -> None:
    door = front_door(OUTPUTS, emulated_endpoint=None)

    assert door.url == "https://staging.todo.example.com/"
    assert door.fallback_url == "https://d1abc.cloudfront.net/"
    assert door.connect is None


def test_on_the_embedded_aws_the_label_below_localhost_reached_by_address() -> None:
    door = front_door(OUTPUTS, emulated_endpoint="http://127.0.0.1:4566")

    assert door.url == "http://d1abc.cloudfront.localhost:4566/"
    assert door.connect == ("127.0.0.1", 4566)
    assert door.host == "d1abc.cloudfront.localhost:4566"


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"domain_name": "staging.todo.example.com"},
        {"domain_name": "", "cloudfront_domain_name": "d1.cloudfront.net"},
        {"domain_name": "a/b", "cloudfront_domain_name": "d1.cloudfront.net"},
        {"domain_name": "a.example.com", "cloudfront_domain_name": None},
        {"domain_name": "a.example.com", "cloudfront_domain_name": "evil.example.com"},
        {"domain_name": "a.example.com", "cloudfront_domain_name": "d1.cloudfront.net@evil.example.com"},
    ],
)
def test_outputs_without_a_sound_address_are_refused(outputs: dict[str, object]) -> None:
    with pytest.raises(NotFoundError):
        front_door(outputs, emulated_endpoint=None)


def test_a_path_that_could_change_the_host_is_refused() -> None:
    with pytest.raises(ValueError, match="starts with a slash"):
        get(front_door(OUTPUTS, emulated_endpoint=None), "@evil.example.com/")


@pytest.mark.parametrize(
    ("status", "text", "release"),
    [
        (200, 'window.APP_CONFIG = {"apiBase": "/api", "release": "r12"};\n', "r12"),
        (200, 'window.APP_CONFIG={"release":"r12","flags":{"a":1}}', "r12"),
        (200, "window.APP_CONFIG = {\n  api: '/api',\n  release: 'r12',\n};", "r12"),
        (200, 'window.APP_CONFIG = {"apiBase": "/api"};', None),
        (200, 'window.APP_CONFIG = {"prerelease": "r11"};', None),
        (200, "<html>release: 'r1'</html>", None),
        (403, 'window.APP_CONFIG = {"release": "r12"};', None),
    ],
)
def test_the_release_in_config_js(status: int, text: str, release: str | None) -> None:
    assert release_in(Answer(status, {}, text.encode(), 1, "http://x/config.js")) == release
