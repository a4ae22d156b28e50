"""Letters and how they are handed over; the server is a stand-in that notes what it was asked."""

import smtplib
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from panel.errors import ConfigurationError
from panel.notify.mail import Mail, letter
from panel.store.tables import Notification


def message(**fields: Any) -> Notification:
    given: dict[str, Any] = {
        "key": "run:3:errored", "event": "errored", "channel": "mail", "subject": "staging: update failed",
        "body": "The disk is full.\nFree <some> space.", "recipients": ["ana@example.com", "ops@example.com"],
    }  # fmt: skip
    return Notification(**(given | fields))


@dataclass
class Server:
    """A mail server: what it can do, whom it refuses, what fails."""

    extensions: frozenset[str] = frozenset({"starttls"})
    refused: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    fails: Exception | None = None
    said: list[Any] = field(default_factory=list)

    def __call__(self, host: str, port: int, **options: Any) -> "Server":
        self.said.append(("connect", host, port))
        return self

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.said.append("quit")

    def ehlo_or_helo_if_needed(self) -> None: ...

    def ehlo(self) -> None: ...

    def has_extn(self, name: str) -> bool:
        return name in self.extensions

    def starttls(self, *, context: Any) -> None:
        self.said.append(("starttls", context.check_hostname))

    def login(self, user: str, password: str) -> None:
        self.said.append(("login", user, password))

    def send_message(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        if self.fails is not None:
            raise self.fails
        self.said.append("message")
        return self.refused


def sent(server: Server, url: str, **fields: Any) -> Any:
    return Mail(url, "panel@example.com", plain=server, encrypted=server).send(message(**fields))  # type: ignore[arg-type]  # a stand-in


def words(server: Server) -> list[Any]:
    return [said if isinstance(said, str) else said[0] for said in server.said]


def test_a_letter_is_plain_text_with_html_beside_it() -> None:
    mail = message_from_bytes(
        letter(message(link="https://p/run?run=3"), "panel@example.com", ["ana@example.com"]).as_bytes(),
        policy=default,
    )
    assert (mail["From"], mail["To"]) == ("panel <panel@example.com>", "ana@example.com")
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("staging: update failed", "auto-generated")
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    assert "Free <some> space." in plain.get_content() and "https://p/run?run=3" in plain.get_content()
    assert (
        "Free &lt;some&gt; space." in html.get_content()
        and 'href="https://p/run?run=3"' in html.get_content()
    )


def test_every_attempt_has_the_same_number_and_other_messages_another() -> None:
    numbers = [
        letter(message(key=key), "p@example.com", ["a@example.com"])["Message-ID"] for key in ("a", "a", "b")
    ]
    assert numbers[0] == numbers[1] != numbers[2]


@pytest.mark.parametrize("subject", ["a\r\nBcc: eve@example.com", "a\nX-Evil: 1", "a\x00b\u2028c"])
def test_a_subject_cannot_make_headers(subject: str) -> None:
    mail = message_from_bytes(
        letter(message(subject=subject), "p@example.com", ["a@example.com"]).as_bytes(), policy=default
    )
    assert mail["Bcc"] is None and mail["X-Evil"] is None
    assert mail["Subject"].isprintable()


def test_addresses_that_are_none_are_passed_over() -> None:
    server = Server()
    evil = ["a@example.com\r\nBcc: eve@example.com", "a@example.com, eve@example.com", "nobody", ""]
    assert sent(server, "smtp://mail.example.com", recipients=evil).final
    assert server.said == []


@pytest.mark.parametrize(
    ("url", "port", "said"),
    [
        ("smtp://mail.example.com", 25, ["starttls", "message"]),
        ("smtp://mail.example.com:2525", 2525, ["starttls", "message"]),
        ("smtp://ana:p%40ss@mail.example.com", 587, ["starttls", "login", "message"]),
        ("smtps://ana:p%40ss@mail.example.com", 465, ["login", "message"]),
    ],
)
def test_what_leaves_this_machine_is_encrypted_where_it_can_be(url: str, port: int, said: list[str]) -> None:
    server = Server()
    assert sent(server, url).delivered
    assert server.said[0] == ("connect", "mail.example.com", port)
    assert words(server) == ["connect", *said, "quit"]
    assert [one for one in server.said if one[0] == "login"] in ([], [("login", "ana", "p@ss")])
    assert all(one[1] for one in server.said if one[0] == "starttls")  # the host's name is checked


def test_a_password_is_not_said_in_the_open() -> None:
    server = Server(extensions=frozenset())
    outcome = sent(server, "smtp://ana:secret@mail.example.com")
    assert outcome.final and "encryption" in outcome.note and "secret" not in outcome.note
    assert words(server) == ["connect", "quit"]
    assert sent(Server(extensions=frozenset()), "smtp://ana:secret@127.0.0.1").delivered
    assert sent(Server(extensions=frozenset()), "smtp://mail.example.com").delivered


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (smtplib.SMTPDataError(451, b"later"), False),
        (smtplib.SMTPDataError(554, b"never"), True),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), False),
        (smtplib.SMTPSenderRefused(550, b"no", "panel@example.com"), True),
        (smtplib.SMTPRecipientsRefused({"ana@example.com": (550, b"no")}), True),
        (
            smtplib.SMTPRecipientsRefused(
                {"ana@example.com": (550, b"no"), "b@example.com": (451, b"later")}
            ),
            False,
        ),
        (smtplib.SMTPServerDisconnected("gone"), False),
        (TimeoutError("slow"), False),
        (ConnectionRefusedError("no"), False),
    ],
)
def test_what_a_server_refuses_for_good_is_not_tried_again(error: Exception, final: bool) -> None:
    outcome = sent(Server(fails=error), "smtp://mail.example.com")
    assert (outcome.delivered, outcome.final) == (False, final)
    assert "mail.example.com" in outcome.note


def test_who_of_several_was_refused_is_noted() -> None:
    outcome = sent(Server(refused={"ops@example.com": (550, b"no")}), "smtp://mail.example.com")
    assert (outcome.delivered, outcome.note) == (True, "refused for ops@example.com")


@pytest.mark.parametrize(
    ("url", "sender", "setting"),
    [
        ("http://u:secret@mail.example.com", "p@example.com", "SMTP_URL"),
        ("smtp://", "p@example.com", "SMTP_URL"),
        ("smtp://u:secret@host:port", "p@example.com", "SMTP_URL"),
        ("smtp://u:secret@mail.example.com", "", "MAIL_FROM"),
        ("smtp://u:secret@mail.example.com", "p@example.com\nBcc: eve@example.com", "MAIL_FROM"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_without_repeating_them(
    url: str, sender: str, setting: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"PANEL_{setting}") as error:
        Mail(url, sender)
    assert "secret" not in str(error.value)
