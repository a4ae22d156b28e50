"""Asking a front door over real HTTP, with answers of every kind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from panel.aws.front_door import (
    BODY_LIMIT,
    FrontDoor,
    VersionSeen,
    get,
    site_release_seen,
    site_seen,
    version_seen,
)
from panel.errors import EndpointError

CONFIG = b'window.APP_CONFIG = {"apiBase": "/api", "release": "r12"};'


def test_the_request_carries_the_name_people_use_and_goes_to_the_address(site: Any) -> None:
    site.serve("/", b"<html></html>")

    answer = get(site.door, "/", 5)

    assert (answer.status, answer.body, answer.content_type) == (200, b"<html></html>", "text/html")
    assert answer.url == f"http://{site.host}/"
    assert answer.elapsed_ms >= 0
    assert site.requests[0][1]["host"] == site.host


def test_the_proxy_of_the_shell_is_not_asked_for_loopback(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    site.serve("/", b"here")

    assert get(site.door, "/", 5).body == b"here"


def test_only_so_much_of_an_answer_is_kept(site: Any) -> None:
    site.serve("/", b"x" * (BODY_LIMIT + 100_000))

    assert len(get(site.door, "/", 5).body) == BODY_LIMIT


def test_a_redirect_on_the_same_host_is_followed(site: Any) -> None:
    site.redirect("/", "/app/?a=1")
    site.serve("/app/?a=1", b"<html></html>")

    answer = get(site.door, "/", 5)

    assert answer.status == 200
    assert answer.url.endswith("/app/?a=1")


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:9/", "http://evil.example.com/", "https://{host}/", "//evil.example.com/", "http://["],
)
def test_a_redirect_to_elsewhere_is_handed_back(site: Any, location: str) -> None:
    site.redirect("/", location.format(host=site.host))

    answer = get(site.door, "/", 5)

    assert answer.status == 302
    assert len(site.requests) == 1


def test_redirects_in_a_circle_end(site: Any) -> None:
    site.redirect("/", "/")

    assert get(site.door, "/", 5).status == 302
    assert len(site.requests) == 4


def test_nothing_listening_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    door = FrontDoor(
        f"http://dabc.cloudfront.localhost:{port}/", ("127.0.0.1", port), "dabc.cloudfront.localhost"
    )

    with pytest.raises(EndpointError, match="nothing listens there") as caught:
        get(door, "/", 5)

    assert "panel local start" in caught.value.hint


def test_an_answer_that_never_comes_ends_at_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        door = FrontDoor(f"http://dabc.cloudfront.localhost:{port}/", ("127.0.0.1", port), "dabc")

        with pytest.raises(EndpointError, match=r"did not answer within 0\.3 s"):
            get(door, "/", 0.3)


def test_an_answer_that_never_ends_ends_at_the_time_limit(site: Any, page: Callable[..., Any]) -> None:
    gate = threading.Event()
    site.pages["/"] = page(200, (b"first", b"second"), {}, gate)

    with pytest.raises(EndpointError, match="did not answer within"):
        get(site.door, "/", 0.5)
    gate.set()


def test_a_connection_that_is_cut_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def cut() -> None:
            connection, _ = server.accept()
            connection.recv(100)
            connection.close()

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(EndpointError, match="gave no answer"):
            get(FrontDoor("http://dabc/", ("127.0.0.1", port), "dabc"), "/", 5)
        thread.join()


def test_a_name_nobody_knows_falls_back_to_cloudfronts_own(site: Any) -> None:
    site.serve("/", b"<html></html>")
    local = f"http://127.0.0.1:{site.port}/"

    answer = get(FrontDoor("http://staging.todo.invalid/", None, "staging.todo.invalid", local), "/", 5)

    assert answer.status == 200
    assert answer.by_fallback
    assert answer.url == local


def test_a_name_nobody_knows_is_said_so() -> None:
    door = FrontDoor("https://staging.todo.invalid/", None, "staging.todo.invalid")

    with pytest.raises(EndpointError, match=r"the name staging\.todo\.invalid is not known"):
        get(door, "/", 5)


def test_no_fallback_for_a_name_that_is_known(site: Any) -> None:
    site.serve("/", b"<html></html>")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    door = replace(
        site.door,
        url=f"http://127.0.0.1:{port}/",
        connect=None,
        fallback_url=f"http://127.0.0.1:{site.port}/",
    )

    with pytest.raises(EndpointError):
        get(door, "/", 5)

    assert not site.requests


def test_the_version_that_answers(site: Any) -> None:
    site.serve("/api/status", b'{"status":"ok","version":"v7","image":null}', "application/json")

    assert version_seen(site.door, "/api/status") == VersionSeen("v7", None, "ok")


def test_while_nothing_answers_with_a_version_there_is_none(site: Any) -> None:
    site.serve("/api/status", b"Bad gateway", status=502)

    assert version_seen(site.door, "/api/status") is None


def test_the_release_that_people_get(site: Any) -> None:
    site.serve("/", b"<html></html>")
    site.serve("/config.js", CONFIG, "text/javascript")

    assert site_release_seen(site.door) == "r12"
    assert site_seen(site.door).is_page


def test_a_release_without_a_page_is_none(site: Any) -> None:
    site.serve("/config.js", CONFIG, "text/javascript")

    assert site_release_seen(site.door) is None
    assert not site_seen(site.door).is_page
