"""The emulator's process: ``python -m panel.localaws.serving``, MiniStack behind the panel's own door."""

from __future__ import annotations

from collections.abc import Callable

from panel.localaws.retries import AnswerRetriesOnce, App, Message, Receive, Send
from panel.localaws.task_exchange import exchange_carefully


class TellsItsEnd:
    """ASGI middleware: tells somebody when the server begins to end, before the application hears of it."""

    def __init__(self, app: App, ending: Callable[[], None]) -> None:
        self._app = app
        self._ending = ending

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass everything on."""

        async def listen() -> Message:
            message = await receive()
            if message.get("type") == "lifespan.shutdown":
                self._ending()
            return message

        await self._app(scope, listen if scope.get("type") == "lifespan" else receive, send)


def main() -> None:
    """Serve until SIGTERM. MiniStack's own ``main`` looks its application up by this name."""
    from ministack import app as emulator
    from ministack.services import alb, ecs

    ending = exchange_carefully(ecs, alb._tgs)
    emulator.app = AnswerRetriesOnce(TellsItsEnd(emulator.app, ending))
    emulator.main()


if __name__ == "__main__":
    main()
