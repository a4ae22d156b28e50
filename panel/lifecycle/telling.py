"""Whom to tell of an environment, and where they find more: the catalogue's owners and addresses, the panel's links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from panel.catalogue.schema import Catalogue
from panel.notify.messages import notification
from panel.notify.outbox import Outbox


class Teller:
    """Writes messages about environments into the outbox; the same key is told once.

    Args:
        catalogue: reads environments.yaml.
        outbox: where messages go.
        public_url: address under which people reach the panel; empty for messages without links.
    """

    def __init__(self, catalogue: Callable[[], Catalogue], outbox: Outbox, public_url: str = "") -> None:
        self._catalogue = catalogue
        self._outbox = outbox
        self._address = public_url.rstrip("/")

    @property
    def reaches_anybody(self) -> bool:
        """Whether there is any channel."""
        return self._outbox.reaches_anybody

    @property
    def status_page(self) -> str:
        """The address of the status page; empty where nobody said how people reach the panel."""
        return f"{self._address}/status" if self._address else ""

    def tell(
        self, event: str, key: str, environment: str, facts: Mapping[str, str], *,
        run_id: int | None = None, call: str = "", tab: str = "",
    ) -> None:  # fmt: skip
        """Tell of an event.

        Args:
            event: one of :data:`panel.notify.messages.EVENTS`.
            key: what makes it this event and no other.
            environment: an environment, or the shared network's name.
            facts: what its words name.
            run_id: the run that it is about.
            call: whom to call; the environment's owner where nobody else is named.
            tab: the tab of the environment's page that shows more.
        """
        entry = self._catalogue().environments.get(environment)
        message = notification(
            event, key, facts,
            environment=environment,
            run_id=run_id,
            link=self._link(environment, run_id, tab),
            call=call or (f"{entry.owner.team} <{entry.owner.contact}>" if entry is not None else ""),
        )  # fmt: skip
        self._outbox.tell(message, entry.notify if entry is not None else ())

    def _link(self, environment: str, run_id: int | None, tab: str) -> str:
        if not self._address:
            return ""
        if run_id is not None:
            return f"{self._address}/run?run={run_id}"
        page = f"{self._address}/environment?environment={quote(environment)}"
        return f"{page}&tab={quote(tab)}" if tab else page


def span_words(seconds: float) -> str:
    """A span of time as people say it: ``3 days``, ``5 hours``, ``20 minutes``; rounded, never to nothing."""
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit or (unit == 60 and seconds >= unit):
            number = round(seconds / unit)
            return f"{number} {name}{'s' if number != 1 else ''}"
    return "a moment"
