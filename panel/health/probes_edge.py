"""Looks at the way to the front door: the name, the certificate, CloudFront and what it answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from panel.aws.dns import NameSeen
from panel.aws.observe import Distribution
from panel.aws.observe_certificates import Certificate, ServedCertificate
from panel.aws.observe_metrics import EDGE_WINDOW_S, EdgeTraffic
from panel.catalogue.health import HealthRules
from panel.errors import PanelError
from panel.health.finding import DEFAULT_RULES, Finding, ProbeState, Reading, not_read

#: Days before its end from which a certificate is worth a word. AWS renews its own 60 days before.
NOTICE_DAYS = 30
_DAY_S = 86_400
_BROKEN = {
    "FAILED": "AWS could not issue a certificate of this environment.",
    "EXPIRED": "A certificate of this environment has run out.",
    "REVOKED": "A certificate of this environment was revoked.",
    "VALIDATION_TIMED_OUT": "AWS gave up waiting for the proof that the domain is ours.",
    "INACTIVE": "A certificate of this environment is not in use.",
}
_DELEGATE = "Delegate the domain to the environment's hosted zone."


def certificate(
    see: Callable[[], ServedCertificate],
    read_issued: Callable[[], Sequence[Certificate]],
    *,
    now: datetime,
    rules: HealthRules = DEFAULT_RULES,
    emulated: bool,
) -> Finding:
    """Whether browsers trust the address, and for how long: what is served there, and what AWS says of it.

    Args:
        see: looks at the front door's certificate; not asked on the embedded AWS, which serves over HTTP.
        read_issued: the certificates of the environment, as AWS Certificate Manager has them.
        now: with time zone.
    """
    try:
        issued, unread = tuple(read_issued()), []
    except PanelError as error:
        issued, unread = (), [f"AWS' own state not read: {not_read(error).detail}"]
    said = "; ".join([*(_issued_evidence(item) for item in issued), *unread])
    if emulated:
        return Finding(
            "unknown",
            "The embedded AWS serves over HTTP: no certificate is shown.",
            said,
            reached=bool(issued),
        )
    try:
        found = _served(see(), now, rules)
    except PanelError as error:
        found = not_read(error)
    found = replace(found, evidence="; ".join(part for part in (found.evidence, said) if part))
    if found.verdict in ("down", "degraded"):
        return found
    return _with_issued(replace(found, reached=found.reached or bool(issued)), issued)


def dns(look: Callable[[], NameSeen], *, emulated: bool) -> Finding:
    """Whether the domain is known, and leads to CloudFront."""
    if emulated:
        return Finding(
            "unknown", "The embedded AWS is told apart without names of the internet.", reached=False
        )
    try:
        seen = look()
    except PanelError as error:
        return not_read(error)
    evidence = f"{seen.domain}: {_listed(seen.addresses)}; {seen.edge_name}: {_listed(seen.edge_addresses)}"
    if seen.owners:
        evidence += f"; its addresses call themselves {', '.join(seen.owners)}"
    if not seen.addresses and not seen.edge_addresses:
        detail = "Neither the domain nor CloudFront's own name is known to this machine's resolver."
        return Finding("unknown", detail, evidence)
    if not seen.addresses:
        detail = f"The name {seen.domain} is not known; the site opens at {seen.edge_name} only."
        return Finding("degraded", detail, evidence, notice=_DELEGATE)
    if seen.leads_to_edge:
        return Finding("healthy", f"The name {seen.domain} leads to CloudFront.", evidence)
    if not seen.edge_addresses:
        return Finding("unknown", "Nobody can tell whether the name leads to CloudFront.", evidence)
    return Finding("degraded", f"The name {seen.domain} leads to something else than CloudFront.", evidence)


def cloudfront(read: Callable[[], Distribution]) -> Finding:
    """Whether CloudFront serves the latest settings."""
    try:
        seen = read()
    except PanelError as error:
        return not_read(error)
    evidence = f"{seen.id} {seen.status}, {'enabled' if seen.enabled else 'disabled'}"
    if seen.pending_invalidations is not None:
        evidence += f", {seen.pending_invalidations} invalidations under way"
    if not seen.enabled:
        return Finding("down", "CloudFront is switched off.", evidence)
    if seen.status == "Deployed":
        return Finding("healthy", "CloudFront serves the latest settings.", evidence)
    if seen.status == "InProgress":
        detail = "CloudFront is still spreading a change; some people may see the earlier state."
        return Finding("degraded", detail, evidence)
    return Finding("unknown", "CloudFront does not say whether it is deployed.", evidence)


def cloudfront_errors(
    read: Callable[[], EdgeTraffic], *, rules: HealthRules = DEFAULT_RULES, emulated: bool
) -> Finding:
    """Which share of people's requests ended in a server error, as CloudFront counts it."""
    if emulated:
        return Finding("unknown", "The embedded AWS measures nothing.", reached=False)
    try:
        seen = read()
    except PanelError as error:
        return not_read(error)
    minutes = EDGE_WINDOW_S // 60
    if seen.requests is None or seen.error_percent is None:
        return Finding(
            "unknown", f"CloudFront measured no requests in the last {minutes} minutes.", "no figures"
        )
    percent = seen.error_percent
    reading = Reading(measures={"requests": seen.requests, "error_percent": percent})
    evidence = f"{seen.requests:.0f} requests in {minutes} minutes, 5xxErrorRate {percent:.2f} %"
    verdict: ProbeState = "healthy"
    detail = f"{percent:.1f} % of the requests ended in an error."
    if percent >= rules.error_percent:
        verdict = "degraded" if seen.requests >= rules.errors_from else "unknown"
    if verdict == "unknown":
        detail = "There were errors, but too few requests to judge by."
    return Finding(verdict, detail, evidence, reading)


def _served(seen: ServedCertificate, now: datetime, rules: HealthRules) -> Finding:
    if seen.problem:
        detail = "Browsers refuse the address: its certificate is not valid."
        if seen.expired:
            detail = "Browsers refuse the address: its certificate has run out."
        return Finding("down", detail, f"{seen.host}: {seen.problem}")
    if seen.ends_at is None:
        return Finding("unknown", "The certificate does not say when it ends.", seen.host)
    days = int((seen.ends_at - now).total_seconds() // _DAY_S)
    evidence = f"{seen.host}: until {seen.ends_at:%Y-%m-%d %H:%M} UTC, by {seen.issuer or 'nobody named'}"
    reading = Reading(measures={"certificate_days": float(days)})
    words = f"The certificate ends in {days} day{'' if days == 1 else 's'}"
    if days <= rules.certificate_days:
        detail = f"{words}; then browsers refuse the address. It should have been renewed by now."
        return Finding("degraded", detail, evidence, reading)
    notice = f"{words} and is not renewed yet." if days <= NOTICE_DAYS else ""
    return Finding("healthy", f"{words}.", evidence, reading, notice=notice)


def _with_issued(found: Finding, issued: Sequence[Certificate]) -> Finding:
    """The finding of what is served, and what AWS says about the certificates on top of it."""
    for item in issued:
        broken = _BROKEN.get(item.status)
        if item.renewal == "FAILED":
            broken = "AWS could not renew a certificate of this environment."
        if broken is not None:
            return replace(found, verdict="degraded", detail=broken)
    waiting = next((item for item in issued if "PENDING_VALIDATION" in (item.status, item.renewal)), None)
    if waiting is None:
        return found
    what = "issue" if waiting.status == "PENDING_VALIDATION" else "renew"
    words = f"AWS waits for the proof that {waiting.domain} is ours before it can {what} the certificate."
    if what == "issue":
        return replace(found, verdict="degraded", detail=words, notice=_DELEGATE)
    return replace(found, notice=f"{words} {_DELEGATE}")


def _issued_evidence(item: Certificate) -> str:
    region = item.arn.split(":")[3] if item.arn.count(":") >= 5 else "?"
    words = f"ACM in {region}: {item.domain} {item.status}"
    if item.ends_at is not None:
        words += f" until {item.ends_at:%Y-%m-%d}"
    if item.renewal:
        words += f", renewal {item.renewal}"
    return f"{words} ({item.reason})" if item.reason else words


def _listed(addresses: Sequence[str]) -> str:
    return ", ".join(addresses) or "not known"
