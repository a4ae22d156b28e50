"""Certificates: what AWS Certificate Manager says of them, and what is really served at an address."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from panel.aws.observe import reading
from panel.aws.session import Aws
from panel.errors import AwsError, EndpointError

_ARN_PARTS = 6
_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL, in SSLCertVerificationError.verify_code


@dataclass(frozen=True)
class Certificate:
    """A certificate as AWS Certificate Manager has it.

    Attributes:
        status: ``ISSUED``, ``PENDING_VALIDATION``, ``FAILED``, ``EXPIRED``, ...
        reason: why it failed, or why its renewal did; in AWS' words.
        ends_at: when it runs out; ``None`` before it is issued.
        renewal: how its renewal goes (``SUCCESS``, ``FAILED``, ``PENDING_VALIDATION``, ...), empty before it begins.
    """

    arn: str
    domain: str
    status: str
    reason: str
    ends_at: datetime | None
    renewal: str


@dataclass(frozen=True)
class ServedCertificate:
    """The certificate that a server showed.

    Attributes:
        ends_at: when it runs out; ``None`` where it is not trusted and so not looked into.
        issuer: who vouches for it.
        problem: why it is not trusted, in OpenSSL's words; empty for a good one.
        expired: whether that is because it has run out.
    """

    host: str
    ends_at: datetime | None
    issuer: str
    problem: str = ""
    expired: bool = False


def certificate(aws: Aws, arn: str) -> Certificate:
    """What AWS Certificate Manager says of a certificate, asked in the region that its ARN names.

    Raises:
        NotFoundError: there is no such certificate.
        AwsError: AWS refused, or ``arn`` is no ARN.
        EndpointError: AWS did not answer.
    """
    parts = arn.split(":")
    if len(parts) < _ARN_PARTS or not parts[3]:
        raise AwsError(
            f"{arn!r} names no certificate.", hint="Update the environment to write its outputs again."
        )
    with reading(f"the certificate {arn}", "ResourceNotFoundException"):
        raw = aws.client("acm", region=parts[3]).describe_certificate(CertificateArn=arn)["Certificate"]
    renewal = raw.get("RenewalSummary", {})
    return Certificate(
        arn=arn,
        domain=raw.get("DomainName", ""),
        status=raw.get("Status", ""),
        reason=raw.get("FailureReason", "") or renewal.get("RenewalStatusReason", ""),
        ends_at=raw.get("NotAfter"),
        renewal=renewal.get("RenewalStatus", ""),
    )


def served_certificate(
    host: str,
    port: int = 443,
    *,
    timeout_s: float = 5.0,
    trust: ssl.SSLContext | None = None,
    connect: tuple[str, int] | None = None,
) -> ServedCertificate:
    """Shake hands with a server as a browser does, and look at its certificate. Nothing is asked.

    Args:
        trust: whom to believe; ``None`` for this machine's authorities.
        connect: address and port to connect to in place of ``host`` and ``port``.

    Raises:
        EndpointError: no connection came about: the name is not known, nothing listens, a proxy is in between.
    """
    context = trust or ssl.create_default_context()
    try:
        with (
            socket.create_connection(connect or (host, port), timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return _served(host, secure.getpeercert() or {})
    except ssl.SSLCertVerificationError as error:
        return ServedCertificate(host, None, "", error.verify_message, error.verify_code == _EXPIRED)
    except OSError as error:
        raise EndpointError(
            f"The panel could not look at the certificate of {host}: no secure connection came about.",
            hint="The checks of the address and of its name say more.",
            detail=f"{type(error).__name__}: {error}",
        ) from error


def _served(host: str, shown: object) -> ServedCertificate:
    fields = shown if isinstance(shown, dict) else {}
    ends = fields.get("notAfter")
    issuer = {key: value for part in fields.get("issuer", ()) for key, value in part}
    return ServedCertificate(
        host=host,
        ends_at=datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None,
        issuer=str(issuer.get("organizationName") or issuer.get("commonName") or ""),
    )
