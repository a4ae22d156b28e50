"""What a channel is, and those that the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from panel.settings import Settings
from panel.store.tables import Notification


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        delivered: whether anybody got the message.
        note: why not, or who of several did not; never an address that is a secret.
        final: trying again would not help.
        retry_after_s: how long the other side asks us to wait.
    """

    delivered: bool
    note: str = ""
    final: bool = False
    retry_after_s: float | None = None


class Channel(Protocol):
    """A way to people."""

    @property
    def place(self) -> str:
        """Where messages go, in words that hold no secret."""

    def send(self, message: Notification) -> Outcome:
        """Deliver a message now; failures are values, since they are expected and kept."""


def channels_of(settings: Settings) -> Mapping[str, Channel]:
    """The channels that are set up, by name.

    Raises:
        ConfigurationError: an address cannot be used; the message says which setting, never its value.
    """
    from panel.notify.mail import Mail
    from panel.notify.webhook import Webhook

    found: dict[str, Channel] = {}
    if settings.webhook_url is not None and settings.webhook_url.get_secret_value():
        found["webhook"] = Webhook(settings.webhook_url.get_secret_value())
    if settings.smtp_url is not None and settings.smtp_url.get_secret_value():
        found["mail"] = Mail(settings.smtp_url.get_secret_value(), settings.mail_from)
    return found


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
