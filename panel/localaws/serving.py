"""The emulator's process: ``python -m panel.localaws.serving``, MiniStack behind the panel's own door."""

from __future__ import annotations

from panel.localaws.retries import AnswerRetriesOnce
from panel.localaws.task_exchange import exchange_carefully


def main() -> None:
    """Serve until SIGTERM. MiniStack's own ``main`` looks its application up by this name."""
    from ministack import app as emulator
    from ministack.services import alb, ecs

    exchange_carefully(ecs, alb._tgs)
    emulator.app = AnswerRetriesOnce(emulator.app)
    emulator.main()


if __name__ == "__main__":
    main()
