"""E-mail over SMTP: plain text with a simple HTML alternative, encrypted wherever it leaves this machine with a password."""

from __future__ import annotations

import hashlib
import html
import re
import smtplib
import ssl
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from panel.errors import ConfigurationError
from panel.notify.channels import Outcome, is_loopback
from panel.store.tables import Notification

_LIMIT_S = 15.0
_PORTS = {"smtp": 25, "smtps": 465}
#: Port on which a client signs in; the default where a password is given.
_SUBMISSION = 587
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_PERMANENT = 500

Connect = Callable[..., smtplib.SMTP]


class Mail:
    """One mail server.

    Args:
        url: ``smtp://USER:PASSWORD@HOST:PORT`` or ``smtps://…`` for TLS from the first byte.
        sender: address that messages come from.
        plain, encrypted: make the connection.

    Raises:
        ConfigurationError: one of the two cannot be used; the message does not repeat the address of the server.
    """

    def __init__(
        self, url: str, sender: str, *,
        plain: Connect = smtplib.SMTP, encrypted: Connect = smtplib.SMTP_SSL,
    ) -> None:  # fmt: skip
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _wrong("SMTP_URL", "it is not an address") from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise _wrong("SMTP_URL", "it does not begin with smtp:// or smtps:// and a host")
        if not _ADDRESS.fullmatch(sender):
            raise _wrong(
                "MAIL_FROM", "a mail server is set, and this is not the address that messages come from"
            )
        self._host, self._tls = parts.hostname, parts.scheme == "smtps"
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        default = _SUBMISSION if self._user and not self._tls else _PORTS[parts.scheme]
        self._port = port or default
        self._sender = sender
        self._connect: Connect = encrypted if self._tls else plain

    @property
    def place(self) -> str:
        """The server's host alone."""
        return f"the mail server {self._host}"

    def send(self, message: Notification) -> Outcome:
        """Hand a message to the server, for all its recipients at once."""
        recipients = [address for address in message.recipients if _ADDRESS.fullmatch(address)]
        if not recipients:
            return Outcome(False, "nobody to write to", final=True)
        try:
            options = {"context": ssl.create_default_context()} if self._tls else {}
            with self._connect(self._host, self._port, timeout=_LIMIT_S, **options) as server:
                refusal = self._secure(server)
                if refusal is not None:
                    return refusal
                refused = server.send_message(letter(message, self._sender, recipients))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return Outcome(
                False,
                f"{self._host} refused every recipient",
                final=all(code >= _PERMANENT for code in codes),
            )
        except smtplib.SMTPResponseException as error:
            # Not a failed sign-in: passwords are put right, and what waits is then delivered.
            signing_in = isinstance(error, smtplib.SMTPAuthenticationError)
            final = error.smtp_code >= _PERMANENT and not signing_in
            return Outcome(
                False, f"{self._host} answered {error.smtp_code}{' to our sign-in' * signing_in}", final=final
            )
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(False, f"{self._host} could not be used ({type(error).__name__})")
        note = f"refused for {', '.join(sorted(refused))}" if refused else ""
        return Outcome(True, note)

    def _secure(self, server: smtplib.SMTP) -> Outcome | None:
        """TLS where it is offered, then the sign-in; refuses to say a password in the open."""
        secure = self._tls
        server.ehlo_or_helo_if_needed()
        if not secure and server.has_extn("starttls"):
            # On this machine nobody stands between, and a local relay's certificate is its own.
            context = ssl.create_default_context()
            if is_loopback(self._host):
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            server.starttls(context=context)
            server.ehlo()
            secure = True
        if not self._user:
            return None
        if not secure and not is_loopback(self._host):
            return Outcome(
                False, f"{self._host} offers no encryption, and a password is not sent without", final=True
            )
        server.login(self._user, self._password)
        return None


def letter(message: Notification, sender: str, recipients: list[str]) -> EmailMessage:
    """A message as e-mail. The subject is one line whatever it holds; addresses were checked before."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = Address("panel", addr_spec=sender)
    mail["To"] = [Address(addr_spec=address) for address in recipients]
    mail["Subject"] = " ".join("".join(c if c.isprintable() else " " for c in message.subject).split())
    mail["Date"] = format_datetime(message.created_at)
    # The same for every attempt, so that a mailbox can tell a message that came twice.
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    text = "\n\n".join(part for part in (message.subject, message.body, message.link) if part)
    mail.set_content(text + "\n")
    mail.add_alternative(_as_html(message), subtype="html")
    return mail


def _as_html(message: Notification) -> str:
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in message.body.splitlines() if line.strip())
    address = html.escape(message.link, quote=True)
    link = f'<p><a href="{address}">Open in the panel</a></p>' if message.link else ""
    return f"<html><body><h3>{html.escape(message.subject)}</h3>{lines}{link}</body></html>\n"


def _wrong(setting: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"PANEL_{setting} cannot be used: {why}.",
        hint="Set PANEL_SMTP_URL to smtp://USER:PASSWORD@HOST:PORT and PANEL_MAIL_FROM to an address, or unset both.",
    )
