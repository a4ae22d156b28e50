"""What the emulator's process puts in front of MiniStack."""

import asyncio

from panel.localaws.serving import TellsItsEnd


def test_the_end_is_told_before_the_application_hears_of_it():
    heard = []
    arriving = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(arriving)

    async def application(scope, receive, send):
        heard.append((await receive())["type"])
        heard.append((await receive())["type"])

    async def send(message):
        raise AssertionError(message)

    app = TellsItsEnd(application, lambda: heard.append("told"))
    asyncio.run(app({"type": "lifespan"}, receive, send))

    assert heard == ["lifespan.startup", "told", "lifespan.shutdown"]


def test_requests_pass_untouched():
    given = []

    async def receive():
        return {"type": "lifespan.shutdown"}

    async def application(scope, receive, send):
        given.append(receive)

    asyncio.run(TellsItsEnd(application, lambda: given.append("told"))({"type": "http"}, receive, None))

    assert given == [receive]
