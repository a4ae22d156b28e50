"""Looks through the front door, the way people take: does the site open, does the API answer, and how fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from panel.aws.front_door import Answer, SiteSeen, version_in
from panel.catalogue.health import HealthRules
from panel.errors import EndpointError, PanelError
from panel.health.finding import DEFAULT_RULES, Finding, Reading, not_read

_BODY_SHOWN = 120


def site(see: Callable[[], SiteSeen], *, rules: HealthRules = DEFAULT_RULES) -> Finding:
    """Whether people get the site: an HTML page at the front door, with the release it says it is."""
    try:
        seen = see()
    except EndpointError as error:
        return Finding("down", error.message, error.detail, reached=False)
    except PanelError as error:
        return not_read(error)
    page = seen.page
    reading = Reading(version=seen.release, measures={"latency_ms": page.elapsed_ms})
    evidence = _answer_evidence(page)
    if not seen.is_page:
        return Finding("down", _not_a_page(page), evidence)
    if page.by_fallback:
        detail = f"The usual address is not known yet; the site opens at {page.url} only."
        return Finding("degraded", detail, evidence, reading)
    if seen.release is None:
        detail = "The site opens, but its configuration is missing, so parts of it may not work."
        return Finding("degraded", detail, f"{evidence}; /config.js names no release", reading)
    fine = Finding("healthy", f"The site opens (release {seen.release}).", evidence, reading)
    return _timed(fine, page, "The site", rules)


def api(see: Callable[[], Answer], *, rules: HealthRules = DEFAULT_RULES) -> Finding:
    """Whether a service answers through the front door with the version it runs."""
    try:
        answer = see()
    except EndpointError as error:
        return Finding("down", error.message, error.detail, reached=False)
    except PanelError as error:
        return not_read(error)
    seen, evidence = version_in(answer), _answer_evidence(answer)
    if seen is None:
        if answer.status == 200:
            return Finding("down", "Something else than the service answers at its address.", evidence)
        return Finding("down", f"The service answers with an error ({answer.status}).", evidence)
    measures = {"latency_ms": float(answer.elapsed_ms)}
    reading = Reading(version=seen.version, digest=seen.image, measures=measures)
    if seen.status not in ("", "ok"):
        detail = f"The service answers, but says about itself: {seen.status}."
        return Finding("degraded", detail, evidence, reading)
    fine = Finding("healthy", f"The service answers (version {seen.version}).", evidence, reading)
    return _timed(fine, answer, "The service", rules)


def _timed(fine: Finding, answer: Answer, who: str, rules: HealthRules) -> Finding:
    """The finding of a good answer, unless it took too long."""
    if answer.elapsed_ms <= rules.slow_ms:
        return fine
    detail = f"{who} answers slowly: {answer.elapsed_ms / 1000:.1f} s."
    evidence = f"{fine.evidence}; longer than {rules.slow_ms} ms is slow"
    return replace(fine, verdict="degraded", detail=detail, evidence=evidence)


def _not_a_page(page: Answer) -> str:
    if page.status == 200:
        return "The address answers, but not with a page."
    if 300 <= page.status < 400:
        return "The address sends people on to another address."
    return f"The address answers with an error ({page.status})."


def _answer_evidence(answer: Answer) -> str:
    evidence = f"{answer.url} answered {answer.status} in {answer.elapsed_ms} ms"
    if answer.content_type:
        evidence += f", {answer.content_type}"
    if "location" in answer.headers:
        evidence += f", to {answer.headers['location'][:_BODY_SHOWN]}"
    if answer.status >= 400 and answer.body:
        evidence += ": " + " ".join(answer.body[:_BODY_SHOWN].decode("utf-8", "replace").split())
    return evidence
