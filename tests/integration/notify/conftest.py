"""Receivers on this machine: a web server and a mail server that keep what they are sent."""

from __future__ import annotations

import base64
import ipaddress
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Hook:
    """A webhook: what it got, and what it answers; the last answer stays."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(200, {})])
    got: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    kept = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, headers = kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}/services/verysecret"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield kept
        server.shutdown()
        thread.join()


@dataclass
class Letter:
    """A letter as it came in: envelope, content, and how the sender was known."""

    recipients: list[str]
    content: Message
    encrypted: bool
    user: str


@dataclass
class Mailbox:
    """A mail server.

    Attributes:
        refuses: recipients it does not know.
        busy: how many letters it puts off before it takes one.
    """

    host: str = ""
    letters: list[Letter] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    busy: int = 0
    starttls: ssl.SSLContext | None = None


class _Session(socketserver.StreamRequestHandler):
    """One conversation by RFC 5321, as far as a panel speaks it."""

    server: _MailServer

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        box = self.server.box
        user, encrypted, recipients = "", False, []
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    offers = ["AUTH PLAIN"] + ["STARTTLS"] * bool(box.starttls and not encrypted)
                    for number, offer in enumerate(["here", *offers]):
                        self.say(f"250{' ' if number == len(offers) else '-'}{offer}")
                case "STARTTLS" if box.starttls is not None:
                    self.say("220 go on")
                    self.rfile.close()
                    self.connection = box.starttls.wrap_socket(self.connection, server_side=True)
                    self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                    encrypted = True
                case "AUTH":
                    _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                    self.say("235 welcome" if password == "p@ss" else "535 wrong")
                case "RCPT":
                    address = rest.partition("<")[2].rstrip(">")
                    known = address not in box.refuses
                    recipients += [address] if known else []
                    self.say("250 ok" if known else "550 nobody here")
                case "DATA":
                    self.say("354 go on")
                    content = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        content += part
                    if box.busy:
                        box.busy -= 1
                        self.say("451 later")
                        continue
                    box.letters.append(
                        Letter(recipients, message_from_bytes(content, policy=default), encrypted, user)
                    )
                    recipients = []
                    self.say("250 taken")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 ok")

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # another one than at the beginning, where it was encrypted


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, box: Mailbox) -> None:
        self.box = box
        super().__init__(("127.0.0.1", 0), _Session)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    with _MailServer(box) as server:
        box.host = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield box
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine that nobody has signed but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(days=3))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
def encrypting(mailbox: Mailbox, certificate: Path) -> Mailbox:
    """The mail server, offering STARTTLS."""
    mailbox.starttls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mailbox.starttls.load_cert_chain(certificate)
    return mailbox
