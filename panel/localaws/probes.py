"""Asking tasks whether they are well, all at once, with little patience."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from panel.localaws.demand import HealthCheck

_TIMEOUT_S = 2.0
_AT_ONCE = 8


@dataclass(frozen=True)
class Question:
    """One task to ask."""

    task: str
    address: str
    port: int
    check: HealthCheck


class HttpProber:
    """Asks over HTTP, as the load balancer would."""

    def __init__(self) -> None:
        # No connection is kept: one held open would delay a task that is asked to end.
        self._client = httpx.Client(
            trust_env=False, timeout=_TIMEOUT_S, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="task-probe")

    def ask(self, questions: Sequence[Question]) -> dict[str, bool]:
        """Verdicts by task id: True when it answered with an accepted status."""
        answers = self._pool.map(self._one, questions)
        return {question.task: answer for question, answer in zip(questions, answers, strict=True)}

    def close(self) -> None:
        """Give up threads and sockets."""
        self._pool.shutdown()
        self._client.close()

    def _one(self, question: Question) -> bool:
        try:
            answer = self._client.get(
                f"http://{question.address}:{question.port}{question.check.path}",
                headers={"User-Agent": "panel-health-check"},
            )
        except httpx.HTTPError:
            return False
        return question.check.accepts(answer.status_code)
