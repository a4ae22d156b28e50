"""What a webhook is sent, and what is made of its answers; no socket is opened here."""

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from panel.errors import ConfigurationError
from panel.notify.webhook import Webhook, payload
from panel.store.tables import Notification

SECRET = "https://hooks.example.com/services/T000/B000/verysecret"


def message(**fields: Any) -> Notification:
    given = {"key": "k", "event": "errored", "channel": "webhook", "subject": "staging: update failed"}
    return Notification(**(given | {"body": "The disk is full."} | fields))


def sends(answer: Callable[[httpx.Request], httpx.Response]) -> Any:
    return Webhook(SECRET, transport=httpx.MockTransport(answer)).send(message())


def test_readers_of_plain_text_and_of_blocks_see_the_same() -> None:
    made = payload(message(link="https://panel.example.com/run?run=3&x=1"))
    assert made["text"].splitlines()[:2] == ["staging: update failed", "The disk is full."]
    header, section, link = made["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "staging: update failed", "emoji": False}
    assert section["text"]["text"] == "The disk is full."
    assert link["text"]["text"] == "<https://panel.example.com/run?run=3&amp;x=1|Open in the panel>"


def test_nobody_is_called_and_nothing_is_linked_by_what_a_resource_is_named() -> None:
    made = json.dumps(payload(message(subject="<!channel> & co", body="<https://evil.example|click>")))
    assert "<!channel>" not in json.loads(made)["text"]
    assert "<https://evil" not in made


def test_a_message_goes_out_as_json() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(
            (request.method, str(request.url), request.headers["content-type"], json.loads(request.content))
        )
        return httpx.Response(200, text="ok")

    assert sends(answer).delivered
    assert seen == [("POST", SECRET, "application/json", payload(message()))]


@pytest.mark.parametrize(
    ("status", "headers", "final", "wait"),
    [
        (500, {}, False, None),
        (503, {"Retry-After": "120"}, False, 120),
        (429, {"Retry-After": "30"}, False, 30),
        (429, {"Retry-After": "999999"}, False, 3600),
        (429, {"Retry-After": "nan"}, False, None),
        (429, {"Retry-After": "soon"}, False, None),
        (429, {"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}, False, 0),
        (408, {}, False, None),
        (404, {"Retry-After": "30"}, True, None),
        (400, {}, True, None),
        (302, {"Location": "https://elsewhere.example.com/"}, True, None),
    ],
)
def test_answers(status: int, headers: dict[str, str], final: bool, wait: float | None) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(status, headers=headers, text=SECRET)

    outcome = sends(answer)
    assert (outcome.delivered, outcome.final, outcome.retry_after_s) == (False, final, wait)
    assert str(status) in outcome.note and "verysecret" not in outcome.note
    assert asked == ["hooks.example.com"]


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_what_cannot_be_reached_is_tried_again_and_the_address_is_told_to_nobody(
    error: type[httpx.TransportError], caplog: pytest.LogCaptureFixture
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error(f"cannot reach {SECRET}", request=request)

    with caplog.at_level(logging.DEBUG):
        outcome = sends(answer)
        sends(lambda _request: httpx.Response(200))
    assert not outcome.delivered and not outcome.final
    assert "hooks.example.com" in outcome.note
    assert "verysecret" not in outcome.note + caplog.text


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/secret", "ftp://hooks.example.com/secret", "hooks secret", "https:///secret",
     "http://127.0.0.1.example.com/secret", "https://hooks.example.com:port/secret", "https://[secret/"],
)  # fmt: skip
def test_addresses_that_cannot_be_used_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(ConfigurationError, match="PANEL_WEBHOOK_URL") as error:
        Webhook(url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9000"])
def test_on_this_machine_plain_http_will_do(host: str) -> None:
    assert "webhook at" in Webhook(f"http://{host}/hook").place
