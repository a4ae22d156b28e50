"""Answers to repeated requests: what AWS's own idempotency does, in front of the emulator.

An SDK that loses an answer sends the request again, with the same invocation id and a higher attempt. The
emulator would carry it out twice: a second "create" then fails as a duplicate, and an apply with it. Here
the second attempt gets the first one's answer.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html (headers
``amz-sdk-invocation-id`` and ``amz-sdk-request: attempt=2; max=25``).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_ATTEMPT = re.compile(rb"attempt=(\d+)")
_MOST_KEPT = 400
_MOST_BYTES = 64 * 1024
_KEPT_S = 120.0
_SERVER_ERROR = 500


@dataclass
class _Answer:
    """An answer as it goes out; ``done`` is set when it is complete or cannot be kept."""

    since: float
    messages: list[Message] = field(default_factory=list)
    size: int = 0
    usable: bool = True
    done: asyncio.Event = field(default_factory=asyncio.Event)


class AnswerRetriesOnce:
    """ASGI middleware: a repeated request gets the first attempt's answer and is not carried out again.

    Reads (``GET``, ``HEAD``), server errors and large answers are not kept: repeating them does no harm.
    """

    def __init__(self, app: App, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._answers: OrderedDict[bytes, _Answer] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        invocation, attempt = _identity(scope)
        if not invocation:
            await self._app(scope, receive, send)
            return
        known = self._answers.get(invocation) if attempt > 1 else None
        if known is not None:
            await known.done.wait()
            if known.usable:
                await _drain(receive)
                for message in known.messages:
                    await send(message)
                return
        await self._first(invocation, scope, receive, send)

    async def _first(self, invocation: bytes, scope: Message, receive: Receive, send: Send) -> None:
        answer = self._answers[invocation] = _Answer(self._clock())
        self._forget()

        async def keep(message: Message) -> None:
            _take(answer, message)
            await send(message)

        try:
            await self._app(scope, receive, keep)
        except BaseException:
            # A client that hung up: if the answer was complete by then, the work was done.
            answer.usable = answer.usable and _complete(answer)
            raise
        finally:
            answer.done.set()

    def _forget(self) -> None:
        limit = self._clock() - _KEPT_S
        while self._answers:
            oldest = next(iter(self._answers.values()))
            if len(self._answers) <= _MOST_KEPT and oldest.since > limit:
                return
            self._answers.popitem(last=False)


def _identity(scope: Message) -> tuple[bytes, int]:
    """Invocation id and attempt of a request that changes something; an empty id for any other."""
    if scope.get("type") != "http" or scope.get("method") in ("GET", "HEAD"):
        return b"", 0
    headers = dict(scope.get("headers") or ())
    found = _ATTEMPT.search(headers.get(b"amz-sdk-request", b""))
    return headers.get(b"amz-sdk-invocation-id", b""), int(found.group(1)) if found else 1


def _take(answer: _Answer, message: Message) -> None:
    answer.size += len(message.get("body", b""))
    if answer.size > _MOST_BYTES or message.get("status", 0) >= _SERVER_ERROR:
        answer.usable = False
        answer.messages.clear()
    if answer.usable:
        answer.messages.append(dict(message))


def _complete(answer: _Answer) -> bool:
    last = answer.messages[-1] if answer.messages else {}
    return last.get("type") == "http.response.body" and not last.get("more_body", False)


async def _drain(receive: Receive) -> None:
    """Read the repeated request to its end, so that the connection can be used again."""
    while True:
        message = await receive()
        if message.get("type") != "http.request" or not message.get("more_body", False):
            return
