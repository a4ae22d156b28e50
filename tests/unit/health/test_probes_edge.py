"""What the name, the certificate and CloudFront's own figures mean by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from panel.aws.dns import NameSeen
from panel.aws.observe import Distribution
from panel.aws.observe_certificates import Certificate, ServedCertificate
from panel.aws.observe_metrics import EdgeTraffic
from panel.catalogue.health import HealthRules
from panel.errors import AwsError, EndpointError, PanelError
from panel.health import probes

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOST = "staging.todo.example.com"
EDGE = "d1.cloudfront.net"
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/1"
RULES = HealthRules(certificate_days=14, error_percent=5, errors_from=20)


def failing(error: PanelError) -> Callable[..., NoReturn]:
    def read(*_: object) -> NoReturn:
        raise error

    return read


def served(days: float | None = 200, *, problem: str = "", expired: bool = False) -> ServedCertificate:
    ends = None if days is None else NOW + timedelta(days=days)
    return ServedCertificate(HOST, ends, "Amazon", problem, expired)


def issued(status: str = "ISSUED", renewal: str = "", reason: str = "") -> Certificate:
    return Certificate(ARN, HOST, status, reason, NOW + timedelta(days=200), renewal)


@pytest.mark.parametrize(
    ("seen", "verdict", "words", "notice"),
    [
        (served(200), "healthy", "ends in 200 days", ""),
        (served(31), "healthy", "ends in 31 days", ""),
        (served(30), "healthy", "ends in 30 days", "not renewed yet"),
        (served(15), "healthy", "ends in 15 days", "not renewed yet"),
        (served(14), "degraded", "ends in 14 days", ""),
        (served(1.5), "degraded", "ends in 1 day;", ""),
        (served(None, problem="certificate has expired", expired=True), "down", "has run out", ""),
        (served(None, problem="Hostname mismatch"), "down", "not valid", ""),
        (served(None), "unknown", "does not say", ""),
    ],
)
def test_the_certificate_that_browsers_get(
    seen: ServedCertificate, verdict: str, words: str, notice: str
) -> None:
    found = probes.certificate(lambda: seen, lambda: [issued()], now=NOW, rules=RULES, emulated=False)

    assert found.verdict == verdict
    assert words in found.detail
    assert (notice in found.notice) if notice else found.notice == ""
    assert "ACM in us-east-1" in found.evidence


@pytest.mark.parametrize(
    ("said", "verdict", "words"),
    [
        (issued("PENDING_VALIDATION"), "degraded", "before it can issue"),
        (issued("FAILED", reason="CAA_ERROR"), "degraded", "could not issue"),
        (issued("EXPIRED"), "degraded", "has run out"),
        (issued("VALIDATION_TIMED_OUT"), "degraded", "gave up waiting"),
        (issued(renewal="FAILED"), "degraded", "could not renew"),
        (issued(renewal="SUCCESS"), "healthy", "ends in 200 days"),
    ],
)
def test_what_aws_says_of_a_certificate_counts_beside_what_is_served(
    said: Certificate, verdict: str, words: str
) -> None:
    found = probes.certificate(served, lambda: [issued(), said], now=NOW, rules=RULES, emulated=False)

    assert found.verdict == verdict
    assert words in found.detail
    assert said.reason in found.evidence


def test_a_renewal_that_waits_for_its_proof_is_a_notice() -> None:
    said = issued(renewal="PENDING_VALIDATION")

    found = probes.certificate(served, lambda: [said], now=NOW, rules=RULES, emulated=False)

    assert found.verdict == "healthy"
    assert "can renew" in found.notice


def test_a_certificate_that_could_not_be_looked_at_is_unknown_unless_aws_says_worse() -> None:
    silent = failing(EndpointError("No connection.", detail="refused"))

    found = probes.certificate(silent, lambda: [issued()], now=NOW, emulated=False)
    worse = probes.certificate(silent, lambda: [issued("EXPIRED")], now=NOW, emulated=False)
    nobody = probes.certificate(silent, failing(AwsError("Refused.")), now=NOW, emulated=False)

    assert (found.verdict, found.detail, found.reached) == ("unknown", "No connection.", True)
    assert worse.verdict == "degraded"
    assert (nobody.verdict, nobody.reached) == ("unknown", False)


def test_a_certificate_is_told_without_aws_own_word() -> None:
    found = probes.certificate(served, failing(AwsError("Refused.")), now=NOW, emulated=False)

    assert found.verdict == "healthy"
    assert "Refused." in found.evidence


def test_the_embedded_aws_shows_no_certificate() -> None:
    found = probes.certificate(
        failing(EndpointError("asked")), lambda: [issued("FAILED")], now=NOW, emulated=True
    )

    assert found.verdict == "unknown"
    assert "FAILED" in found.evidence


@pytest.mark.parametrize(
    ("addresses", "edge", "owners", "verdict", "words"),
    [
        (("1.1.1.1",), ("1.1.1.1", "1.1.1.2"), (), "healthy", "leads to CloudFront"),
        (("1.1.1.9",), ("1.1.1.1",), ("server-1.fra2.r.cloudfront.net",), "healthy", "leads to CloudFront"),
        (("9.9.9.9",), ("1.1.1.1",), ("web.other.example",), "degraded", "something else"),
        (("9.9.9.9",), ("1.1.1.1",), (), "degraded", "something else"),
        ((), ("1.1.1.1",), (), "degraded", f"opens at {EDGE} only"),
        ((), (), (), "unknown", "resolver"),
        (("9.9.9.9",), (), (), "unknown", "Nobody can tell"),
    ],
)
def test_where_the_name_leads(
    addresses: tuple[str, ...], edge: tuple[str, ...], owners: tuple[str, ...], verdict: str, words: str
) -> None:
    found = probes.dns(lambda: NameSeen(HOST, addresses, EDGE, edge, owners), emulated=False)

    assert found.verdict == verdict
    assert words in found.detail


def test_a_name_that_nobody_knows_says_what_to_do() -> None:
    found = probes.dns(lambda: NameSeen(HOST, (), EDGE, ("1.1.1.1",)), emulated=False)

    assert "Delegate the domain" in found.notice


def test_a_resolver_with_trouble_tells_nothing_about_the_name() -> None:
    found = probes.dns(failing(EndpointError("No answer.")), emulated=False)

    assert (found.verdict, found.reached) == ("unknown", False)


def test_the_name_of_an_environment_on_the_embedded_aws_is_not_asked_for() -> None:
    found = probes.dns(failing(EndpointError("asked")), emulated=True)

    assert (found.verdict, found.reached) == ("unknown", False)
    assert "embedded AWS" in found.detail


@pytest.mark.parametrize(
    ("requests", "percent", "verdict"),
    [
        (1000.0, 0.0, "healthy"),
        (1000.0, 4.9, "healthy"),
        (1000.0, 5.0, "degraded"),
        (20.0, 50.0, "degraded"),
        (19.0, 50.0, "unknown"),
        (3.0, 0.0, "healthy"),
        (None, None, "unknown"),
        (100.0, None, "unknown"),
    ],
)
def test_the_share_of_errors_at_the_edge(requests: float | None, percent: float | None, verdict: str) -> None:
    found = probes.cloudfront_errors(lambda: EdgeTraffic(requests, percent), rules=RULES, emulated=False)

    assert found.verdict == verdict
    if requests is not None and percent is not None:
        assert found.reading is not None
        assert found.reading.measures == {"requests": requests, "error_percent": percent}


def test_the_embedded_aws_measures_nothing_at_the_edge() -> None:
    found = probes.cloudfront_errors(failing(AwsError("asked")), emulated=True)

    assert (found.verdict, found.detail) == ("unknown", "The embedded AWS measures nothing.")


def test_invalidations_are_evidence_where_they_are_told() -> None:
    told = probes.cloudfront(lambda: Distribution("E1", EDGE, "Deployed", True, 3))
    listed = probes.cloudfront(lambda: Distribution("E1", EDGE, "Deployed", True, None))

    assert "3 invalidations" in told.evidence
    assert "invalidations" not in listed.evidence
