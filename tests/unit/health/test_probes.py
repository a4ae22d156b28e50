"""What one answer of one source means by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

import pytest

from panel.aws.front_door import Answer, SiteSeen
from panel.aws.observe import (
    Deployment,
    Distribution,
    Machine,
    MachineGroup,
    ServiceSeen,
    Target,
    TaskDefinition,
)
from panel.catalogue.health import HealthRules
from panel.errors import AwsError, EndpointError, NotFoundError, PanelError
from panel.health import probes
from panel.health.probes import Finding, Reading

URL = "https://staging.todo.example.com"
DIGEST = "sha256:" + "ab" * 32


def failing(error: PanelError) -> Callable[..., NoReturn]:
    def read(*_: object) -> NoReturn:
        raise error

    return read


def page(
    status: int = 200, body: bytes = b"<html></html>", kind: str = "text/html", **more: object
) -> Answer:
    return Answer(status, {"content-type": kind}, body, 12, URL + "/", **more)  # type: ignore[arg-type] # only by_fallback is passed


def test_a_page_with_its_release_is_healthy() -> None:
    found = probes.site(lambda: SiteSeen(page(), "r12"))

    assert found.verdict == "healthy"
    assert found.reading == Reading(version="r12", measures={"latency_ms": 12})
    assert "200" in found.evidence and "12 ms" in found.evidence


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page(403, b"<Error>AccessDenied</Error>", "application/xml"), "error (403)"),
        (page(502), "error (502)"),
        (page(301, b""), "another address"),
        (page(200, b"{}", "application/json"), "not with a page"),
        (page(200, b""), "not with a page"),
    ],
)
def test_anything_but_a_page_is_down(answer: Answer, words: str) -> None:
    found = probes.site(lambda: SiteSeen(answer, None))

    assert found.verdict == "down"
    assert words in found.detail


def test_an_error_page_shows_its_words_as_evidence() -> None:
    found = probes.site(lambda: SiteSeen(page(403, b"<Code>AccessDenied</Code>"), None))

    assert "AccessDenied" in found.evidence


def test_a_site_without_its_configuration_is_degraded() -> None:
    assert probes.site(lambda: SiteSeen(page(), None)).verdict == "degraded"


def test_a_site_that_opens_by_cloudfronts_name_only_is_degraded() -> None:
    found = probes.site(lambda: SiteSeen(page(by_fallback=True), "r12"))

    assert found.verdict == "degraded"
    assert URL in found.detail


@pytest.mark.parametrize(
    ("elapsed_ms", "verdict"), [(12, "healthy"), (2000, "healthy"), (2001, "degraded"), (3200, "degraded")]
)
def test_an_answer_that_takes_longer_than_the_rules_say_is_slow(elapsed_ms: int, verdict: str) -> None:
    answer = replace(page(200, b'{"version":"v7"}'), elapsed_ms=elapsed_ms)

    for found in (probes.site(lambda: SiteSeen(answer, "r12")), probes.api(lambda: answer)):
        assert found.verdict == verdict
        assert found.reading is not None
        assert found.reading.measures == {"latency_ms": elapsed_ms}
    assert probes.api(lambda: answer, rules=HealthRules(slow_ms=4000)).verdict == "healthy"


def test_a_slow_answer_says_how_slow() -> None:
    answer = replace(page(200, b'{"version":"v7"}'), elapsed_ms=3210)

    assert probes.api(lambda: answer).detail == "The service answers slowly: 3.2 s."


@pytest.mark.parametrize("probe", [probes.site, probes.api])
def test_no_answer_at_the_front_door_is_down_and_not_reached(probe: Callable[..., Finding]) -> None:
    found = probe(failing(EndpointError("It gave no answer.", detail="refused")))

    assert found == Finding("down", "It gave no answer.", "refused", reached=False)


@pytest.mark.parametrize("probe", [probes.site, probes.api])
def test_an_environment_without_an_address_is_down(probe: Callable[..., Finding]) -> None:
    assert probe(failing(NotFoundError("It has no address yet."))).verdict == "down"


def test_a_service_that_names_its_version_is_healthy() -> None:
    body = f'{{"status":"ok","service":"backend","version":"v7","image":"{DIGEST}"}}'.encode()

    found = probes.api(lambda: page(200, body, "application/json"))

    assert found.verdict == "healthy"
    assert found.reading == Reading(version="v7", digest=DIGEST, measures={"latency_ms": 12})


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (page(200, b'{"status":"ok","version":"v7"}'), "healthy"),
        (page(200, b'{"version":"v7"}'), "healthy"),
        (page(200, b'{"status":"storage failing","version":"v7"}'), "degraded"),
        (page(200, b"<html>the site</html>"), "down"),
        (page(200, b'{"status":"ok"}'), "down"),
        (page(200, b'{"version":7}'), "down"),
        (page(200, b"[]"), "down"),
        (page(200, b"\xff\xfe"), "down"),
        (page(404, b'{"version":"v7"}'), "down"),
        (page(502, b"Bad gateway"), "down"),
        (page(503, b'{"status":"ok","version":"v7"}'), "down"),
    ],
)
def test_what_answers_in_a_services_place(answer: Answer, verdict: str) -> None:
    assert probes.api(lambda: answer).verdict == verdict


def service(desired: int, running: int, *, status: str = "ACTIVE", rollout: str = "COMPLETED") -> ServiceSeen:
    newest = Deployment("d1", "PRIMARY", rollout, "circuit breaker", "td:2", desired, running, 0, 0, None)
    return ServiceSeen("todo-staging-backend", status, desired, running, 0, "td:2", (newest,), ())


def target(address: str, state: str) -> Target:
    return Target(address, 5000, "us-east-2a", state, "")


def definition(arn: str) -> TaskDefinition:
    return TaskDefinition(arn, "image", "v7", DIGEST)


@pytest.mark.parametrize(
    ("seen", "registered", "verdict", "running"),
    [
        (service(2, 2), 2, "healthy", 2),
        (service(2, 3), 3, "healthy", 3),
        (service(2, 2), 1, "degraded", 1),
        (service(2, 1), 2, "degraded", 1),
        (service(2, 2), 0, "down", 0),
        (service(2, 0), 2, "down", 0),
        (service(0, 0), 0, "down", 0),
        (service(2, 2, rollout="FAILED"), 2, "degraded", 2),
        (service(2, 2, rollout="IN_PROGRESS"), 2, "healthy", 2),
    ],
)
def test_a_task_counts_when_it_runs_and_is_registered(
    seen: ServiceSeen, registered: int, verdict: str, running: int
) -> None:
    found = probes.tasks(
        lambda: seen, lambda: [target(f"10.0.0.{n}", "healthy") for n in range(registered)], definition
    )

    assert found.verdict == verdict
    assert found.reading == Reading("v7", DIGEST, seen.desired, running, pending=0)


@pytest.mark.parametrize("seen", [None, service(2, 2, status="INACTIVE"), service(2, 2, status="DRAINING")])
def test_a_service_that_does_not_exist_is_down(seen: ServiceSeen | None) -> None:
    assert probes.tasks(lambda: seen, list, definition).verdict == "down"


def test_a_failed_read_of_the_targets_leaves_the_tasks_unknown() -> None:
    found = probes.tasks(lambda: service(2, 2), failing(AwsError("Refused.")), definition)

    assert found.verdict == "unknown"
    assert found.reached


@pytest.mark.parametrize(
    ("states", "emulated", "verdict"),
    [
        (["healthy", "healthy"], False, "healthy"),
        (["healthy", "unhealthy"], False, "degraded"),
        (["healthy", "initial"], False, "degraded"),
        (["healthy", "draining"], False, "healthy"),
        (["unhealthy", "unhealthy"], False, "down"),
        (["unhealthy", "initial"], False, "down"),
        (["initial", "initial"], False, "unknown"),
        (["unavailable"], False, "unknown"),
        (["draining"], False, "down"),
        ([], False, "down"),
        (["healthy", "healthy"], True, "unknown"),
        ([], True, "down"),
    ],
)
def test_targets(states: Sequence[str], emulated: bool, verdict: str) -> None:
    registered = [target(f"10.0.0.{number}", state) for number, state in enumerate(states)]

    assert probes.targets(lambda: registered, emulated=emulated).verdict == verdict


@pytest.mark.parametrize(
    ("status", "enabled", "verdict"),
    [
        ("Deployed", True, "healthy"),
        ("InProgress", True, "degraded"),
        ("Deployed", False, "down"),
        ("", True, "unknown"),
    ],
)
def test_cloudfront(status: str, enabled: bool, verdict: str) -> None:
    seen = Distribution("E1", "d1.cloudfront.net", status, enabled, 0)

    assert probes.cloudfront(lambda: seen).verdict == verdict


@pytest.mark.parametrize(
    ("lifecycles", "verdict"),
    [
        (["InService", "InService"], "healthy"),
        (["InService", "Pending"], "degraded"),
        (["Terminating"], "down"),
        ([], "down"),
    ],
)
def test_instances(lifecycles: Sequence[str], verdict: str) -> None:
    machines = tuple(Machine(f"i-{n}", "us-east-2a", word, "Healthy") for n, word in enumerate(lifecycles))

    found = probes.instances(lambda: MachineGroup("group", 2, machines), emulated=False)

    assert found.verdict == verdict


def test_instances_of_the_embedded_aws_are_not_asked_for() -> None:
    found = probes.instances(failing(AssertionError("asked")), emulated=True)  # type: ignore[arg-type] # not a PanelError on purpose

    assert found.verdict == "unknown"
    assert not found.reached


@pytest.mark.parametrize(
    ("error", "verdict", "reached"),
    [
        (NotFoundError("Gone."), "down", True),
        (AwsError("Refused."), "unknown", True),
        (EndpointError("Silent."), "unknown", False),
    ],
)
def test_a_read_that_fails_is_unknown_unless_the_thing_is_gone(
    error: PanelError, verdict: str, reached: bool
) -> None:
    for found in (
        probes.cloudfront(failing(error)),
        probes.targets(failing(error), emulated=False),
        probes.instances(failing(error), emulated=False),
        probes.tasks(failing(error), list, definition),
    ):
        assert (found.verdict, found.reached, found.detail) == (verdict, reached, error.message)
