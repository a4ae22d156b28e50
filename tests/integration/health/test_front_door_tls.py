"""A front door whose certificate nobody vouches for, and what its certificate says."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from panel.aws.front_door import FrontDoor, get
from panel.aws.observe_certificates import served_certificate
from panel.errors import EndpointError


@pytest.fixture
def days(request: pytest.FixtureRequest) -> float:
    """Days until the certificate ends; a test asks for others by a parameter."""
    return float(getattr(request, "param", 1))


@pytest.fixture
def certificate(tmp_path: Path, days: float) -> Path:
    """A self-signed certificate and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A refused handshake is what this is about."""

    server = Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_nobody_vouches_for_is_said_so(port: int) -> None:
    with pytest.raises(EndpointError, match="its certificate is not valid") as caught:
        get(FrontDoor(f"https://127.0.0.1:{port}/", None, f"127.0.0.1:{port}"), "/", 5)

    assert "certificate" in caught.value.hint


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.mark.parametrize("days", [20], indirect=True)
def test_a_certificate_says_when_it_ends(port: int, certificate: Path, days: float) -> None:
    seen = served_certificate(
        "localhost", trust=trusting(certificate), connect=("127.0.0.1", port), timeout_s=5
    )

    assert (seen.problem, seen.issuer) == ("", "localhost")
    assert seen.ends_at is not None
    assert timedelta(days=days - 1) < seen.ends_at - datetime.now(UTC) <= timedelta(days=days)


@pytest.mark.parametrize("days", [-2], indirect=True)
def test_a_certificate_that_has_run_out_is_said_so(port: int, certificate: Path) -> None:
    seen = served_certificate("localhost", trust=trusting(certificate), connect=("127.0.0.1", port))

    assert seen.expired
    assert seen.problem


def test_a_certificate_of_another_name_or_of_nobody_is_a_problem(port: int, certificate: Path) -> None:
    other = served_certificate("todo.example.com", trust=trusting(certificate), connect=("127.0.0.1", port))
    nobody = served_certificate("localhost", connect=("127.0.0.1", port))

    assert "todo.example.com" in other.problem
    assert "self" in nobody.problem
    assert not other.expired
    assert not nobody.expired


def test_where_nothing_listens_no_certificate_is_seen(unused_port: int) -> None:
    with pytest.raises(EndpointError, match="no secure connection"):
        served_certificate("localhost", connect=("127.0.0.1", unused_port), timeout_s=5)
