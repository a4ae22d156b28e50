"""What people read: the sentence, the reason, and whom to call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from panel.catalogue.schema import Catalogue
from panel.health.probes import ProbeResult, Reading
from panel.health.verdict import Verdict, judge

Build = Callable[..., ProbeResult]
Judge = Callable[..., Verdict]


@pytest.fixture
def judged(catalogue: Catalogue, moment: datetime) -> Judge:
    def build(*results: ProbeResult, emulated: bool = True) -> Verdict:
        return judge(catalogue, "staging", results, emulated=emulated, checked_at=moment)

    return build


def test_a_dead_api_names_what_people_notice_why_and_the_team_that_owns_it(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "healthy"),
        result("api", "down", "The service answers with an error (502)."),
        result("services", "down", "None of 2 tasks is running."),
        result("targets", "down", "No task is registered with the load balancer."),
    )

    (cause,) = found.causes
    assert cause.text == "TODO list: people cannot load or save anything. None of 2 tasks is running."
    assert cause.service == "backend"
    assert (cause.owner.team, cause.owner.contact) == ("API team", "+55 11 1234")
    assert "api: evidence of api" in cause.evidence and "services: evidence of services" in cause.evidence


def test_a_broken_site_calls_the_web_team(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "down", "The address answers with an error (403)."), result("api", "healthy")
    )

    (cause,) = found.causes
    assert cause.text == "People cannot open the site. The address answers with an error (403)."
    assert cause.owner.team == "Web team"


def test_the_worst_cause_comes_first(judged: Judge, result: Build) -> None:
    found = judged(result("site", "degraded"), result("api", "down"))

    assert [cause.service for cause in found.causes] == ["backend", "frontend"]


def test_a_locked_front_door_is_one_cause_for_the_owner_of_the_environment(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "down", "The name is not known.", reached=False),
        result("api", "down", "The name is not known.", reached=False),
        result("services", "healthy"),
        emulated=False,
    )

    (cause,) = found.causes
    assert found.verdict == "down"
    assert cause.text == "People cannot open the site. The name is not known."
    assert cause.service is None and cause.owner.team == "Platform team"


def test_a_stopped_embedded_aws_is_named_as_the_reason(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "down", reached=False),
        result("api", "down", reached=False),
        result("services", "unknown", reached=False),
        emulated=True,
    )

    (cause,) = found.causes
    assert found.verdict == "down"
    assert "embedded AWS" in cause.text


def test_without_a_network_the_panel_blames_nobody(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "down", reached=False),
        result("api", "down", reached=False),
        result("services", "unknown", reached=False),
        emulated=False,
    )

    assert found.verdict == "unknown"
    assert {service.verdict for service in found.services.values()} == {"unknown"}
    assert "network" in found.causes[0].text


def test_missing_machines_call_the_owner_of_the_environment(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "healthy"),
        result("api", "healthy"),
        result("instances", "degraded", "Only 1 of 2 machines is in service."),
        emulated=False,
    )

    (cause,) = found.causes
    assert cause.text.endswith("Only 1 of 2 machines is in service.")
    assert cause.owner.team == "Platform team"


def test_the_version_people_get_wins_over_the_configured_one_with_its_own_digest(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "healthy", reading=Reading(version="r12")),
        result("api", "healthy", reading=Reading(version="old")),
        result("services", "healthy", reading=Reading("new", "sha256:new", desired=2, running=2)),
    )

    backend = found.services["backend"]
    assert (backend.version, backend.digest) == ("old", None)
    assert (backend.desired, backend.running) == (2, 2)
    assert found.services["frontend"].version == "r12"


def test_the_digest_of_the_task_definition_completes_the_version_that_answers(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "healthy"),
        result("api", "healthy", reading=Reading(version="v1")),
        result("services", "healthy", reading=Reading("v1", "sha256:one", desired=1, running=1)),
    )

    assert found.services["backend"].digest == "sha256:one"
