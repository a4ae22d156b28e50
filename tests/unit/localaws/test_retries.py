"""A repeated request gets the first attempt's answer, and is carried out once."""

import asyncio
import contextlib
from typing import Any

from panel.localaws.retries import AnswerRetriesOnce


class Service:
    """Counts what it carries out; answers with the number."""

    def __init__(self, *, status: int = 200, body: bytes | None = None) -> None:
        self.calls = 0
        self._status, self._body = status, body
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        number = self.calls
        await self.gate.wait()
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        body = self._body if self._body is not None else str(number).encode()
        await send({"type": "http.response.body", "body": body})


def scope(invocation: str, attempt: int, method: str = "POST") -> dict[str, Any]:
    headers = [
        (b"amz-sdk-invocation-id", invocation.encode()),
        (b"amz-sdk-request", f"attempt={attempt}; max=25".encode()),
    ]
    return {"type": "http", "method": method, "headers": headers if invocation else []}


async def ask(app: AnswerRetriesOnce, request: dict[str, Any]) -> bytes:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(request, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


def test_a_second_attempt_gets_the_first_answer_and_does_nothing() -> None:
    async def story() -> None:
        service = Service()
        app = AnswerRetriesOnce(service)
        assert await ask(app, scope("one", 1)) == b"1"
        assert await ask(app, scope("one", 2)) == b"1"
        assert await ask(app, scope("one", 3)) == b"1"
        assert service.calls == 1
        assert await ask(app, scope("two", 1)) == b"2"

    asyncio.run(story())


def test_a_second_attempt_waits_for_the_first_that_is_under_way() -> None:
    async def story() -> None:
        service = Service()
        service.gate.clear()
        app = AnswerRetriesOnce(service)
        first = asyncio.create_task(ask(app, scope("one", 1)))
        await asyncio.sleep(0)
        second = asyncio.create_task(ask(app, scope("one", 2)))
        await asyncio.sleep(0)
        service.gate.set()
        assert await asyncio.gather(first, second) == [b"1", b"1"]
        assert service.calls == 1

    asyncio.run(story())


def test_a_client_that_hung_up_before_the_answer_finds_it_on_its_second_attempt() -> None:
    async def story() -> None:
        service = Service()
        app = AnswerRetriesOnce(service)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def hung_up(message: Any) -> None:
            if message["type"] == "http.response.body":
                raise ConnectionError

        with contextlib.suppress(ConnectionError):
            await app(scope("one", 1), receive, hung_up)
        assert await ask(app, scope("one", 2)) == b"1"
        assert service.calls == 1

    asyncio.run(story())


def test_reads_server_errors_large_answers_and_strangers_are_asked_again() -> None:
    async def story() -> None:
        for service, request in [
            (Service(), lambda attempt: scope("one", attempt, method="GET")),
            (Service(status=503), lambda attempt: scope("one", attempt)),
            (Service(body=b"x" * 100_000), lambda attempt: scope("one", attempt)),
            (Service(), lambda attempt: scope("", attempt)),
        ]:
            app = AnswerRetriesOnce(service)
            await ask(app, request(1))
            await ask(app, request(2))
            assert service.calls == 2

    asyncio.run(story())


def test_a_second_attempt_whose_first_never_arrived_is_carried_out() -> None:
    async def story() -> None:
        service = Service()
        assert await ask(AnswerRetriesOnce(service), scope("lost", 2)) == b"1"

    asyncio.run(story())


def test_old_answers_are_forgotten() -> None:
    async def story() -> None:
        moment = [0.0]
        service = Service()
        app = AnswerRetriesOnce(service, clock=lambda: moment[0])
        await ask(app, scope("one", 1))
        moment[0] = 1000.0
        await ask(app, scope("two", 1))
        await ask(app, scope("one", 2))
        assert service.calls == 3

    asyncio.run(story())
