"""A Slack-compatible incoming webhook: one POST of JSON. Mattermost and Teams-like hooks read its plain text.

The address is the permission to write there: it is never logged, shown, or put into an error.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from panel.errors import ConfigurationError
from panel.notify.channels import Outcome, is_loopback
from panel.store.tables import Notification

_LIMIT_S = 10.0
_LONGEST_WAIT_S = 3600.0
_TOO_MANY = 429
#: Answers after which the same may be accepted later.
_LATER = frozenset({408, 425, _TOO_MANY})
_LONGEST_HEADER = 150


def _hide_addresses(record: logging.LogRecord) -> bool:
    # httpx notes every address it asks; ours is a secret.
    return record.levelno >= logging.WARNING


class Webhook:
    """One webhook.

    Raises:
        ConfigurationError: it is no address, or one that would carry messages in the open.
    """

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        try:
            parts = urlsplit(url)
            self._host, _ = parts.hostname or "", parts.port
            httpx.URL(url)
        except (ValueError, httpx.InvalidURL):
            raise _wrong("it is not an address") from None
        local = is_loopback(self._host)
        if parts.scheme not in {"http", "https"} or not self._host:
            raise _wrong("it does not begin with https:// and a host")
        if parts.scheme == "http" and not local:
            raise _wrong("it begins with http://, and messages would be sent in the open")
        self._url = url
        self._local = local
        self._transport = transport
        logging.getLogger("httpx").addFilter(_hide_addresses)

    @property
    def place(self) -> str:
        """The host alone."""
        return f"the webhook at {self._host}"

    def send(self, message: Notification) -> Outcome:
        """Post a message. Redirects are not followed: the address was given to us for this host."""
        try:
            with (
                httpx.Client(
                    timeout=_LIMIT_S,
                    follow_redirects=False,
                    trust_env=not self._local,
                    transport=self._transport,
                ) as client,
                client.stream("POST", self._url, json=payload(message)) as answer,
            ):
                # What it says beyond its status is of no use to anybody, however long it is.
                return self._outcome(answer)
        except httpx.TimeoutException:
            return Outcome(False, f"{self._host} did not answer within {_LIMIT_S:g} seconds")
        except httpx.HTTPError as error:
            # Not the error's own text: that may repeat the address.
            return Outcome(False, f"{self._host} could not be reached ({type(error).__name__})")

    def _outcome(self, answer: httpx.Response) -> Outcome:
        status = answer.status_code
        if answer.is_success:
            return Outcome(True)
        if answer.is_redirect:
            return Outcome(
                False, f"{self._host} redirects elsewhere ({status}), which is not followed", final=True
            )
        later = status in _LATER or status >= 500
        wait = _wait_asked(answer.headers.get("Retry-After", "")) if later else None
        return Outcome(False, f"{self._host} answered {status}", final=not later, retry_after_s=wait)


def payload(message: Notification) -> Mapping[str, Any]:
    """The JSON of a message: plain text for every reader, blocks for those that draw them."""
    text = "\n".join(part for part in (message.subject, message.body, message.link) if part)
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": message.subject[:_LONGEST_HEADER], "emoji": False},
        }
    ]
    if message.body:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": _escaped(message.body)[:3000]}})
    if message.link:
        link = f"<{_escaped(message.link).replace('|', '%7C')}|Open in the panel>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link}})
    return {"text": _escaped(text), "blocks": blocks}


def _escaped(text: str) -> str:
    # These three begin mentions, links and entities: a resource's name must not call a whole channel.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _wait_asked(header: str) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date; an hour at most."""
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if math.isfinite(seconds) else None


def _wrong(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"PANEL_WEBHOOK_URL cannot be used: {why}.",
        hint="Give the https:// address of an incoming webhook, or unset it.",
    )
