"""Out of the store and to people: messages are written once for each channel, claimed, tried, tried again, given up."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from panel.notify.channels import Channel
from panel.store.notifications import Notifications
from panel.store.tables import Notification, now

_log = logging.getLogger(__name__)

#: After so many attempts, over some hours, a message is given up.
MOST_ATTEMPTS = 10
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)
# Longer than any channel may take for one batch: nobody else tries a message meanwhile.
_LEASE = timedelta(minutes=5)
_BATCH = 3
_KEPT = timedelta(days=30)


class Outbox:
    """Messages on their way.

    Args:
        store: where they are kept.
        channels: the ways to people that this worker has, by name.
        mail_to: addresses that are told of everything by mail.
        clock, chance: the present time; a number from 0 to 1.
    """

    def __init__(
        self, store: Notifications, channels: Mapping[str, Channel], *, mail_to: Iterable[str] = (),
        clock: Callable[[], datetime] = now, chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._store = store
        self._channels = channels
        self._mail_to = tuple(mail_to)
        self._clock = clock
        self._chance = chance

    @property
    def reaches_anybody(self) -> bool:
        """Whether there is any channel."""
        return bool(self._channels)

    def tell(self, message: Notification, addresses: Iterable[str] = ()) -> None:
        """Write a message for every channel, unless it was written before.

        Args:
            message: from :func:`panel.notify.messages.notification`.
            addresses: who else is told by mail, such as an environment's own list.
        """
        recipients = list(dict.fromkeys((*self._mail_to, *addresses)))
        moment = self._clock()
        for channel in self._channels:
            if channel == "mail" and not recipients:
                continue
            self._store.add(
                [
                    Notification(
                        **message.model_dump(
                            exclude={"id", "key", "channel", "recipients", "due_at", "created_at"}
                        ),
                        key=f"{message.key}#{channel}",
                        channel=channel,
                        recipients=recipients if channel == "mail" else [],
                        due_at=moment,
                        created_at=moment,
                    )
                ]
            )

    def deliver_all(self) -> None:
        """Try whatever is due."""
        while self.deliver():
            pass

    def deliver(self) -> int:
        """Try what is due; returns how many messages were delivered.

        A message may arrive twice when a worker dies between handing it over and noting that; it is never lost.
        """
        if not self._channels:
            return 0
        taken = self._store.claim(tuple(self._channels), self._clock(), _LEASE, limit=_BATCH)
        delivered = sum(self._try(message) for message in taken)
        if taken:
            self._store.forget(self._clock() - _KEPT)
        return delivered

    def _try(self, message: Notification) -> bool:
        channel = self._channels[message.channel]
        outcome = channel.send(message)
        if outcome.delivered:
            self._store.sent(message, self._clock(), note=outcome.note)
            return True
        if outcome.final or message.attempts >= MOST_ATTEMPTS:
            _log.warning("A message (%s) was given up: %s", message.event, outcome.note)
            self._store.given_up(message, outcome.note)
        else:
            wait = retry_wait(message.attempts, self._chance())
            asked = timedelta(seconds=outcome.retry_after_s or 0)
            self._store.put_back(message, self._clock() + max(wait, asked), outcome.note)
        return False


def retry_wait(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, an hour at most, and up to a quarter more
    by ``chance`` (from 0 to 1), so that what failed together is not tried together."""
    return min(_FIRST_RETRY * 2.0 ** min(attempts - 1, 20), _LONGEST_RETRY) * (1 + chance / 4)
